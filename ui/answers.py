"""What the endpoints take and give, as plain JSON."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradio.data_classes import FileData

from aigc import brandkit, photo
from aigc import brief as briefs
from aigc.campaign import Brief
from aigc.errors import BriefError
from aigc.recipe import Recipe
from aigc.stage import STAGES, backend_class, backends, describe

from . import controls
from .house import House
from .line import News
from .product.photos import UPLOADS, own
from .review.take import zipped
from .review.work import Work, read

_BRAND_FILES = ("logo", "logo_on_dark", "font")


def brief_of(house: House, sent: Any, fields: Any) -> Brief:
    """The brief of a photo that was sent and of fields; raises BriefError.

    Of files it takes only what was sent with it: a path would name one of the server's.
    """
    if not isinstance(fields, Mapping) or "photo" in fields:
        raise BriefError("brief: send the fields of a brief by their names; the photo goes apart")
    given = dict(fields)
    if isinstance(given.get("brand"), Mapping):
        given["brand"] = _uploads(house, "brand", given["brand"], _BRAND_FILES)
    if isinstance(given.get("edits"), Mapping):
        given["edits"] = _uploads(house, "edits", given["edits"], ("matte",))
    given["photo"] = _upload(house, "photo", sent)
    photo.check(given["photo"])
    made = briefs.make(given)
    brandkit.check_files(made)
    return made


def corrected(house: House, brief: Brief, edits: Any) -> Brief:
    """A saved brief with other corrections; its own matte may be named as it names it."""
    if not isinstance(edits, Mapping):
        raise BriefError("edits: send them by their names, such as {'lead': 'c2'}")
    given = dict(edits)
    if given.get("matte") != brief.edits.matte:
        given = _uploads(house, "edits", given, ("matte",))
    fields = brief.model_dump(exclude_defaults=True, exclude={"edits"})
    return brief.model_copy(update={"edits": briefs.make({**fields, "edits": given}).edits})


def recipe_of(house: House, options: Any) -> Recipe:
    """The server's recipe with other backends or options; raises BriefError, UnknownBackend."""
    if not isinstance(options, Mapping) or not all(
        isinstance(stage, Mapping) and isinstance(stage.get("backend", ""), str)
        for stage in options.values()
    ):
        raise BriefError("options: send them by stage, such as {'scene': {'backend': 'builtin'}}")
    for stage in options:
        if stage not in STAGES:
            raise BriefError(f"options: no stage '{stage}'; choose from {', '.join(STAGES)}")
    if options and not house.trusts:
        raise BriefError("options: models are chosen by who runs this page; send none")
    chosen = {stage: _chosen(house, stage, asked) for stage, asked in options.items()}
    return controls.recipe(house.recipe, chosen)


def _chosen(house: House, stage: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is chosen of a stage's options; files are those that were sent with it."""
    known = controls.fields(backend_class(stage, asked.get("backend", house.recipe[stage].backend)))
    for option in asked:
        if option != "backend" and option not in known:
            choices = ", ".join(("backend", *known))
            raise BriefError(f"options: {stage} has no '{option}'; choose from {choices}")
    files = [name for name in asked if known.get(name, {}).get("format") == "file"]
    return _uploads(house, stage, asked, tuple(files))


def options_of(house: House) -> dict[str, Any]:
    """Every stage's backends with their options as JSON schemas, and which one is chosen."""
    return {
        stage: {
            "chosen": house.recipe[stage].backend,
            "backends": {
                name: {
                    "title": describe(stage, name),
                    "options": controls.fields(backend_class(stage, name)),
                }
                for name in backends(stage)
            },
        }
        for stage in STAGES
    }


def progress(news: News) -> dict[str, Any]:
    """Where a job stands."""
    told = news._asdict() | {"posters": [each.id for each in news.posters]}
    return {key: value for key, value in told.items() if key != "error" or value}


def result(house: House, folder: Path) -> dict[str, Any]:
    """A finished campaign: texts best first, posters with what the judge marked."""
    work = read(folder)
    made = work.campaign
    by_id = {copy.id: copy for copy in made.copies}
    assert made.caption is not None  # a finished campaign has one
    return {
        "campaign": folder.name,
        "caption": made.caption.text,
        "tags": [tag.word for tag in made.caption.tags],
        "copies": [
            by_id[score.candidate_id].model_dump(mode="json")
            | {"score": score.total, "parts": score.parts, "reason": score.reason}
            for score in made.ranking
        ],
        "posters": [
            {
                "id": each.id,
                "channel": each.channel,
                "size": each.size,
                "layout": each.layout,
                "copy_id": each.copy_id,
                "file": each.file,
                "url": house.url(folder.name, each.file),
                "marks": [
                    {"check": mark.check, "level": mark.level, "remedy": mark.remedy}
                    for mark in (each.verdict.marks if each.verdict else ())
                    if mark.level != "pass"
                ],
            }
            for each in made.posters
        ],
        "edits": work.edits.model_dump(mode="json", exclude_defaults=True),
    }


def packed(house: House, folder: Path, channel: str = "") -> dict[str, Any]:
    """A campaign's zip, or a channel's, where Gradio hands out files: below its content's hash."""
    work: Work = read(folder)
    made = {poster.channel for poster in work.campaign.posters}
    if channel and channel not in made:
        raise BriefError(f"channel '{channel}': not made; choose from {', '.join(sorted(made))}")
    path = zipped(work, channel)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    target = house.scratch / UPLOADS / digest / path.name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{path.name}.part")
        shutil.copyfile(path, part)
        part.replace(target)
    given: dict[str, Any] = FileData(path=str(target), orig_name=path.name).model_dump()
    return given


def _uploads(
    house: House, field: str, given: Mapping[str, Any], names: tuple[str, ...]
) -> dict[str, Any]:
    files = {
        name: _upload(house, f"{field}.{name}", given[name]) for name in names if given.get(name)
    }
    return {**given, **files}


def _upload(house: House, field: str, sent: Any) -> str:
    path = sent.get("path") if isinstance(sent, Mapping) else None
    if path is None:
        raise BriefError(f"{field}: send the file itself, with gradio_client.handle_file")
    return own(house, path)
