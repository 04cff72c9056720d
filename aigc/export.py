"""Campaign ↔ folder: the only writer to outputs/.

Every stage is saved as it ends, each file under a temporary name first; `campaign.json` comes
last, so that its existence means the campaign is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from PIL import Image
from pydantic import ValidationError
from slugify import slugify

from aigc import photo, sheet
from aigc.campaign import Brief, Campaign, Caption, Photo, Pixels, Poster, Scene
from aigc.errors import AigcError, ExportError
from aigc.recipe import Recipe
from aigc.stage import STAGES

_FIELDS = {
    "caption": "caption",
    "copywrite": "copies",
    "rank": "ranking",
    "scene": "scenes",
    "typeset": "posters",
}


def campaign_id(brief: Brief, picture: Photo, recipe: Recipe) -> str:
    """Name a campaign: its product, and 8 hex digits of brief, photo and recipe."""
    digest = hashlib.sha256(picture.pixels.tobytes())
    if picture.alpha is not None:
        digest.update(picture.alpha.tobytes())
    said = {"brief": brief.model_dump(mode="json", exclude={"photo"}), "recipe": recipe.table()}
    digest.update(json.dumps(said, sort_keys=True).encode())
    return f"{slugify(brief.name, max_length=40) or 'campaign'}-{digest.hexdigest()[:8]}"


@contextlib.contextmanager
def open_folder(folder: Path, *, existing: bool = False) -> Iterator[Path]:
    """Hold a campaign folder for writing; a dead process holds nothing.

    Raises ExportError where it cannot be written, is in use, or (existing) is no campaign.
    """
    if existing and not (folder / "campaign.json").exists() and not _state(folder, "caption"):
        raise ExportError(f"'{folder}' is no campaign folder; `aigc run` makes one")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.parent / f".{folder.name}.lock", timeout=0)
        with lock:
            for leftover in folder.rglob(".*.part"):  # of a run that was killed
                leftover.unlink()
            yield folder
    except Timeout as error:
        raise ExportError(f"'{folder}' is being written by another run; wait for it") from error
    except OSError as error:
        where = error.filename or folder
        raise ExportError(
            f"cannot write '{where}': {error.strerror or error}; choose another with --output"
        ) from error


def resume(campaign: Campaign, recipe: Recipe) -> Campaign:
    """Take over what the folder holds, up to the first stage that is missing or was made otherwise.

    Files that cannot be read count as missing.
    """
    folder = Path(campaign.folder)
    steps: list[dict[str, Any]] = []
    fields: dict[str, Any] = {}
    for stage in STAGES:
        state = _state(folder, stage)
        if state is None or _made_by(state["step"]) != _made_by_recipe(recipe, stage):
            break
        try:
            fields[_FIELDS[stage]] = _read_field(folder, stage, state[_FIELDS[stage]])
        except (OSError, ValidationError, KeyError):
            break
        steps.append(state["step"])
    if len(steps) < len(STAGES):
        forget(folder, STAGES[len(steps)])
    return Campaign.model_validate(
        {
            "id": campaign.id,
            "brief": campaign.brief,
            "photo": campaign.photo,
            "folder": campaign.folder,
            "steps": steps,
            **fields,
        }
    )


def forget(folder: Path, stage: str) -> None:
    """Mark a stage and all after it as not done."""
    stale = [folder / f"{each}.json" for each in STAGES[STAGES.index(stage) :]]
    for path in (folder / "campaign.json", folder / "index.html", *reversed(stale)):
        path.unlink(missing_ok=True)


def save_stage(campaign: Campaign, stage: str) -> None:
    """Write what one stage made: its pictures first, then its JSON."""
    folder = Path(campaign.folder)
    if stage == "caption" and campaign.caption and campaign.photo:
        _write_json(folder / "brief.json", campaign.brief.model_dump(mode="json"))
        _write_image(folder / "photo.png", _with_alpha(campaign.photo))
        _write_image(folder / "cutout.png", campaign.caption.cutout)
    if stage == "scene":
        for scene in campaign.scenes:
            _write(folder / "scene" / f"{scene.id}.jpg", scene.data)
    if stage == "typeset":
        for poster in campaign.posters:
            _write(folder / poster.file, poster.data)
    field = _FIELDS[stage]
    state = campaign.model_dump(mode="json", include={field})
    state["step"] = campaign.steps[STAGES.index(stage)].model_dump(mode="json")
    _write_json(folder / f"{stage}.json", state)


def save(campaign: Campaign, recipe: Recipe) -> None:
    """Write the contact sheet and, last, `campaign.json`."""
    folder = Path(campaign.folder)
    if (folder / "campaign.json").exists():
        return
    _remove_strays(folder / "scene", {f"{scene.id}.jpg" for scene in campaign.scenes})
    _remove_strays(folder / "typeset", {Path(each.file).name for each in campaign.posters})
    _write(folder / "index.html", sheet.render(campaign).encode())
    whole = {"recipe": recipe.table(), **campaign.model_dump(mode="json")}
    _write_json(folder / "campaign.json", whole)


def load(folder: str | Path) -> Campaign:
    """Read a finished campaign, pictures included; raises ExportError where there is none."""
    path = Path(folder)
    if not (path / "campaign.json").exists():
        raise ExportError(f"'{path}' is no finished campaign; `aigc run` finishes or makes one")
    return resume(load_unfinished(path), saved_recipe(path))


def load_unfinished(folder: Path) -> Campaign:
    """Read the brief and the photo of a campaign folder, whatever stage it has reached."""
    try:
        brief = Brief.model_validate_json((folder / "brief.json").read_text("utf-8"))
        picture = photo.load(str(folder / "photo.png"))
    except (OSError, ValidationError, AigcError) as error:
        raise ExportError(f"'{folder}' cannot be read ({error}); run its brief again") from error
    return Campaign(id=folder.resolve().name, brief=brief, photo=picture, folder=str(folder))


def saved_recipe(
    folder: Path, backends: Mapping[str, str] | None = None, options: Iterable[str] = ()
) -> Recipe:
    """The recipe that a campaign's stages were made with, then changed as told."""
    states = {stage: _state(folder, stage) for stage in STAGES}
    rows = {
        stage: {"backend": state["step"]["backend"], **state["step"]["options"]}
        for stage, state in states.items()
        if state is not None
    }
    return Recipe.of(rows, backends, options)


