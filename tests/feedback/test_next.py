"""`aigc next`: which posters of a campaign to show, by what logs and a model say of them."""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from aigc import cli, events, pipeline
from aigc.campaign import Campaign
from aigc.errors import BriefError
from aigc.feedback import Performance
from aigc.feedback.arms import arms, believed, traits
from aigc.feedback.slots import Slot, slots
from aigc.feedback.store import import_logs
from aigc.rank.clicks import Appeal, learned, log
from aigc.recipe import Recipe

WIDE, TALL = "iab-leaderboard", "iab-rectangle"  # the channels of `fields`


@pytest.fixture
def made(fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path) -> Campaign:
    """A campaign of two channels and three posters for each, whose texts are the same three."""
    return pipeline.run(fields | {"variants": 3}, plain_recipe, outputs=tmp_path / "o")


def row(made: Campaign, part: str, shown: int, clicks: int, **more: str) -> Performance:
    return Performance(creative=made.creative(part), impressions=shown, clicks=clicks, **more)


def likes(word: str, by: float = 0.5, spread: float = 0.2) -> Any:
    """A model that expects more of texts with a word in them, and of women if asked for them."""

    def judge(texts: Sequence[str], segment: str) -> Appeal:
        sign = -1 if segment == "age=60+" else 1
        mean = np.array([sign * by * (word in text) for text in texts])
        return Appeal(mean, spread**2 * np.eye(len(texts)))

    return judge


def of(found: Sequence[Slot], channel: str) -> Slot:
    return next(slot for slot in found if slot.channel == channel)


def given(slot: Slot) -> dict[str, int]:
    return {each.creative.split(".")[1]: each.give for each in slot.choices}


def test_nothing_known_gives_all_the_same(made: Campaign) -> None:
    for slot in slots(made, [], 900):
        assert list(given(slot).values()) == [300, 300, 300]
        assert "Nothing is known" in slot.why
        assert not slot.settled
        assert {each.shown for each in slot.choices} == {0}


def test_clicks_decide(made: Campaign) -> None:
    logs = [
        row(made, f"{WIDE}-1", 5_000, 60),
        row(made, f"{WIDE}-2", 5_000, 75),
        row(made, f"{WIDE}-3", 5_000, 50),
    ]
    slot = of(slots(made, logs, 1_000), WIDE)
    assert sum(given(slot).values()) == 1_000
    assert slot.choices[0].creative == made.creative(f"{WIDE}-2")
    assert slot.choices[0].give > 700
    assert (slot.choices[0].shown, slot.choices[0].clicks) == (5_000, 75)
    assert slot.choices[0].low < 75 / 5_000 < slot.choices[0].high
    assert not slot.settled
    assert "is the best with" in slot.why
    many = [
        each.model_copy(update={"impressions": 500_000, "clicks": each.clicks * 100})
        for each in logs
    ]
    sure = of(slots(made, many, 1_000), WIDE)
    assert sure.settled
    assert "stop testing" in sure.why


def test_days_and_segments_are_summed(made: Campaign) -> None:
    parts = [
        row(made, f"{WIDE}-1", 300, 9, segment="age=18-24"),
        row(made, f"{WIDE}-1", 200, 1, segment="age=60+"),
    ]
    one, two = (
        of(slots(made, logs, 60), WIDE) for logs in (parts, [row(made, f"{WIDE}-1", 500, 10)])
    )
    assert one == two


def test_a_text_that_did_well_is_hopeful_on_another_channel(made: Campaign) -> None:
    logs = [row(made, f"{WIDE}-{i}", 20_000, 500 if i == 1 else 200) for i in (1, 2, 3)]
    slot = of(slots(made, logs, 1_000), TALL)
    text = of(slots(made, logs, 1_000), WIDE).choices[0].copy_id
    assert slot.choices[0].copy_id == text
    assert slot.choices[0].best > 0.55
    assert not slot.settled
    assert "other channels" in slot.why


def test_a_log_of_the_text_itself_counts_for_its_posters(made: Campaign) -> None:
    copies = sorted({poster.copy_id for poster in made.posters})
    logs = [
        row(made, each, 20_000, 500 if each == copies[1] else 200, channel="search")
        for each in copies
    ]
    for slot in slots(made, logs, 1_000):
        assert slot.choices[0].copy_id == copies[1]
        assert {each.shown for each in slot.choices} == {0}


def test_a_model_decides_before_any_click_and_gives_way_to_clicks(made: Campaign) -> None:
    copy = {each.id: each for each in made.copies}
    wanted = next(p for p in made.posters if p.id == f"{WIDE}-3")
    judge = likes(copy[wanted.copy_id].headline)
    first = of(slots(made, [], 1_000, judge=judge), WIDE)
    assert first.choices[0].copy_id == wanted.copy_id
    assert "learned weights" in first.why
    logs = [row(made, f"{WIDE}-{i}", 40_000, 400 if i == 3 else 800) for i in (1, 2, 3)]
    after = of(slots(made, logs, 1_000, judge=judge), WIDE)
    assert after.choices[-1].copy_id == wanted.copy_id
    assert after.choices[-1].give == 0


