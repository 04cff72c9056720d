"""The feedback tab: logs are understood, imported, summed up; weights are used where chosen."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tabs_kit
from loops import ended

from aigc import pipeline
from aigc.errors import AigcError, BriefError
from aigc.recipe import Recipe
from ui.feedback import evidence, screens, weights, work

Fields = dict[str, Any]


@pytest.fixture
def home(fields: Fields, plain_recipe: Recipe, tmp_path: Path) -> Path:
    """Ann's home with a campaign."""
    home = tmp_path / "outputs" / "ann"
    pipeline.run(fields | {"name": "<b>Jar</b>"}, plain_recipe, outputs=home)
    return home


def log(path: Path, rows: Sequence[Sequence[object]], head: str = "") -> str:
    """Write a log of an ad platform."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow((head or "Ad name,Platform,Day,Impressions,Clicks").split(","))
        writer.writerows(rows)
    return str(path)


def clicks(home: Path, path: Path) -> str:
    """A log of two texts of the campaign, a row that is bad and one of nobody's."""
    campaign = next(home.glob("*/campaign.json")).parent.name
    rows = [
        (f"Autumn | {campaign}.c0 | v1", "iab", "2026-11-20", 4000, 160),
        (f"Autumn | {campaign}.c1 | v1", "iab", "2026-11-20", 4000, 40),
        ("<img src=x onerror=alert(1)>", "iab", "2026-11-20", 100, 1),
        (f"{campaign}.c1", "iab", "2026-11-21", "many", 1),
    ]
    return log(path, rows)


def test_logs_are_tried_imported_and_summed_up(home: Path, tmp_path: Path) -> None:
    page = tabs_kit.page(tabs_kit.house(tmp_path))
    assert ended(work.summed_up(home)) is None
    assert evidence.gathered(home) == evidence.Evidence(0, 0, ())
    folder = work.bring(tmp_path / "scratch", [clicks(home, tmp_path / "taobao.csv")])
    assert "Platform" in work.columns(folder)
    tried = ended(work.import_logs(home, folder, {}, [], dry_run=True))
    assert tried.files[0].skipped == 1
    assert not (home / "feedback.duckdb").exists()
    html = screens.imported(page, tried)
    assert "many" in html
    assert "3 new" in html
    assert "<img" not in html

    ended(work.import_logs(home, folder, {}, [], dry_run=False))
    found = ended(work.summed_up(home))
    assert found is not None
    assert found.total is not None
    assert (found.total.impressions, found.total.clicks) == (8100, 201)
    html = screens.summary(page, found, work.report(home))
    assert "8,100" in html
    assert 'sandbox=""' in html
    assert "<img" not in html.replace("&lt;img", "")
    assert str(tmp_path) not in html
    there = evidence.gathered(home)
    assert (there.tests, there.clicks) == (1, 200)
    assert {row[1:] for row in there.rows} == {
        ("<b>Jar</b> 0!", 4000, 160),
        ("<b>Jar</b> 1!", 4000, 40),
    }
    html = screens.learning(page, None, there, used=False)
    assert "1 tests" in html
    assert "At least 20 tests" in html
    with pytest.raises(AigcError, match="20"):
        ended(work.learn(home, None))
    assert work.learned(home) is None


def test_people_in_a_log_are_refused_until_they_are_left_out(home: Path, tmp_path: Path) -> None:
    head = "Ad name,E-mail,Impressions,Clicks"
    path = log(tmp_path / "people.csv", [("a.b", "ann@example.com", 100, 3)], head)
    folder = work.bring(tmp_path / "scratch", [path])
    with pytest.raises(AigcError, match="E-mail"):
        ended(work.import_logs(home, folder, {}, [], dry_run=True))
    tried = ended(work.import_logs(home, folder, {}, ["E-mail"], dry_run=True))
    assert tried.stored == 1


def test_columns_are_only_those_of_the_log(home: Path, tmp_path: Path) -> None:
    path = log(tmp_path / "odd.csv", [("a.b", "iab", 100, 3)], "What,Where,Seen,Hit")
    folder = work.bring(tmp_path / "scratch", [path])
    chosen = {"creative": "What", "impressions": "Seen", "clicks": "Hit", "channel": "=/etc/passwd"}
    tried = ended(work.import_logs(home, folder, chosen, ["--output=x"], dry_run=True))
    assert tried.files[0].columns == {"creative": "What", "impressions": "Seen", "clicks": "Hit"}


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.exe").write_bytes(b"MZ")
    with pytest.raises(BriefError, match="logs are read from"):
        work.bring(tmp_path / "scratch", [str(tmp_path / "a.exe")])


LEARNED = {
    "made": "2026-11-23",
    "evidence": {"tests": 40, "texts": 120, "clicks": 900},
    "score": {"measure": "", "value": 0.61, "low": 0.55, "high": 0.67},
    "traits": [
        {"label": "<b>asks a question</b>", "effect": 0.2, "error": 0.05},
        {"label": "is long", "effect": 0.1, "error": 0.2},
    ],
}


def test_what_was_learned_is_told_honestly(tmp_path: Path) -> None:
    page, none = tabs_kit.page(tabs_kit.house(tmp_path)), evidence.Evidence(0, 0, ())
    html = screens.learning(page, LEARNED, none, used=True)
    assert "61 of 100 cases (55 to 67)" in html
    assert "better than a coin. It holds" in html
    assert "&lt;b&gt;asks a question" in html
    assert "is long" not in html  # it may as well be nothing
    assert " checked>" in html
    coin = LEARNED | {"score": {"value": 0.52, "low": 0.44, "high": 0.6}}
    assert "no better than a coin" in screens.learning(page, coin, none, used=False)
    assert "no better than a coin" in screens.learning(
        page, LEARNED | {"score": None}, none, used=False
    )


def test_weights_are_used_only_where_chosen(tmp_path: Path) -> None:
    recipe, path = Recipe.load(), weights.place(tmp_path)
    assert weights.with_weights(recipe, tmp_path) is recipe
    path.parent.mkdir()
    path.write_text(json.dumps({"format": "aigc weights"}), "utf-8")
    assert weights.with_weights(recipe, tmp_path) is recipe
    weights.use(tmp_path, True)
    used = weights.with_weights(recipe, tmp_path)
    assert used.table()["rank"]["weights"] == str(path.resolve())
    own = Recipe.load(options=["rank.weights=mine.json"])
    assert weights.with_weights(own, tmp_path).table()["rank"]["weights"] == "mine.json"
    weights.use(tmp_path, False)
    assert weights.in_use(tmp_path) is None
