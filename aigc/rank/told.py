"""Scores by any language model that answers questions: a judge, and the gate that it cannot open.

A backend gives `score` an `Answerer` (see aigc/chat.py) and the requests, and is done:
`return told.score(requests, answer, look=self.look)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from aigc import prompts
from aigc.campaign import Copy, Line, Score
from aigc.chat import Answerer, Question, ask, json_in
from aigc.copywrite import asked, tongues
from aigc.errors import AigcError, settled
from aigc.rank import RankRequest, features
from aigc.rank.builtin import BLOCKED, message
from aigc.rank.compliance import compliance, facts
from aigc.rank.own import leading

_TOP = 10  # the best mark
_REASON = 160  # characters
_TOKENS = 90  # that a candidate's marks take, with its reason


class _Marks(BaseModel):
    """What a judge says of one candidate."""

    reason: Line = ""
    relevance: int = Field(ge=0, le=_TOP)
    fluency: int = Field(ge=0, le=_TOP)
    tone: int = Field(ge=0, le=_TOP)
    appeal: int = Field(ge=0, le=_TOP)


class _Sheet(NamedTuple):
    """The candidates of a request in the order in which the judge sees them."""

    order: tuple[int, ...]

    def read(self, said: str) -> dict[int, _Marks]:
        """Marks by candidate; raises ValueError where one is missing or off the scale."""
        try:
            return self._marks(json_in(said))
        except ValueError as error:
            wrong = prompts.table("rank/judge.toml")["wrong"]
            raise ValueError(wrong.format(reason=error)) from error

    def _marks(self, found: dict[str, Any]) -> dict[int, _Marks]:
        marks = {}
        for number, place in enumerate(self.order, 1):
            if str(number) not in found:
                raise ValueError(f"Candidate {number} has no marks; mark 1 to {len(self.order)}.")
            try:
                marks[place] = _Marks.model_validate(found[str(number)])
            except ValidationError as error:
                first = error.errors()[0]
                field = ".".join(str(part) for part in first["loc"])
                raise ValueError(f"Candidate {number}: {field}: {first['msg']}.") from error
        return marks


def score(
    requests: Sequence[RankRequest], answer: Answerer, *, look: bool = False
) -> list[list[Score]]:
    """Let a model mark all copies of each request, twice: in their order and from the last back.

    Judges favour a place in a list, so the two are averaged. `look` shows them the photo. Raises
    what `settled` raises for the requests whose marks cannot be had.
    """
    turns = [
        (place, sheet)
        for place, request in enumerate(requests)
        if request.copies
        for sheet in _sheets(len(request.copies))
    ]
    found = ask(
        [_question(requests[place], sheet, look) for place, sheet in turns],
        [sheet.read for _, sheet in turns],
        answer,
        [requests[place].brief.name for place, _ in turns],
    )
    results: list[list[Score] | AigcError] = []
    for place, request in enumerate(requests):
        own = [marks for (number, _), marks in zip(turns, found, strict=True) if number == place]
        failed = next((marks for marks in own if isinstance(marks, AigcError)), None)
        read = [marks for marks in own if not isinstance(marks, AigcError)]
        results.append(failed or _weighed(request, read))
    return settled(results)


def _sheets(count: int) -> list[_Sheet]:
    """One order and its reverse; of a single candidate there is no reverse."""
    there = tuple(range(count))
    return [_Sheet(there), _Sheet(there[::-1])][: min(count, 2)]


def _question(request: RankRequest, sheet: _Sheet, look: bool) -> Question:
    said, brief = prompts.table("rank/judge.toml"), request.brief
    candidates = "\n".join(
        said["candidate"].format(number=number, **_quoted(request.copies[place]))
        for number, place in enumerate(sheet.order, 1)
    )
    record = asked.record(brief, request.caption)
    return Question(
        system=said["system"]
        .replace("{language}", tongues.find(brief.language).name)
        .replace("{tone}", brief.voice)
        .strip(),
        user=said["user"].format(record=record, candidates=candidates).strip(),
        images=(request.photo.pixels,) if look else (),
        schema=_schema(len(sheet.order)),
        seed=brief.seed,
        max_tokens=_TOKENS * (len(sheet.order) + 1),
    )


def _quoted(copy: Copy) -> dict[str, str]:
    return {name: asked.quoted(getattr(copy, name)) for name in ("headline", "body", "cta")}


def _schema(count: int) -> dict[str, Any]:
    """Every number once, the reason before the marks: a judge that has said why marks better."""
    parts = [name for name in _Marks.model_fields if name != "reason"]
    mark = {"type": "integer", "minimum": 0, "maximum": _TOP}
    reason = {"type": "string", "maxLength": _REASON}
    one = _object({"reason": reason} | dict.fromkeys(parts, mark))
    return _object({str(number): one for number in range(1, count + 1)})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _weighed(request: RankRequest, read: Sequence[dict[int, _Marks]]) -> list[Score]:
    """Average the marks, add what is measured, and let the gate multiply the sum."""
    weights = prompts.table("rank/judge.toml")["weights"]
    known = facts(request.brief, request.caption)
    distinct = features.distinctness([message(copy) for copy in request.copies])
    scores = []
    for place, copy in enumerate(request.copies):
        given = [marks[place] for marks in read]
        parts = {
            name: sum(getattr(marks, name) for marks in given) / len(given) / _TOP
            for name in _Marks.model_fields
            if name != "reason"
        }
        parts |= {"length": features.length(copy, request.limits), "distinctness": distinct[place]}
        whole = "\n".join([message(copy), copy.cta, *copy.hashtags])
        verdict = compliance(whole, known, request.brief.brand.avoid)
        total = sum(weights[name] * value for name, value in parts.items()) / sum(weights.values())
        said = given[0].reason or "The judge gives no reason"
        if verdict.value < 1:
            said = f"{'Blocked' if verdict.value == 0 else 'Marked down'}: {verdict.why}. {said}"
        elif verdict.why:
            said = f"Check: {verdict.why}. {said}"
        scores.append(
            Score(
                candidate_id=copy.id,
                total=round(min(total * max(verdict.value, BLOCKED), 1.0), 4),
                parts={name: round(value, 4) for name, value in parts.items()}
                | {"compliance": verdict.value},
                reason=said,
            )
        )
    scores = leading(scores, request.copies, request.limits)
    return sorted(scores, key=lambda each: -each.total)
