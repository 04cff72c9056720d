"""EfficientNet-Lite0: MBConv blocks without squeeze-and-excitation, with ReLU6.

Tan & Le 2019, lite variant. Attribute names follow the published weights; for inference every
batch norm is folded into the convolution before it.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from aigc._engines import store

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


class SameConv(nn.Conv2d):  # type: ignore[misc]
    """A convolution padded as TensorFlow's "same": the odd pixel goes right and below."""

    def forward(self, x: Tensor) -> Tensor:
        (kernel, _), (stride, _) = self.kernel_size, self.stride
        total = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[:1:-1]]
        return super().forward(functional.pad(x, [p for t in total for p in (t // 2, t - t // 2)]))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class Block(nn.Module):  # type: ignore[misc]
    """Widen, filter each channel in space, narrow again; skip where shapes agree."""

    def __init__(self, inner: int, outer: int, expansion: int, stride: int, kernel: int) -> None:
        super().__init__()
        wide = inner * expansion
        self.widens = expansion > 1
        if self.widens:
            self._expand_conv = nn.Conv2d(inner, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = SameConv(wide, wide, kernel, stride, groups=wide, bias=False)
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


class EfficientNetLite0(nn.Module):  # type: ignore[misc]
    """Features (n, 1280, h/32, w/32), then a linear classifier of a thousand classes."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        widths = (32, *(stage[1] for stage in _STAGES))
        self._blocks = nn.ModuleList(
            Block(outer if i else inner, outer, expansion, 1 if i else stride, kernel)
            for (inner, outer), (expansion, _, count, stride, kernel) in zip(
                pairwise(widths), _STAGES, strict=True
            )
            for i in range(count)
        )
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = _norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu6(self._bn1(self._conv_head(self.levels(x)[-1])))

    def levels(self, x: Tensor) -> list[Tensor]:
        """Give the finest features of each scale: 16, 24, 40, 112, 320 channels at h/2 … h/32."""
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        found: list[Tensor] = []
        for block in self._blocks:
            y = block(x)
            if y.shape[-1] < x.shape[-1]:
                found.append(x)
            x = y
        return [*found, x]

    def logits(self, features: Tensor) -> Tensor:
        """Classify pooled features: (n, 1280, h, w) → (n, 1000)."""
        scores: Tensor = self._fc(features.mean((2, 3)))
        return scores

    def fold(self) -> None:
        """Fold every batch norm; the network is then for inference only."""
        _fold(self, "_conv_stem", "_bn0")
        if hasattr(self, "_conv_head"):  # an encoder has none
            _fold(self, "_conv_head", "_bn1")
        for block in self._blocks:
            block.fold()


def _fold(module: nn.Module, conv: str, norm: str) -> None:
    setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
    setattr(module, norm, nn.Identity())


def pretrained() -> EfficientNetLite0:
    """Build the network with its ImageNet weights."""
    network = EfficientNetLite0()
    network.load_state_dict(
        torch.load(store.builtin("imagenet-classifier"), "cpu", weights_only=True)
    )
    return network
