"""What is in a picture: EfficientNet-Lite0, trained on the thousand classes of ImageNet.

The network is MBConv blocks without squeeze-and-excitation and with ReLU6 (Tan & Le 2019, lite
variant). Attribute names follow the weights file; batch norm is folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from aigc import prompts
from aigc._engines import store
from aigc.campaign import Pixels

INPUT_SIDE = 224  # px; what the network was trained at
SALIENCY_SIDE = 448  # px; twice that, so that the last feature map is 14 × 14
SALIENCY_CLASSES = 8
_MAP = SALIENCY_SIDE // 32

# expansion, output channels, blocks, stride of the first block, kernel
_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


class _SameConv(nn.Conv2d):  # type: ignore[misc]
    """A convolution padded as TensorFlow's "same": the odd pixel goes right and below."""

    def forward(self, x: Tensor) -> Tensor:
        (kernel, _), (stride, _) = self.kernel_size, self.stride
        total = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[:1:-1]]
        return super().forward(functional.pad(x, [p for t in total for p in (t // 2, t - t // 2)]))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class _Block(nn.Module):  # type: ignore[misc]
    """Widen, filter each channel in space, narrow again; skip where shapes agree."""

    def __init__(self, inner: int, outer: int, expansion: int, stride: int, kernel: int) -> None:
        super().__init__()
        wide = inner * expansion
        self.widens = expansion > 1
        if self.widens:
            self._expand_conv = nn.Conv2d(inner, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = _SameConv(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = _norm(wide)
        self._project_conv = nn.Conv2d(wide, outer, 1, bias=False)
        self._bn2 = _norm(outer)
        self.skips = stride == 1 and inner == outer

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.widens else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.skips else y

    def fold(self) -> None:
        """Fold each batch norm into the convolution before it."""
        names = ["_expand_conv", "_depthwise_conv", "_project_conv"][not self.widens :]
        for conv, norm in zip(names, ["_bn0", "_bn1", "_bn2"][not self.widens :], strict=True):
            _fold(self, conv, norm)


class _Classifier(nn.Module):  # type: ignore[misc]
    """The whole network: features (n, 1280, h/32, w/32), then a linear classifier."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _SameConv(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        widths = (32, *(stage[1] for stage in _STAGES))
        self._blocks = nn.ModuleList(
            _Block(outer if i else inner, outer, expansion, 1 if i else stride, kernel)
            for (inner, outer), (expansion, _, count, stride, kernel) in zip(
                pairwise(widths), _STAGES, strict=True
            )
            for i in range(count)
        )
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = _norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return functional.relu6(self._bn1(self._conv_head(x)))

    def logits(self, features: Tensor) -> Tensor:
        """Classify pooled features: (n, 1280, h, w) → (n, 1000)."""
        scores: Tensor = self._fc(features.mean((2, 3)))
        return scores

    def fold(self) -> None:
        """Fold every batch norm; the network is then for inference only."""
        _fold(self, "_conv_stem", "_bn0")
        _fold(self, "_conv_head", "_bn1")
        for block in self._blocks:
            block.fold()


def _fold(module: nn.Module, conv: str, norm: str) -> None:
    setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
    setattr(module, norm, nn.Identity())


@cache
def _network() -> _Classifier:
    network = _Classifier()
    weights = torch.load(store.builtin("imagenet-classifier"), "cpu", weights_only=True)
    network.load_state_dict(weights)
    network.eval()
    network.fold()
    network.to(memory_format=torch.channels_last)
    return network


@cache
def class_names() -> tuple[str, ...]:
    """The 1000 ImageNet classes by index, in plain English."""
    return tuple(prompts.text("caption/imagenet.txt").splitlines())


def classify(images: Sequence[Pixels]) -> NDArray[np.float32]:
    """Give the probability of each class in each picture: (n, 1000), rows sum to one.

    Pictures may differ in size; each is scaled to 224 × 224.
    """
    found = np.empty((len(images), 1000), np.float32)
    with torch.inference_mode():
        for i, image in enumerate(images):  # one at a time: as fast on a CPU, and batch-independent
            network = _network()
            found[i] = network.logits(network(_tensor(image, INPUT_SIDE))).softmax(1)[0].numpy()
    return found


def saliency(images: Sequence[Pixels]) -> NDArray[np.float32]:
    """Say where the most likely classes are seen: (n, 14, 14) in 0..1, spread over the picture.

    Class-activation maps (Zhou et al. 2016) of the likeliest classes, weighted by probability and
    averaged over the picture and its mirror image.
    """
    found = np.empty((len(images), _MAP, _MAP), np.float32)
    for i, image in enumerate(images):
        found[i] = _activation(image)
    return found


def _activation(image: Pixels) -> NDArray[np.float32]:
    network = _network()
    with torch.inference_mode():
        view = _tensor(image, SALIENCY_SIDE)
        features = network(torch.cat([view, view.flip(3)]))  # (2, 1280, 14, 14)
        features[1] = features[1].flip(2)
        best = network.logits(features).softmax(1).mean(0).topk(SALIENCY_CLASSES)
        weight = network._fc.weight[best.indices] - network._fc.weight.mean(0)  # (k, 1280)
        maps = torch.einsum("kc,chw->khw", weight, features.mean(0)).clamp(min=0)
        maps = maps / maps.amax((1, 2), keepdim=True).clamp(min=1e-6)
        joint = torch.einsum("k,khw->hw", best.values / best.values.sum(), maps)
        scaled: NDArray[np.float32] = (joint / joint.max().clamp(min=1e-6)).numpy()
        return scaled


def _tensor(image: Pixels, side: int) -> Tensor:
    scaled = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    values = (torch.from_numpy(np.asarray(scaled, np.float32)) - 127) / 128
    return values.permute(2, 0, 1)[None].contiguous(memory_format=torch.channels_last)
