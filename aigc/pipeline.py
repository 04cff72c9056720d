"""The flow: photo + brief → caption → copywrite → rank → scene → typeset → campaign folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

from aigc import (
    __version__,
    brandkit,
    brief,
    channels,
    edits,
    events,
    export,
    photo,
    plans,
    relayout,
    versions,
)
from aigc.campaign import Brief, Campaign, Caption, Copy, Photo, Poster, Scene, Step
from aigc.caption import Captioner, CaptionRequest
from aigc.channels import TextLimits
from aigc.copywrite import CopyRequest, Copywriter
from aigc.errors import AigcError, BriefError, PartlyFailed, settled
from aigc.plans import Digests, captioned
from aigc.rank import Ranker, RankRequest
from aigc.recipe import Recipe
from aigc.scene import Painter
from aigc.stage import STAGES
from aigc.typeset import Typesetter

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


def _caption(campaigns: Campaigns, recipe: Recipe) -> Moved:
    backend = cast("Captioner", recipe["caption"])
    seen = _asked(
        backend.describe,
        [
            CaptionRequest(
                photo=_photo(each), brief=edits.bare(each.brief), seed=each.seed("caption")
            )
            for each in campaigns
        ],
        [each.given.caption for each in campaigns],
    )
    return _each(campaigns, seen, _with_caption)


def _with_caption(campaign: Campaign, seen: Caption) -> Campaign:
    from aigc.caption.corrected import corrected

    shown = corrected(seen, _photo(campaign), campaign.brief.edits)
    given = campaign.given.model_copy(update={"caption": seen if shown is not seen else None})
    return campaign.model_copy(update={"caption": shown, "given": given})


def _copywrite(campaigns: Campaigns, recipe: Recipe) -> Moved:
    backend = cast("Copywriter", recipe["copywrite"])
    written = _asked(
        backend.write,
        [
            CopyRequest(
                brief=edits.bare(each.brief),
                caption=captioned(each),
                limits=channels.widest(each.brief.channels),
                short=_short(each),
                seed=each.seed("copywrite"),
            )
            for each in campaigns
        ],
        [[*each.given.copies] for each in campaigns],
    )
    return _each(campaigns, written, _with_copies)


def _with_copies(campaign: Campaign, written: list[Copy]) -> Campaign:
    copies = tuple(written)
    shown = edits.corrected(copies, campaign.brief.edits)
    given = campaign.given.model_copy(update={"copies": copies if shown is not copies else ()})
    return campaign.model_copy(update={"copies": shown, "given": given})


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
                caption=captioned(each),
                brief=edits.bare(each.brief),
                copies=each.copies,
                limits=channels.widest(each.brief.channels),
            )
            for each in campaigns
        ],
    )
    return _each(
        campaigns,
        rankings,
        lambda each, scores: each.model_copy(update={"ranking": tuple(scores)}),
    )


def _answers(
    ask: Callable[[Sequence[Request]], Sequence[Answer]], requests: Sequence[Request]
) -> Sequence[Answer | AigcError]:
    """What a backend gives each request: its answer, or its error where the others have theirs."""
    try:
        return ask(requests)
    except PartlyFailed as failed:
        return failed.results


def _asked(
    ask: Callable[[Sequence[Request]], Sequence[Answer]],
    requests: Sequence[Request],
    given: Sequence[Answer | None],
) -> Sequence[Answer | AigcError]:
    """What a backend gives each request, or gave it before, where corrections kept that."""
    new = [each for each, before in zip(requests, given, strict=True) if not before]
    answers = iter(_answers(ask, new) if new else ())
    return [before or next(answers) for before in given]


def _each(
    campaigns: Campaigns,
    answers: Sequence[Answer | AigcError],
    take: Callable[[Campaign, Answer], Campaign],
) -> Moved:
    """Let each campaign take its answer."""
    moved: list[Campaign | AigcError] = []
    for each, answer in zip(campaigns, answers, strict=True):
        try:
            moved.append(answer if isinstance(answer, AigcError) else take(each, answer))
        except BriefError as error:  # a correction that does not fit
            moved.append(error)
    return moved


def _scene(campaigns: Campaigns, recipe: Recipe) -> Moved:
    backend = cast("Painter", recipe["scene"])
    typesetter = cast("Typesetter", recipe["typeset"])
    made: dict[str, dict[str, Scene]] = {}
    todo = []
    for each in campaigns:
        digests = Digests(each, recipe)
        before = {scene.id: scene for scene in each.scenes}
        posters = {poster.scene_id: poster.made_of for poster in each.posters}
        kept = made[each.id] = {}
        for planned in plans.plans(each):
            known = planned.id in before and posters.get(planned.id)
            if known and known == digests.poster(planned.plan):
                kept[planned.id] = before[planned.id]
            else:
                todo.append((each, planned, digests, before.get(planned.id)))
    slots = typesetter.plan([planned.plan for _, planned, _, _ in todo]) if todo else []
    requests = []
    for (each, planned, digests, scene), places in zip(todo, slots, strict=True):
        request = relayout.scene_request(planned.plan, places)
        asked = digests.scene(request)
        # The judge may since have had it painted for another layout.
        if scene is not None and (scene.made_of, scene.slots) == (asked, places):
            again = {"why": planned.why, "tried": ()}
            made[each.id][planned.id] = scene.model_copy(update=again)
        else:
            requests.append((each, planned, asked, request))
    answers = _answers(backend.paint, [each for *_, each in requests]) if requests else []
    failed: dict[str, AigcError] = {}
    for (each, planned, asked, request), painting in zip(requests, answers, strict=True):
        if isinstance(painting, AigcError):
            name = planned.plan.channel.name
            failed.setdefault(each.id, AigcError(f"{name}: {painting}"))
            continue
        made[each.id][planned.id] = Scene(
            id=planned.id,
            channel=planned.plan.channel.name,
            style=planned.plan.style.name,
            why=planned.why,
            slots=request.slots,
            made_of=asked,
            **relayout.painted(painting),
        )
    return [failed.get(each.id) or _with_scenes(each, made[each.id]) for each in campaigns]


def _with_scenes(campaign: Campaign, made: Mapping[str, Scene]) -> Campaign:
    ids = edits.posters(campaign.brief)
    return campaign.model_copy(update={"scenes": tuple(made[each] for each in ids)})


def _typeset(campaigns: Campaigns, recipe: Recipe) -> Moved:
    painter = cast("Painter", recipe["scene"])
    typesetter = cast("Typesetter", recipe["typeset"])
    made: dict[str, dict[str, relayout.Finished]] = {}
    jobs = []
    for each in campaigns:
        digests = Digests(each, recipe)
        before = {poster.id: poster for poster in each.posters}
        kept = made[each.id] = {}
        for planned, scene in zip(plans.plans(each), each.scenes, strict=True):
            digest, poster = digests.poster(planned.plan), before.get(planned.id)
            if poster is not None and poster.made_of == digest:
                kept[planned.id] = relayout.Finished(scene, poster)
            else:
                jobs.append((each, planned.plan, scene, digest))
    for done, (each, plan, scene, digest) in enumerate(jobs):
        so_far = each.model_copy(update={"posters": _posters(each, made[each.id])})
        events.report("typeset", done, len(jobs), scene.id, so_far)
        metadata = partial(_metadata, each)
        ended = relayout.finish(plan, scene, metadata, painter, typesetter)
        poster = ended.poster.model_copy(update={"made_of": digest})
        made[each.id][scene.id] = ended._replace(poster=poster)
    return [
        each.model_copy(
            update={
                "scenes": tuple(made[each.id][scene.id].scene for scene in each.scenes),
                "posters": _posters(each, made[each.id]),
            }
        )
        for each in campaigns
    ]


def _posters(campaign: Campaign, made: Mapping[str, relayout.Finished]) -> tuple[Poster, ...]:
    return tuple(made[scene.id].poster for scene in campaign.scenes if scene.id in made)


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
