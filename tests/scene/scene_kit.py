"""What the scene tests share: a drawn product and requests around it."""

import cv2
import numpy as np

from aigc.campaign import Brief, Caption, Slots, Swatch
from aigc.scene import SceneRequest
from aigc.styles import all_styles

STANDING = Slots(
    layout="test", product=(0.3, 0.4, 0.7, 0.85), quiet=((0.08, 0.06, 0.92, 0.27),), floor=0.85
)
LYING = STANDING.model_copy(update={"floor": None})


def caption(palette=(("#2458b8", 0.7), ("#e8e8e8", 0.3)), subject=(0.2, 0.1, 0.8, 0.9)) -> Caption:
    """A blue cup with a handle: flat base, overhanging handle, soft edge."""
    alpha = np.zeros((300, 260), np.uint8)
    cv2.rectangle(alpha, (0, 0), (199, 299), 255, -1)
    cv2.ellipse(alpha, (200, 130), (55, 80), 0, 0, 360, 255, 18, cv2.LINE_AA)
    cutout = np.dstack([np.full_like(alpha, value) for value in (36, 88, 184)] + [alpha])
    return Caption(
        text="a blue cup",
        tags=(),
        palette=tuple(Swatch(hex=hex_, name="x", share=share) for hex_, share in palette),
        background="white",
        subject=subject,
        cutout=cutout,
    )


def request(size=(540, 540), style="fresh", slots=STANDING, seed=3, **fields) -> SceneRequest:
    """One request; `fields` override the rest."""
    given = {
        "size": size,
        "slots": slots,
        "style": all_styles()[style],
        "brief": Brief(name="Cup", photo="cup.jpg"),
        "caption": caption(),
        "background": "scene",
        "seed": seed,
    }
    return SceneRequest(**(given | fields))
