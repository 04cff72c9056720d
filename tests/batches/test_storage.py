"""Where batches are kept: local folders, and shared storage that may fail at any request."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from batch_kit import HERE, products, tree
from shelf import Shelf

import aigc
from aigc.batches import Job, Outcome, bucket, mirror, storage, worker
from aigc.batches.storage import Place
from aigc.brief import make
from aigc.errors import ExportError, MissingExtra
from aigc.recipe import Recipe
from aigc.stage import STAGES

pytestmark = pytest.mark.usefixtures("quick_leases")


@pytest.fixture(params=["shelf", "memory"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of an empty shared storage."""
    yield f"{request.param}://{tmp_path}/store"
    fs = fsspec.filesystem("memory")
    fs.store.clear()


def stored(url: str) -> dict[str, bytes]:
    """All that a storage holds, but for what is private."""
    fs, base = fsspec.core.url_to_fs(url)
    inside = f"{base.strip('/')}/"
    found = {path.partition(inside)[2]: path for path in fs.find(base)}
    return {name: fs.cat_file(path) for name, path in found.items() if name[0] != "."}


def kept(outputs: Path) -> dict[str, bytes]:
    """All that a local folder holds, but for what is private."""
    return {name: data for name, data in tree(outputs).items() if name[0] != "."}


def fresh(url: str) -> Place:
    """A place as another process would have it."""
    return bucket.Bucket(url)


def written(place: Place, campaign: str, **files: str) -> None:
    """Write files of a campaign where it is made; `_` in their names is a dot, `__` a slash."""
    for name, text in files.items():
        path = place.root() / campaign / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def job(brief: dict[str, Any]) -> Job:
    return Job(number=1, brief=make(brief))


def made(url: str, brief: dict[str, Any], recipe: Recipe) -> Outcome:
    """What another process makes of a brief, on a storage."""
    storage._bucket.cache_clear()
    (outcome,) = worker.work([job(brief)], STAGES, recipe, url)
    return outcome


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_local_folder_is_the_place_itself(tmp_path: Path, prefix: str) -> None:
    out = tmp_path / "out"
    place = storage.place(f"{prefix}{out}")
    assert (place.root(), place.remote) == (out, False)
    assert place.shown("mug") == str(out / "mug")
    assert not out.exists()
    place.write("pages/2.html", b"two")
    written(place, "mug", campaign_json="{}")
    place.push("mug")
    place.pull("mug")
    place.drop("mug")
    assert place.whole("mug")
    assert place.read("pages/2.html") == b"two"
    assert place.exists("pages/2.html")
    assert not place.exists("pages/3.html")
    with pytest.raises(ExportError, match=r"3\.html"):
        place.read("pages/3.html")