def _state(folder: Path, stage: str) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((folder / f"{stage}.json").read_text("utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    return state


def _made_by(step: Mapping[str, Any]) -> tuple[str, str]:
    return step["backend"], json.dumps(step["options"], sort_keys=True)


def _made_by_recipe(recipe: Recipe, stage: str) -> tuple[str, str]:
    backend = recipe[stage]
    return backend.backend, json.dumps(backend.model_dump(mode="json"), sort_keys=True)


def _read_field(folder: Path, stage: str, saved: Any) -> Any:
    if stage == "caption":
        with Image.open(folder / "cutout.png") as image:
            return Caption.model_validate({**saved, "cutout": np.asarray(image.convert("RGBA"))})
    if stage == "scene":
        return tuple(_read_scene(folder, row) for row in saved)
    if stage == "typeset":
        return tuple(
            Poster.model_validate({**row, "data": (folder / row["file"]).read_bytes()})
            for row in saved
        )
    return saved


def _read_scene(folder: Path, row: dict[str, Any]) -> Scene:
    data = (folder / "scene" / f"{row['id']}.jpg").read_bytes()
    return Scene.model_validate({**row, "data": data, "image": photo.decode(data)})


def _with_alpha(picture: Photo) -> Pixels:
    if picture.alpha is None:
        return picture.pixels
    return np.dstack([picture.pixels, picture.alpha])


def _remove_strays(folder: Path, wanted: set[str]) -> None:
    """Delete pictures of an earlier recipe, which the manifest no longer names."""
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()


def _write_json(path: Path, value: Any) -> None:
    _write(path, (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode())


def _write_image(path: Path, pixels: Pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    # Level 1: a photo hardly packs tighter at level 6, which takes twice as long.
    Image.fromarray(pixels).save(part, "PNG", compress_level=1)
    part.replace(path)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
