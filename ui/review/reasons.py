"""Why a text stands where it stands, in the page's language; what is not known stays as it is."""

from __future__ import annotations

import re
from typing import NamedTuple

from aigc.campaign import Score

from ..words import Say

_LEADS = {
    "Blocked": "blocked",
    "Marked down": "marked_down",
    "Check": "check",
    "Your own text leads": "own_leads",
    "Your own text, but not in the lead": "own_held",
}
_BALANCE = re.compile(
    r"Gains most by (?P<best>\w+) \([\d.]+\), loses most by (?P<worst>\w+) \([\d.]+\)\."
)
_DOUBTS = {
    "avoided": re.compile(r"'(?P<word>.+)' is a word that the brand avoids"),
    "banned": re.compile(r"'(?P<word>.+)' is banned by China's Advertising Law, article 9\(3\)"),
    "number": re.compile(r"'(?P<word>.+)' is a number that the brief does not give"),
    "claim": re.compile(r"'(?P<word>.+)' claims (?P<kind>\w+), which the brief does not"),
    "doubtful": re.compile(r"'(?P<word>.+)' may pass for a banned superlative"),
}
_LEAD = re.compile(rf"({'|'.join(_LEADS)})(?:: (.+?))?\. (?=[A-Z]|$)")


class Reason(NamedTuple):
    """What decided a text's place, and what to look at before it is published."""

    balance: str
    warning: str = ""


def reason(say: Say, score: Score) -> Reason:
    """Say why a text has its score, in the page's language as far as it has the words."""
    rest, warnings = score.reason, []
    while found := _LEAD.match(rest):
        warnings.append(_warning(say, *found.groups()))
        rest = rest[found.end() :]
    balance = _BALANCE.sub(lambda match: _balance(say, **match.groupdict()), rest)
    return Reason(balance, " ".join(warnings))


def part(say: Say, name: str) -> str:
    """What a part of a score is called."""
    return _said(say, f"review.part_{name}", name)


def _balance(say: Say, best: str, worst: str) -> str:
    if best == worst:
        return say("review.hangs_on", part=part(say, best))
    return say("review.balance", best=part(say, best), worst=part(say, worst))


def _warning(say: Say, lead: str, why: str | None) -> str:
    said = say(f"review.{_LEADS[lead]}")
    for name, pattern in _DOUBTS.items():
        if why and (found := pattern.fullmatch(why)):
            blanks = found.groupdict()
            if "kind" in blanks:
                blanks["kind"] = _said(say, f"review.claim_{blanks['kind']}", blanks["kind"])
            return f"{said} {say(f'review.doubt_{name}', **blanks)}"
    return f"{said} {why}." if why else said


def _said(say: Say, key: str, other: str) -> str:
    try:
        return say(key)
    except KeyError:
        return other
