"""The history tab: what was made is found, opened, gone on with, deleted and brought back."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import gradio as gr
import plain
import pytest
import tabs_kit
from tabs_kit import asks

from aigc import export, pipeline
from aigc.recipe import Recipe
from ui import history
from ui.history import cards, index, trash

Fields = dict[str, Any]


@pytest.fixture
def home(fields: Fields, plain_recipe: Recipe, tmp_path: Path) -> Path:
    """Ann's home with a finished campaign called <b>Jar</b>."""
    home = tmp_path / "outputs" / "ann"
    pipeline.run(fields | {"name": "<b>Jar</b>"}, plain_recipe, outputs=home)
    return home


@pytest.fixture
def page(home: Path, tmp_path: Path) -> Any:
    """The page of Ann's house."""
    return tabs_kit.page(tabs_kit.house(tmp_path))


def only(home: Path) -> str:
    """The name of the one folder there."""
    (entry,) = index.entries(home)
    return entry.folder


def shown(page: Any, query: str = "", **more: Any) -> str:
    """The cards that Ann sees."""
    return cards.render(page, asks(), query, cards.STEP, **more)


def unfinished(home: Path, fields: Fields, recipe: Recipe) -> str:
    """Begin a campaign that stops while it is painted; gives its folder's name."""
    plain.FAIL["scene"] = RuntimeError("stopped")
    with pytest.raises(RuntimeError, match="stopped"):
        pipeline.run(fields | {"name": "Half a lamp"}, recipe, outputs=home)
    plain.FAIL.clear()
    return next(each.folder for each in index.entries(home) if each.kind == "unfinished")


def test_a_campaign_is_a_card_with_a_picture_and_its_name_as_text(page: Any, home: Path) -> None:
    html = shown(page)
    assert "&lt;b&gt;Jar&lt;/b&gt;" in html
    assert "<b>Jar" not in html
    assert 'src="data:image/webp;base64,' in html
    assert "1 campaign" in html
    assert "2 posters" in html


@pytest.mark.parametrize(
    ("query", "hits"),
    [("JAR", 1), ("iab", 1), ("矩形", 1), ("cup holders", 1), ("jar 7!", 1), ("jar story", 0)],
)
def test_search_goes_by_name_channel_and_text(query: str, hits: int, home: Path) -> None:
    assert len(index.matching(index.entries(home), query)) == hits


def test_what_did_not_change_is_not_read_again(home: Path, monkeypatch: Any) -> None:
    before = index.entries(home)
    monkeypatch.setattr(index, "_read", lambda path: pytest.fail(f"{path} was read again"))
    assert index.entries(home) == before


def test_a_campaign_that_was_made_anew_is_read_again(home: Path) -> None:
    index.entries(home)
    path = home / only(home) / "campaign.json"
    table = json.loads(path.read_text("utf-8"))
    table["brief"]["name"] = "Other"
    path.write_text(json.dumps(table), "utf-8")
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 1))
    assert [each.name for each in index.entries(home)] == ["Other"]


def test_a_thousand_campaigns_are_listed_at_once(home: Path) -> None:
    source = home / only(home)
    for number in range(1000):
        (home / f"copy-{number:04}").mkdir()
        shutil.copy(source / "campaign.json", home / f"copy-{number:04}")
    index.entries(home)
    began = time.perf_counter()
    assert len(index.entries(home)) == 1001
    assert time.perf_counter() - began < 0.5


def test_open_goes_to_the_campaign(page: Any, home: Path) -> None:
    name = only(home)
    _, campaign, job, tabs = history.answer(page, "", {"do": "open", "name": name}, asks())
    assert campaign == name
    assert tabs["selected"] == "product" if isinstance(tabs, dict) else tabs.selected == "product"
    assert job == ""


@pytest.mark.parametrize("do", ["open", "delete", "continue"])
@pytest.mark.parametrize("name", ["../ann", "..", "/etc", ".trash", "", "no-such"])
def test_other_paths_are_refused(page: Any, home: Path, do: str, name: str) -> None:
    html, campaign, *_ = history.answer(page, "", {"do": do, "name": name}, asks())
    assert 'role="alert"' in html
    assert campaign == gr.skip()
    assert only(home)


