"""Corrections: made one after another, put together, followed, stopped and taken back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import plain
import pytest
from loops import ended
from PIL import Image
from review_kit import ThreadLine, Window

from aigc import pipeline
from aigc.campaign import EditedCopy, Edits
from aigc.errors import AigcError, BriefError, ExportError
from aigc.recipe import Recipe
from ui.review.merge import StaleError, merged
from ui.review.work import Work, read


@pytest.fixture
def folder(fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path) -> Path:
    return Path(pipeline.run(fields, plain_recipe, outputs=tmp_path / "outputs").folder)


@pytest.fixture
def line() -> ThreadLine:
    return ThreadLine()


@pytest.fixture
def window(folder: Path, line: ThreadLine) -> Window:
    return opened(folder, line)


def opened(folder: Path, line: ThreadLine, language: str = "en") -> Window:
    window = Window(folder.parent, line, folder.name, language)
    window.opens()
    return window


def headline(_work: Work, edits: Edits, told: dict[str, Any]) -> Edits:
    texts = {**edits.texts, told["copy"]: EditedCopy(headline=told["value"])}
    return edits.model_copy(update={"texts": texts})


def said(name: str, value: str) -> dict[str, str]:
    return {"copy": name, "value": value}


def test_a_campaign_is_read_without_its_pixels(folder: Path) -> None:
    work = read(folder)
    campaign = work.campaign
    assert campaign.brief.name == "Green Mug"
    assert campaign.caption is not None
    assert not campaign.caption.whole
    assert campaign.caption.cutout.strides == (0, 0, 0)  # a shape, no memory
    assert {poster.data for poster in campaign.posters} == {b""}
    with Image.open(folder / "photo.png") as photo:
        assert work.photo == photo.size


def test_what_is_no_finished_campaign_says_so(folder: Path) -> None:
    (folder / "campaign.json").write_text("{}")
    with pytest.raises(ExportError, match=f"'{folder.name}' is not finished, or damaged"):
        read(folder)


def test_a_correction_is_made_followed_and_drawn(folder: Path, window: Window) -> None:
    ended(window.asks(headline, said("c7", "Mine")))
    assert "Saved in" in window.said
    assert window.drawn == 2  # when it was opened, and now
    work = read(folder)
    assert work.campaign.copies[7].headline == "Mine"
    assert window.seen.edits == work.edits


def test_what_changes_nothing_is_not_made(window: Window, line: ThreadLine) -> None:
    ended(window.asks(lambda _work, edits, _told: edits, {}))
    ended(window.asks(lambda _work, _edits, _told: None, "no data at all"))
    assert not line.news
    assert window.drawn == 1


def test_two_corrections_at_once_are_both_made(folder: Path, window: Window) -> None:
    async def both() -> None:
        await asyncio.gather(
            window.asks(headline, said("c7", "One")), window.asks(headline, said("c6", "Two"))
        )

    ended(both())
    assert {name: text.headline for name, text in read(folder).edits.texts.items()} == {
        "c7": "One",
        "c6": "Two",
    }


def test_a_correction_whose_window_went_away_is_not_lost(
    folder: Path, line: ThreadLine, window: Window
) -> None:
    async def leave() -> None:
        asking = asyncio.ensure_future(window.asks(headline, said("c7", "One")))
        while not line.news:
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await opened_again.asks(headline, said("c6", "Two"))

    opened_again = opened(folder, line)
    ended(leave())
    assert set(read(folder).edits.texts) == {"c7", "c6"}


def test_windows_that_correct_different_things_agree(folder: Path, line: ThreadLine) -> None:
    one, other = opened(folder, line), opened(folder, line)
    ended(one.asks(headline, said("c7", "One")))
    ended(other.asks(headline, said("c6", "Two")))
    assert set(read(folder).edits.texts) == {"c7", "c6"}
    assert "Saved in" in other.said


@pytest.mark.parametrize(("language", "words"), [("en", "another window"), ("zh", "另一个窗口")])
def test_the_second_window_is_told_and_overwrites_nothing(
    folder: Path, line: ThreadLine, language: str, words: str
) -> None:
    one, other = opened(folder, line), opened(folder, line, language)
    ended(one.asks(headline, said("c7", "One")))
    ended(other.asks(headline, said("c7", "Other")))
    assert read(folder).edits.texts["c7"].headline == "One"
    assert words in other.said
    assert 'role="alert"' in other.said
    assert other.drawn == 2  # it shows what there is now, so that the next try counts
    ended(other.asks(headline, said("c7", "Other")))
    assert read(folder).edits.texts["c7"].headline == "Other"


def test_what_is_wrong_is_said_and_changes_nothing(folder: Path, window: Window) -> None:
    def wrong(_work: Work, _edits: Edits, _told: dict[str, Any]) -> Edits:
        raise BriefError("headline: <b>empty</b>")

    ended(window.asks(wrong, {}))
    assert "Nothing was changed: headline: &lt;b&gt;empty" in window.said
    ended(window.asks(headline, said("c7", "x" * 121)))
    assert "headline: String should have at most 120 characters" in window.said
    ended(window.asks(headline, said("nobody", "Mine")))
    assert "Nothing was changed: edits.texts.nobody" in window.said
    assert window.drawn == 1  # what was typed stays
    assert read(folder).edits == Edits()


def test_a_stage_that_fails_leaves_the_campaign(folder: Path, window: Window) -> None:
    plain.FAIL["rank"] = AigcError("rank: no more")
    ended(window.asks(headline, said("c7", "Mine")))
    assert "Nothing was changed: rank: no more" in window.said
    assert read(folder).edits == Edits()


def test_a_stopped_correction_leaves_the_campaign(
    folder: Path, line: ThreadLine, window: Window
) -> None:
    line.stopped.add("job0")
    ended(window.asks(headline, said("c7", "Mine")))
    assert "Stopped: all is as it was." in window.said
    assert read(folder).edits == Edits()


def test_stop_stops_the_correction_of_this_window(line: ThreadLine, window: Window) -> None:
    ended(window.desk._stop(window.seen))
    assert not line.stopped
    window.seen.job = "job7"
    ended(window.desk._stop(window.seen))
    assert line.stopped == {"job7"}


def test_undo_takes_the_last_correction_back(folder: Path, window: Window) -> None:
    ended(window.asks(headline, said("c7", "One")))
    ended(window.asks(headline, said("c7", "Two")))
    ended(window.undoes())
    assert "taken back" in window.said
    assert read(folder).edits.texts["c7"].headline == "One"
    ended(window.undoes())
    assert read(folder).edits == Edits()
    ended(window.undoes())
    assert "nothing to take back" in window.said


def test_undo_takes_back_nothing_that_this_window_does_not_show(
    folder: Path, line: ThreadLine
) -> None:
    one, other = opened(folder, line), opened(folder, line)
    ended(one.asks(headline, said("c7", "One")))
    ended(other.undoes())
    assert "another window" in other.said
    assert read(folder).edits.texts["c7"].headline == "One"


def test_a_campaign_of_somebody_else_is_not_opened(window: Window) -> None:
    window.name = "../../etc"
    window.opens()
    assert "there is none of yours" in window.said
    ended(window.asks(headline, said("c7", "Mine")))
    assert "there is none of yours" in window.said


def test_the_same_change_in_both_windows_is_no_quarrel() -> None:
    now = Edits(lead="c1")
    assert merged(Edits(), now, lambda edits: edits.model_copy(update={"lead": "c1"})) == now
    with pytest.raises(StaleError):
        merged(Edits(), now, lambda edits: edits.model_copy(update={"lead": "c2"}))
    nudged = merged(Edits(), now, lambda edits: edits.model_copy(update={"seed": 4}))
    assert nudged == Edits(lead="c1", seed=4)
