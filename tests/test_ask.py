"""Questions to a model: one more try for what cannot be used, and nobody waits for a neighbour."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from aigc import chat
from aigc.errors import AigcError, EndpointError, ModelError, PartlyFailed, settled

QUESTIONS = [chat.Question("You count.", f"Count to {number}.") for number in (1, 2, 3)]
NAMES = ["one", "two", "three"]


class Scripted:
    """Answers as it was told to, and keeps what it was asked."""

    def __init__(self, *rounds: Sequence[chat.Answer]) -> None:
        self.rounds = list(rounds)
        self.asked: list[list[chat.Question]] = []

    def __call__(self, questions: Sequence[chat.Question]) -> Sequence[chat.Answer]:
        """Give the next round of answers."""
        self.asked.append(list(questions))
        return self.rounds.pop(0)


def ask(answer: Scripted) -> list[int | AigcError]:
    """Ask the three questions; numbers are wanted."""
    return chat.ask(QUESTIONS, [int] * 3, answer, NAMES)


def test_good_answers_are_asked_for_once() -> None:
    answer = Scripted(["1", "2", "3"])
    assert ask(answer) == [1, 2, 3]
    assert answer.asked == [QUESTIONS]


def test_only_what_cannot_be_used_is_asked_again_with_the_reason() -> None:
    answer = Scripted(["1", "many", "3"], ["2"])
    assert ask(answer) == [1, 2, 3]
    (repeated,) = answer.asked[1]
    assert repeated.user == QUESTIONS[1].user
    ((said, reason),) = repeated.so_far
    assert said == "many"
    assert "invalid literal" in reason


def test_one_that_fails_twice_is_named_and_the_others_keep_their_place() -> None:
    answer = Scripted(["1", "many", "x" * 500], ["several", "3"])
    first, second, third = ask(answer)
    assert (first, third) == (1, 3)
    assert isinstance(second, ModelError)
    assert str(second).startswith("two: ")
    assert "'several'" in str(second)
    assert len(str(second)) < 400


def test_an_engines_error_is_not_asked_again() -> None:
    failed = EndpointError("server says no", retryable=False, status=400)
    answer = Scripted(["1", failed, "3"])
    assert ask(answer) == [1, failed, 3]
    assert len(answer.asked) == 1


def test_nothing_asked_nothing_answered() -> None:
    assert chat.ask([], [], Scripted([]), []) == []


def test_a_lone_error_is_raised_as_it_is_and_of_several_the_rest_is_kept() -> None:
    error = ModelError("two: no")
    assert settled([1, 2]) == [1, 2]
    with pytest.raises(ModelError, match="two: no"):
        settled([error])
    with pytest.raises(PartlyFailed, match="1 of 3 failed; the first: two: no") as caught:
        settled([1, error, 3])
    assert caught.value.results == [1, error, 3]


@pytest.mark.parametrize(
    "said",
    ['{"a": "b"}', 'Sure!\n```json\n{"a": "b"}\n```', '<think>{"a": 1}</think>\n{"a": "b"} Done.'],
)
def test_json_is_found_amid_words(said: str) -> None:
    assert chat.json_in(said) == {"a": "b"}


@pytest.mark.parametrize("said", ["", "no", "[1]", '{"a": "b', "{" * 5000])
def test_no_json_is_said(said: str) -> None:
    with pytest.raises(ValueError, match="not one whole JSON object"):
        chat.json_in(said)
