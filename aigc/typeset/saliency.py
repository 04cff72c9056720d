"""Where a photo is calm enough to set text on: neither busy nor unlike what surrounds it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels

_SIDE = 96  # px: detail finer than this does not draw the eye to a place
_BUSY = 6.0  # L* a pixel at that size: half as steep as the edge of most things
_UNLIKE = 48.0  # distance in Lab from the photo's own ground: as far as a thing from its ground


def saliency(photo: Pixels) -> NDArray[np.float32]:
    """How much each place of a photo (h, w, 3 or 4) draws the eye, 0 to 1, at 96 px.

    OpenCV's spectral residual answers another question: it marks rare textures, so that a smooth
    lamp is calm. Text needs both: no gradients, and no thing.
    """
    height, width = photo.shape[:2]
    scale = _SIDE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(photo[..., :3], size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    light = cv2.GaussianBlur(lab[..., 0], (0, 0), 0.8)
    steep = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)) / 8
    busy = cv2.GaussianBlur(np.minimum(steep / _BUSY, 1), (0, 0), 2)
    rim = [edge.reshape(-1, 3) for edge in (lab[:3], lab[:, :3], lab[:, -3:])]
    far = np.linalg.norm(lab - np.median(np.concatenate(rim), axis=0), axis=2) / _UNLIKE
    return np.asarray(np.clip(0.6 * busy + 0.4 * np.minimum(far, 1), 0, 1), np.float32)
