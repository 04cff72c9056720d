"""The part of a score that clicks taught, and the bounds that it keeps to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from aigc import events
from aigc.campaign import Score
from aigc.rank.clicks import traits

if TYPE_CHECKING:
    from aigc.rank.clicks.learned import Learned

STEP = 0.0001  # of totals, which have four digits
_TOLD = 0.01  # log-odds; a trait that says less is not worth a word


class Said(NamedTuple):
    """What clicks say of a copy: its chance against the others of its request, and why."""

    value: float
    why: str


def said(learned: Learned, texts: Sequence[str], segment: str = "") -> list[Said]:
    """How likely each text draws more clicks than another of the same request; 0.5 if alone.

    Reports a remark where texts are unlike those that the weights were learned from.
    """
    if len(texts) < 2:
        return [Said(0.5, "Clicks: no other text to compare with") for _ in texts]
    trust = learned.trust(texts)
    chances = learned.chances(texts, segment or None)
    others = (chances.sum(1) - chances.diagonal()) / (len(texts) - 1)
    if (trust < 1).any():
        events.report("rank", 0, 0, f"warning: {_unlike(learned, float(trust.mean()))}")
    found = []
    for value, sure, speaks in zip(others, trust, learned.speaks(texts), strict=True):
        why = f"Clicks {value:.2f}" + _because(speaks)
        if sure < 1:
            why += f", counted by {sure:.0%}: unlike the texts learned from"
        found.append(Said(float(value), why))
    return found


def bounded(without: Sequence[Score], given: Sequence[Score], margin: float) -> list[Score]:
    """Scores with clicks (`given`), where no copy passes one that is truer or complies better.

    A copy that led another `without` clicks stays ahead of it if it complies better, or complies
    as well and is more faithful by `margin` or more: the mean of its relevance and its coverage.
    Best first as they were without clicks.
    """
    found: list[Score] = []
    ahead: list[Score] = []
    for base, score in sorted(zip(without, given, strict=True), key=lambda pair: -pair[0].total):
        above = [
            after.total
            for before, after in zip(ahead, found, strict=True)
            if before.total > base.total and _truer(before, base, margin)
        ]
        if above and score.total >= min(above):
            total = round(max(min(above) - STEP, 0.0), 4)
            reason = f"Held below a copy that is truer to the product. {score.reason}"
            score = score.model_copy(update={"total": total, "reason": reason})
        found.append(score)
        ahead.append(base)
    return found


def _truer(one: Score, other: Score, margin: float) -> bool:
    more = one.parts["compliance"] - other.parts["compliance"]
    if more:
        return more > 0
    ours, theirs = _faithful(one), _faithful(other)
    return ours is not None and theirs is not None and ours - theirs > margin - 1e-9


def _faithful(score: Score) -> float | None:
    held = [score.parts[name] for name in ("relevance", "coverage") if name in score.parts]
    return sum(held) / len(held) if held else None


def _because(speaks: dict[str, float]) -> str:
    said = sorted(speaks.items(), key=lambda each: each[1])
    labels, told = traits.labels(), []
    if said and said[-1][1] > _TOLD:
        told.append(f"for it: {labels[said[-1][0]]}")
    if said and said[0][1] < -_TOLD:
        told.append(f"against it: {labels[said[0][0]]}")
    return f" ({'; '.join(told)})" if told else ""


def _unlike(learned: Learned, trust: float) -> str:
    count = f"{learned.head.evidence.get('texts', 0):,} texts"
    names = ", ".join(learned.head.files)
    return (
        f"these texts are unlike the {count} that the weights were learned from"
        f"{f' ({names})' if names else ''}; what clicks say of them counts by {trust:.0%}"
    )