def test_a_model_that_proved_wrong_here_is_believed_less(made: Campaign) -> None:
    """Clicks on one channel that contradict it change what it says of the other."""
    wanted = next(p for p in made.posters if p.id == f"{WIDE}-3")
    judge = likes(next(c.headline for c in made.copies if c.id == wanted.copy_id), spread=0.05)
    logs = [row(made, f"{WIDE}-{i}", 40_000, 400 if i == 3 else 800) for i in (1, 2, 3)]
    before = of(slots(made, [], 1_000, judge=judge), TALL)
    after = of(slots(made, logs, 1_000, judge=judge), TALL)
    assert before.choices[0].copy_id == wanted.copy_id
    assert after.choices[-1].copy_id == wanted.copy_id


def test_an_audience_counts_its_own_and_leans_on_the_rest(made: Campaign) -> None:
    young, old = {"segment": "age=18-24; sex=f"}, {"segment": "age=60+"}
    logs = [
        *(row(made, f"{WIDE}-{i}", 30_000, 900 if i == 1 else 500, **old) for i in (1, 2, 3)),
        row(made, f"{WIDE}-2", 400, 12, **young),
    ]
    slot = of(slots(made, logs, 1_000, segment="age=18-24"), WIDE)
    by_id = {each.creative.split(".")[1]: each for each in slot.choices}
    assert [by_id[f"{WIDE}-{i}"].shown for i in (1, 2, 3)] == [0, 400, 0]
    assert by_id[f"{WIDE}-1"].best > 0.5  # the rest likes it, and little is known of these
    much = [
        *logs,
        *(row(made, f"{WIDE}-{i}", 30_000, 300 if i == 1 else 900, **young) for i in (1, 2, 3)),
    ]
    own = of(slots(made, much, 1_000, segment="age=18-24"), WIDE)
    assert own.choices[-1].creative == made.creative(f"{WIDE}-1")
    everyone = of(slots(made, much, 1_000), WIDE)
    assert sum(each.shown for each in everyone.choices) == 6 * 30_000 + 400


def test_a_model_is_asked_for_the_audience(made: Campaign) -> None:
    wanted = next(p for p in made.posters if p.id == f"{WIDE}-3")
    judge = likes(next(c.headline for c in made.copies if c.id == wanted.copy_id))
    assert of(slots(made, [], 10, judge=judge), WIDE).choices[0].copy_id == wanted.copy_id
    old = of(slots(made, [], 10, judge=judge, segment="age=60+"), WIDE)
    assert old.choices[-1].copy_id == wanted.copy_id


def test_order_of_rows_and_posters_does_not_matter(made: Campaign) -> None:
    logs = [row(made, f"{WIDE}-{i}", 1_000 * i, 20 + i) for i in (1, 2, 3)]
    turned = made.model_copy(update={"posters": made.posters[::-1]})
    assert of(slots(made, logs, 777), WIDE) == of(slots(turned, logs[::-1], 777), WIDE)


def test_a_channel_does_not_depend_on_which_others_are_asked_for(made: Campaign) -> None:
    logs = [row(made, f"{TALL}-{i}", 1_000 * i, 20 + i) for i in (1, 2, 3)]
    (alone,) = slots(made, logs, 500, channel=TALL)
    assert alone == of(slots(made, logs, 500), TALL)


def test_what_is_not_here_is_told_and_left_out(made: Campaign) -> None:
    told: list[str] = []
    with events.listening(lambda event: told.append(event.message)):
        found = slots(made, [row(made, "gone-9", 900, 800)], 300)
    assert any("1 creative" in each for each in told)
    assert list(given(of(found, WIDE)).values()) == [100, 100, 100]


def test_one_poster_has_nothing_to_choose(fields, plain_recipe, tmp_path) -> None:
    campaign = pipeline.run(fields, plain_recipe, outputs=tmp_path / "o")
    for slot in slots(campaign, [], 1_000):
        assert [each.give for each in slot.choices] == [1_000]
        assert "--variants" in slot.why


@pytest.mark.parametrize("asked", [{"channel": "no-such"}, {"segment": "young"}, {"segment": "=x"}])
def test_what_is_asked_wrongly(made: Campaign, asked: dict[str, str]) -> None:
    with pytest.raises(BriefError, match=next(iter(asked.values()))):
        slots(made, [], 10, **asked)
    with pytest.raises(BriefError, match="-1"):
        slots(made, [], -1)


