"""Campaign ↔ folder: the only writer to outputs/.

Every stage is saved as it ends, each file under a temporary name first; `campaign.json` comes
last, so that its existence means the campaign is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock, Timeout
from PIL import Image
from slugify import slugify

from aigc import adtexts, archive, edits, photo, portable, sheet
from aigc.campaign import Brief, Campaign, Caption, Edits, Photo, Poster, Scene, Step
from aigc.disk import as_json, as_png, write, writing
from aigc.errors import AigcError, ExportError
from aigc.recipe import Recipe
from aigc.recipe import read as recipe_file
from aigc.stage import HOW, STAGES, Stage

_ZIPS = "zips"  # in a campaign's folder
_GIVEN = "cutout.given.png"  # the cut-out before it was corrected, where it was
LOCKS = ".locks"  # beside the campaigns
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
    table = {
        name: {"backend": stage.backend, **stage.what(), **stage.files}  # of files what they hold
        for name, stage in recipe.items()
    }
    said = {"brief": portable.said(brief), "recipe": table}
    digest.update(json.dumps(said, sort_keys=True).encode())
    return f"{slugify(brief.name, max_length=40) or 'campaign'}-{digest.hexdigest()[:8]}"


@contextlib.contextmanager
def open_folder(folder: Path, *, existing: bool = False, patience: float = 0) -> Iterator[Path]:
    """Hold a campaign folder for writing; a dead process holds nothing.

    Raises ExportError where it cannot be written, is in use for longer than `patience` seconds, or
    (existing) is no campaign.
    """
    begun = [folder / "brief.json", folder / portable.PHOTO]
    if existing and not all(path.exists() for path in begun):
        raise ExportError(f"'{folder}' is no campaign folder; `aigc run` makes one")
    lock = FileLock(folder.parent / LOCKS / folder.name, timeout=patience)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / LOCKS).mkdir(exist_ok=True)
        try:
            lock.acquire()
        except Timeout as error:
            raise ExportError(f"'{folder}' is being written by another run; wait for it") from error
    try:
        with writing(folder):
            for leftover in folder.rglob(".*.part"):  # of a run that was killed
                leftover.unlink()
        yield folder
    finally:
        lock.release()


def resume(campaign: Campaign, recipe: Recipe, *, contents: bool = True) -> Campaign:
    """Take over what the folder holds, up to the first stage that is missing or was made otherwise.

    Files that cannot be read count as missing. A file that an option names is the same where it
    holds the same; without `contents`, where its name is the same. Of stages that only other
    corrections make stale, what can still be used comes along, though they are not done.
    """
    folder = Path(campaign.folder)
    saved = _saved(campaign, recipe, contents)
    if len(saved.steps) < len(STAGES):
        forget(folder, STAGES[len(saved.steps)])
    if len(saved.steps) < len(STAGES) or _brief(folder) is None:
        _save_brief(folder, campaign.brief, recipe)
    return saved


def _saved(campaign: Campaign, recipe: Recipe | None, contents: bool = False) -> Campaign:
    """What the folder holds, up to the first stage that is missing, damaged or made otherwise."""
    folder = Path(campaign.folder)
    steps: list[Step] = []
    fields: dict[str, Any] = {}
    given: dict[str, Any] = {}
    stale = False
    for stage in STAGES:
        if stale and stage == "rank":
            continue
        found = _stage(folder, stage, recipe, contents)
        if found is None:
            break
        if recipe is not None and found.edits != edits.said(campaign.brief.edits, stage):
            stale = True
        if stale and stage in ("caption", "copywrite"):
            given[_FIELDS[stage]] = found.given or found.value
        elif found.given is not None:
            given[_FIELDS[stage]] = found.given
        if not stale:
            steps.append(found.step)
        if stale and stage == "caption":
            break  # all else hangs on it
        if not stale or stage in ("scene", "typeset"):
            fields[_FIELDS[stage]] = found.value
    asked = {name: getattr(campaign, name) for name in ("id", "brief", "photo", "folder")}
    return Campaign.model_validate({**asked, "steps": steps, "given": given, **fields})


class _Stage(NamedTuple):
    """What a stage saved."""

    step: Step
    value: Any
    given: Any  # what its backend gave, where corrections took its place; else None
    edits: dict[str, Any]


def _stage(folder: Path, stage: str, recipe: Recipe | None, contents: bool) -> _Stage | None:
    """Read a stage; None where it is missing, damaged, or was not made by this recipe."""
    state = _state(folder, stage)
    if state is None or not _whole(folder, state):
        return None
    try:
        step = Step.model_validate(state["step"])
        if recipe is not None and not _made_by(recipe[stage], step, contents):
            return None
        value = _read_field(folder, stage, state[_FIELDS[stage]])
        given = state.get("given")
        if given is not None:
            given = _read_given(folder, stage, given, state["files"])
        return _Stage(step, value, given, state.get("edits", {}))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def forget(folder: Path, stage: str) -> None:
    """Mark a stage and all after it as not done."""
    stale = [folder / f"{each}.json" for each in STAGES[STAGES.index(stage) :]]
    zips = sorted((folder / _ZIPS).glob("*.zip"))
    with writing(folder):
        for path in (folder / "campaign.json", folder / "index.html", *zips, *reversed(stale)):
            path.unlink(missing_ok=True)


def save_stage(campaign: Campaign, stage: str) -> None:
    """Write what one stage made: its pictures first, then its JSON."""
    folder = Path(campaign.folder)
    files = {}
    for name, data in _files(campaign, stage):
        _put(folder / name, data)
        files[name] = hashlib.sha256(data).hexdigest()
    state = campaign.model_dump(mode="json", include={_FIELDS[stage]})
    state["step"] = campaign.steps[STAGES.index(stage)].model_dump(mode="json")
    state["files"] = files  # so that a damaged one is noticed, and made again
    if corrections := edits.said(campaign.brief.edits, stage):
        state["edits"] = corrections
    field = _FIELDS[stage]
    if given := campaign.given.model_dump(mode="json", include={field}).get(field):
        state["given"] = given
    write(folder / f"{stage}.json", as_json(state))
    if stage == "caption" and _GIVEN not in files:
        with writing(folder):
            (folder / _GIVEN).unlink(missing_ok=True)


def _put(path: Path, data: bytes) -> None:
    """Write a file unless it holds just that: what did not change keeps its date."""
    try:
        same = path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        same = False
    if not same:
        write(path, data)


def _save_brief(folder: Path, brief: Brief, recipe: Recipe) -> None:
    """Write the brief and the files that it names, photo apart; what it no longer names goes."""
    files = portable.files(brief, recipe)
    for name, data in files.items():
        _put(folder / name, data)
    strays = {folder / portable.MATTE, folder / portable.RECIPE}
    with writing(folder):
        strays |= {*(folder / portable.BRAND).glob("*")}
        for path in strays - {folder / name for name in files}:
            path.unlink(missing_ok=True)


def _files(campaign: Campaign, stage: str) -> Iterator[tuple[str, bytes]]:
    if stage == "caption" and campaign.caption and campaign.photo:
        yield portable.PHOTO, as_png(campaign.photo.pixels, campaign.photo.alpha)
        yield "cutout.png", as_png(campaign.caption.cutout)
        first = campaign.given.caption
        if first is not None and campaign.brief.edits.matte:
            yield _GIVEN, as_png(first.cutout)
    if stage == "scene":
        for scene in campaign.scenes:
            yield f"scene/{scene.id}.jpg", scene.data
    if stage == "typeset":
        for poster in campaign.posters:
            yield poster.file, poster.data
            if poster.preview:
                yield poster.shown, poster.preview
                yield poster.preflight, as_json(_preflight(poster.data))


def save(campaign: Campaign, recipe: Recipe) -> None:
    """Write the contact sheet and, last, `campaign.json`."""
    folder = Path(campaign.folder)
    if all((folder / name).exists() for name in ("campaign.json", "index.html")):
        return
    _remove_strays(folder / "scene", {f"{scene.id}.jpg" for scene in campaign.scenes})
    _remove_strays(folder / "typeset", _names(campaign.posters))
    ads = adtexts.google(campaign)
    if ads is not None:
        write(folder / adtexts.GOOGLE, ads)
    write(folder / "index.html", sheet.render(campaign).encode())
    made = campaign.model_copy(update={"brief": portable.here(campaign.brief)})
    whole = {"recipe": recipe.table(), **made.model_dump(mode="json")}
    write(folder / "campaign.json", as_json(whole))


def pack(
    folder: str | Path,
    names: Sequence[str] = (),
    *,
    whole: bool = False,
    to: str | Path | None = None,
) -> list[Path]:
    """Zip a finished campaign: a file for each channel, or for these `names`, or one for the whole.

    They go into the campaign's own `zips`, where its contact sheet links them, or `to` another
    folder. The same campaign gives the same bytes. Raises ExportError where it has no such channel.
    """
    with open_folder(Path(folder), existing=True) as path:
        campaign = load(path)
        made = tuple(dict.fromkeys(poster.channel for poster in campaign.posters))
        for name in names:
            if name not in made:
                raise ExportError(f"'{path}' has no channel '{name}'; it has {', '.join(made)}")
        files = {f"{name}.zip": archive.of_channel(campaign, name) for name in names or made}
        if whole:
            files = {f"{campaign.id}.zip": archive.of_all(campaign)}
        target = Path(to) if to is not None else path / _ZIPS
        for name, data in files.items():
            write(target / name, data)
        if to is None:
            there = {each.name for each in target.glob("*.zip")}
            write(path / "index.html", sheet.render(campaign, zips=there).encode())
    return [target / name for name in files]


def load(folder: str | Path) -> Campaign:
    """Read a finished campaign, pictures included, whatever version made it.

    Raises ExportError where there is none, or where a file of it is damaged.
    """
    path = Path(folder)
    if not (path / "campaign.json").exists():
        raise ExportError(f"'{path}' is no finished campaign; `aigc run` finishes or makes one")
    campaign = _saved(load_unfinished(path), recipe=None)
    if len(campaign.steps) < len(STAGES):
        stage = STAGES[len(campaign.steps)]
        raise ExportError(
            f"'{path}' is damaged: what {stage} made cannot be read; `aigc {stage} {path}` mends it"
        )
    return campaign


def load_unfinished(folder: Path) -> Campaign:
    """Read the brief and the photo of a campaign folder, whatever stage it has reached."""
    brief = _brief(folder)
    try:
        picture = photo.load(str(folder / portable.PHOTO))
    except AigcError:
        picture = None
    if brief is None or picture is None:
        raise ExportError(
            f"'{folder}' is damaged: its brief.json or photo.png cannot be read; "
            "run the brief again to mend it"
        )
    return Campaign(id=folder.resolve().name, brief=brief, photo=picture, folder=str(folder))


def _brief(folder: Path) -> Brief | None:
    """The brief of a campaign folder; None where it cannot be read."""
    try:
        brief = Brief.model_validate_json((folder / "brief.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return portable.found(brief, folder)


def finished_edits(folder: Path) -> Edits | None:
    """The corrections of a finished campaign; None where it is not finished."""
    brief = _brief(folder) if (folder / "campaign.json").exists() else None
    return brief.edits if brief is not None else None


def saved_recipe(
    folder: Path, backends: Mapping[str, str] | None = None, options: Iterable[str] = ()
) -> Recipe:
    """The recipe that a campaign's stages were made with, then changed as told."""
    states = {stage: _state(folder, stage) for stage in STAGES}
    # Of a stage that a killed run left to do, the recipe itself tells.
    rows = recipe_file(folder / portable.RECIPE) if (folder / portable.RECIPE).exists() else {}
    rows |= {
        stage: {"backend": state["step"]["backend"], **state["step"]["options"]}
        for stage, state in states.items()
        if state is not None
    }
    return Recipe.of(rows, backends, options)


