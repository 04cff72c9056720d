"""Painting around the product: what stands there before, where to paint, and the way back."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aigc.campaign import Caption, Pixels, pixel_box
from aigc.scene import SceneRequest
from aigc.scene.light import Shot

_GROWN = 0.006  # of the longer side: a latent's breadth, by which painting goes under the outline
_NEUTRAL = 128  # grey behind the product where its edges are found
_NEAR, _FAR = 0.85, 0.12  # depth at the lower edge, and of the wall

Mask = NDArray[np.float32]


class Ground(NamedTuple):
    """What an inpainting model gets."""

    start: Pixels  # (H, W, 3): a lit set with the product on it
    mask: Mask  # (H, W): 1 where it is to be painted, soft along the outline
    control: Pixels | None  # (H, W, 3): for a ControlNet


def ground(request: SceneRequest, shot: Shot, control: str | None = None) -> Ground:
    """Stand the product on a drawn set, for a model to paint all but the product anew.

    `control` names the ControlNet: one for depth gets a depth map, any other one edges.
    """
    from aigc.scene.builtin import Backend as Studio
    from aigc.typeset.compose import over

    light = "left" if shot.side < 0 else "right"
    (drawn,) = Studio(light=light, ornaments="none", grain=0).paint([request])
    layer = placed(request.caption, request)
    shown = None
    if control:
        shown = depth(layer, shot) if "depth" in control.lower() else edges(layer)
    return Ground(over(drawn.pixels, layer), mask(layer), shown)


def placed(caption: Caption, request: SceneRequest) -> Pixels:
    """The cut-out (H, W, 4) at its slot, pixel for pixel as typesetting pastes it."""
    from aigc.typeset.compose import resized

    left, top, right, bottom = pixel_box(request.slots.product, request.size)
    cutout = resized(caption.cutout, (right - left, bottom - top))
    layer = Image.new("RGBA", request.size)
    layer.paste(Image.fromarray(cutout), (left, top))  # without a mask: its bytes, alpha included
    return np.array(layer)


def mask(layer: Pixels) -> Mask:
    """Everything but the product, and a latent's breadth of its rim, where the light changes."""
    height, width = layer.shape[:2]
    solid = (layer[..., 3] > 127).astype(np.uint8)
    reach = max(1, round(_GROWN * max(height, width)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    inner = cv2.erode(solid, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    kept = cv2.GaussianBlur(inner.astype(np.float32), (0, 0), 0.4 * reach)
    return np.asarray(1 - np.minimum(kept, solid), np.float32)


def put_back(painted: Pixels, layer: Pixels) -> Pixels:
    """Give the product its own pixels, wherever nothing shows through it.

    Along its rim the painting stays as it is: there typesetting lays the cut-out's colours over
    it by their alpha, which must happen once.
    """
    return np.where(layer[..., 3:] == 255, layer[..., :3], painted)


def edges(layer: Pixels) -> Pixels:
    """The product's outline and inner edges, white on black, as ControlNets for Canny take them."""
    cover = layer[..., 3:].astype(np.float32) / 255
    flat = np.rint(layer[..., :3] * cover + _NEUTRAL * (1 - cover)).astype(np.uint8)
    grey = cv2.GaussianBlur(cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY), (0, 0), 0.002 * max(flat.shape))
    found = cv2.Canny(grey, 60, 120)
    outline, _ = cv2.findContours(
        (layer[..., 3] > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(found, outline, -1, 255, 1)
    return np.repeat(found[..., None], 3, axis=2)


def depth(layer: Pixels, shot: Shot) -> Pixels:
    """How near everything is, white the nearest: a wall, a floor, and the product upright on it."""
    rows = np.arange(shot.height, dtype=np.float32)
    beyond = np.clip((rows - shot.horizon) / max(shot.height - shot.horizon, 1.0), 0, 1)
    near = np.where(rows < shot.horizon, _FAR, _FAR + (_NEAR - _FAR) * beyond)
    there = 0.6 if shot.floor is None else float(np.interp(shot.floor, rows, near)) + 0.05
    cover = layer[..., 3].astype(np.float32) / 255
    level = near[:, None] * (1 - cover) + there * cover
    return np.repeat(np.rint(255 * level).astype(np.uint8)[..., None], 3, axis=2)
