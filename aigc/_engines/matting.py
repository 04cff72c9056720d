"""The network that cuts products out: an EfficientNet-Lite0 encoder and a light decoder.

Trained by training/matte; its weights and their card lie in aigc/weights.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from aigc._engines.efficientnet import EfficientNetLite0
from aigc.campaign import Pixels

WEIGHTS = Path(__file__).parents[1] / "weights" / "matte.safetensors"
SIDES = (256, 384)  # px; the longest sides that the network looks at

ENCODER_CHANNELS = (16, 24, 40, 112, 320)  # at 1/2, 1/4, 1/8, 1/16, 1/32
CHANNELS = (24, 40, 64, 96, 160)


class _Refine(nn.Sequential):  # type: ignore[misc]
    """Look around each place (5 × 5, channel by channel), then mix the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, 2 * channels, 1),
            nn.ReLU6(),
            nn.Conv2d(2 * channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class MatteNet(nn.Module):  # type: ignore[misc]
    """Pictures (n, 3, h, w), scaled as the classifier's, to logits (n, 1, h, w) of the subject.

    h and w are multiples of 32. In training it also gives coarse logits at h/8 and h/4.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientNetLite0()
        del self.encoder._conv_head, self.encoder._bn1, self.encoder._fc
        self.skips = nn.ModuleList(
            nn.Conv2d(inner, outer, 1)
            for inner, outer in zip(ENCODER_CHANNELS, CHANNELS, strict=True)
        )
        self.narrow = nn.ModuleList(
            nn.Conv2d(CHANNELS[i + 1], CHANNELS[i], 1) for i in range(len(CHANNELS) - 1)
        )
        self.whole = nn.Linear(ENCODER_CHANNELS[-1], CHANNELS[-1])
        self.refine = nn.ModuleList(
            nn.Sequential(*(_Refine(channels) for _ in range(2 if i else 1)))
            for i, channels in enumerate(CHANNELS)
        )
        self.coarse = nn.ModuleList(nn.Conv2d(CHANNELS[i], 1, 1) for i in (2, 1))
        self.last = nn.Conv2d(CHANNELS[0], 4, 3, padding=1)

    def forward(self, picture: Tensor) -> Tensor | list[Tensor]:
        levels = self.encoder.levels(picture)
        x = self.skips[-1](levels[-1]) + self.whole(levels[-1].mean((2, 3)))[..., None, None]
        x = self.refine[-1](x)
        coarse: list[Tensor] = []
        for i in range(len(CHANNELS) - 2, -1, -1):
            x = functional.interpolate(self.narrow[i](x), scale_factor=2, mode="bilinear")
            x = self.refine[i](x + self.skips[i](levels[i]))
            if self.training and i in (2, 1):
                coarse.append(self.coarse[2 - i](x))
        logits = functional.pixel_shuffle(self.last(x), 2)
        return [*coarse, logits] if self.training else logits


@cache
def _network(path: Path) -> MatteNet:
    network = MatteNet()
    del network.coarse  # needed in training only
    network.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    network.eval()
    network.encoder.fold()
    network.to(memory_format=torch.channels_last)
    return network


def alpha(pixels: Pixels, weights: Path = WEIGHTS) -> NDArray[np.float32]:
    """Say how much of each place is subject: (h, w) in 0..1, of the picture's shape, small.

    The mean of two looks: a small one, that sees what the whole is, and a larger one, for outlines.
    """
    whole, fine = (look(pixels, side, weights) for side in SIDES)
    height, width = fine.shape
    return np.asarray((cv2.resize(whole, (width, height)) + fine) / 2, np.float32)


def look(pixels: Pixels, side: int = SIDES[-1], weights: Path = WEIGHTS) -> NDArray[np.float32]:
    """Give the network's shares at one size: (h, w), multiples of 32, the longer one `side`."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = [max(1, round(length * scale / 32)) * 32 for length in (width, height)]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(pixels, size, interpolation=way).astype(np.float32)
    picture = torch.from_numpy((small - 127) / 128).permute(2, 0, 1)[None]
    with torch.inference_mode():
        logits = _network(weights)(picture.contiguous(memory_format=torch.channels_last))
    return np.asarray(logits.sigmoid()[0, 0].numpy(), np.float32)