def test_a_local_batch_imports_no_storage_driver(tmp_path: Path) -> None:
    code = (
        "import sys; from aigc.batches import storage\n"
        f"with storage.place('file://{tmp_path}').lock(): print('fsspec' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_a_campaign_goes_and_comes_back(remote: str) -> None:
    place = storage.place(f"{remote}/")
    assert storage.place(remote) is place
    assert place.remote
    assert place.shown("mug") == f"{remote}/mug"
    place.pull("mug")
    written(place, "mug", scene__a_jpg="A", caption_json="{}", campaign_json="{}")
    (place.root() / "mug" / ".b.jpg.part").write_text("half")
    place.push("mug")
    assert stored(remote).keys() == {"mug/scene/a.jpg", "mug/caption.json", "mug/campaign.json"}

    other = fresh(remote)
    assert other.whole("mug")
    assert not other.whole("mu")
    other.pull("mu")
    assert not (other.root() / "mu").exists()
    written(other, "mug", stray_png="not stored")
    other.pull("mug")
    assert tree(other.root() / "mug") == {
        name.removeprefix("mug/"): data for name, data in stored(remote).items()
    }
    other.drop("mug")
    assert [path.name for path in other.root().iterdir()] == [".alive"]
    other.drop("mug")


def test_only_what_changed_is_sent_and_what_vanished_is_removed(tmp_path: Path) -> None:
    place = storage.place(f"shelf://{tmp_path}/store")
    written(place, "mug", scene__a_jpg="A", scene__b_jpg="B", scene_json="1", campaign_json="{}")
    place.push("mug")
    assert [name for what, name in Shelf.requests if what == "put"] == [
        "a.jpg",
        "b.jpg",
        "scene.json",
        "campaign.json",
    ]
    Shelf.requests.clear()
    place.push("mug")
    assert Shelf.requests == []
    place.pull("mug")
    Shelf.requests.clear()

    written(place, "mug", scene__a_jpg="A2", scene_json="2")
    (place.root() / "mug" / "scene" / "b.jpg").unlink()
    place.push("mug")
    assert Shelf.requests == [
        ("delete", "campaign.json"),  # it is whole no more
        ("delete", "b.jpg"),
        ("put", "a.jpg"),
        ("put", "scene.json"),
        ("put", "campaign.json"),
    ]


def test_a_campaign_costs_few_requests(plain_recipe: Recipe, tmp_path: Path) -> None:
    (brief,) = products(1, tmp_path)
    url = f"shelf://{tmp_path}/store"
    assert made(url, brief, plain_recipe).record is not None
    counts = [what for what, _ in Shelf.requests]
    files = len(stored(url))
    assert counts == ["list"] + ["put"] * files
    Shelf.requests.clear()
    assert made(url, brief, plain_recipe).kept
    assert [what for what, _ in Shelf.requests] == ["list"] + ["get"] * files


def test_a_push_cut_off_anywhere_is_gone_on_with(plain_recipe: Recipe, tmp_path: Path) -> None:
    (brief,) = products(1, tmp_path)
    whole = made(str(tmp_path / "local"), brief, plain_recipe)
    url = f"shelf://{tmp_path}/store"
    for requests in range(100):
        shutil.rmtree(tmp_path / "store", ignore_errors=True)
        Shelf.left = requests
        cut = made(url, brief, plain_recipe)
        Shelf.left = None
        if cut.failure is None:
            break
        assert cut.failure.kind == "ExportError"
        assert "the line is dead" in cut.failure.error
        assert f"{cut.id}/campaign.json" not in stored(url)
        assert made(url, brief, plain_recipe).record == whole.record
        assert stored(url) == kept(tmp_path / "local"), requests
    assert requests > 10


def test_mending_that_is_cut_off_anywhere(plain_recipe: Recipe, tmp_path: Path) -> None:
    (brief,) = products(1, tmp_path)
    url = f"shelf://{tmp_path}/store"
    whole = made(url, brief, plain_recipe)
    good = stored(url)
    for requests in range(100):
        damaged = tmp_path / "store" / whole.id / "scene.json"
        damaged.write_text("{")
        Shelf.left = requests
        cut = made(url, brief, plain_recipe)
        Shelf.left = None
        if cut.failure is None:
            break
        assert not (tmp_path / "store" / whole.id / "campaign.json").exists() or requests == 0
        made(url, brief, plain_recipe)
        assert stored(url) == good, requests
    assert requests > 5


def test_a_batch_on_shared_storage_equals_one_in_a_folder(
    plain_everywhere: Recipe, tmp_path: Path
) -> None:
    remote = f"shelf://{tmp_path}/store"
    briefs = products(3, tmp_path)
    briefs[1]["photo"] = "none.png"

    def run(outputs: str) -> list[aigc.Result]:
        return [*aigc.batch(briefs, recipe=plain_everywhere, outputs=outputs, workers=2)]

    there, here = run(remote), run(str(tmp_path / "out"))
    assert sorted(each.status for each in there) == ["done", "done", "failed"]
    assert stored(remote) == kept(tmp_path / "out")
    assert {each.folder for each in there if each.id} == {
        f"{remote}/{each.id}" for each in here if each.id
    }
    Shelf.requests.clear()
    assert sorted(each.status for each in run(remote)) == ["failed", "kept", "kept"]
    assert ("get", "photo.png") not in Shelf.requests
    assert [*(tmp_path / "scratch").iterdir()] == []


def test_what_killed_processes_left_is_swept(tmp_path: Path) -> None:
    url = f"shelf://{tmp_path}/store"
    code = (
        "import os, shelf; from aigc.batches import storage\n"
        f"print(storage.place('{url}').root(), flush=True); os.read(0, 1); os._exit(1)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE / "everywhere")},
    ) as process:
        assert process.stdout is not None
        other = Path(process.stdout.readline().strip())
        ours = fresh(url).root()
        assert other.is_dir()
        process.communicate("\n")
    latest = fresh(url).root()
    assert not other.exists()
    assert ours.is_dir()
    assert latest.is_dir()


def test_a_storage_that_cannot_be_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ExportError, match="no storage 'ether'; give a folder, s3://"):
        storage.place("ether://out")
    with pytest.raises(ExportError, match="'s3://' names no bucket"):
        storage.place("s3://")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtra, match=r"pip install 'aigc\[s3\]'"):
        storage.place("s3://bucket/out")
    Shelf.left = 0
    with (
        pytest.raises(ExportError, match=r"shelf://.*the line is dead; check its address"),
        storage.place(f"shelf://{tmp_path}/store").lock(),
    ):
        pass


def test_a_lease_that_cannot_be_renewed_ends_the_batch(
    plain_everywhere: Recipe, tmp_path: Path
) -> None:
    url = f"shelf://{tmp_path}/out"
    flag = tmp_path / "flag"
    briefs = products(1, tmp_path, f"at rank wait {flag}")
    results = aigc.batch(briefs, recipe=plain_everywhere, outputs=url, workers=1)

    def cut() -> None:
        while not flag.exists():
            time.sleep(0.01)
        Shelf.left = 0

    threading.Thread(target=cut).start()
    with pytest.raises(ExportError, match="lease could not be renewed; check the network"):
        next(results)
    assert json.loads((tmp_path / "out" / ".batch" / "lease-1.json").read_text())["beat"] >= 1


def test_a_killed_batch_knows_what_was_finished(
    plain_everywhere: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "_EVERY", 0.0)
    url = f"shelf://{tmp_path}/store"
    briefs = products(3, tmp_path)
    results = aigc.batch(iter(briefs), recipe=plain_everywhere, outputs=url, workers=1)
    first = next(results)
    sent = tmp_path / "store" / ".batch" / "results" / "00000001.jsonl"
    left = sent.read_bytes()
    results.close()
    assert not sent.exists()

    # As a kill leaves it: no journal, but what was sent meanwhile.
    (tmp_path / "store" / ".batch" / "journal.sqlite").unlink()
    sent.write_bytes(left)
    Shelf.requests.clear()
    again = [*aigc.batch(briefs[:1], recipe=plain_everywhere, outputs=url, workers=1)]
    assert [each.status for each in again] == ["kept"]
    assert again[0].record == first.record
    assert ("get", "photo.png") not in Shelf.requests
    there = aigc.load_campaign(tmp_path / "store" / first.id)
    assert again[0].load().posters == there.posters
