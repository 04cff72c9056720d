"""The flow: photo + brief → caption → copywrite → rank → scene → typeset → campaign folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

from aigc import __version__, brandkit, brief, channels, events, export, photo, relayout, styles
from aigc.campaign import Brief, Campaign, Caption, Photo, Scene, Step
from aigc.caption import Captioner, CaptionRequest
from aigc.channels import TextLimits
from aigc.copywrite import CopyRequest, Copywriter
from aigc.errors import AigcError, BriefError, PartlyFailed, settled
from aigc.rank import Ranker, RankRequest
from aigc.recipe import Recipe
from aigc.scene import Painter
from aigc.stage import STAGES
from aigc.typeset import PlanRequest, Typesetter

Campaigns = Sequence[Campaign]
Moved = Sequence[Campaign | AigcError]
Request = TypeVar("Request")
Answer = TypeVar("Answer")


def run(
    brief_or_fields: Brief | Mapping[str, Any] | str | Path,
    recipe: Recipe | None = None,
    *,
    outputs: str | Path = "outputs",
    listener: events.Listener | None = None,
) -> Campaign:
    """Make the whole campaign of one brief, or finish one that was interrupted.

    Takes a Brief, its fields, or the path of a brief file. Raises BriefError, UnknownBackend,
    ModelError or ExportError; what was finished before an error or Ctrl-C is kept and reused.
    """
    checked = _as_brief(brief_or_fields)
    brandkit.check_files(checked)
    recipe = recipe or Recipe.load()
    with events.listening(listener):
        campaign = begun(checked, recipe, outputs)
        with export.open_folder(Path(campaign.folder)):
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
    moved = _FLOW[stage](campaigns, recipe)
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
    for stage in STAGES:
        # White grounds are drawn, whatever paints the others.
        if stage not in done and (stage != "scene" or backgrounds != {"white"}):
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


def _caption(campaigns: Campaigns, recipe: Recipe) -> Moved:
    backend = cast("Captioner", recipe["caption"])
    captions = _answers(
        backend.describe,
        [
            CaptionRequest(photo=_photo(each), brief=each.brief, seed=each.seed("caption"))
            for each in campaigns
        ],
    )
    return _filled("caption", campaigns, captions)


def _copywrite(campaigns: Campaigns, recipe: Recipe) -> Moved:
    backend = cast("Copywriter", recipe["copywrite"])
    written = _answers(
        backend.write,
        [
            CopyRequest(
                brief=each.brief,
                caption=_captioned(each),
                limits=channels.widest(each.brief.channels),
                short=_short(each),
                seed=each.seed("copywrite"),
            )
            for each in campaigns
        ],
    )
    return _filled("copies", campaigns, written)


def _short(campaign: Campaign) -> TextLimits | None:
    """The strictest channel's limits, where they are not everybody's."""
    names = campaign.brief.channels
    strictest = channels.strictest(names)
    return strictest if strictest != channels.widest(names) else None


def _rank(campaigns: Campaigns, recipe: Recipe) -> Moved:
    backend = cast("Ranker", recipe["rank"])
    rankings = _answers(
        backend.score,
        [
            RankRequest(
                photo=_photo(each),
                caption=_captioned(each),
                brief=each.brief,
                copies=each.copies,
                limits=channels.widest(each.brief.channels),
            )
            for each in campaigns
        ],
    )
    return _filled("ranking", campaigns, rankings)


def _answers(
    ask: Callable[[Sequence[Request]], Sequence[Answer]], requests: Sequence[Request]
) -> Sequence[Answer | AigcError]:
    """What a backend gives each request: its answer, or its error where the others have theirs."""
    try:
        return ask(requests)
    except PartlyFailed as failed:
        return failed.results


def _filled(field: str, campaigns: Campaigns, answers: Sequence[Any]) -> Moved:
    return [
        answer
        if isinstance(answer, AigcError)
        else each.model_copy(update={field: tuple(answer) if isinstance(answer, list) else answer})
        for each, answer in zip(campaigns, answers, strict=True)
    ]


def _scene(campaigns: Campaigns, recipe: Recipe) -> Moved:
    backend = cast("Painter", recipe["scene"])
    typesetter = cast("Typesetter", recipe["typeset"])
    plans = [(each, plan) for each in campaigns for plan in _plans(each)]
    slots = typesetter.plan([plan for _, plan in plans])
    requests = [
        relayout.scene_request(plan, places) for (_, plan), places in zip(plans, slots, strict=True)
    ]
    painted: dict[str, list[Scene]] = {each.id: [] for each in campaigns}
    failed: dict[str, AigcError] = {}
    answers = _answers(backend.paint, requests)
    for (each, plan), request, made in zip(plans, requests, answers, strict=True):
        if isinstance(made, AigcError):
            failed.setdefault(each.id, AigcError(f"{plan.channel.name}: {made}"))
            continue
        painted[each.id].append(
            Scene(
                id=_poster_id(plan),
                channel=plan.channel.name,
                style=plan.style.name,
                why=_look(each, plan.variant).why,
                slots=request.slots,
                **relayout.painted(made),
            )
        )
    return [
        failed.get(each.id) or each.model_copy(update={"scenes": tuple(painted[each.id])})
        for each in campaigns
    ]


def _typeset(campaigns: Campaigns, recipe: Recipe) -> Moved:
    painter = cast("Painter", recipe["scene"])
    typesetter = cast("Typesetter", recipe["typeset"])
    made: dict[str, list[relayout.Finished]] = {each.id: [] for each in campaigns}
    jobs = [
        (each, plan, scene)
        for each in campaigns
        for plan, scene in zip(_plans(each), each.scenes, strict=True)
    ]
    for done, (each, plan, scene) in enumerate(jobs):
        so_far = each.model_copy(update={"posters": tuple(one.poster for one in made[each.id])})
        events.report("typeset", done, len(jobs), scene.id, so_far)
        metadata = partial(_metadata, each)
        made[each.id].append(relayout.finish(plan, scene, metadata, painter, typesetter))
    return [
        each.model_copy(
            update={
                "scenes": tuple(one.scene for one in made[each.id]),
                "posters": tuple(one.poster for one in made[each.id]),
            }
        )
        for each in campaigns
    ]


def _plans(campaign: Campaign) -> list[PlanRequest]:
    """One poster to come for each channel and variant; variant v leads with the v-th best copy."""
    ranked = campaign.ranked()
    plans: list[PlanRequest] = []
    for name in campaign.brief.channels:
        for variant in range(variants(campaign.brief, name)):
            first = variant % len(ranked)
            plans.append(
                PlanRequest(
                    channel=channels.channel(name),
                    variant=variant,
                    style=_look(campaign, variant).style,
                    brief=campaign.brief,
                    caption=_captioned(campaign),
                    copies=ranked[first:] + ranked[:first],
                    # By variant, not by channel: one key visual, re-laid-out for each size.
                    seed=campaign.seed("scene", variant),
                )
            )
    return plans


def variants(brief: Brief, name: str) -> int:
    """Posters for a channel: of the product alone, one is like another."""
    return brief.variants if channels.channel(name).texts else 1


def _look(campaign: Campaign, variant: int) -> styles.Choice:
    """The style of a variant: the ranking's v-th with `auto`, another set and hue when named."""
    choices = styles.choose(campaign.brief, _captioned(campaign))
    return styles.look(choices, variant, campaign.seed("scene"))


