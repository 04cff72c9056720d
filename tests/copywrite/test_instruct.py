"""What the small model writes is used only if it is sound."""

import pytest

from aigc.copywrite.builtin import Backend
from aigc.copywrite.instruct import problems
from aigc.copywrite.words import Noun
from tests.copywrite.test_copywrite_builtin import check, request

TEAPOT = Noun("teapot", "drinkware", "singular")


@pytest.mark.parametrize(
    "line",
    ["Pour it slowly and let the morning wait.", "Put the teapot by the window and sit down."],
)
def test_a_plain_invitation_passes(line: str) -> None:
    one = request()
    assert problems(line, TEAPOT, one.brief, one.caption) == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Pour it",
        "Pour it. Pour it. Pour it.",
        "Pour it and pour it and pour it on.",
        "Pour it into the best cup you own.",
        "Pour it 3 times a day and smile.",
        "Pour it from Italian porcelain at dusk.",
        "Throw it away and walk home.",
        "Don't drink it on the stairs.",
        "Thank you for all your help.",
        "Light the room and sing a song.",
        "Pour it into {product} and smile.",
        "<|im_start|>assistant pour it.",
        "pour it slowly and smile.",
        "Pour it slowly and the",
        "Pour it 慢慢地 and smile.",
        "Sip it, it cures colds and relieves pain.",
    ],
)
def test_anything_else_is_refused(line: str) -> None:
    one = request()
    assert problems(line, TEAPOT, one.brief, one.caption)


def test_copy_with_the_model_is_sound_and_repeatable() -> None:
    writer = Backend(model_candidates=8)
    batch = [request(3, tone="poetic"), request(4, name="Clacky Keyboard", tone="promotional")]
    written = writer.write(batch)
    for one, copies in zip(batch, written, strict=True):
        check(one, copies)
        assert sum(copy.source == "builtin:model" for copy in copies) <= 2
    assert writer.write(batch[1:]) == written[1:]


def test_chinese_takes_no_line_from_the_model() -> None:
    copies = Backend(model_candidates=8).write([request(name="茶壶", language="zh")])[0]
    assert {copy.source for copy in copies} == {"builtin:grammar"}