def _state(folder: Path, stage: str) -> dict[str, Any] | None:
    """What a stage saved, if it is all there."""
    try:
        state: dict[str, Any] = json.loads((folder / f"{stage}.json").read_text("utf-8"))
        Step.model_validate(state["step"])
        return state if {"files", _FIELDS[stage]} <= state.keys() else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _whole(folder: Path, state: Mapping[str, Any]) -> bool:
    """Whether the stage's files still hold what was written."""
    try:
        return all(
            hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
            for name, digest in state["files"].items()
            if name != "brief.json"  # once of the caption's files; corrections change it
        )
    except (OSError, AttributeError):
        return False


def _made_by(backend: Stage, step: Step, contents: bool) -> bool:
    """Whether a step is what this backend, with these options, would do."""
    held = backend.files if contents else {}
    then = {name: step.versions.get(f"{step.stage}.{name}") for name in held}
    now = backend.what() | held
    before = {name: value for name, value in step.options.items() if name not in HOW}
    return (step.backend, before | then) == (backend.backend, now)


def _read_field(folder: Path, stage: str, saved: Any) -> Any:
    if stage == "caption":
        with Image.open(folder / "cutout.png") as image:
            return Caption.model_validate({**saved, "cutout": np.asarray(image.convert("RGBA"))})
    if stage == "scene":
        return tuple(_read_scene(folder, row) for row in saved)
    if stage == "typeset":
        return tuple(_read_poster(folder, Poster.model_validate(row)) for row in saved)
    return saved


