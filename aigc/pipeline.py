"""The flow: photo + brief → caption → copywrite → rank → scene → typeset → campaign folder."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aigc import __version__, brandkit, brief, channels, events, export, photo, versions
from aigc.campaign import Brief, Campaign, Step
from aigc.errors import AigcError, settled
from aigc.moves import MOVES, Campaigns
from aigc.recipe import Recipe
from aigc.stage import STAGES


def run(
    brief_or_fields: Brief | Mapping[str, Any] | str | Path,
    recipe: Recipe | None = None,
    *,
    outputs: str | Path = "outputs",
    listener: events.Listener | None = None,
) -> Campaign:
    """Make the whole campaign of one brief, or finish one that was interrupted.

    Where the campaign is there with other corrections, only what they change is made again, and
    the version before is kept for `undo`; it comes back where that fails or is stopped.
    Takes a Brief, its fields, or the path of a brief file. Raises BriefError, UnknownBackend,
    ModelError or ExportError; what was finished before an error or Ctrl-C is kept and reused.
    """
    checked = _as_brief(brief_or_fields)
    brandkit.check_files(checked)
    recipe = recipe or Recipe.load()
    with events.listening(listener):
        campaign = begun(checked, recipe, outputs)
        with export.open_folder(Path(campaign.folder)):
            return remade(campaign, recipe)


def remade(campaign: Campaign, recipe: Recipe) -> Campaign:
    """Bring the folder of a campaign, which is held, to its brief and corrections."""
    with versions.before(Path(campaign.folder), campaign.brief.edits):
        return _finish(export.resume(campaign, recipe), recipe)


def begun(brief: Brief, recipe: Recipe, outputs: str | Path) -> Campaign:
    """Name the campaign of a brief, with its photo read and nothing made yet."""
    picture = photo.load(brief.photo)
    name = export.campaign_id(brief, picture, recipe)
    return Campaign(id=name, brief=brief, photo=picture, folder=str(Path(outputs) / name))


def redo(
    folder: str | Path,
    stage: str,
    *,
    backends: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    listener: events.Listener | None = None,
) -> Campaign:
    """Do one stage of a saved campaign again, and those after it, which it made stale.

    The saved recipe is used, but for `backends` ({stage: name}) and `options`
    ("stage.option=value"). Raises ExportError where there is no campaign.
    """
    with events.listening(listener), export.open_folder(Path(folder), existing=True) as path:
        recipe = export.saved_recipe(path, backends, options)
        saved = export.load_unfinished(path)
        export.forget(path, stage)
        return _finish(export.resume(saved, recipe, contents=False), recipe)


def advance(campaigns: Campaigns, stage: str, recipe: Recipe) -> list[Campaign]:
    """Take a batch of campaigns through one stage; the backend sees them all at once.

    Raises the error of the only one, or PartlyFailed where some of several failed.
    """
    return settled(advance_each(campaigns, stage, recipe))


def advance_each(campaigns: Campaigns, stage: str, recipe: Recipe) -> list[Campaign | AigcError]:
    """Take a batch of campaigns through one stage; each gives what it became, or its error."""
    started = time.perf_counter()
    moved = MOVES[stage](campaigns, recipe)
    seconds = round((time.perf_counter() - started) / max(1, len(moved)), 3)
    backend = recipe[stage]
    step = Step(
        stage=stage,
        backend=backend.backend,
        options=backend.model_dump(mode="json"),
        seconds=seconds,
        versions={"aigc": __version__}
        | {name: version(name) for name in backend.packages}
        | backend.materials
        | {f"{stage}.{name}": digest for name, digest in backend.files.items()},
    )
    return [
        each
        if isinstance(each, AigcError)
        else each.model_copy(update={"steps": (*each.steps, step)})
        for each in moved
    ]


def _finish(campaign: Campaign, recipe: Recipe) -> Campaign:
    done = {step.stage for step in campaign.steps}
    backgrounds = {channels.channel(name).background for name in campaign.brief.channels}
    given = {"caption": campaign.given.caption, "copywrite": campaign.given.copies}
    for stage in STAGES:
        # White grounds are drawn, whatever paints the others.
        drawn = stage == "scene" and backgrounds == {"white"}
        if stage not in done and not drawn and not given.get(stage):
            recipe[stage].ready()
    for number, stage in enumerate(STAGES):
        if stage not in done:
            events.report(stage, 0, 1, campaign=campaign)
            tried = [scene.tried for scene in campaign.scenes]
            (campaign,) = advance([campaign], stage, recipe)
            if stage == "typeset" and tried != [scene.tried for scene in campaign.scenes]:
                export.save_stage(campaign, "scene")  # some were painted anew
            export.save_stage(campaign, stage)
        events.report(stage, 1, 1, f"{number + 1}/{len(STAGES)}", campaign=campaign)
    export.save(campaign, recipe)
    return campaign


def _as_brief(given: Brief | Mapping[str, Any] | str | Path) -> Brief:
    if isinstance(given, Brief):
        brief.check(given)
        return given
    return brief.make(given) if isinstance(given, Mapping) else brief.load(given)