def _poster_id(plan: PlanRequest) -> str:
    many = variants(plan.brief, plan.channel.name) > 1
    return f"{plan.channel.name}-{plan.variant + 1}" if many else plan.channel.name


def _metadata(campaign: Campaign, scene: Scene) -> dict[str, str]:
    """What a poster says about itself; no time and no path, so that the bytes repeat."""
    return {
        "Software": f"aigc {__version__}",
        "Title": campaign.brief.name,
        "Campaign": campaign.id,
        "Creative": campaign.creative(scene.id),
        "Scene": f"{scene.id} style={scene.style} layout={scene.slots.layout} seed={scene.seed}",
    }


def _photo(campaign: Campaign) -> Photo:
    if campaign.photo is None:
        raise BriefError(f"photo = '{campaign.brief.photo}': not loaded")
    return campaign.photo


def _captioned(campaign: Campaign) -> Caption:
    if campaign.caption is None:
        raise BriefError(f"campaign {campaign.id}: no caption yet; run `aigc caption` on it first")
    return campaign.caption


def _as_brief(given: Brief | Mapping[str, Any] | str | Path) -> Brief:
    if isinstance(given, Brief):
        brief.check(given)
        return given
    return brief.make(given) if isinstance(given, Mapping) else brief.load(given)


_FLOW: dict[str, Callable[[Campaigns, Recipe], Moved]] = {
    "caption": _caption,
    "copywrite": _copywrite,
    "rank": _rank,
    "scene": _scene,
    "typeset": _typeset,
}