def _read_given(folder: Path, stage: str, saved: Any, files: Mapping[str, str]) -> Any:
    if stage == "copywrite":
        return saved
    with Image.open(folder / (_GIVEN if _GIVEN in files else "cutout.png")) as image:
        return Caption.model_validate({**saved, "cutout": np.asarray(image.convert("RGBA"))})


def _read_poster(folder: Path, poster: Poster) -> Poster:
    read = {"data": (folder / poster.file).read_bytes()}
    if poster.shown != poster.file:
        read["preview"] = (folder / poster.shown).read_bytes()
    return poster.model_copy(update=read)


def _read_scene(folder: Path, row: dict[str, Any]) -> Scene:
    data = (folder / "scene" / f"{row['id']}.jpg").read_bytes()
    return Scene.model_validate({**row, "data": data, "image": photo.decode(data)})


def _names(posters: Iterable[Poster]) -> set[str]:
    """The files of posters, those of print products with what stands beside them."""
    files = [name for each in posters for name in (each.file, each.shown, each.preflight)]
    return {Path(name).name for name in files}


def _preflight(data: bytes) -> list[dict[str, str]]:
    from aigc.typeset.print.preflight import preflight

    return [each.model_dump() for each in preflight(data)]


def _remove_strays(folder: Path, wanted: set[str]) -> None:
    """Delete pictures of an earlier recipe, which the manifest no longer names."""
    with writing(folder):
        for path in folder.iterdir():
            if path.name not in wanted:
                path.unlink()