def test_traits_of_a_segment() -> None:
    assert traits(" age = 18-24;sex=f; ") == {"age": "18-24", "sex": "f"}
    assert traits("") == {}


def test_many_posters_and_large_counts(made: Campaign) -> None:
    rng = np.random.default_rng(0)
    posters = tuple(
        made.posters[0].model_copy(update={"id": f"p{i}", "copy_id": made.copies[i % 8].id})
        for i in range(200)
    )
    campaign = made.model_copy(update={"posters": posters})
    logs = [
        row(campaign, f"p{i}", 10**8, 10**6 + int(rng.integers(-(10**4), 10**4)))
        for i in range(150)
    ]
    (slot,) = slots(campaign, logs, 12_345)
    assert sum(given(slot).values()) == 12_345
    now = believed(arms(campaign, logs), {copy.id: copy.headline for copy in campaign.copies}, None)
    assert np.isfinite(now.covariance).all()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, ["next", *arguments], catch_exceptions=True)


def test_from_a_log_to_a_table(made: Campaign, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    lines = [f"{made.creative(f'{WIDE}-{i}')},2026-11-22,4000,{30 * i}" for i in (1, 2, 3)]
    path.write_text("\n".join(["creative,day,impressions,clicks", *lines]) + "\n", "utf-8")
    import_logs([path], Path(made.folder).parent)
    shown = run(made.folder, "--impressions", "500", "--channel", WIDE)
    assert shown.exit_code == 0, shown.output
    rows = [line.split() for line in shown.stdout.splitlines() if f".{WIDE}-" in line][:3]
    assert rows[0][:3] == [made.creative(f"{WIDE}-3"), "4000", "90"]
    found = json.loads(run(made.folder, "--json", "--impressions", "500", "--seed", "4").stdout)
    assert [slot["channel"] for slot in found] == [TALL, WIDE]
    assert [sum(each["give"] for each in slot["choices"]) for slot in found] == [500, 500]
    again = json.loads(run(made.folder, "--json", "--impressions", "500", "--seed", "4").stdout)
    assert found == again
    table = list(csv.DictReader(io.StringIO(run(made.folder, "--csv").stdout)))
    assert len(table) == 6
    assert sum(int(each["give"]) for each in table) == 2_000
    assert {each["channel"] for each in table} == {WIDE, TALL}


def test_the_command_line_says_what_is_wrong(made: Campaign, tmp_path: Path) -> None:
    assert run(made.folder, "--csv", "--json").exit_code == 2
    assert run(made.folder, "--impressions", "-1").exit_code == 2
    for asked, says in (
        ([str(tmp_path / "none")], "no finished campaign"),
        ([made.folder, "--channel", "no-such"], WIDE),
        ([made.folder, "--weights", str(tmp_path / "none.json")], "none.json"),
    ):
        failed = run(*asked)
        assert failed.exit_code == 1
        assert says in str(failed.exception)


def words(texts: Sequence[str]) -> np.ndarray:
    """Vectors of the words in texts; the encoder's own take seconds to load."""
    found = np.zeros((len(texts), 12))
    for i, text in enumerate(texts):
        for word in text.lower().split():
            found[i, zlib.crc32(word.encode()) % 12] += 1
    return found


def test_weights_that_clicks_taught(
    made: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Learned from a log where green draws twice the clicks of grey."""
    monkeypatch.setattr(learned, "_vectors", words)
    rng = np.random.default_rng(0)
    things = ("mug", "jug", "lamp", "chair", "teapot", "bowl", "vase", "plate")
    rows = [
        (str(test), "", f"{colour} {things[test % 8]} number {test}", 4_000, int(rng.poisson(rate)))
        for test in range(40)
        for colour, rate in (("Green", 160), ("Grey", 80))
    ]
    path = tmp_path / "weights.json"
    learned.learn(log.of(rows)).save(path)
    set_ = [poster.copy_id for poster in made.posters if poster.channel == WIDE]
    named = dict(zip(set_, ("Grey", "Green", "Grey"), strict=True))
    copies = tuple(
        copy.model_copy(
            update={"headline": f"{named.get(copy.id, 'Grey')} mug number {i}", "body": ""}
        )
        for i, copy in enumerate(made.copies)
    )
    campaign = made.model_copy(update={"copies": copies})
    (slot,) = slots(campaign, [], 100, judge=learned.load(path).appeal, channel=WIDE)
    assert slot.choices[0].headline.startswith("Green")
    assert slot.choices[0].give > 60
    shown = run(made.folder, "--weights", str(path))
    assert shown.exit_code == 0, shown.output
    assert "learned weights expect" in shown.stdout
    gone = run(made.folder, "--weights", str(tmp_path / "gone.json"))
    assert gone.exit_code == 1
