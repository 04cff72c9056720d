"""The index of a batch: its table, its pages, and that the same results give the same bytes."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pytest

from aigc import export, pipeline
from aigc.batches import Failure, PosterRecord, Record, Result
from aigc.batches.index import write_index
from aigc.batches.journal import opened
from aigc.batches.overview import CARDS
from aigc.batches.record import record
from aigc.batches.storage import place
from aigc.recipe import Recipe

NASTY = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(2)> ${alert(3)}',
    "إبريق شاي من الخزف",
    "👩‍👩‍👧 茶壶\u2028" + "x" * 190,
    "{{ 7 * 7 }} {% raw %} \\u003c </SCRIPT>",
)
CHANNELS = ("instagram-square", "instagram-story", "google-landscape")


def poster(channel: str, score: float, *checks: str, number: int = 1) -> PosterRecord:
    """One poster; its level is that of its first check."""
    level = checks[0].split()[0] if checks else "pass"
    return PosterRecord(
        id=f"{channel}-{number}",
        channel=channel,
        file=f"typeset/{channel}-{number}.jpg",
        shown=f"typeset/{channel}-{number}.jpg",
        size=(1080, 1350),
        style="minimal",
        layout="card",
        copy_id="c01",
        score=score,
        level=level,
        checks=checks,
    )


def done(number: int, *posters: PosterRecord, name: str = "Mug", **more: Any) -> Result:
    """The result of a product that has a campaign."""
    made = Record(
        id=f"mug-{number:08x}",
        name=name,
        language=more.pop("language", "en"),
        caption="A mug.",
        headline="Time for tea",
        body="It holds 400 ml.",
        cta="Buy",
        score=max(each.score for each in posters),
        posters=posters,
        files=14,
        bytes=1_000_000,
    )
    given = {"status": "done", "folder": f"/somewhere/{made.id}", "seconds": {"scene": 1.5}} | more
    return Result(
        number=number, brief={"name": name}, id=made.id, record=made, key=f"k{number}", **given
    )


def failed(number: int, brief: dict[str, Any] | None = None) -> Result:
    """The result of a product that has none."""
    why = Failure(stage="photo", kind="BriefError", error="photo = 'a.jpg': gone", remedy="look")
    given = {"name": "Lost", "language": "fr"} if brief is None else brief
    return Result(
        number=number,
        where="c.csv, line 9",
        brief=given,
        status="failed",
        failure=why,
        key=f"{number}",
    )


def indexed(results: Iterable[Result], outputs: Path) -> Path:
    """Write the index of these results."""
    with opened(outputs / ".batch" / "journal.sqlite") as journal:
        journal.begin()
        for result in results:
            journal.add(result)
        journal.end()
        write_index(journal, place(str(outputs)))
    return outputs


def table(outputs: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the table; `t` is it."""
    return duckdb.sql(query.replace(" t", f" '{outputs / 'index.parquet'}'")).fetchall()


def told(outputs: Path, script: str) -> Any:
    """What a script of the pages hands over."""
    text = (outputs / "index" / f"{script}.js").read_text("utf-8")
    call, _, rest = text.partition("(")
    assert call.startswith("aigc.")
    given = rest.rstrip().removesuffix(")")
    return json.loads(given if script == "languages" else given.partition(", ")[2])


def summary(outputs: Path) -> dict[str, Any]:
    """What the page knows before it loads a script."""
    page = (outputs / "index.html").read_text("utf-8")
    found: dict[str, Any] = json.loads(page.split('id="batch">')[1].split("</script>")[0])
    return found


def spelt(ranges: str) -> list[int]:
    """The numbers that ranges stand for."""
    pairs = [part.split("-") for part in ranges.split()]
    return [number for pair in pairs for number in range(int(pair[0]), int(pair[-1]) + 1)]


def tree(outputs: Path) -> dict[str, bytes]:
    """Every file that was written for the reader."""
    paths = (path for path in outputs.rglob("*") if path.is_file() and ".batch" not in path.parts)
    return {str(path.relative_to(outputs)): path.read_bytes() for path in paths}


