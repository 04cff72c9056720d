"""A campaign in the line: what is told of it while it is made, and the pictures of its posters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from loops import ended
from PIL import Image

from aigc import pipeline
from aigc.recipe import Recipe
from aigc.stage import STAGES
from ui import pace
from ui.line import Line, News


@pytest.fixture
def line(tmp_path: Path, plain_everywhere: Recipe) -> Iterator[Line]:
    """A line whose worker knows the plain stages."""
    made = Line(tmp_path / "jobs")
    yield made
    made.close()


def test_a_campaign_is_told_as_it_comes(
    line: Line, tmp_path: Path, fields: dict[str, Any], plain_everywhere: Recipe
) -> None:
    wide = {**fields, "channels": ["pinterest", "iab-rectangle"], "variants": 2}
    work = partial(pipeline.run, outputs=str(tmp_path / "out"))

    async def follow(job: str) -> list[News]:
        return [news async for news in line.follow(job)]

    told = ended(follow(line.put("a", "Mug", work, wide, plain_everywhere)))
    end = told[-1]
    assert end.state == "done", end.error
    assert (tmp_path / "out" / end.campaign / "campaign.json").exists()
    assert list(end.seconds) == list(STAGES)
    assert all(news.left is None or news.left >= 0 for news in told)
    assert [poster.channel for poster in end.posters] == ["pinterest"] * 2 + ["iab-rectangle"] * 2
    for poster in end.posters:
        with Image.open(tmp_path / "jobs" / end.job / poster.file) as small:
            assert max(small.size) <= 640
            shape = small.width / small.height
        assert shape == pytest.approx(poster.size[0] / poster.size[1], rel=0.02)

    again = ended(follow(line.put("a", "Mug", work, wide, plain_everywhere)))[-1]
    assert again.campaign == end.campaign
    assert [poster[:3] for poster in again.posters] == [poster[:3] for poster in end.posters]


def test_time_left_is_learned() -> None:
    guess = pace.Pace()
    run, two = "aigc.pipeline.run", {"count": 2, "stage": "typeset", "done": 0, "total": 2}
    seconds = dict.fromkeys(STAGES[:-1], 1.0)
    before = guess.left(run, {}, 0, 0)
    slow = dict.fromkeys(STAGES, 60.0)
    guess.learn(run, {"count": 1, "seconds": slow}, 300)
    assert guess.left(run, {}, 0, 0) > 2 * before
    quick = pace.Pace()
    for _ in range(8):
        quick.learn(run, {"count": 2, "seconds": {**seconds, "typeset": 20.0}}, 24)
    at = two | {"seconds": seconds}
    assert quick.left(run, at, 4, 0) == pytest.approx(20, rel=0.05)
    assert quick.left(run, at | {"done": 1}, 9, 5) == 5  # one took five seconds, one is to come
    assert quick.left(run, at, 100, 96) > 0  # late, but not for ever
    assert quick.left("aigc.revise.revise", {}, 0, 0) == quick.left("aigc.revise.undo", {}, 0, 0)
    resumed = {"count": 2, "seconds": dict.fromkeys(STAGES, 0.0)}
    known = quick.left(run, {}, 0, 0)
    quick.learn(run, resumed, 0.1)
    assert quick.left(run, {}, 0, 0) == known  # what was there already took no time
