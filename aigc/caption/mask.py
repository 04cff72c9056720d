"""What a way of cutting out gives, before its edges are softened."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Background = Literal["white", "plain", "scene", "transparent"]
SMALLEST, LARGEST = 0.003, 0.97  # of the picture: a subject outside is no subject


class Mask(NamedTuple):
    share: NDArray[
        np.float32
    ]  # (h, w), how much of a place is product, at any size of the photo's shape
    trust: float  # 0..1, about the IoU that is to be expected
    background: Background
