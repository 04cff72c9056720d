"""What a batch's index says of a finished campaign, so that nobody has to open its folder."""

from __future__ import annotations

import json
from pathlib import Path

from aigc import adtexts, portable
from aigc.batches import PosterRecord, Record
from aigc.campaign import Campaign, Poster
from aigc.stage import STAGES

_LEVELS = ("fail", "warn", "pass")  # hardest first


def record(campaign: Campaign, folder: Path) -> Record:
    """Sum up a finished campaign and its folder; the same campaign gives the same record."""
    best = campaign.ranked()[0]
    names = _names(folder)
    return Record(
        id=campaign.id,
        name=campaign.brief.name,
        language=campaign.brief.language,
        caption=campaign.caption.text if campaign.caption else "",
        note=campaign.caption.note if campaign.caption else "",
        headline=best.headline,
        body=best.body,
        cta=best.cta,
        score=campaign.ranking[0].total,
        posters=tuple(_poster(campaign, each) for each in campaign.posters),
        files=len(names),
        bytes=sum((folder / name).stat().st_size for name in names),
    )


def _poster(campaign: Campaign, poster: Poster) -> PosterRecord:
    styles = {scene.id: scene.style for scene in campaign.scenes}
    scores = {score.candidate_id: score.total for score in campaign.ranking}
    marks = poster.verdict.marks if poster.verdict else ()
    found = {level: [mark.check for mark in marks if mark.level == level] for level in _LEVELS}
    return PosterRecord(
        id=poster.id,
        channel=poster.channel,
        file=poster.file,
        shown=poster.shown,
        size=poster.size,
        style=styles.get(poster.scene_id, ""),
        layout=poster.layout,
        copy_id=poster.copy_id,
        score=scores.get(poster.copy_id, 0.0),  # 0: of the name alone, nobody asked
        level="fail" if found["fail"] else "warn" if found["warn"] else "pass",
        checks=tuple(f"{level} {name}" for level in ("fail", "warn") for name in found[level]),
    )


def _names(folder: Path) -> list[str]:
    """The files that the stages named; the contact sheet and zips apart, which packing changes."""
    names = ["campaign.json", *(f"{stage}.json" for stage in STAGES)]
    for stage in STAGES:
        names += json.loads((folder / f"{stage}.json").read_text("utf-8"))["files"]
    beside = (adtexts.GOOGLE, "brief.json", portable.BRIEF, portable.RECIPE, portable.MATTE)
    names += [name for name in beside if (folder / name).exists() and name not in names]
    brand = sorted((folder / portable.BRAND).glob("*"))
    return names + [path.relative_to(folder).as_posix() for path in brand]
