"""The dry run: exact counts, and times that are measured or not said."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from batch_kit import products

import aigc
from aigc import channels
from aigc.batches import Entry
from aigc.batches.count import Count, counting
from aigc.batches.estimate import Estimate, estimate
from aigc.campaign import Campaign
from aigc.recipe import Recipe
from aigc.stage import STAGES


def entries(briefs: Iterable[dict[str, Any]]) -> list[Entry]:
    return [Entry(number=number, fields=each) for number, each in enumerate(briefs, 1)]


def counted(briefs: Iterable[dict[str, Any]], recipe: Recipe, outputs: Path) -> Count:
    with counting(recipe, str(outputs)) as count:
        for entry in entries(briefs):
            count.add(entry)
    return count


def estimated(
    briefs: Iterable[dict[str, Any]], recipe: Recipe, outputs: Path, workers: int = 1
) -> Estimate:
    with counting(recipe, str(outputs)) as count:
        for entry in entries(briefs):
            count.add(entry)
        return estimate(count, recipe, workers, lambda _: None)


def files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_files_and_posters_are_those_of_a_real_campaign(
    real: Campaign, real_fields: dict[str, Any], tmp_path: Path
) -> None:
    count = counted([real_fields], Recipe.load(), tmp_path / "none")
    assert (count.make, count.posters) == (1, len(real.posters))
    assert count.files == files(Path(real.folder))
    there = counted([real_fields], Recipe.load(), Path(real.folder).parent)  # by `aigc run`
    assert (there.make, there.whole, there.files) == (0, 1, 0)
    assert not (tmp_path / "none").exists()


def test_posters_by_channels_and_variants(
    fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path
) -> None:
    bare = next(each.name for each in channels.all_channels().values() if not each.texts)
    many = fields | {"channels": [bare, "google-landscape"], "variants": 3}
    count = counted([many], plain_recipe, tmp_path / "out")
    made = aigc.run(many, plain_recipe, outputs=tmp_path / "out")
    assert count.posters == len(made.posters) == 4
    assert count.files == files(Path(made.folder))
    assert count.pixels == sum(each.size[0] * each.size[1] for each in made.posters)


def test_prints_have_files_beside_them(fields: dict[str, Any], tmp_path: Path) -> None:
    sheet = next(each.name for each in channels.all_channels().values() if each.print)
    alone, both = (
        counted([fields | {"channels": names}], Recipe.load(), tmp_path).files
        for names in (["iab-rectangle"], ["iab-rectangle", sheet])
    )
    assert both - alone == 4  # scene, PDF, preview, report


def test_what_is_whole_wrong_or_repeated_is_not_made(
    plain_everywhere: Recipe, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    briefs = products(4, tmp_path)
    assert [each.status for each in aigc.batch(briefs[:2], recipe=plain_everywhere, outputs=out)]
    with counting(plain_everywhere, str(out)) as count:
        for entry in entries([*briefs, briefs[3], briefs[0]]):
            count.add(entry)
        count.add(Entry(number=7, wrong=({"column": "price", "says": "too long"},)))
    assert (count.products, count.wrong, count.repeated) == (7, 1, 2)
    assert (count.whole, count.make, count.posters) == (2, 2, 2)
    changed = Recipe.load(backends=dict.fromkeys(STAGES, "plain"), options=["scene.shade=100"])
    assert counted(briefs, changed, out).make == 4


def test_picks_are_spread_over_the_catalogue(plain_recipe: Recipe, tmp_path: Path) -> None:
    (one,) = products(1, tmp_path)
    count = counted([one | {"name": f"Mug {n}"} for n in range(1000)], plain_recipe, tmp_path)
    picked = [entry.number for entry in count.spread(4)]
    assert len(picked) == 4
    assert picked == sorted(picked)
    assert picked[0] < 50
    assert picked[-1] > 650
    assert len(count.spread(5000)) <= 64


def test_it_is_measured_on_products_that_leave_nothing(
    plain_everywhere: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    briefs = products(5, tmp_path, "at scene sleep 0.2")
    found = estimated(briefs, plain_everywhere, tmp_path / "out")
    assert (found.basis, found.measured) == ("sample", 2)
    assert not (tmp_path / "out").exists()
    assert not [*scratch.iterdir()]
    assert found.seconds is not None
    assert found.work is not None
    assert found.bytes is not None
    assert 5 * 0.2 < found.work < 5 * 2
    made = [*aigc.batch(briefs, recipe=plain_everywhere, outputs=tmp_path / "out", workers=1)]
    sizes = [path.stat().st_size for each in made for path in Path(each.folder).rglob("*.*")]
    assert found.bytes == pytest.approx(sum(sizes), rel=0.1)
    assert found.files == sum(files(Path(each.folder)) for each in made)


def test_it_is_taken_from_what_was_made_here_before(
    plain_everywhere: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    briefs = products(24, tmp_path, size=60)
    for _ in aigc.batch(briefs[:22], recipe=plain_everywhere, outputs=out):
        pass
    monkeypatch.setattr(aigc.batches.run, "batch", None)  # nothing is to be made for it
    found = estimated(briefs, plain_everywhere, out)
    assert (found.basis, found.measured, found.make, found.memory) == ("earlier", 22, 2, None)
    assert found.seconds is not None
    assert found.likely is not None
    assert found.likely[0] < found.seconds < found.likely[1]
    twice = [each | {"variants": 2, "seed": 5} for each in briefs]
    more = estimated(twice, plain_everywhere, out)
    assert more.posters == 48
    assert more.work is not None
    assert found.work is not None
    assert more.work > 12 * found.work


def test_more_workers_take_less_time_but_not_for_one_product(
    plain_everywhere: Recipe, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    briefs = products(25, tmp_path, size=60)
    for _ in aigc.batch(briefs[:20], recipe=plain_everywhere, outputs=out):
        pass
    one, four = (estimated(briefs, plain_everywhere, out, workers) for workers in (1, 4))
    assert four.seconds == pytest.approx((one.seconds or 0) / 4)
    lone = [estimated(briefs[:21], plain_everywhere, out, workers) for workers in (1, 4)]
    assert lone[0].seconds == lone[1].seconds


def test_no_money_is_spent_and_no_card_used(tmp_path: Path) -> None:
    recipe = Recipe.load(
        backends={"copywrite": "endpoint", "scene": "diffusion"},
        options=["copywrite.base_url='http://127.0.0.1:9/v1'", "copywrite.model='big'"],
    )
    white = next(
        each.name for each in channels.all_channels().values() if each.background == "white"
    )
    briefs = [each | {"channels": ["iab-rectangle", white]} for each in products(3, tmp_path)]
    found = estimated(briefs, recipe, tmp_path / "out")
    assert (found.basis, found.seconds, found.bytes, found.likely) == ("nothing", None, None, None)
    assert found.asked["copywrite"].model_dump() == {
        "of": "endpoint",
        "model": "big",
        "requests": 3,
    }
    assert (found.asked["scene"].of, found.asked["scene"].requests) == ("card", 3)  # white is drawn
    assert found.asked.keys() == {"copywrite", "scene"}


def test_nothing_to_make_takes_no_time(plain_everywhere: Recipe, tmp_path: Path) -> None:
    found = estimated([], plain_everywhere, tmp_path / "out")
    assert (found.make, found.seconds, found.bytes, found.basis) == (0, 0.0, 0, "nothing")
