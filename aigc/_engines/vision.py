"""What is in a picture: EfficientNet-Lite0, trained on the thousand classes of ImageNet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from aigc import prompts
from aigc._engines.efficientnet import EfficientNetLite0, pretrained
from aigc.campaign import Pixels

INPUT_SIDE = 224  # px; what the network was trained at
SALIENCY_SIDE = 448  # px; twice that, so that the last feature map is 14 × 14
SALIENCY_CLASSES = 8
_MAP = SALIENCY_SIDE // 32


@cache
def _network() -> EfficientNetLite0:
    network = pretrained()
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
