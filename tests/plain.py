"""Stages that are plain and quick: for tests of the flow, not of what the stages are good at."""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from collections.abc import Iterable, Sequence
from types import ModuleType

import numpy as np
import tricks
from PIL import Image
from pydantic import Field

from aigc import stage
from aigc.campaign import Brief, Caption, Copy, Poster, Score, Slots, Swatch, Tag, pixel_box
from aigc.caption import Captioner, CaptionRequest
from aigc.copywrite import CopyRequest, Copywriter
from aigc.rank import Ranker, RankRequest
from aigc.scene import Painter, Painting, SceneRequest
from aigc.stage import STAGES
from aigc.typeset import PlanRequest, SetRequest, Typesetter

FAIL: dict[str, BaseException] = {}  # what a stage raises, half way
CALLS: list[str] = []  # the stages that ran, in order


def _begin(stage: str, briefs: Iterable[Brief]) -> None:
    CALLS.append(stage)
    tricks.play(stage, briefs)
    if stage in FAIL:
        raise FAIL[stage]


class PlainCaptioner(Captioner):
    """Cuts out the middle."""

    __module__ = "aigc.caption.plain"
    words: int = Field(1, ge=1, le=9, description="How many words")

    def describe(self, requests: Sequence[CaptionRequest]) -> list[Caption]:
        """Call it a thing."""
        _begin("caption", (each.brief for each in requests))
        captions = []
        for request in requests:
            height, width = request.photo.pixels.shape[:2]
            left, top, right, bottom = pixel_box((0.2, 0.2, 0.8, 0.8), (width, height))
            middle = request.photo.pixels[top:bottom, left:right]
            opaque = np.full((*middle.shape[:2], 1), 255, np.uint8)
            captions.append(
                Caption(
                    text="thing " * self.words,
                    tags=(Tag(word="thing", probability=0.5),),
                    palette=(Swatch(hex="#808080", name="grey", share=1),),
                    background="plain",
                    subject=(0.2, 0.2, 0.8, 0.8),
                    cutout=np.concatenate([middle, opaque], -1),
                )
            )
        return captions


class PlainCopywriter(Copywriter):
    """Says the name."""

    __module__ = "aigc.copywrite.plain"
    mark: str = Field("!", description="What follows the name")

    def write(self, requests: Sequence[CopyRequest]) -> list[list[Copy]]:
        """Say it eight times."""
        _begin("copywrite", (each.brief for each in requests))
        return [
            [
                Copy(
                    id=f"c{number}",
                    headline=f"{request.brief.name} {number}{self.mark}",
                    body=" ".join(request.brief.features),
                    cta="Buy",
                    hashtags=("thing",),
                    source="plain",
                )
                for number in range(8)
            ]
            for request in requests
        ]


class PlainRanker(Ranker):
    """Likes the last."""

    __module__ = "aigc.rank.plain"

    def score(self, requests: Sequence[RankRequest]) -> list[list[Score]]:
        """Score by place."""
        _begin("rank", (each.brief for each in requests))
        return [
            [
                Score(
                    candidate_id=copy.id,
                    total=1 - place / 10,
                    parts={"place": 1 - place / 10},
                    reason="it came late",
                )
                for place, copy in enumerate(reversed(request.copies))
            ]
            for request in requests
        ]


class PlainPainter(Painter):
    """Paints noise."""

    __module__ = "aigc.scene.plain"
    shade: int = Field(200, ge=0, le=255, description="How light it is")

    def paint(self, requests: Sequence[SceneRequest]) -> list[Painting]:
        """Paint by the seed."""
        _begin("scene", (each.brief for each in requests))
        return [
            Painting(
                pixels=np.random.default_rng(each.seed).integers(
                    self.shade // 2, self.shade + 1, (*each.size[::-1], 3), np.uint8
                ),
                seed=each.seed,
            )
            for each in requests
        ]


class PlainTypesetter(Typesetter):
    """Pastes the product."""

    __module__ = "aigc.typeset.plain"
    corner: bool = Field(False, description="Product in the corner")

    def plan(self, requests: Sequence[PlanRequest]) -> list[Slots]:
        """Choose the place."""
        left = 0.0 if self.corner else 0.4
        return [Slots(layout="plain", product=(left, 0.4, left + 0.2, 0.6)) for _ in requests]

    def set(self, requests: Sequence[SetRequest]) -> list[Poster]:
        """Paste and encode."""
        _begin("typeset", (each.plan.brief for each in requests))
        posters = []
        for request in requests:
            channel = request.plan.channel
            image = Image.fromarray(request.scene.image)
            left, top, right, bottom = pixel_box(request.scene.slots.product, channel.size)
            cutout = Image.fromarray(request.plan.caption.cutout[..., :3])
            image.paste(cutout.resize((right - left, bottom - top)), (left, top))
            stream = io.BytesIO()
            image.save(stream, "JPEG", comment=request.plan.copies[0].headline.encode())
            posters.append(
                Poster(
                    id=request.poster_id,
                    channel=channel.name,
                    file=f"typeset/{request.poster_id}.jpg",
                    size=channel.size,
                    copy_id=request.plan.copies[0].id,
                    scene_id=request.scene.id,
                    layout="plain",
                    boxes={"product": request.scene.slots.product},
                    contrast={},
                    data=stream.getvalue(),
                )
            )
        return posters


_CLASSES = (PlainCaptioner, PlainCopywriter, PlainRanker, PlainPainter, PlainTypesetter)
MODULES: dict[str, ModuleType] = {}
for _stage, _class in zip(STAGES, _CLASSES, strict=True):
    _module = ModuleType(f"aigc.{_stage}.plain")
    with contextlib.suppress(ModuleNotFoundError):  # builtin ones need what is there by that name
        vars(_module).update(vars(importlib.import_module(_module.__name__)))
    _module.Backend = _class
    setattr(_module, _class.__name__, _class)  # where pickle looks for it
    MODULES[_module.__name__] = _module


def register() -> None:
    """Make them backends like any other, for the rest of this process."""
    real, told = stage.backends, stage.describe
    stage.backends = lambda name: (*real(name), "plain")
    stage.describe = lambda name, backend: "Plain" if backend == "plain" else told(name, backend)
    sys.modules.update(MODULES)
