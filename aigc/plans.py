"""Which posters a campaign is to have: copy, style and seed of each, with its corrections."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from aigc import channels, edits, portable, styles
from aigc.campaign import Campaign, Caption, Copy, Tweak
from aigc.errors import BriefError
from aigc.recipe import Recipe
from aigc.scene import SceneRequest
from aigc.stage import Stage
from aigc.typeset import PlanRequest, Typesetter


class Planned(NamedTuple):
    """A poster to come: what must fit on it, and why it has its style."""

    id: str
    plan: PlanRequest
    why: str


def plans(campaign: Campaign) -> list[Planned]:
    """One poster to come for each channel and variant; variant v leads with the v-th best copy.

    Raises BriefError for a correction that names a text that is not there.
    """
    own, ranked = campaign.brief.edits, campaign.ranked()
    order = _first(ranked, own.lead, "edits.lead")
    brief, caption = edits.bare(campaign.brief), captioned(campaign)
    found = []
    for name in campaign.brief.channels:
        for variant in range(edits.variants(campaign.brief, name)):
            poster = edits.poster_id(campaign.brief, name, variant)
            tweak = own.posters.get(poster, Tweak())
            seeded = _seeded(campaign, tweak)
            look = _look(campaign, tweak, variant)
            first = variant % len(order)
            copies = order[first:] + order[:first]
            if tweak.copy_id:
                copies = _first(ranked, tweak.copy_id, f"edits.posters.{poster}.copy_id")
            plan = PlanRequest(
                channel=channels.channel(name),
                variant=variant,
                style=look.style,
                brief=brief,
                caption=caption,
                copies=copies,
                # By variant, not by channel: one key visual, re-laid-out for each size.
                seed=seeded.seed("scene", variant),
                layout=tweak.layout,
                product=tweak.product,
                scale=tweak.scale,
                text=tweak.text,
            )
            found.append(Planned(poster, plan, look.why))
    return found


def captioned(campaign: Campaign) -> Caption:
    """Its caption; raises BriefError where there is none yet."""
    if campaign.caption is None:
        raise BriefError(f"campaign {campaign.id}: no caption yet; run `aigc caption` on it first")
    return campaign.caption


def style_name(campaign: Campaign, tweak: Tweak) -> str:
    """The style that is asked for a poster: its own, the campaign's, or the brief's."""
    return tweak.style or campaign.brief.edits.style or campaign.brief.style


def seed(campaign: Campaign, tweak: Tweak) -> int:
    """The seed that a poster's scene comes of: its own, the campaign's, or the brief's."""
    asked = (tweak.seed, campaign.brief.edits.seed, campaign.brief.seed)
    return next(each for each in asked if each is not None)


def _first(copies: tuple[Copy, ...], name: str, field: str) -> tuple[Copy, ...]:
    """The copies with one before all others."""
    if not name:
        return copies
    edits.known(field, name, [copy.id for copy in copies])
    return tuple(sorted(copies, key=lambda copy: copy.id != name))


def _seeded(campaign: Campaign, tweak: Tweak) -> Campaign:
    brief = campaign.brief.model_copy(update={"seed": seed(campaign, tweak)})
    return campaign.model_copy(update={"brief": brief})


def _look(campaign: Campaign, tweak: Tweak, variant: int) -> styles.Choice:
    """The style of a variant: the ranking's v-th with `auto`, another set and hue when named."""
    # Equals take turns by the brief's own seed: another scene is not to be in another style.
    asked = campaign.brief.model_copy(update={"style": style_name(campaign, tweak)})
    choices = styles.choose(asked, captioned(campaign))
    return styles.look(choices, variant, _seeded(campaign, tweak).seed("scene"))


class Digests:
    """What the posters and scenes of a campaign hang on; the same digest, the same bytes."""

    def __init__(self, campaign: Campaign, recipe: Recipe) -> None:
        caption = captioned(campaign)
        self._typesetter, self._painter = recipe["typeset"], recipe["scene"]
        self._said = {
            "id": campaign.id,  # posters say it
            "brief": portable.said(campaign.brief),
            "caption": caption.model_dump(mode="json"),
            "cutout": [*caption.cutout.shape, hashlib.sha256(caption.cutout.tobytes()).hexdigest()],
        }

    def scene(self, request: SceneRequest) -> str:
        """Of a scene as it is first asked for."""
        said = request.model_dump(mode="json", exclude={"brief", "caption"})
        return _digest(self._said, _backend(self._painter), said)

    def poster(self, plan: PlanRequest) -> str:
        """Of a finished poster, its scene included."""
        assert isinstance(self._typesetter, Typesetter)
        reads = self._typesetter.reads(plan)
        said = plan.model_dump(mode="json", exclude={"brief", "caption", "copies", "channel"})
        said |= {"channel": plan.channel.name, "reads": reads}
        return _digest(self._said, _backend(self._painter), _backend(self._typesetter), said)


def _backend(stage: Stage) -> dict[str, Any]:
    return {"backend": stage.backend, **stage.what()}


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
