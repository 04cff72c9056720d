"""Rates that lean on each other, groups that are hidden, and advice only where evidence holds."""

from __future__ import annotations

from datetime import date

import numpy as np

from aigc.feedback import Performance, hidden, rates
from aigc.feedback.looks import Creative
from aigc.feedback.summary import Group, Summary, Table, summarise


def creative(campaign: str, part: str, **fields: str) -> Creative:
    """A poster of a campaign."""
    given = {"style": "plain", "layout": "split", "tone": "fun", "channel": part} | fields
    return Creative(
        f"{campaign}.{part}", campaign, campaign.title(), part, copy=f"{campaign}.c0", **given
    )


def row(name: str, shown: int, clicked: int, **fields: object) -> Performance:
    """A row of a log."""
    return Performance(creative=name, impressions=shown, clicks=clicked, **fields)


def found(summary: Summary, name: str) -> Table:
    """A table that has to be there."""
    table = summary.table(name)
    assert table is not None
    return table


def group(summary: Summary, table: str, key: str) -> Group:
    """A group that has to be there."""
    return next(each for each in found(summary, table).groups if each.key == key)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    held = []
    for _ in range(30):
        truth = random.beta(20, 480, 12)
        shown = random.integers(100, 3000, 12).astype(float)
        draws = rates.shrunk(shown, random.binomial(shown.astype(int), truth).astype(float))
        low, high = np.quantile(draws, (0.025, 0.975), axis=0)
        held += list((low <= truth) & (truth <= high))
    assert 0.92 <= np.mean(held) <= 0.98  # 360 intervals: sd of the share about 0.011


def test_a_small_group_leans_on_the_rest() -> None:
    shown, clicked = np.array([50.0, 50_000, 50_000, 50_000]), np.array([6.0, 1000, 1050, 950])
    means = rates.shrunk(shown, clicked).mean(0)
    assert 0.02 < means[0] < 0.1  # of 0.12 as counted
    assert abs(means[1] - 0.02) < 0.001


def test_mixed_intervals_hold_the_truth_where_creatives_scatter() -> None:
    random = np.random.default_rng(1)
    held = []
    for _ in range(15):
        group, channel = random.integers(0, 3, 40), random.integers(0, 3, 40)
        truth, by_channel = random.normal(0, 0.3, 3), random.normal(0, 0.6, 3)
        odds = -4 + truth[group] + by_channel[channel] + random.normal(0, 0.25, 40)
        shown = random.integers(500, 4000, 40)
        clicked = random.binomial(shown, 1 / (1 + np.exp(-odds)))
        design = np.hstack([np.eye(3)[channel], np.eye(3)[group]])
        learned = np.array([rates.WIDE] * 3 + [0] * 3)
        fit = rates.mixed(
            shown.astype(float), clicked.astype(float), design, learned, np.arange(40)
        )
        for one, other in ((3, 4), (3, 5), (4, 5)):
            low, high = np.quantile(fit.effects[:, one] - fit.effects[:, other], (0.025, 0.975))
            held.append(low <= truth[one - 3] - truth[other - 3] <= high)
    assert np.mean(held) >= 0.85


def test_simpsons_trap() -> None:
    known, rows = {}, []
    for number in range(6):  # `bold` is better on both channels, and shown where few click
        for style, feed, story in (("bold", 500, 6000), ("calm", 6000, 500)):
            for channel, shown, rate in (("feed", feed, 0.06), ("story", story, 0.015)):
                each = creative(f"c{number}", f"{channel}-{style}", style=style, channel=channel)
                known[each.id] = each
                lift = 1.4 if style == "bold" else 1
                rows.append(row(each.id, shown, round(shown * rate * lift)))
    summary = summarise(rows, known)
    bold, calm = group(summary, "style", "bold"), group(summary, "style", "calm")
    assert bold.rate and calm.rate and bold.even and calm.even  # noqa: PT018
    assert bold.rate.value < calm.rate.value
    assert bold.even.low > calm.even.high
    assert "go by the even rate" in found(summary, "style").note
    advice = next(each for each in summary.advice if each.table == "style")
    assert advice.sure
    assert "bold" in advice.says


