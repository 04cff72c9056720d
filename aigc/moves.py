"""What each stage does to campaigns: asks its backend, with what the merchant corrected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar, cast

from aigc import __version__, channels, edits, events, plans, relayout
from aigc.campaign import Campaign, Caption, Copy, Photo, Poster, Scene
from aigc.caption import Captioner, CaptionRequest
from aigc.channels import TextLimits
from aigc.copywrite import CopyRequest, Copywriter
from aigc.errors import AigcError, BriefError, PartlyFailed
from aigc.plans import Digests, captioned
from aigc.rank import Ranker, RankRequest
from aigc.recipe import Recipe
from aigc.scene import Painter
from aigc.typeset import Typesetter

Campaigns = Sequence[Campaign]
Moved = Sequence[Campaign | AigcError]
Request = TypeVar("Request")
Answer = TypeVar("Answer")


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


MOVES: dict[str, Callable[[Campaigns, Recipe], Moved]] = {
    "caption": _caption,
    "copywrite": _copywrite,
    "rank": _rank,
    "scene": _scene,
    "typeset": _typeset,
}
