"""Scenes by any server with OpenAI's images API: LocalAI, vLLM, a cloud."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import Field, field_validator

from aigc import events
from aigc.campaign import Pixels, Size
from aigc.endpoint import Endpoint
from aigc.errors import AigcError, BriefError, ModelError, settled
from aigc.scene import Painter, Painting, SceneRequest, plain, usable
from aigc.scene.canvas import Canvas, canvas
from aigc.scene.finish import finished
from aigc.scene.prompt import Asked, asked

_SIZE = re.compile(r"(\d{2,4})x(\d{2,4})")


class _Made(NamedTuple):
    """A picture of the server's, and how it came about."""

    pixels: Pixels
    seed: int
    fault: str  # why it cannot be used; empty if it can
    repainted: int


class Backend(Endpoint, Painter):
    """Has an empty scene painted from words alone; the photo stays here."""

    sizes: str = Field(
        "",
        description="Sizes that the server paints, e.g. 1024x1024,1536x1024; empty: about a "
        "megapixel of the shape that is needed, until it says otherwise",
    )
    repaints: int = Field(
        2, ge=0, le=20, description="How often a picture that cannot be used is painted again"
    )
    ocr: Literal["auto", "on", "off"] = Field(
        "auto", description="Turn down pictures full of letters; auto: where the reader is at hand"
    )
    harmonise: float = Field(
        1.0, ge=0, le=1, description="How far shadow and calm are laid on what the model painted"
    )
    grain: float = Field(1.1, ge=0, le=8, description="Film grain, in levels of 255")

    @field_validator("sizes")
    @classmethod
    def _are_sizes(cls, sizes: str) -> str:
        if wrong := [each for each in _listed(sizes) if not _SIZE.fullmatch(each)]:
            raise BriefError(f"scene.sizes: '{wrong[0]}' is no size; write 1024x1024,1536x1024")
        return sizes

    def paint(self, requests: Sequence[SceneRequest]) -> list[Painting]:
        """Paint each scene, (H, W, 3) uint8 sRGB at its request's size.

        Plain grounds need no server. Raises EndpointError where none is named or it fails.
        """
        scenes = [each for each in requests if not plain.is_plain(each)]
        canvases = [canvas(each) for each in scenes]
        words = [_words(each.request) for each in canvases]
        with self.asking(bool(scenes)):
            made = self._made([each.request for each in canvases], words)
        painted = iter(map(self._painting, scenes, canvases, words, made))
        return settled(
            [plain.painting(each) if plain.is_plain(each) else next(painted) for each in requests]
        )

    def _made(
        self, requests: Sequence[SceneRequest], words: Sequence[Asked]
    ) -> list[_Made | AigcError]:
        """Have all painted, and those again, with the next seed, that cannot be used."""
        from aigc._engines import ocr

        read = ocr.read if self.ocr == "on" or (self.ocr == "auto" and ocr.at_hand()) else None
        found: dict[int, _Made | AigcError] = {}
        left = list(range(len(requests)))
        for turn in range(self.repaints + 1):
            if not left:
                break
            seeds = [(requests[place].seed + turn) % 2**32 for place in left]
            given = self._pictures([(requests[place], words[place]) for place in left], seeds)
            for place, seed, pixels in zip(left, seeds, given, strict=True):
                if isinstance(pixels, AigcError):
                    found[place] = pixels
                else:
                    found[place] = _Made(pixels, seed, usable.fault(pixels, read=read), turn)
            left = [place for place in left if getattr(found[place], "fault", "")]
        return [found[place] for place in range(len(requests))]

    def _pictures(
        self, asked_for: Sequence[tuple[SceneRequest, Asked]], seeds: Sequence[int]
    ) -> list[Pixels | AigcError]:
        from aigc._engines.endpoint import images

        orders = [
            images.Order(request.size, *words, seed=seed)
            for (request, words), seed in zip(asked_for, seeds, strict=True)
        ]
        return images.paint(self, orders, [_as_size(each) for each in _listed(self.sizes)])

    def _painting(
        self, request: SceneRequest, on: Canvas, words: Asked, made: _Made | AigcError
    ) -> Painting | AigcError:
        """Bring what the server made to what was asked for."""
        if isinstance(made, AigcError):
            return made
        tries = f"{made.repainted + 1} tries, the last with seed {made.seed}"
        if made.fault == usable.BLACK:
            return ModelError(
                f"{self.spent.server}: black in {tries}; its filter may hold the pictures back: "
                "try another model, or --scene builtin"
            )
        if made.fault:
            events.report(self.stage, 0, 0, f"{made.fault} in {tries}; look at it")
        pixels = finished(
            on.cut(made.pixels),
            plain.shot(request),
            request.caption.cutout,
            strength=self.harmonise,
            thrown=True,
            grain=self.grain,
            rng=plain.rngs(request)[2],
        )
        return Painting(
            pixels=pixels,
            seed=made.seed,
            prompt=words.prompt,
            negative=words.negative,
            repainted=made.repainted,
        )


def _words(request: SceneRequest) -> Asked:
    return asked(request, plain.shot(request), "backdrop")


def _listed(sizes: str) -> list[str]:
    return [each.strip() for each in sizes.split(",") if each.strip()]


def _as_size(text: str) -> Size:
    wide, tall = text.split("x")
    return int(wide), int(tall)