def many(count: int, seed: int = 0) -> list[Result]:
    """Results of every kind."""
    dice = random.Random(seed)
    results = []
    for number in range(1, count + 1):
        if dice.random() < 0.05:
            results.append(failed(number))
            continue
        checks = [
            (),
            (),
            ("warn contrast",),
            ("fail contrast", "warn text-size"),
            ("fail overlay",),
        ]
        chosen = [
            poster(channel, round(dice.random(), 4), *dice.choice(checks), number=each)
            for channel in dice.sample(CHANNELS, dice.randint(1, 3))
            for each in range(dice.randint(1, 2))
        ]
        language = dice.choice(("en", "zh-CN"))
        results.append(done(number, *chosen, name=f"Mug {number}", language=language))
    return results


def test_the_record_says_what_the_folder_holds(
    plain_recipe: Recipe, fields: dict[str, Any], tmp_path: Path
) -> None:
    campaign = pipeline.run(fields | {"variants": 2}, plain_recipe, outputs=tmp_path / "out")
    folder = Path(campaign.folder)
    made = record(campaign, folder)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "index.html"]
    assert (made.files, made.bytes) == (len(files), sum(path.stat().st_size for path in files))
    assert made.headline == campaign.ranked()[0].headline == "Green Mug 7!"
    assert made.score == 1.0
    assert [each.score for each in made.posters] == [1.0, 0.9, 1.0, 0.9]  # the second text's
    for each, given in zip(made.posters, campaign.posters, strict=True):
        assert (folder / each.file).read_bytes() == given.data
        found = {
            f"{mark.level} {mark.check}" for mark in given.verdict.marks if mark.level != "pass"
        }
        assert set(each.checks) == found
        assert each.level == ("pass" if not found else each.checks[0].split()[0])
    export.pack(folder, whole=True)
    assert record(export.load(folder), folder) == made


def test_one_select_finds_the_posters_that_failed(tmp_path: Path) -> None:
    square, story = poster(CHANNELS[0], 0.9), poster(CHANNELS[1], 0.4, "fail contrast", "warn ink")
    indexed([done(1, square, story), failed(2), done(3, square)], tmp_path)
    assert table(
        tmp_path, "SELECT number, file, creative, score, checks FROM t WHERE level = 'fail'"
    ) == [
        (
            1,
            "mug-00000001/typeset/instagram-story-1.jpg",
            "mug-00000001.instagram-story-1",
            0.4,
            ["fail contrast", "warn ink"],
        )
    ]
    lowest = table(tmp_path, "SELECT number, score FROM t WHERE score IS NOT NULL ORDER BY score")
    assert lowest == [(1, 0.4), (1, 0.9), (3, 0.9)]
    assert table(
        tmp_path, "SELECT DISTINCT number, product, best_score, files, bytes FROM t ORDER BY 1"
    ) == [
        (1, "Mug", 0.9, 14, 1_000_000),
        (2, "Lost", None, None, None),
        (3, "Mug", 0.9, 14, 1_000_000),
    ]


def test_a_product_that_failed_is_one_row_of_nulls_and_its_reason(tmp_path: Path) -> None:
    indexed([failed(1), failed(2, {}), failed(3, {"name": 7, "language": ["en"]})], tmp_path)
    said = "SELECT product, language, source, status, stage, kind, error, remedy FROM t"
    why = ("c.csv, line 9", "failed", "photo", "BriefError", "photo = 'a.jpg': gone", "look")
    assert table(tmp_path, said) == [
        ("Lost", "fr", *why),
        (None, None, *why),
        ("7", "['en']", *why),
    ]
    columns = table(tmp_path, "DESCRIBE SELECT * FROM t")
    nulls = [name for name, *_ in columns][5:-4]
    assert len(nulls) == 22
    counted = ", ".join(f'count("{name}")' for name in nulls)
    assert table(tmp_path, f"SELECT {counted} FROM t") == [(0,) * 22]
    kinds = {name: kind for name, kind, *_ in columns}
    assert (kinds["number"], kinds["score"], kinds["checks"]) == ("BIGINT", "DOUBLE", "VARCHAR[]")
    assert [card["name"] for card in told(tmp_path, "page-00001")] == ["Lost", "c.csv, line 9", "7"]


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    results = many(CARDS + 30)
    first = tree(indexed(results, tmp_path / "one"))
    again = [
        each.model_copy(update={"status": "kept", "seconds": {}, "folder": "s3://elsewhere"})
        if each.status == "done" and each.number % 2
        else each
        for each in reversed(results)
    ]
    assert tree(indexed(again, tmp_path / "two")) == first
    assert tree(indexed(results, tmp_path / "one")) == first
    assert not [*(tmp_path / "one" / ".batch").glob("index-*")]
    store = fsspec.filesystem("memory")
    with opened(tmp_path / "one" / ".batch" / "journal.sqlite") as journal:
        write_index(journal, place("memory://index/of/batch"))
    stored = {path.split("/batch/")[1]: store.cat(path) for path in store.find("/index/of/batch")}
    assert stored == first


