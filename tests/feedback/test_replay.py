"""Another division of impressions: by hand, on logs of known rates, and as a command."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from aigc import pipeline
from aigc.cli import cli
from aigc.errors import BriefError
from aigc.feedback import Performance
from aigc.feedback.replay import given, replay
from aigc.recipe import Recipe

DAYS = [date(2026, 11, day) for day in range(1, 8)]


def row(creative: str, shown: int, clicks: int, day: date = DAYS[0], **more: str) -> Performance:
    return Performance(
        creative=creative,
        channel=more.get("channel", "web"),
        segment=more.get("segment", ""),
        day=day,
        impressions=shown,
        clicks=clicks,
    )


def test_each_audience_and_day_is_divided_anew() -> None:
    logs = [
        row("a", 100, 10),
        row("b", 300, 6),
        row("a", 50, 10, DAYS[1]),
        row("b", 50, 5, DAYS[1]),
        row("c", 80, 8, channel="elsewhere"),
    ]
    (found,) = replay(logs, {"web": {"a": 0.75, "b": 0.25}})
    first = 0.75 * 0.1 + 0.25 * 0.02
    second = 0.75 * 0.2 + 0.25 * 0.1
    assert found.would == pytest.approx((400 * first + 100 * second) / 500)
    assert (found.impressions, found.clicks, found.uncovered) == (500, 31, 0)
    assert found.rate == pytest.approx(31 / 500)
    assert found.low < found.would < found.high
    assert found.effective < 500


def test_the_division_that_was_made_earned_what_it_earned() -> None:
    logs = [row("a", 100, 10), row("b", 300, 6)]
    (found,) = replay(logs, {"web": {"a": 0.25, "b": 0.75}})
    assert (found.would, found.effective) == pytest.approx((found.rate, 400))


def test_what_was_not_shown_goes_to_the_rest_and_is_told() -> None:
    logs = [
        row("a", 100, 10),
        row("b", 100, 2),
        row("b", 100, 4, DAYS[1]),
        row("c", 60, 9, DAYS[2]),
    ]
    (found,) = replay(logs, {"web": {"a": 0.5, "b": 0.5}})
    assert found.would == pytest.approx((200 * 0.06 + 100 * 0.04) / 300)
    assert found.uncovered == pytest.approx((100 * 0.5 + 60) / 360)
    assert found.impressions == 300


def test_a_poster_is_of_its_channel_whatever_the_log_calls_that() -> None:
    logs = [row("a", 100, 10, channel="Feed"), row("b", 300, 6, channel="Feed"), row("c", 100, 9)]
    shares = {"web": {"a": 0.5, "b": 0.5}, "mail": {"d": 1.0}}
    (found,) = replay(logs, shares)
    assert found.would == pytest.approx(0.06)
    assert (found.impressions, found.uncovered) == (
        400,
        pytest.approx(0.2),
    )  # nobody saw a, b there


def test_a_text_on_two_channels_counts_on_each_by_itself() -> None:
    logs = [row("t", 100, 10), row("u", 100, 2), row("t", 60, 3, channel="mail")]
    web, mail = replay(logs, {"web": {"t": 1.0}, "mail": {"t": 1.0}})
    assert (web.impressions, web.would, mail.impressions) == (200, pytest.approx(0.1), 60)


def test_small_channels_are_left_out() -> None:
    logs = [row("a", 30, 1), row("b", 19, 1)]
    assert replay(logs, {"web": {"a": 1.0}}) == []
    assert len(replay(logs, {"web": {"a": 1.0}}, least=49)) == 1


def test_intervals_hold_the_true_rate_of_the_division() -> None:
    rates, share = {"a": 0.05, "b": 0.02, "c": 0.03}, {"a": 0.6, "b": 0.1, "c": 0.3}
    truth = sum(rates[each] * share[each] for each in rates)
    draw = np.random.default_rng(5)
    held = []
    for trial in range(60):
        logs = [
            row(each, shown, int(draw.binomial(shown, rates[each])), day)
            for day in DAYS
            for each, shown in zip(rates, draw.integers(50, 300, 3).tolist(), strict=True)
        ]
        (found,) = replay(logs, {"web": share}, resamples=100, seed=1000 + trial)
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) >= 0.88


def test_a_division_is_read_by_channel(tmp_path: Path) -> None:
    table = tmp_path / "next.csv"
    table.write_text("channel,creative,shown,give\nweb,a,5,300\nweb,b,5,100\nmail,a,5,7\n")
    assert given(table) == {"web": {"a": 0.75, "b": 0.25}, "mail": {"a": 1.0}}
    table.write_text("channel,creative,give\nweb,a,-1\n")
    with pytest.raises(BriefError, match=r"next.csv:2: give is not 0 or more"):
        given(table)
    table.write_text("channel,creative,give\nweb,a,0\n")
    with pytest.raises(BriefError, match="nothing is given to channel 'web'"):
        given(table)


def test_the_command_replays_what_next_prints(
    plain_recipe: Recipe, real_fields: dict[str, Any], tmp_path: Path
) -> None:
    made = pipeline.run(real_fields, recipe=plain_recipe, outputs=tmp_path)
    folder = tmp_path / made.id
    ids = [made.creative(poster.id) for poster in made.posters]
    channels = [poster.channel for poster in made.posters]
    log = tmp_path / "log.csv"
    with log.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["creative", "channel", "day", "impressions", "clicks"])
        for day in DAYS:
            for creative, channel in zip(ids, channels, strict=True):
                writer.writerow([creative, channel, day, 100, 3])

    def run(*asked: str) -> str:
        done = CliRunner().invoke(cli, asked)
        assert done.exit_code == 0, done.exception
        return done.stdout

    run("feedback", "import", str(log), "-o", str(tmp_path))
    division = tmp_path / "next.csv"
    division.write_text(run("next", str(folder), "--csv"))
    asked = ("feedback", "replay", str(folder), str(division))
    found = json.loads(run(*asked, "--json"))
    assert {each["channel"] for each in found} == set(channels)
    assert all(each["rate"] == each["would"] == pytest.approx(0.03) for each in found)
    (later, *_) = json.loads(run(*asked, "--since", "2026-11-06", "--json"))
    assert later["impressions"] == found[0]["impressions"] * 2 / 7
    assert "replay it on days after" in run(*asked)
    missing = CliRunner().invoke(cli, [*asked, "--until", "2026-10-01"])
    assert isinstance(missing.exception, BriefError)