def test_nobody_sees_or_takes_what_is_another_ones(page: Any, home: Path) -> None:
    name = only(home)
    assert "Jar" not in cards.render(page, asks("eve"), "", cards.STEP)
    html, *_ = history.answer(page, "", {"do": "delete", "name": name}, asks("eve"))
    assert 'role="alert"' in html
    assert only(home) == name
    job = page.house.line.put("ann", "x", print)
    assert job not in cards.render(page, asks("eve"), "", cards.STEP)
    html, _, followed, _ = history.answer(page, "", {"do": "watch", "job": job}, asks("eve"))
    assert 'role="alert"' in html
    assert followed == gr.skip()


@pytest.mark.parametrize(
    "told", [None, "open", [], {}, {"do": ["open"]}, {"do": "more", "upto": "x"}]
)
def test_nonsense_shows_the_history(page: Any, told: Any) -> None:
    html, *_ = history.answer(page, "", told, asks())
    assert "Jar" in html


def test_deleted_lies_in_the_bin_and_comes_back_as_it_was(page: Any, home: Path) -> None:
    name = only(home)
    held = {path: path.read_bytes() for path in (home / name).rglob("*") if path.is_file()}
    html, *_ = history.answer(page, "", {"do": "delete", "name": name}, asks())
    assert index.entries(home) == []
    assert "Bin (1)" in html
    (thing,) = trash.thrown(home)
    assert thing.name == "<b>Jar</b>"
    history.answer(page, "", {"do": "back", "key": thing.key}, asks())
    assert {path: path.read_bytes() for path in held} == held
    assert trash.thrown(home) == []


def test_the_bin_is_emptied(page: Any, home: Path) -> None:
    history.answer(page, "", {"do": "delete", "name": only(home)}, asks())
    history.answer(page, "", {"do": "empty"}, asks())
    assert trash.thrown(home) == []
    assert not (home / trash.TRASH).exists()


def test_what_is_being_written_is_not_deleted(page: Any, home: Path) -> None:
    name = only(home)
    with export.open_folder(home / name):
        html, *_ = history.answer(page, "", {"do": "delete", "name": name}, asks())
    assert "being written by another run" in html
    assert only(home) == name


def test_an_unfinished_one_goes_on_to_its_end(
    page: Any, home: Path, fields: Fields, plain_recipe: Recipe
) -> None:
    name = unfinished(home, fields, plain_recipe)
    assert "Not finished" in shown(page)
    _, _, job, _ = history.answer(page, "", {"do": "continue", "name": name}, asks())
    owner, called, work, given = page.house.line.put_in[job]
    assert (owner, called) == ("ann", "Half a lamp")
    work(*given)
    assert {each.kind for each in index.entries(home)} == {"campaign"}
    whole = export.load(home / name)
    assert {step.backend for step in whole.steps} >= {"plain"}


def test_a_damaged_one_is_named(page: Any, home: Path) -> None:
    name = only(home)
    (home / name / "campaign.json").write_text("{", "utf-8")
    html = shown(page)
    assert "Damaged" in html
    assert name in html
    assert 'data-do="open"' not in html


def test_a_catalogue_is_one_card_that_leads_to_its_overview(page: Any, home: Path) -> None:
    name = only(home)
    (home / "autumn" / ".batch").mkdir(parents=True)
    shutil.copytree(home / name, home / "autumn" / name)
    (home / "autumn" / "index.html").write_text("all", "utf-8")
    html = shown(page)
    assert 'href="/files/autumn/index.html"' in html
    assert "1 product" in html


def test_what_waits_is_on_top_and_can_be_watched(page: Any, home: Path) -> None:
    job = page.house.line.put("ann", "x", print)
    html = shown(page)
    assert html.index("Being made") < html.index("Jar")
    _, _, followed, _ = history.answer(page, "", {"do": "watch", "job": job}, asks())
    assert followed == job


def test_an_empty_history_says_what_will_be_here(tmp_path: Path) -> None:
    page = tabs_kit.page(tabs_kit.house(tmp_path), "zh")
    html = cards.render(page, asks("new"), "", cards.STEP)
    assert "这里还没有内容" in html
    assert 'data-do="first"' in html


def test_a_page_at_a_time(page: Any, home: Path) -> None:
    for number in range(cards.STEP):
        shutil.copytree(
            home / only(home) if number == 0 else home / "jar-0", home / f"jar-{number}"
        )
    html = shown(page)
    assert html.count('data-do="delete"') == cards.STEP
    html, *_ = history.answer(page, "", {"do": "more", "upto": "48"}, asks())
    assert html.count('data-do="delete"') == cards.STEP + 1
