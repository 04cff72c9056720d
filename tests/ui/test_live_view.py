"""What the live view shows of a job, at each point of its way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from loops import ended

from aigc.errors import AigcError
from aigc.recipe import Recipe
from ui.house import House, Page
from ui.line import News, Preview
from ui.product import live, waiting
from ui.words import speaker

SAY = speaker("en")
BEGUN = News("j1", "running", campaign="jar-0a1b2c3d", stage="caption", done=0, total=1)


class Told:
    """A line that tells what the test says."""

    def __init__(self, *news: News) -> None:
        self.news = news
        self.owners = {"j1": "merchant", "j2": "merchant", "theirs": "somebody"}
        self.stopped: list[str] = []

    def owner(self, job: str) -> str:
        """Whose job it is."""
        if job not in self.owners:
            raise AigcError(f"job '{job}': there is none")
        return self.owners[job]

    async def follow(self, job: str) -> AsyncIterator[News]:
        """Tell the news of a job one after another."""
        for each in self.news:
            yield each._replace(job=job)

    def jobs(self, owner: str) -> list[News]:
        """Give the owner's jobs."""
        return [each for each in self.news if self.owners[each.job] == owner]

    def stop(self, job: str) -> None:
        """Note what is to stop."""
        self.stopped.append(job)


def _page(tmp_path: Path, *news: News) -> Page:
    house = House(tmp_path, tmp_path / "scratch", Told(*news), Recipe.load())  # type: ignore[arg-type]
    return Page("en", SAY, house, "", "", None)


def _asks(session: str = "s1") -> Any:
    return SimpleNamespace(session_hash=session)


def _does(**data: str) -> Any:
    return SimpleNamespace(_data=data)


def _all(page: Page, job: str, request: Any) -> list[list[Any]]:
    async def take() -> list[list[Any]]:
        return [seen async for seen in live._follow(page, job, request)]

    return ended(take())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A campaign whose photo was looked at and whose copy is ranked."""
    made = tmp_path / "jar-0a1b2c3d"
    made.mkdir()
    caption = {
        "text": "A <b>teal</b> jar.",
        "tags": [{"word": "jar", "probability": 0.9}],
        "palette": [{"hex": "#267470", "name": "teal", "share": 1.0}],
        "note": "",
    }
    copies = [{"id": f"c{n}", "headline": f"Line {n}", "body": "<img src=x>"} for n in (1, 2)]
    rows = {
        "caption": {"caption": caption},
        "copywrite": {"copies": copies},
        "rank": {"ranking": [{"candidate_id": "c2"}, {"candidate_id": "gone"}]},
    }
    for stage, row in rows.items():
        (made / f"{stage}.json").write_text(json.dumps(row))
    return made


def test_stages_are_told_with_time_left() -> None:
    """Which are done, which runs, how far it is, and about how long it takes."""
    news = BEGUN._replace(
        stage="scene", done=1, total=4, seconds={"caption": 2.0, "copywrite": 1.0, "rank": 1.0}
    )
    parts = live.stages(news)
    assert [part.state for part in parts] == ["done", "done", "done", "running", "waiting"]
    assert live.share(news, parts) == 65
    assert live.share(news._replace(left=12.0), parts) == 25
    shown = live.shown(_page(Path()).house, SAY, news._replace(left=74.0), None)
    assert "about 1 min left" in shown.progress
    assert "1 / 4" in shown.progress
    assert 'data-do="stop"' in shown.progress
    assert shown.said == "Painting the backdrops"


def test_a_place_in_the_line_is_told() -> None:
    """And that the page may be closed meanwhile."""
    news = News("j1", "waiting", ahead=3)
    shown = live.shown(_page(Path()).house, SAY, news, None)
    assert "3 campaigns are before yours" in shown.progress
    assert "You may close this page" in shown.progress
    one = live.shown(_page(Path()).house, SAY, news._replace(ahead=1), None)
    assert "One campaign is before yours" in one.progress


def test_what_is_known_is_shown_and_escaped(tmp_path: Path, folder: Path) -> None:
    """The caption first, then the copy with the best on top; words are text, not HTML."""
    house = _page(tmp_path).house
    shown = live.shown(house, SAY, BEGUN, folder)
    assert "A &lt;b&gt;teal&lt;/b&gt; jar." in shown.found
    assert "&lt;img src=x&gt;" in shown.found
    assert "/work/jar-0a1b2c3d/cutout.png" in shown.found
    assert "Line 2" in shown.found
    assert "Line 1" not in shown.found
    (folder / "rank.json").write_text("{ half a fi")
    unranked = live.shown(house, SAY, BEGUN, folder).found
    assert unranked.index("Line 1") < unranked.index("Line 2")
    (folder / "caption.json").unlink()
    assert live.shown(house, SAY, BEGUN, folder).found == ""


def test_posters_come_one_by_one(tmp_path: Path) -> None:
    """Each in its own shape, with frames for those to come, so that nothing jumps."""
    poster = Preview("instagram-story", "instagram-story", (1080, 1920), "1.jpg")
    news = BEGUN._replace(stage="typeset", done=1, total=3, posters=(poster,))
    shown = live.shown(_page(tmp_path).house, SAY, news, None).posters
    assert "Posters: 1 of 3" in shown
    assert "--shape: 1080 / 1920" in shown
    assert "/preview/j1/1.jpg" in shown
    assert 'alt="Instagram · Story"' in shown
    assert shown.count("coming") == 2


def test_an_error_is_put_kindly(tmp_path: Path) -> None:
    """With the core's own words, as text, and what to do."""
    news = BEGUN._replace(state="failed", error="photo = '<b>': no picture")
    shown = live.shown(_page(tmp_path).house, SAY, news, None).progress
    assert "photo = &#39;&lt;b&gt;&#39;: no picture" in shown
    assert "The form is as you left it" in shown
    stopped = live.shown(_page(tmp_path).house, SAY, news._replace(state="stopped"), None).progress
    assert "What was finished is kept" in stopped
    assert "no picture" not in stopped


