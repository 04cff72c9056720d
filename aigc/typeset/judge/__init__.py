"""Judges a finished poster: how good its layout is, and what is wrong with it.

What each measure means, and where its threshold stands, is in docs/judge.md and rules.toml.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from aigc.campaign import Brief, Campaign, Caption, Copy, Pixels, Poster, Verdict
from aigc.channels import Channel, channel
from aigc.typeset.judge import checks, metrics
from aigc.typeset.judge.metrics import Map
from aigc.typeset.judge.parts import Parts, bare, canvas, parts


class Case(NamedTuple):
    """A poster, and what it was made from."""

    poster: Poster
    channel: Channel
    brief: Brief
    caption: Caption
    copy: Copy | None  # None where the poster shows the product's name alone
    backdrop: Pixels  # (H, W, 3): the scene, without product and text


def cases(campaign: Campaign) -> list[Case]:
    """Give the case of each poster of a finished campaign."""
    copies = {copy.id: copy for copy in campaign.copies}
    scenes = {scene.id: scene for scene in campaign.scenes}
    assert campaign.caption is not None  # it is finished
    return [
        Case(
            poster=poster,
            channel=channel(poster.channel),
            brief=campaign.brief,
            caption=campaign.caption,
            copy=copies.get(poster.copy_id),
            backdrop=scenes[poster.scene_id].image,
        )
        for poster in campaign.posters
    ]


def judge(case: Case) -> Verdict:
    """Measure a poster and mark it; its file is decoded unless its pixels are at hand.

    Of a PDF nothing is said that takes pixels: print has a preflight of its own.
    """
    poster = case.poster
    picture, kind = poster.picture, Path(poster.file).suffix[1:]
    if picture is None and kind != "pdf":
        picture, kind = _decoded(poster.data)
    found = parts(poster)
    ground, saliency = canvas(poster, case.channel, case.caption, case.backdrop)
    slope = bare(found, saliency, metrics.gradient(ground))
    marks = [
        *checks.layout(found, saliency, slope),
        *checks.reading(case.channel, poster, found, picture),
        *checks.product(case.channel, poster, case.caption, saliency, picture),
        *checks.words(case.channel, case.brief, case.copy, poster, found),
        *checks.file(case.channel, poster, kind, picture),
    ]
    return Verdict(metrics=measures(found, saliency, slope), marks=tuple(marks))


def pixels_of(poster: Poster) -> Pixels | None:
    """A poster's pixels (H, W, 3), at hand or from its file; None of a PDF."""
    if poster.picture is not None:
        return poster.picture
    return None if poster.file.endswith(".pdf") else _decoded(poster.data)[0]


def measures(found: Parts, saliency: Map, slope: Map) -> dict[str, float | None]:
    """The metrics of PosterLayout, by name; `slope` is NaN where an underlay hides the ground."""
    elements, inner = list(found.elements.values()), list(found.inner.values())
    underlays = list(found.underlays.values())
    values = {
        "validity": metrics.validity([*elements, *underlays]),
        "overlay": metrics.overlay(elements),
        "alignment": metrics.alignment(elements),
        "underlay_loose": metrics.underlay_loose(underlays, inner),
        "underlay_strict": metrics.underlay_strict(underlays, inner),
        "utility": metrics.utility([*elements, *underlays], saliency),
        "occlusion": metrics.occlusion([*elements, *found.panels.values()], saliency),
        "readability": metrics.readability(found.texts.values(), slope),
    }
    return {name: value if value is None else round(value, 5) for name, value in values.items()}


def _decoded(data: bytes) -> tuple[Pixels, str]:
    with Image.open(io.BytesIO(data)) as image:
        kind = {"JPEG": "jpg", "PNG": "png"}.get(image.format or "", str(image.format).lower())
        return np.asarray(image.convert("RGB")), kind