def test_what_has_not_changed_is_not_written_again(tmp_path: Path) -> None:
    results = many(3 * CARDS)
    indexed(results[: 2 * CARDS + 10], tmp_path)
    old = [tmp_path / "index" / f"page-{number:05}.js" for number in (1, 2, 3)]
    before = [path.stat().st_ino for path in old]
    indexed(results, tmp_path)
    assert [path.stat().st_ino == then for path, then in zip(old, before, strict=True)] == [
        *(True, True),
        False,
    ]


def test_pages_hold_a_hundred_and_none_is_left_of_a_longer_batch(tmp_path: Path) -> None:
    results = many(2 * CARDS + 50)
    indexed(results, tmp_path)
    sizes = [len(told(tmp_path, f"page-{number:05}")) for number in (1, 2, 3)]
    assert sizes == [CARDS, CARDS, 50]
    assert told(tmp_path, "page-00003")[-1]["number"] == 250
    assert told(tmp_path, "names-001")[249].startswith("250 ")
    shorter = tree(indexed(results[:50], tmp_path))
    assert [name for name in shorter if "page" in name] == ["index/page-00001.js"]


def test_lists_name_the_products_that_have_such_a_poster(tmp_path: Path) -> None:
    results = many(400, seed=5)
    indexed(results, tmp_path)
    known = summary(tmp_path)
    names = [name for name, *_ in known["channels"]]
    assert names == sorted(CHANNELS)
    for number, channel in enumerate(("", *names)):
        lists = told(tmp_path, f"channel-{number:02}")
        scores = [int(score) for score in told(tmp_path, f"scores-{number:02}").split()]
        there = {
            at: [each for each in result.record.posters if channel in ("", each.channel)]
            for at, result in enumerate(results)
            if result.record
        }
        there = {at: posters for at, posters in there.items() if posters}
        assert spelt(lists[""]) == [*there]
        assert scores == [
            round(10_000 * min(each.score for each in posters)) for posters in there.values()
        ]
        for mark in ("pass", "warn", "fail", "warn contrast", "fail contrast", "fail overlay"):
            wanted = [
                at
                for at, posters in there.items()
                if any(
                    mark == p.level or (mark in p.checks and mark.startswith(p.level))
                    for p in posters
                )
            ]
            assert spelt(lists[mark]) == wanted
        assert "warn text-size" not in lists  # it failed: nobody looks for it among the warnings
    lost = [at for at, result in enumerate(results) if result.status == "failed"]
    assert spelt(told(tmp_path, "channel-00")["failed"]) == lost
    assert known["marks"]["failed"] == len(lost)
    chinese = [
        at for at, each in enumerate(results) if each.record and each.record.language == "zh-CN"
    ]
    assert spelt(told(tmp_path, "languages")["zh-CN"]) == chinese


def test_words_of_merchants_are_never_markup(tmp_path: Path) -> None:
    square = poster(CHANNELS[0], 0.9)
    results = [done(1 + at, square, name=name, language=name) for at, name in enumerate(NASTY)]
    indexed([*results, failed(9, {"name": NASTY[0]})], tmp_path)
    page = (tmp_path / "index.html").read_text("utf-8")
    assert not any(name in page for name in NASTY[:2])
    assert page.count("<script") == page.count("</script>") == 2
    assert [card["name"] for card in told(tmp_path, "page-00001")] == [*NASTY, NASTY[0]]
    assert table(tmp_path, "SELECT product FROM t ORDER BY number") == [
        (name,) for name in (*NASTY, NASTY[0])
    ]


