"""Posters to test on: a drawn cut-out, copies, and backdrops."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc.campaign import Brand, Brief, Caption, Copy, Pixels, Scene, Slots, Swatch
from aigc.channels import channel
from aigc.styles import named
from aigc.typeset import PlanRequest, SetRequest
from aigc.typeset.builtin import Backend
from aigc.typeset.judge import Case

COPY = {
    "en": ("Carry less. Go further.", "Two roomy compartments and padded straps.", "Shop now"),
    "zh-CN": ("轻装出发，随心远行", "双层大容量收纳，透气肩带久背不累。", "立即抢购"),
}
PRICE = {"en": "$59.90", "zh-CN": "¥199"}


def cutout(width: int = 240, height: int = 320) -> Pixels:
    """An ellipse with a soft edge and a texture that any change of a pixel would show in."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:height, :width]
    far = np.hypot((x + 0.5) / width * 2 - 1, (y + 0.5) / height * 2 - 1)
    picture = np.empty((height, width, 4), np.uint8)
    picture[..., :3] = rng.integers(30, 220, (height, width, 3))
    picture[..., 3] = np.clip((1 - far) * 40, 0, 1) * 255
    return picture


def caption(**changes: Any) -> Caption:
    fields: dict[str, Any] = {
        "text": "a bag",
        "tags": (),
        "palette": (
            Swatch(hex="#2a5fb0", name="blue", share=0.7),
            Swatch(hex="#333333", name="grey", share=0.3),
        ),
        "background": "white",
        "subject": (0.1, 0.1, 0.9, 0.9),
        "cutout": cutout(),
    }
    return Caption(**(fields | changes))


def copy(headline: str, body: str = "", cta: str = "") -> Copy:
    return Copy(id=headline[:8], headline=headline, body=body, cta=cta, hashtags=(), source="test")


def plan(
    name: str = "instagram-square",
    language: str = "en",
    copies: tuple[Copy, ...] | None = None,
    *,
    look: str = "minimal",
    variant: int = 0,
    made_from: Caption | None = None,
    **brief: Any,
) -> PlanRequest:
    fields: dict[str, Any] = {
        "name": "Trail Pack",
        "photo": "x.jpg",
        "language": language,
        "price": PRICE.get(language, ""),
        "brand": Brand(name="Norrland"),
    }
    return PlanRequest(
        channel=channel(name),
        variant=variant,
        style=named(look),
        brief=Brief(**(fields | brief)),
        caption=made_from or caption(),
        copies=copies if copies is not None else (copy(*COPY[language]),),
        seed=0,
    )


def backdrop(kind: str, size: tuple[int, int]) -> Pixels:
    width, height = size
    rng = np.random.default_rng(1)
    picture = np.empty((height, width, 3), np.uint8)
    if kind == "noise":
        picture[:] = rng.integers(0, 256, picture.shape)
    elif kind == "split":
        picture[:] = 12
        picture[:, : width // 2] = 245
    elif kind == "stripes":
        picture[:] = np.where(np.arange(height) // 9 % 2, 250, 5)[:, None, None]
    else:
        picture[:] = {"light": 240, "dark": 18, "grey": 118}[kind]
    return picture


def scene(planned: PlanRequest, slots: Slots, kind: str = "light") -> Scene:
    return Scene(
        id="s",
        channel=planned.channel.name,
        style=planned.style.name,
        seed=0,
        slots=slots,
        image=backdrop(kind, planned.channel.size),
    )


def request(planned: PlanRequest, kind: str = "light", layout: str = "auto") -> SetRequest:
    (slots,) = Backend(layout=layout).plan([planned])
    return SetRequest(
        plan=planned,
        scene=scene(planned, slots, kind),
        poster_id="p",
        metadata={"Software": "aigc", "Description": "包 & bag"},
    )


def finished(asked: SetRequest) -> Case:
    """A poster for the judge, its pixels read from its file."""
    (poster,) = Backend().set([asked])
    return Case(
        poster=poster.model_copy(update={"picture": None}),
        channel=asked.plan.channel,
        brief=asked.plan.brief,
        caption=asked.plan.caption,
        copy=asked.plan.copies[0],
        backdrop=asked.scene.image,
    )