def test_a_job_is_followed_to_its_campaign(tmp_path: Path) -> None:
    """Only what changed is sent; at the end a line is left, and the campaign is opened."""
    page = _page(tmp_path, BEGUN, BEGUN._replace(done=1), BEGUN._replace(state="done"))
    first, second, last = _all(page, "j1", _asks())
    assert first[0]
    assert second[1] == gr.skip()
    assert second[4] == gr.skip()
    assert last[3:] == ["Your campaign is ready", "jar-0a1b2c3d"]
    assert "Your campaign is ready" in last[0]
    assert live.following(_asks()) == ""


def test_another_job_takes_the_view_over(tmp_path: Path) -> None:
    """What followed the first one falls silent; another tab goes on."""
    page = _page(tmp_path, BEGUN, BEGUN._replace(done=1), BEGUN._replace(state="done"))

    async def both() -> tuple[list[Any], list[Any]]:
        first = live._follow(page, "j1", _asks())
        seen = [await anext(first)]
        assert live.following(_asks()) == "j1"
        second = live._follow(page, "j2", _asks())
        taken = [await anext(second)]
        seen += [each async for each in first]
        taken += [each async for each in second]
        return seen, taken

    seen, taken = ended(both())
    assert len(seen) == 1
    assert taken[-1][4] == "jar-0a1b2c3d"


def test_nobody_follows_or_stops_anothers_job(tmp_path: Path) -> None:
    """A job of somebody else is as one that never was."""
    page = _page(tmp_path, BEGUN, News("theirs", "running"))
    line: Any = page.house.line
    (seen,) = _all(page, "theirs", _asks())
    assert "no longer in line" in seen[0]
    live._act(page, "theirs", _does(do="stop"), _asks())
    waiting._act(page, "", _does(do="stop", job="theirs"), _asks())
    assert line.stopped == []
    live._act(page, "j1", _does(do="stop"), _asks())
    waiting._act(page, "", _does(do="stop", job="j1"), _asks())
    assert line.stopped == ["j1", "j1"]


def test_what_else_is_in_line_is_listed(tmp_path: Path) -> None:
    """What runs first; without that which is followed, what has ended, and what is another's."""
    news = (
        News("j1", "waiting", ahead=2, name="<i>Cup</i>"),
        News("j2", "running", stage="rank", name="Jar"),
        News("theirs", "running", name="Secret"),
    )
    page = _page(tmp_path, *news)
    html, timer = waiting._look(page, "", _asks())
    assert html.index("Jar") < html.index("&lt;i&gt;Cup&lt;/i&gt;")
    assert "Being made for you" in html
    assert "Ranking the copy" in html
    assert "Secret" not in html
    assert timer.active
    html, _ = waiting._look(page, "j2", _asks())
    assert "Jar" not in html
    open_one = _page(tmp_path, news[1]._replace(campaign="jar-0a1b2c3d"))
    assert waiting._look(open_one, "", _asks(), "jar-0a1b2c3d")[0] == ""
    watch = waiting._act(page, "j2", _does(do="watch", job="j1"), _asks())
    assert watch[:2] == ["j1", ""]
    ended = _page(tmp_path, news[0]._replace(state="done"))
    html, timer = waiting._look(ended, "", _asks())
    assert html == ""
    assert not timer.active