def test_a_batch_of_nothing_has_an_index_too(tmp_path: Path) -> None:
    indexed([], tmp_path)
    assert table(tmp_path, "SELECT count(*) FROM t") == [(0,)]
    assert summary(tmp_path)["count"] == 0


def test_ten_thousand_products(tmp_path: Path) -> None:
    square, story = poster(CHANNELS[0], 0.9), poster(CHANNELS[1], 0.4, "fail contrast")
    with opened(tmp_path / ".batch" / "journal.sqlite") as journal:
        journal.begin()
        journal._db.execute("BEGIN")
        for number in range(1, 10_001):
            journal.add(done(number, square, story) if number % 100 else failed(number))
        journal._db.execute("COMMIT")
        write_index(journal, place(str(tmp_path)))
    assert table(tmp_path, "SELECT count(*), count(poster), max(number) FROM t") == [
        (19_900, 19_800, 10_000)
    ]
    assert len([*(tmp_path / "index").glob("page-*.js")]) == 100
    # What opens the page is small, and so is each script that it loads.
    assert (tmp_path / "index.html").stat().st_size < 60_000
    assert max(path.stat().st_size for path in (tmp_path / "index").iterdir()) < 300_000
    assert summary(tmp_path)["marks"] == {
        "": 9_900,
        "fail": 9_900,
        "fail contrast": 9_900,
        "failed": 100,
        "pass": 9_900,
    }


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Any]:
    """A tab of Debian's Chromium on the overview of 230 products, opened from disk."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing = "Chromium is missing: apt-get install chromium"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    named = [done(1 + at, poster(CHANNELS[0], 0.9), name=name) for at, name in enumerate(NASTY)]
    results = many(230, seed=5)
    indexed([*named, *results[len(NASTY) :]], tmp_path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        broken, elsewhere = [], []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("dialog", lambda dialog: (broken.append(dialog.message), dialog.dismiss()))
        page.on(
            "request",
            lambda sent: None if sent.url.startswith("file://") else elsewhere.append(sent.url),
        )
        page.goto((tmp_path / "index.html").as_uri())
        page.results = results
        yield page
        browser.close()
    assert (broken, elsewhere) == ([], [])


@pytest.mark.browser
def test_the_overview_in_a_browser(tab: Any) -> None:
    from playwright.sync_api import expect

    names, count = tab.locator(".product h2"), tab.locator(".count").first
    expect(names).to_have_count(25)
    assert names.all_text_contents()[: len(NASTY)] == [*NASTY]
    tab.get_by_role("button", name="Next page").first.click()
    expect(names.last).to_have_text("Mug 50")
    fails = [
        each
        for each in tab.results[len(NASTY) :]
        if each.record
        and any(p.channel == CHANNELS[1] and p.level == "fail" for p in each.record.posters)
    ]
    tab.locator("#marks label", has_text="Failed the judge").click()
    tab.get_by_label("Channel").select_option(CHANNELS[1])
    tab.get_by_label("Order").select_option("score")
    expect(count).to_have_text(f"{len(fails)} products")
    lowest = min(
        fails,
        key=lambda each: min(p.score for p in each.record.posters if p.channel == CHANNELS[1]),
    )
    expect(names.first).to_have_text(lowest.record.name)
    shown = tab.locator(".poster img").evaluate_all(
        "all => all.map(each => each.getAttribute('src'))"
    )
    assert all("/typeset/instagram-story" in each for each in shown)
    tab.locator(".poster a").first.press("Enter")
    expect(tab.locator("#about strong")).to_have_text(lowest.record.name)
    tab.keyboard.press("Escape")
    tab.get_by_label("Channel").select_option("")
    tab.locator("#marks label", has_text="Products that failed").click()
    expect(names.first).to_have_text("Lost")
    tab.go_back()
    tab.keyboard.press("/")
    tab.keyboard.type("MUG 177")
    tab.locator("#marks label", has_text="All").click()
    expect(count).to_have_text("1 product")
