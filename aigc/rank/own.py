"""What a merchant wrote goes before what was written for them."""

from __future__ import annotations

from collections.abc import Sequence

from aigc.campaign import Copy, Score
from aigc.channels import TextLimits, columns
from aigc.copywrite.own import SOURCE


def leading(
    scores: Sequence[Score], copies: Sequence[Copy], limits: TextLimits | None
) -> list[Score]:
    """Lift a merchant's own texts above the others, in the order of their scores among themselves.

    One that breaks a rule, or is too long for every channel, stays where its score puts it.
    """
    own = {copy.id: copy for copy in copies if copy.source == SOURCE}
    highest = max((each.total for each in scores if each.candidate_id not in own), default=0.0)
    lifted = []
    for score in scores:
        copy = own.get(score.candidate_id)
        if copy is None:
            lifted.append(score)
        elif score.parts["compliance"] < 1:
            lifted.append(_said(score, "Your own text, but not in the lead"))
        elif limits is not None and (long := _too_long(copy, limits)):
            lifted.append(
                _said(score, f"Your own text, but its {long} is too long for any channel")
            )
        else:
            total = round(highest + (1 - highest) * score.total, 4)
            led = score.model_copy(update={"total": total})
            lifted.append(_said(led, "Your own text leads"))
    return lifted


def _said(score: Score, why: str) -> Score:
    return score.model_copy(update={"reason": f"{why}. {score.reason}"})


def _too_long(copy: Copy, limits: TextLimits) -> str:
    fields = ("headline", "body", "cta")
    return next((f for f in fields if columns(getattr(copy, f)) > getattr(limits, f)), "")
