"""Questions to a language model that answers in JSON, wherever it runs.

An engine (`_engines/chat.py` on this machine, `_engines/endpoint.py` on a server) answers; a stage
says what to ask and what it makes of an answer. What cannot be used is asked for once more, with
the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from aigc.campaign import Pixels
from aigc.errors import AigcError, ModelError

T = TypeVar("T")
Parse = Callable[[str], T]  # raises ValueError with the reason, in words that a model understands


class Question(NamedTuple):
    """What a model is asked, and how it is to answer."""

    system: str
    user: str
    images: tuple[Pixels, ...] = ()  # (H, W, 3), shown before the words
    schema: dict[str, Any] | None = None  # JSON schema of the answer; None: plain words
    seed: int = 0  # answer i depends on question i alone, its seed among it
    max_tokens: int = 400
    temperature: float = 0.0  # 0 takes the likeliest word
    so_far: tuple[tuple[str, str], ...] = ()  # earlier (answer, what was wrong with it)


Answer = str | AigcError
Answerer = Callable[[Sequence[Question]], Sequence[Answer]]


def ask(
    questions: Sequence[Question],
    parses: Sequence[Parse[T]],
    answer: Answerer,
    names: Sequence[str],
) -> list[T | AigcError]:
    """Ask all questions as one batch; ask those again, once, whose answers cannot be used.

    Gives what each parse made of its answer, or the error of that item, which begins with its name.
    """
    found: dict[int, T | AigcError] = {}
    asked = dict(enumerate(questions))
    for last in (False, True):
        again = {}
        for number, said in zip(asked, answer(list(asked.values())), strict=True):
            if isinstance(said, AigcError):
                found[number] = said
                continue
            try:
                found[number] = parses[number](said)
            except ValueError as error:
                reason = str(error)
                found[number] = ModelError(
                    f"{names[number]}: the model's answer cannot be used, twice over: {reason}; "
                    f"it said {_shortened(said)}; try another model or seed"
                )
                again[number] = asked[number]._replace(so_far=((said, reason),))
        asked = again
        if last or not asked:
            break
    return [found[number] for number in range(len(questions))]


def json_in(said: str) -> dict[str, Any]:
    """The JSON object in an answer, whatever thoughts, fence or words stand around it.

    Raises ValueError where there is none.
    """
    said = said.rsplit("</think>", 1)[-1]
    start = said.find("{")
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(said, max(start, 0))
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not one whole JSON object") from error
    if not isinstance(found, dict):
        raise ValueError("it is not one whole JSON object")
    return found


def _shortened(said: str, most: int = 80) -> str:
    flat = " ".join(said.split())
    return repr(flat if len(flat) <= most else f"{flat[:most]}…")
