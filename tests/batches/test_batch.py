"""Batches: one bad product harms no other, nothing is read ahead, what was made is kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch_kit import Batch, gone, parts, products, run, stamps, told, tree, workers_of
from pictures import save
from PIL import Image

import aigc
from aigc.batches import Result
from aigc.errors import AigcError, BriefError, ExportError, ModelError
from aigc.recipe import Recipe


def made(briefs: Any, recipe: Recipe, outputs: Path, **options: Any) -> list[Result]:
    """Run a batch here, and give its results in the catalogue's order."""
    results = aigc.batch(briefs, recipe=recipe, outputs=outputs, **{"workers": 2} | options)
    return sorted(results, key=lambda result: result.number)


def failed(outputs: Path) -> list[dict[str, Any]]:
    """The rows of failed.jsonl."""
    return [json.loads(line) for line in (outputs / "failed.jsonl").read_text().splitlines()]


def test_bad_products_fail_alone_and_can_be_mended(
    plain_everywhere: Recipe, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    good = products(8, tmp_path)
    (tmp_path / "broken.jpg").write_text("no picture")
    bad: dict[int, tuple[Any, str, str, str]] = {
        2: (good[1] | {"photo": str(tmp_path / "broken.jpg")}, "photo", "BriefError", "broken.jpg"),
        3: (good[2] | {"photo": str(tmp_path / "none.jpg")}, "photo", "BriefError", "none.jpg"),
        4: (good[3] | {"channels": ["moon"]}, "brief", "BriefError", "moon"),
        5: (["Mug", "mug.png"], "brief", "BriefError", "list"),
        6: (told(good[5], "at rank refuse"), "rank", "ModelError", "no weights for 'it'"),
        7: (told(good[6], "at scene crash"), "scene", "ZeroDivisionError", "by 'nothing'"),
        8: (
            told(good[7], f"at typeset fill {out / 'mug-7'} typeset.json"),
            "typeset",
            "ExportError",
            "No space left on device",
        ),
    }
    briefs = [bad[number][0] if number in bad else good[number - 1] for number in range(1, 9)]
    results = made(briefs, plain_everywhere, out)
    assert [each.status for each in results] == ["done"] + ["failed"] * 7
    assert results[0].load().posters
    rows = failed(out)
    assert [row["number"] for row in rows] == list(bad)
    for row, (number, (brief, stage, kind, says)) in zip(rows, bad.items(), strict=True):
        assert (row["stage"], row["kind"]) == (stage, kind), row
        assert says in row["error"]
        assert "\n" not in row["error"]
        assert row["remedy"]
        if isinstance(brief, dict):
            assert row["brief"] == brief
            assert results[number - 1].brief == brief
    assert parts(out) == []
    assert [path.parent.name for path in out.glob("*/campaign.json")] == [results[0].id]

    before = stamps(out)
    mended = made(good, plain_everywhere, out)
    assert [each.status for each in mended] == ["kept"] + ["done"] * 7
    assert failed(out) == []
    assert before.items() <= stamps(out).items()


def test_only_the_failed_ones_again(plain_everywhere: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "out"
    briefs = products(3, tmp_path)
    photo, hidden = Path(briefs[1]["photo"]), tmp_path / "hidden.png"
    photo.rename(hidden)
    assert [each.status for each in made(briefs, plain_everywhere, out)][1] == "failed"
    (row,) = failed(out)
    hidden.rename(photo)
    entry = aigc.batches.Entry(number=row["number"], where=row["where"], fields=row["brief"])
    (again,) = made([entry], plain_everywhere, out, retry=True)
    assert (again.number, again.status) == (2, "done")
    assert failed(out) == []
    fresh = tmp_path / "fresh"
    made(briefs, plain_everywhere, fresh)
    ours, theirs = tree(out), tree(fresh)
    ours.pop("failed.jsonl")
    assert ours == theirs


def test_results_tell_what_was_made(plain_everywhere: Recipe, tmp_path: Path) -> None:
    (brief,) = products(1, tmp_path)
    (result,) = made([brief], plain_everywhere, tmp_path / "out")
    assert (result.number, result.status, result.failure) == (1, "done", None)
    assert Path(result.folder) == tmp_path / "out" / result.id
    assert set(result.seconds) >= {"caption", "copywrite", "rank", "scene", "typeset"}
    assert result.record is not None
    assert [poster.channel for poster in result.record.posters] == ["iab-rectangle"]
    alone = aigc.run(brief, plain_everywhere, outputs=tmp_path / "alone")
    assert alone.id == result.id
    ours, theirs = tree(tmp_path / "out"), tree(tmp_path / "alone")
    assert {name: ours[name] for name in theirs} == theirs  # `aigc run` makes the same bytes


def test_a_long_catalogue_is_not_read_ahead(plain_everywhere: Recipe, tmp_path: Path) -> None:
    photos = products(1, tmp_path)
    read = 0

    def catalogue() -> Iterator[dict[str, Any]]:
        nonlocal read
        for number in range(10_000):
            read += 1
            yield photos[0] | {"seed": number}

    results = aigc.batch(catalogue(), recipe=plain_everywhere, outputs=tmp_path / "out", workers=2)
    ahead = []
    for told_of, _ in enumerate(results, 1):
        ahead.append(read - told_of)
        if told_of == 4:
            time.sleep(1)  # nothing goes on for a reader who is busy
        if told_of == 12:
            break
    results.close()
    assert max(ahead) <= 6, ahead  # two being made, one at hand, one or two to hand over


def test_memory_does_not_grow_with_the_catalogue(plain_recipe: Recipe, tmp_path: Path) -> None:
    briefs = ({"name": f"Mug {number}", "photo": "none", "tone": "x"} for number in range(6000))
    tracemalloc.start()
    try:
        for number, _ in enumerate(aigc.batch(briefs, recipe=plain_recipe, outputs=tmp_path), 1):
            if number == 1000:
                early, _ = tracemalloc.get_traced_memory()
            if number == 5999:
                late, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert late - early < 200_000
    assert len(failed(tmp_path)) == 6000


def test_the_same_product_twice_is_made_once(plain_everywhere: Recipe, tmp_path: Path) -> None:
    one, other = products(2, tmp_path)
    results = made([one, other, one, one], plain_everywhere, tmp_path / "out")
    assert [each.status for each in results] == ["done", "done", "kept", "kept"]
    assert len({each.id for each in results}) == 2
    assert [each.brief for each in results] == [one, other, one, one]


def test_what_is_finished_is_kept_without_workers(plain_everywhere: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "out"
    briefs = products(3, tmp_path)
    first = made(briefs, plain_everywhere, out)
    before = stamps(out)
    started = time.monotonic()
    for result in aigc.batch(briefs, recipe=plain_everywhere, outputs=out, workers=2):
        assert result.status == "kept"
        assert result.record == first[result.number - 1].record
        assert workers_of(os.getpid()) == []
    assert time.monotonic() - started < 2
    assert stamps(out) == before

    # What the journal says counts only where the campaign is there.
    shutil.rmtree(first[1].folder)
    again = made(briefs, plain_everywhere, out)
    assert [each.status for each in again] == ["kept", "done", "kept"]
    # And without a journal the folders themselves are looked at.
    shutil.rmtree(out / ".batch")
    assert {each.status for each in made(briefs, plain_everywhere, out)} == {"kept"}
    assert {*before.items()} - {*stamps(out).items()} == {
        (name, stamp) for name, stamp in before.items() if name.startswith(first[1].id)
    }


def test_leaving_early_leaves_nobody_behind(plain_everywhere: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "out"
    briefs = products(6, tmp_path)
    for _ in aigc.batch(iter(briefs), recipe=plain_everywhere, outputs=out, workers=2):
        left = workers_of(os.getpid())
        break
    assert len(left) == 2
    assert gone(left, 5)
    results = made(briefs, plain_everywhere, out)  # nobody holds the folder
    assert {each.status for each in results} == {"done", "kept"}
    assert parts(out) == []


def test_ctrl_c_stops_a_batch_that_goes_on_later(tmp_path: Path) -> None:
    briefs = products(4, tmp_path)
    flag = tmp_path / "flag"
    briefs[2] = told(briefs[2], f"at scene wait {flag}")
    batch = Batch(briefs, tmp_path / "out")
    while not flag.exists():
        time.sleep(0.02)
    family = batch.family()
    os.killpg(batch.process.pid, signal.SIGINT)
    assert batch.wait(20) == 130, batch.said()
    assert "Traceback" not in batch.said()
    assert gone(family, 3)
    flag.unlink()
    patient = Batch(briefs, tmp_path / "out")
    while not flag.exists():
        time.sleep(0.02)
    flag.unlink()
    assert patient.wait() == 0, patient.said()
    assert parts(tmp_path / "out") == []


def test_a_file_that_is_too_large_fails_its_product(tmp_path: Path) -> None:
    briefs = products(3, tmp_path)
    noise = np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8)  # 480 kB as a PNG
    briefs[1]["photo"] = str(save(Image.fromarray(noise), tmp_path / "noise.png"))
    code, said = run(briefs, tmp_path / "out", largest=300_000)
    assert code == 3, said
    (row,) = failed(tmp_path / "out")
    assert (row["number"], row["stage"], row["kind"]) == (2, "caption", "ExportError")
    assert "photo.png" in row["error"]
    assert "File too large" in row["error"]
    assert parts(tmp_path / "out") == []


def test_a_disk_too_full_for_the_journal_ends_the_batch(tmp_path: Path) -> None:
    briefs = products(3, tmp_path)
    code, said = run(briefs, tmp_path / "out", largest=1000)
    assert code == 1, said
    assert "journal" in said
    assert "Traceback" not in said
    assert run(briefs, tmp_path / "out")[0] == 0
    assert run(briefs, tmp_path / "fresh")[0] == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"outputs": "file/out"}, ExportError, "file/out"),
        ({"workers": 0}, BriefError, "workers = 0"),
        ({"engine": "steam"}, BriefError, "'steam': choose from local, ray"),
    ],
)
def test_a_batch_that_cannot_be_is_refused_before_any_work(
    plain_recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    error: type[AigcError],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(error, match=says):
        next(aigc.batch(iter(()), **{"recipe": plain_recipe, "outputs": "out"} | given))


def test_a_backend_that_cannot_run_here_is_said_before_any_work(
    plain_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(self: object) -> None:
        raise ModelError("no card")

    monkeypatch.setattr(type(plain_recipe["scene"]), "ready", absent)
    unread = iter([{"name": "Mug"}])
    with pytest.raises(ModelError, match="no card"):
        next(aigc.batch(unread, recipe=plain_recipe, outputs=tmp_path))
    assert list(unread) == [{"name": "Mug"}]
