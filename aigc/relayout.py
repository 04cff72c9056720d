"""A poster that the judge fails is laid out anew: another layout, its scene painted for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aigc import photo
from aigc.campaign import Poster, Scene, Slots, Verdict
from aigc.errors import BriefError
from aigc.scene import Painter, Painting, SceneRequest
from aigc.typeset import PlanRequest, SetRequest, Typesetter
from aigc.typeset.judge import Case, judge
from aigc.typeset.judge.rules import rules

TRIES = 2  # layouts after the first


class Finished(NamedTuple):
    """A poster with the judge's verdict, and the scene that it stands on."""

    scene: Scene
    poster: Poster


def finish(
    plan: PlanRequest,
    scene: Scene,
    metadata: Callable[[Scene], Mapping[str, str]],
    painter: Painter,
    typesetter: Typesetter,
) -> Finished:
    """Set a poster and judge it; where it fails, try up to two other layouts and keep the best.

    A poster that the merchant laid out by hand keeps its layout.

    The scene that comes back names the layouts that were turned down for it: a resumed run,
    which starts from it, does not try them again, and so ends with the same poster.
    """
    kept = _set(plan, scene, metadata, typesetter)
    turned_down = scene.tried
    own = bool(plan.layout) or plan.moved  # the merchant's word stands, whatever the judge says
    while not own and len(turned_down) < TRIES and _hopeful(_verdict(kept)):
        other = _elsewhere(plan, kept.scene, turned_down, painter, typesetter)
        if other is None:
            break
        try:
            made = _set(plan, other, metadata, typesetter)
        except BriefError:  # this layout cannot hold the texts
            turned_down = (*turned_down, other.slots.layout)
            continue
        lost = made
        if _rank(made) < _rank(kept):
            kept, lost = made, kept
        turned_down = (*turned_down, lost.scene.slots.layout)
    if turned_down != kept.scene.tried:
        kept = kept._replace(scene=kept.scene.model_copy(update={"tried": turned_down}))
    return kept


def scene_request(plan: PlanRequest, slots: Slots) -> SceneRequest:
    """What a painter is told of a poster to come."""
    return SceneRequest(
        size=plan.channel.size,
        slots=slots,
        style=plan.style,
        brief=plan.brief,
        caption=plan.caption,
        background=plan.channel.background,
        seed=plan.seed,
    )


def painted(made: Painting) -> dict[str, Any]:
    """The fields of a scene that a painting fills.

    What typeset sees is what the folder holds, so that a resumed run gives the same bytes.
    """
    data = photo.encode_jpeg(made.pixels)
    fields = {"prompt": made.prompt, "negative": made.negative, "seed": made.seed}
    return fields | {"repainted": made.repainted, "image": photo.decode(data), "data": data}


def _elsewhere(
    plan: PlanRequest,
    scene: Scene,
    turned_down: tuple[str, ...],
    painter: Painter,
    typesetter: Typesetter,
) -> Scene | None:
    """The scene painted for a layout that was not tried; None where there is no other."""
    avoid = (scene.slots.layout, *turned_down)
    try:
        (slots,) = typesetter.plan([plan.model_copy(update={"avoid": avoid})])
    except BriefError:
        return None
    if slots.layout in avoid:
        return None
    (made,) = painter.paint([scene_request(plan, slots)])
    return scene.model_copy(update={"slots": slots, **painted(made)})


def _set(
    plan: PlanRequest,
    scene: Scene,
    metadata: Callable[[Scene], Mapping[str, str]],
    typesetter: Typesetter,
) -> Finished:
    request = SetRequest(plan=plan, scene=scene, poster_id=scene.id, metadata=dict(metadata(scene)))
    (poster,) = typesetter.set([request])
    copies = {copy.id: copy for copy in plan.copies}
    verdict = judge(
        Case(
            poster=poster,
            channel=plan.channel,
            brief=plan.brief,
            caption=plan.caption,
            copy=copies.get(poster.copy_id),
            backdrop=scene.image,
        )
    )
    judged = poster.model_copy(update={"verdict": verdict, "picture": None})
    return Finished(scene, judged)


def _verdict(finished: Finished) -> Verdict:
    assert finished.poster.verdict is not None  # _set gives it one
    return finished.poster.verdict


def _hopeful(verdict: Verdict) -> bool:
    """Whether something failed that another layout may mend."""
    return any(rules()[mark.check].layout for mark in verdict.at("fail"))


def _rank(finished: Finished) -> tuple[int, int]:
    verdict = _verdict(finished)
    return len(verdict.at("fail")), len(verdict.at("warn"))
