"""Attribution: paths with a known answer, brute force, and what shares must hold for any paths."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import random
import time
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path as File

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from aigc.cli import cli
from aigc.errors import BriefError
from aigc.events import Event, listening
from aigc.feedback.attribution import MODELS, SMALL, Path, attribute
from aigc.feedback.paths import by, read

ANDERL = [  # start → a 2/3, c 1/3; a → b 2/2; b → c 1/2, null 1/2; c → conversion 1/2, null 1/2
    Path(("a", "b", "c"), 1, 0),
    Path(("a", "b"), 0, 1),
    Path(("c",), 0, 1),
]


def shares(paths: Sequence[Path], model: str) -> dict[str, float]:
    found = attribute(paths, resamples=0)
    return {touch.name: touch.credits[model].share for touch in found}


def some_paths(seed: int, count: int, touches: int, longest: int = 6) -> list[Path]:
    draw = random.Random(seed)
    names = [f"t{number}" for number in range(touches)]
    return [
        Path(
            tuple(draw.choices(names, k=draw.randint(1, longest))),
            draw.randint(0, 3),
            draw.randint(1, 4),
            draw.random() * 10,
        )
        for _ in range(count)
    ]


def test_removal_effects_are_those_worked_out_by_hand() -> None:
    # P(conversion) = 2/3·1/2·1/2 + 1/3·1/2 = 1/3. Without a or b only start → c is left: 1/6.
    found = {touch.name: touch for touch in attribute(ANDERL, resamples=0)}
    assert {name: touch.removal for name, touch in found.items()} == pytest.approx(
        {"a": 0.5, "b": 0.5, "c": 1.0}
    )
    assert shares(ANDERL, "markov") == pytest.approx({"a": 0.25, "b": 0.25, "c": 0.5})
    assert (found["a"].journeys, found["a"].converted) == (2, 1)


def test_plain_rules_and_shapley_share_by_hand() -> None:
    paths = [Path(("a", "b", "a"), 3, 5, 30.0), Path(("b",), 1, 0, 2.0)]
    assert shares(paths, "last") == pytest.approx({"a": 3 / 4, "b": 1 / 4})
    assert shares(paths, "first") == pytest.approx({"a": 3 / 4, "b": 1 / 4})
    assert shares(paths, "linear") == pytest.approx({"a": 2 / 4, "b": 2 / 4})
    assert shares(paths, "shapley") == pytest.approx({"a": 1.5 / 4, "b": 2.5 / 4})
    worth = {touch.name: touch.credits["shapley"].value for touch in attribute(paths)}
    assert worth == pytest.approx({"a": 15, "b": 17})


@pytest.mark.parametrize("seed", range(5))
def test_shapley_is_that_of_every_coalition_enumerated(seed: int) -> None:
    paths = some_paths(seed, 25, 6)
    players = sorted({touch for path in paths for touch in path.touches})
    n = len(players)

    def earned(coalition: set[str]) -> int:
        return sum(path.conversions for path in paths if set(path.touches) <= coalition)

    def value(player: str) -> float:
        rest = [each for each in players if each != player]
        return sum(
            math.factorial(size)
            * math.factorial(n - size - 1)
            / math.factorial(n)
            * (earned({player, *chosen}) - earned(set(chosen)))
            for size in range(n)
            for chosen in combinations(rest, size)
        )

    total = sum(path.conversions for path in paths)
    expected = {player: value(player) / total for player in players}
    assert shares(paths, "shapley") == pytest.approx(expected)


def conversion_chance(paths: Sequence[Path], without: str | None) -> float:
    """Step the chain until nobody is on the way; whoever comes to `without` is lost."""
    counts: dict[str, dict[str, float]] = {}
    for path in paths:
        for end, weight in (("(yes)", path.conversions), ("(no)", path.others)):
            states = ["(start)", *path.touches, end]
            for before, after in pairwise(states):
                row = counts.setdefault(before, {})
                row[after] = row.get(after, 0) + weight
    here, done = {"(start)": 1.0}, 0.0
    while sum(here.values()) > 1e-13:
        step: dict[str, float] = {}
        for state, mass in here.items():
            out = sum(counts[state].values())
            for after, weight in counts[state].items():
                if after == "(yes)":
                    done += mass * weight / out
                elif after not in ("(no)", without):
                    step[after] = step.get(after, 0) + mass * weight / out
        here = step
    return done


@pytest.mark.parametrize("seed", range(5))
def test_removal_effect_is_that_of_a_chain_run_without_the_touch(seed: int) -> None:
    paths = some_paths(seed, 30, 5)  # with loops and touches that follow themselves
    whole = conversion_chance(paths, None)
    for touch in attribute(paths, resamples=0):
        expected = 1 - conversion_chance(paths, touch.name) / whole
        assert touch.removal == pytest.approx(expected, abs=1e-9)


def test_removal_effect_is_that_of_journeys_simulated() -> None:
    """What a chain loses is what journeys drawn from it lose that meet the touch."""
    draw = random.Random(0)
    chain = {  # chances of going on to a, b, c, of converting, and of leaving
        "start": (0.5, 0.3, 0.2, 0, 0),
        "a": (0.2, 0.5, 0.1, 0.05, 0.15),
        "b": (0.3, 0.1, 0.2, 0.1, 0.3),
        "c": (0.1, 0.2, 0.3, 0.3, 0.1),
    }
    walks = []
    for _ in range(10_000):
        walk = ["start"]
        while walk[-1] in chain:
            walk += draw.choices(("a", "b", "c", "yes", "no"), chain[walk[-1]])
        walks.append(Path(tuple(walk[1:-1]), int(walk[-1] == "yes"), int(walk[-1] == "no")))
    yes = sum(walk.conversions for walk in walks)
    for touch in attribute(walks, resamples=0):
        lost = sum(touch.name in walk.touches for walk in walks if walk.conversions)
        assert touch.removal == pytest.approx(lost / yes, abs=0.03)


PATHS = st.lists(
    st.builds(
        Path,
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=5).map(tuple),
        st.integers(0, 3),
        st.integers(0, 3),
        st.just(0.0),
    ),
    max_size=8,
)


@given(PATHS)
def test_shares_sum_to_one_or_nothing_converted(paths: list[Path]) -> None:
    total = sum(path.conversions for path in paths)
    found = attribute(paths, resamples=3)
    for model in MODELS if found else ():
        summed = sum(touch.credits[model].share for touch in found)
        assert summed == pytest.approx(1 if total else 0)
        owed = sum(touch.credits[model].conversions for touch in found)
        assert owed == pytest.approx(total)
        assert all(touch.credits[model].share >= 0 for touch in found)


@given(PATHS, st.randoms(use_true_random=False))
def test_neither_order_nor_splitting_rows_changes_anything(
    paths: list[Path], draw: random.Random
) -> None:
    split = [
        Path(path.touches, *ones)
        for path in paths
        for ones in [(1, 0)] * path.conversions + [(0, 1)] * path.others
    ]
    draw.shuffle(split)
    assert attribute(split, resamples=3) == attribute(paths, resamples=3)


def test_a_touch_that_follows_itself_earns_nothing_more_by_markov() -> None:
    repeated = [
        path._replace(touches=tuple(touch for touch in path.touches for _ in range(2)))
        for path in ANDERL
    ]
    assert shares(repeated, "markov") == pytest.approx(shares(ANDERL, "markov"))


def test_one_touch_has_everything_and_no_conversions_nothing() -> None:
    (only,) = attribute([Path(("a",), 2, 8)])
    assert {each.share for each in only.credits.values()} == {1.0}
    assert (only.removal, only.credits["markov"].low) == (1.0, 1.0)
    (nothing,) = attribute([Path(("a",), 0, 8)])
    assert {each.high for each in nothing.credits.values()} == {0.0}
    assert attribute([]) == attribute([Path((), 3, 0)]) == []


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    draw = np.random.default_rng(1)
    kinds = [("a",), ("b",), ("a", "b"), ("b", "a", "c")]
    often, chance = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.05, 0.15, 0.2, 0.4])
    many = 10_000_000  # the population itself
    truth = shares(
        [
            Path(kind, int(many * part * yes), int(many * part * (1 - yes)))
            for kind, part, yes in zip(kinds, often, chance, strict=True)
        ],
        "markov",
    )
    held = []
    for trial in range(40):
        met = draw.multinomial(1500, often)
        yes = draw.binomial(met, chance)
        paths = [Path(kind, int(y), int(n - y)) for kind, y, n in zip(kinds, yes, met, strict=True)]
        for touch in attribute(paths, resamples=60, seed=trial):
            own = touch.credits["markov"]
            held.append(own.low <= truth[touch.name] <= own.high)
    assert 0.88 <= np.mean(held) <= 0.99  # 120 intervals that hang together by threes


def test_touches_of_too_few_journeys_are_one_row_or_none() -> None:
    paths = [Path(("a",), 60, 40), Path(("b", "a"), 10, 20), Path(("c",), 5, 25)]
    large = attribute(paths, least=50)
    assert [(touch.name, touch.journeys) for touch in large] == [("a", 130), (SMALL, 60)]
    everything = {touch.name: touch for touch in attribute(paths)}
    for model in MODELS:
        small = everything["b"].credits[model].share + everything["c"].credits[model].share
        assert large[1].credits[model].share == pytest.approx(small)
        low = everything["b"].credits[model].low + everything["c"].credits[model].low
        assert low <= large[1].credits[model].low <= small
    assert [touch.name for touch in attribute(paths, least=100)] == [SMALL]
    assert attribute(paths, least=1000) == []


def test_a_hundred_thousand_journeys_take_seconds() -> None:
    draw = np.random.default_rng(2)
    steps = draw.integers(0, 30, (100_000, 7)).astype(str).tolist()
    paths = [
        Path(tuple(walk[:length]), int(yes), int(not yes))
        for walk, length, yes in zip(
            steps, draw.integers(1, 8, 100_000), draw.random(100_000) < 0.1, strict=True
        )
    ]
    start = time.monotonic()
    found = attribute(paths, resamples=10)
    assert len(found) == 30
    assert time.monotonic() - start < 60  # 3 s on an idle core


def test_touches_without_number_are_refused_before_memory_is_out() -> None:
    with pytest.raises(BriefError, match="3001 different touches"):
        attribute([Path((f"t{each}",), 1, 0) for each in range(3001)])


def test_rows_of_paths_are_read_from_every_kind_of_table(tmp_path: File) -> None:
    (tmp_path / "p.csv").write_text(
        "Path,Total conversions,null,revenue\nm.1@mail > m.2@web,2,3,10\nm.2@web,0,4,\n"
    )
    (tmp_path / "p.jsonl").write_text('{"touches": ["m.1@mail", "m.2@web"], "converted": 1}\n')
    found = read([tmp_path / "p.csv", tmp_path / "p.jsonl"])
    assert found == [
        Path(("m.1@mail", "m.2@web"), 2, 3, 10.0),
        Path(("m.2@web",), 0, 4, 0.0),
        Path(("m.1@mail", "m.2@web"), 1, 0, 0.0),
    ]
    assert [path.touches for path in by(found, "channel")][:2] == [("mail", "web"), ("web",)]
    assert [path.touches for path in by(found, "creative")][:2] == [("m.1", "m.2"), ("m.2",)]


def test_touches_are_joined_in_time_whatever_their_order(tmp_path: File) -> None:
    rows = [
        ("j1", "2026-01-02T10:00:00+02:00", "x", "web", "true"),  # 08:00 UTC
        ("j2", "2026-01-01", "z", "", "false"),
        ("j1", "2026-01-02 09:00:00", "y", "mail", "true"),
    ]
    table = tmp_path / "t.csv"
    with table.open("w", newline="") as stream:
        csv.writer(stream).writerows([("hash", "time", "creative", "channel", "converted"), *rows])
    found = read([table], {"journey": "hash"})
    assert found == [Path(("x@web", "y@mail"), 1, 0), Path(("z",), 0, 1)]
    assert [path.touches for path in by(found, "channel")] == [("web", "mail"), ("(unknown)",)]


def test_a_mark_on_one_touch_ends_the_journey_there(tmp_path: File) -> None:
    table = tmp_path / "t.csv"
    table.write_text(
        "journey,creative,converted,value\nj,a,0,\nj,b,1,5\nj,c,0,\nj,a,1,7\nj,a,0,\nk,a,0,\n"
    )
    assert read([table]) == [
        Path(("a", "b"), 1, 0, 5.0),
        Path(("c", "a"), 1, 0, 7.0),
        Path(("a",), 0, 1),
        Path(("a",), 0, 1),
    ]


def test_bad_rows_are_told_by_line_and_left_out(tmp_path: File) -> None:
    table = tmp_path / "p.csv"
    table.write_text("path,conversions,null\na,1,2\na,one,0\na > b,-1,0\nb,1.5,0\nb,2,1\n")
    told: list[Event] = []
    with listening(told.append):
        assert read([table]) == [Path(("a",), 1, 2), Path(("b",), 2, 1)]
    said = [event.message for event in told]
    assert [message.split(": ")[0].rpartition(":")[2] for message in said] == ["3", "4", "5"]
    assert "'one' is no number" in said[0]


def test_it_says_that_journeys_without_a_conversion_are_missing(tmp_path: File) -> None:
    table = tmp_path / "p.csv"
    table.write_text("path,conversions\na > b,3\n,2\n")
    told: list[Event] = []
    with listening(told.append):
        read([table])
    assert "no journey that did not convert" in told[0].message
    assert told[1].message.startswith("2 conversions met no touch")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("journey,creative,converted\nann@example.com,a,1\n", "journey looks like an e-mail"),
        ("journey,creative,converted\n+44 20 7946 0958,a,1\n", "journey looks like a phone"),
        ("journey,creative,converted\nj,a 203.0.113.9,1\n", "creative looks like an IP"),
        ("path,conversions\na > ann@example.com,1\n", "path looks like an e-mail"),
        ("journey,user id,creative,converted\nj,ann,a,1\n", "identifies people"),
    ],
)
def test_what_tells_who_somebody_is_is_refused_unseen(tmp_path: File, text: str, says: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(text)
    columns = {"journey": "user id"} if "user id" in text else {}
    with pytest.raises(BriefError, match=says) as error:
        read([table], columns)
    assert "ann" not in str(error.value)
    assert "7946" not in str(error.value)


def test_hashed_people_and_numbered_journeys_are_taken(tmp_path: File) -> None:
    table = tmp_path / "t.csv"
    digest = hashlib.sha256(b"ann").hexdigest()
    table.write_text(f"user id,creative,converted\n{digest},a,1\n")
    assert read([table], {"journey": "user id"}) == [Path(("a",), 1, 0)]
    table.write_text("journey,creative,converted\n13800138000,a,1\n")
    assert read([table]) == [Path(("a",), 1, 0)]


def test_missing_columns_show_those_found(tmp_path: File) -> None:
    table = tmp_path / "t.csv"
    table.write_text("visit,ad,buys\nx,a,1\n")
    with pytest.raises(BriefError, match="no column for journey; found: visit, ad, buys"):
        read([table])


def test_the_command_prints_writes_and_dumps_the_same(tmp_path: File) -> None:
    table = tmp_path / "p.csv"
    table.write_text(
        "path,conversions,null\nm.1@mail > m.2@web,40,60\nm.2@web,20,80\nm.9,1,1\nm.8,9,40\n"
    )
    output = tmp_path / "out" / "shares.csv"
    asked = ["feedback", "attribute", str(table), "--resamples", "20"]
    dumped = CliRunner().invoke(cli, [*asked, "--json", "-o", str(output)])
    assert dumped.exit_code == 0, dumped.output
    found = json.loads(dumped.stdout)
    assert (found["journeys"], found["conversions"]) == (251, 70)
    assert {row["name"] for row in found["creative"]} == {"m.1", "m.2", SMALL}  # m.8, m.9
    assert [row["name"] for row in found["channel"]] == ["web", "mail", "(unknown)"]
    with output.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows if row["by"] == "channel"] == ["web", "mail", "(unknown)"]
    assert float(rows[-2]["markov_share"]) == found["channel"][1]["credits"]["markov"]["share"]
    shown = CliRunner().invoke(cli, asked)
    assert "251 journeys, 70 conversions" in shown.stdout
    assert "m.9" not in shown.output
    assert "caused" in shown.stdout
    few = CliRunner().invoke(cli, [*asked, "-k", "1000"])
    assert "fewer than 1000 journeys" in few.stdout
    assert "m.1" not in few.stdout
    missing = CliRunner().invoke(cli, [*asked, "--path", "way"])
    assert "no column 'way' for path; found: path, conversions, null" in str(missing.exception)
