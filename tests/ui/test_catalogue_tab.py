"""The catalogue tab: a table and photos are checked, made, watched, mended, stopped, taken away."""

import json
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tabs_kit
from PIL import Image
from tabs_kit import asks

from aigc.errors import BriefError, ExportError
from aigc.recipe import Recipe
from ui import catalogue
from ui.catalogue import drafts, log, mending, overview, packing, reading, runs, screens

HERE = Path(__file__).parents[1]


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """An empty draft."""
    return drafts.new(tmp_path / "drafts")


def picture(path: Path) -> Path:
    """Write a small photo."""
    Image.effect_noise((400, 400), 60).convert("RGB").save(path)
    return path


def table(path: Path, *rows: str) -> Path:
    """Write a table."""
    path.write_text("\n".join(("name,photo,price,tone", *rows)) + "\n", "utf-8")
    return path


def understood(draft: Path, tmp_path: Path, *rows: str) -> reading.Understood:
    """Read a table with these rows."""
    path = drafts.put_table(draft, table(tmp_path / "goods.csv", *rows))
    return reading.understand(draft, path, defaults={"channels": ["iab-rectangle"]})


def test_a_zip_is_flat_whatever_its_names_say(draft: Path, tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "../../../a.png")
        archive.write(tmp_path / "a.png", "deep/b.png")
        archive.write(tmp_path / "a.png", "__MACOSX/c.png")
        archive.writestr("../evil.txt", "x")
        archive.writestr("not.jpg", "<svg onload=alert(1)>")
    refused = drafts.put_photos(draft, [tmp_path / "all.zip"])
    assert drafts.photo_names(draft) == ["a.png", "b.png"]
    assert {each.file for each in refused} == {"evil.txt", "not.jpg"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "all.zip", "drafts"]


def test_a_bomb_is_refused(draft: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(drafts, "_EACH", 30_000)
    monkeypatch.setattr(drafts, "_BYTES", 15_000)
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(12_000))
        archive.writestr("b.png", bytes(20_000))
    refused = drafts.put_photos(draft, [tmp_path / "all.zip"])
    assert [each.file for each in refused] == ["a.png", "all.zip"]
    assert drafts.photo_names(draft) == []
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(100 * 2**20))
    with pytest.raises(BriefError, match="unpacks to 100 MB"):
        drafts.put_table(draft, tmp_path / "t.xlsx")


