"""The copy, best first: every text can be changed where it stands, and is then ranked again."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from aigc import channels
from aigc.campaign import Copy, EditedCopy, Edits, Score, Tweak
from aigc.errors import BriefError

from .. import names, views
from ..board import board
from ..house import Page
from ..words import Say
from . import reasons
from .desk import Desk
from .work import Work

SHOWN = 4  # cards before "show all"
_FIELDS = ("headline", "body", "cta")


class Card(NamedTuple):
    """A text as its card shows it."""

    copy: Copy
    score: Score | None
    place: int  # 1 is the best
    reason: reasons.Reason
    parts: list[tuple[str, float]]
    source: str
    posters: list[str]  # the channels of those that show it
    edited: bool
    leads: bool
    hidden: bool  # until all are shown

    @property
    def plain(self) -> str:
        """The text as it is put into another program."""
        tags = " ".join(self.copy.hashtags)
        return "\n".join(filter(None, (self.copy.headline, self.copy.body, self.copy.cta, tags)))


def lay_out(page: Page, desk: Desk) -> None:
    """Lay out the copy of the campaign in hand."""
    shown = board(elem_id="review-copies", also=Path(__file__).with_name("copies.js"))
    desk.draws(partial(draw, page.say), shown)
    desk.revises(shown.act, change)


def draw(say: Say, work: Work) -> str:
    """Every text as a card."""
    return views.render(
        "review/copies.html.j2",
        say,
        cards=cards(say, work),
        campaign=work.name,
        limits=limits(work),
        chosen=work.edits.lead,
        language=work.campaign.brief.language,
    )


def cards(say: Say, work: Work) -> list[Card]:
    """The texts in the order of their ranking, the one to lead with first."""
    campaign, edits = work.campaign, work.edits
    scores = {score.candidate_id: score for score in campaign.ranking}
    ranked = list(campaign.ranked())
    ranked += [copy for copy in campaign.copies if copy not in ranked]
    found = []
    for place, copy in enumerate(ranked, 1):
        score = scores.get(copy.id)
        edited = copy.id in edits.texts
        found.append(
            Card(
                copy=copy,
                score=score,
                place=place,
                reason=reasons.reason(say, score) if score else reasons.Reason(""),
                parts=[(reasons.part(say, name), value) for name, value in score.parts.items()]
                if score
                else [],
                source=_source(say, copy.source),
                posters=[
                    names.channel(say, poster.channel)
                    for poster in campaign.posters
                    if poster.copy_id == copy.id
                ],
                edited=edited,
                leads=copy.id == (edits.lead or ranked[0].id),
                hidden=place > SHOWN and not edited and copy.id != edits.lead,
            )
        )
    return found


def limits(work: Work) -> dict[str, list[int]]:
    """How many columns each text may have, in every channel that shows texts."""
    rows = [channels.all_channels().get(name) for name in work.campaign.brief.channels]
    texts = [row.text for row in rows if row and row.texts]
    return {name: sorted(getattr(text, name) for text in texts) for name in _FIELDS}


def change(work: Work, edits: Edits, told: dict[str, Any]) -> Edits | None:
    """What a card's buttons and fields do to the corrections."""
    do, name = told.get("do"), told.get("copy")
    written = {copy.id: copy for copy in work.campaign.copies}
    if do == "best":
        return edits.model_copy(update={"lead": ""})
    if not isinstance(name, str) or name not in written:
        return None
    if do == "lead":
        return edits.model_copy(update={"lead": name, "posters": _led(edits)})
    if do == "restore":
        kept = {each: text for each, text in edits.texts.items() if each != name}
        return edits.model_copy(update={"texts": kept})
    if do == "text" and isinstance(told.get("fields"), dict):
        text = _text(told["fields"], written[name], edits.texts.get(name))
        if text is None:
            return edits
        # Who corrects the text on the posters wants it there, whatever its new rank.
        best = work.campaign.ranking[0].candidate_id
        lead = edits.lead or (name if name == best else "")
        return edits.model_copy(update={"texts": {**edits.texts, name: text}, "lead": lead})
    return None


def _led(edits: Edits) -> dict[str, Tweak]:
    """Posters without a text of their own to lead with, but for the locked ones."""
    led = {
        name: tweak if tweak.locked else tweak.model_copy(update={"copy_id": ""})
        for name, tweak in edits.posters.items()
    }
    return {name: tweak for name, tweak in led.items() if tweak != Tweak()}


def _text(fields: dict[str, Any], now: Copy, before: EditedCopy | None) -> EditedCopy | None:
    """The text of a card's fields; None where it says what it said."""
    said = {name: str(fields.get(name, "")) for name in (*_FIELDS, "hashtags")}
    tags = tuple(dict.fromkeys(f"#{tag.lstrip('#＃')}" for tag in said.pop("hashtags").split()))
    tags = tuple(tag for tag in tags if tag != "#")
    if not said["headline"].strip():
        raise BriefError("headline: it is empty; a poster needs one")
    text = EditedCopy(**said, hashtags=tags)
    same = all(getattr(text, name) == getattr(now, name) for name in _FIELDS)
    if same and tags == now.hashtags:
        return None
    if tags == now.hashtags:
        return text.model_copy(update={"hashtags": before.hashtags if before else None})
    return text


def _source(say: Say, source: str) -> str:
    backend, _, what = source.partition(":")
    known = {"own": "own", "builtin:grammar": "pattern", "builtin:model": "small_model"}
    if source in known:
        return say(f"review.source_{known[source]}")
    return say("review.source_model", model=what or backend)