def test_one_creative_of_each_is_no_proof_of_a_style() -> None:
    known = {
        each.id: each
        for each in (
            creative("a", "one", style="bold", channel="feed"),
            creative("b", "one", style="calm", channel="feed"),
        )
    }
    summary = summarise([row("a.one", 100_000, 3000), row("b.one", 100_000, 2000)], known)
    advice = next(each for each in summary.advice if each.table == "style")
    assert not advice.sure
    assert "more campaigns in each" in advice.says


def test_what_is_missing_is_counted() -> None:
    known = {
        each.id: each
        for each in (creative("a", "one", channel="f"), creative("a", "two", channel="f"))
    }
    summary = summarise([row("a.one", 800, 20), row("a.two", 800, 21)], known)
    advice = next(each for each in summary.advice if each.table == "creative")
    assert not advice.sure
    assert "more impressions are needed" in advice.says


def test_small_groups_are_lumped_and_cannot_be_worked_out() -> None:
    assert hidden.lumped({"a": 10, "b": 100, "c": 500}, 50) == {"a", "b"}
    assert hidden.lumped({"a": 10, "b": 15, "c": 70, "d": 500}, 50) == {"a", "b", "c"}
    assert hidden.lumped({"a": 30, "b": 45, "c": 500}, 50) == {"a", "b"}
    assert hidden.lumped({"a": 50, "b": 60}, 50) == set()
    styles = {"a": "x", "b": "x", "c": "y", "d": "y"}
    sizes = {"a": 10, "b": 400, "c": 20, "d": 300}
    assert hidden.inside(sizes, [styles], 50) == {"a", "b", "c", "d"}
    assert hidden.inside({**sizes, "c": 60}, [styles], 50) == {"a", "b"}


def test_only_groups_above_k_are_shown_and_tables_add_up() -> None:
    names = {"p": 30, "q": 400, "r": 900, "s": 700}
    known = {f"a.{part}": creative("a", part, channel="f") for part in names}
    rows = [row(f"a.{part}", shown, 5) for part, shown in names.items()]
    shown = found(summarise(rows, known), "creative").groups
    assert {each.key: each.impressions for each in shown} == {"a.r": 900, "a.s": 700, "": 430}
    assert sum(each.clicks for each in shown) == 20
    assert not any("a.p" in each.creatives for each in shown)
    lower = found(summarise(rows, known, least=30), "creative").groups
    assert len(lower) == 4
    few = summarise([row("a.p", 49, 3)], known)
    assert few.total is None
    assert few.tables == ()
    assert "49" not in few.model_dump_json()


def test_odd_logs() -> None:
    assert "No logs yet" in summarise([], {}).remarks[0]
    known = {each.id: each for each in (creative("a", "p"), creative("a", "q"))}
    rows = [
        row("a.p", 0, 7),
        row("a.q", 2000, 40, conversions=2.5, cost=10),
        row("gone-12345678.x", 900, 9, channel="feed", day=date(2026, 9, 1)),
        row("no id at all", 0, 0),
    ]
    summary = summarise(rows, known)
    assert summary.total is not None
    assert summary.total.impressions == 2900
    assert any("More clicks than impressions for a.p" in each for each in summary.remarks)
    assert any("2 creatives are in no campaign here" in each for each in summary.remarks)
    assert group(summary, "channel", "q").cost_per_conversion == 4
    assert sum(each.impressions for each in found(summary, "channel").groups) == 2900


def test_same_rows_same_numbers() -> None:
    known = {each.id: each for each in (creative("a", "p"), creative("a", "q"))}
    rows = [row("a.p", 700, 30), row("a.q", 900, 20)]
    assert summarise(rows, known) == summarise(rows, known)


def test_the_part_of_the_score_that_went_with_clicks_is_found() -> None:
    random = np.random.default_rng(2)
    known, rows = {}, []
    for number in range(40):
        good, idle = random.uniform(0.2, 0.9, 2)
        each = creative(f"c{number % 4}", f"p{number}", channel="feed")._replace(
            copy=f"c{number % 4}.t{number}",
            parts=(("fluency", good), ("tone", idle), ("same", 1.0)),
        )
        known[each.id] = each
        rows.append(row(each.id, 8000, int(random.binomial(8000, 0.02 * np.exp(good)))))
    said = {each.part: each for each in summarise(rows, known).predictors}
    assert said["fluency"].sure
    assert "clicked more" in said["fluency"].says
    assert not said["tone"].sure
    assert "score alike" in said["same"].says
    few = summarise(rows[:5], known).predictors
    assert all("not enough yet" in each.says for each in few)