def test_no_zip_and_no_table_are_said_so(draft: Path, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK nothing")
    (refused,) = drafts.put_photos(draft, [tmp_path / "a.zip"])
    assert "cannot be unpacked" in refused.why
    (tmp_path / "a.exe").write_bytes(b"MZ")
    with pytest.raises(BriefError, match="tables are read from"):
        drafts.put_table(draft, tmp_path / "a.exe")


def test_errors_come_by_row_and_column(draft: Path, tmp_path: Path) -> None:
    picture(draft / drafts.PHOTOS / "jar.png")
    found = understood(draft, tmp_path, "Jar,jar.png,$1,fun", "Cup,cup.png,$1,loud", ",jar.png,,")
    assert (found.total, found.wrong) == (3, 2)
    told = {(each.where, each.column): each for each in found.faults}
    assert told["goods.csv, line 3", "photo"].missing == "cup.png"
    assert "'loud'" in told["goods.csv, line 3", "tone"].says
    assert ("goods.csv, line 4", "name") in told
    html = screens.understood(tabs_kit.page(tabs_kit.house(tmp_path)), found, [])
    assert "goods.csv, line 3" in html
    assert "2 rows do not hold" in html


@pytest.mark.parametrize("named", ["/etc/passwd", "../../secret.png", "pypi:scikit-image/x.png"])
def test_a_table_reaches_no_file_of_the_machine(draft: Path, tmp_path: Path, named: str) -> None:
    picture(tmp_path / "secret.png")
    (draft / "brand").mkdir()
    found = understood(draft, tmp_path, f"Jar,{named},$1,fun", f"Jar,{tmp_path}/secret.png,$1,fun")
    assert found.wrong == 2
    assert {each.says for each in found.faults} == {""}  # nor does it say whether there is one
    rows = [json.loads(line) for line in (draft / reading.ROWS).read_text("utf-8").splitlines()]
    assert {"/" in row["photo"] for row in rows} == {False}


def test_a_brands_files_stay_inside_too(draft: Path, tmp_path: Path) -> None:
    picture(draft / drafts.PHOTOS / "jar.png")
    path = tmp_path / "goods.jsonl"
    brand = {"name": "B", "logo": "/etc/hostname", "font": "../../f.ttf"}
    row = {"name": "Jar", "photo": "jar.png", "brand": brand, "edits": {"matte": "/etc/passwd"}}
    path.write_text(json.dumps(row) + "\n", "utf-8")
    found = reading.understand(draft, drafts.put_table(draft, path), defaults={})
    assert {each.column for each in found.faults} >= {"brand.logo", "brand.font"}
    (kept,) = (json.loads(line) for line in (draft / reading.ROWS).read_text().splitlines())
    assert kept["brand.logo"] == "hostname"
    assert "edits" not in kept
    assert kept["photo"] == "photos/jar.png"


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the plain stages known in processes that are started meanwhile."""
    monkeypatch.setenv("PYTHONPATH", str(HERE / "batches" / "everywhere"))


@pytest.fixture
def begun(
    draft: Path, tmp_path: Path, plain_recipe: Recipe, everywhere: None
) -> Callable[..., Path]:
    """Gives what begins a batch of rows in Ann's home."""

    def begin(*rows: str) -> Path:
        for name in ("jar.png", "cup.png"):
            picture(draft / drafts.PHOTOS / name)
        understood(draft, tmp_path, *rows)
        return runs.begin(tmp_path / "outputs" / "ann", "Autumn <b>", draft, plain_recipe)

    return begin


def ended(batch: Path, seconds: float = 90) -> log.Standing:
    """Wait for a batch to end."""
    until = time.monotonic() + seconds
    while runs.is_running(batch):
        assert time.monotonic() < until, (runs.desk(batch) / runs.SAID).read_text()
        time.sleep(0.1)
    return log.standing(batch)


def test_a_batch_is_made_watched_mended_and_packed(
    begun: Callable[..., Path], tmp_path: Path
) -> None:
    page = tabs_kit.page(tabs_kit.house(tmp_path))
    batch = begun("Jar <i>,jar.png,$1,fun", "Ghost,ghost.png,$1,fun")
    assert batch.name == "autumn-b"
    assert runs.running(batch.parent) == "autumn-b"
    with pytest.raises(ExportError, match="stop it first"):
        runs.resume(batch)
    here = ended(batch)
    assert (here.total, here.done, here.failed) == (2, 1, 1)
    html = screens.watch(page, batch)
    assert "Autumn &lt;b&gt;" in html
    assert "Finished, but for those below" in html
    assert "goods.csv, line 3" in html
    assert "Jar &lt;i&gt;" in html
    assert str(tmp_path) not in html  # a merchant need not know where it lies
    assert "script-src 'self' 'sha256-" in overview.policy(batch / "index.html")

    (row,) = mending.failed(batch)
    told = {
        "do": "mend",
        "number": str(row.number),
        "fields": row.fields | {"photo": "/etc/passwd"},
    }
    assert catalogue.answer(page, batch.name, told, asks())[2] == screens.Note(
        "photo = '/etc/passwd': it is not among the photos; add it first", bad=True
    )
    told["fields"] = row.fields | {"photo": "cup.png", "name": "Cup", "features": "red; round"}
    note = catalogue.answer(page, batch.name, told, asks())[2]
    assert note is not None
    assert not note.bad
    catalogue.answer(page, batch.name, {"do": "retry"}, asks())
    here = ended(batch)
    assert (here.total, here.done, here.failed) == (1, 1, 0)
    assert mending.failed(batch) == []
    assert "Finished." in screens.watch(page, batch)

    catalogue.answer(page, batch.name, {"do": "zip"}, asks())
    with zipfile.ZipFile(batch / "autumn-b.zip") as archive:
        held = archive.namelist()
    assert "index.html" in held
    assert sum(name.endswith("typeset/iab-rectangle.jpg") for name in held) == 2
    assert not any(".batch" in name for name in held)
    assert "/files/autumn-b/autumn-b.zip" in screens.watch(page, batch)


def test_a_batch_stops_and_goes_on(begun: Callable[..., Path], tmp_path: Path) -> None:
    page = tabs_kit.page(tabs_kit.house(tmp_path))
    batch = begun("Jar,jar.png,$1,fun")
    process = runs._MINE.pop(batch.resolve())  # as after the server was started again
    assert runs.running(batch.parent) == batch.name
    until = time.monotonic() + 60
    while not (runs.desk(batch) / runs.LOG).exists() and time.monotonic() < until:
        time.sleep(0.05)
    _, _, note = catalogue.answer(page, batch.name, {"do": "stop"}, asks())
    assert note == screens.Note("Stopping: what is in hand is ended.")
    ended(batch)
    process.wait()
    html = screens.watch(page, batch)
    assert 'data-do="resume"' in html
    assert "It can go on from there" in html
    catalogue.answer(page, batch.name, {"do": "resume"}, asks())
    assert runs.is_running(batch)
    runs.stop(batch)
    ended(batch)


def test_nobody_touches_anothers_batch(tmp_path: Path) -> None:
    page = tabs_kit.page(tabs_kit.house(tmp_path))
    batch = tmp_path / "outputs" / "ann" / "autumn"
    (batch / ".batch" / "page" / "photos").mkdir(parents=True)
    for told in ({"do": "stop"}, {"do": "retry"}, {"do": "zip"}, {"do": "mend", "number": "1"}):
        for name in ("autumn", "../ann/autumn", ".batch", ""):
            assert catalogue.answer(page, name, told, asks("eve"))[0] == ""
    assert not (batch / "autumn.zip").exists()
    assert catalogue.answer(page, "autumn", {"do": "nonsense"}, asks())[0] == "autumn"


def test_a_log_is_read_on_where_it_ended(tmp_path: Path) -> None:
    batch = tmp_path / "autumn"
    runs.desk(batch).mkdir(parents=True)
    path = runs.desk(batch) / runs.LOG

    def say(second: int, event: str, **fields: object) -> str:
        time = f"2026-11-23T02:00:{second:02}+00:00"
        return json.dumps({"time": time, "event": event, **fields}) + "\n"

    path.write_text(say(0, "started", total=3) + say(30, "done", folder="/x/a") + '{"half')
    here = log.standing(batch)
    assert (here.total, here.done, here.made) == (3, 1, ["a"])
    assert here.rate == 2.0
    left = here.left(here.last + 10)
    assert left == pytest.approx(50)
    path.write_text(path.read_text()[: -len('{"half')])
    with path.open("a") as stream:
        stream.write(say(40, "failed", number=2) + "nonsense\n" + say(50, "ended", error="broke"))
    here = log.standing(batch)
    assert (here.failed, here.ended and here.ended["error"]) == (1, "broke")


def test_only_an_overview_as_it_was_written_may_run_scripts(tmp_path: Path) -> None:
    (tmp_path / ".batch").mkdir()
    (tmp_path / "index.html").write_text("<script>alert(1)</script>")
    assert overview.policy(tmp_path / "index.html") == ""
    written = Path(overview.__file__).parents[2] / "aigc" / "batches" / "overview.js"
    (tmp_path / "index.html").write_bytes(b"<script>\n" + written.read_bytes() + b"</script>")
    assert "sha256-" in overview.policy(tmp_path / "index.html")
    shutil.rmtree(tmp_path / ".batch")
    assert overview.policy(tmp_path / "index.html") == ""


def test_packing_takes_what_a_merchant_uses(tmp_path: Path) -> None:
    folder = tmp_path / "autumn" / "jar-1"
    (folder / "typeset").mkdir(parents=True)
    for name in ("campaign.json", "index.html", "typeset/a.jpg", "typeset/.a.part", "scene.json"):
        (folder / name).write_text("x")
    with zipfile.ZipFile(packing.pack(tmp_path / "autumn")) as archive:
        assert set(archive.namelist()) == {"jar-1/index.html", "jar-1/typeset/a.jpg"}
