"""What a merchant brought for a catalogue: a table and photos, checked, in a folder of its own."""

from __future__ import annotations

import shutil
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from aigc import photo, tables
from aigc.catalogue.photos import SUFFIXES
from aigc.errors import AigcError, BriefError

PHOTOS = "photos"  # in a draft
_MOST = 20_000  # photos
_BYTES = 4 * 2**30  # of all photos, unpacked
_EACH = 64 * 2**20
_RATIO = 100  # how much smaller than its content a packed table may be
_PACKED = (".xlsx", ".xlsm", ".ods")


class Refused(NamedTuple):
    """A file that is left out, and why."""

    file: str
    why: str


def new(within: Path) -> Path:
    """Make the folder of a new draft."""
    folder = within / uuid.uuid4().hex
    (folder / PHOTOS).mkdir(parents=True)
    return folder


def put_table(folder: Path, uploaded: Path) -> Path:
    """Take a table into a draft; raises BriefError for one that is no table, or a bomb."""
    kind = tables.kind(uploaded)
    if kind not in tables.SUFFIXES:
        raise BriefError(
            f"'{uploaded.name}': tables are read from {', '.join(tables.SUFFIXES)}; save it as one"
        )
    if kind in _PACKED:
        _check_packed(uploaded)
    packed = ".gz" if uploaded.suffix.lower() == ".gz" else ""
    path = folder / f"{PurePosixPath(uploaded.name).name.split('.')[0] or 'table'}{kind}{packed}"
    shutil.copyfile(uploaded, path)
    return path


def put_photos(folder: Path, uploaded: Sequence[Path]) -> list[Refused]:
    """Take photos, and those in zips, into a draft; says which are left out, and why."""
    refused: list[Refused] = []
    room = _BYTES
    for path in uploaded:
        if path.suffix.lower() != ".zip":
            shutil.copyfile(path, folder / PHOTOS / path.name)
            refused += _looked_at(folder / PHOTOS / path.name)
            continue
        try:
            for taken in _unpacked(path, folder / PHOTOS, refused, room):
                room -= taken.stat().st_size
                refused += _looked_at(taken)
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
            refused.append(Refused(path.name, f"cannot be unpacked ({error})"))
    return refused


def photo_names(folder: Path) -> list[str]:
    """The photos of a draft, in order."""
    return sorted(path.name for path in (folder / PHOTOS).iterdir())


def _unpacked(path: Path, into: Path, refused: list[Refused], room: int) -> Iterator[Path]:
    """Write a zip's pictures into one folder, whatever folders it says they are in."""
    with zipfile.ZipFile(path) as archive:
        inside = [info for info in archive.infolist() if not info.is_dir()]
        if len(inside) > _MOST:
            refused.append(Refused(path.name, f"{len(inside)} files; at most {_MOST}"))
            return
        seen: set[str] = set()
        for info in inside:
            name = PurePosixPath(info.filename.replace("\\", "/")).name
            if name.startswith(".") or "__MACOSX" in info.filename:
                continue
            if PurePosixPath(name).suffix.lower() not in SUFFIXES:
                refused.append(Refused(name, "no picture"))
            elif name in seen:
                refused.append(Refused(name, "the zip has two of this name; rename one"))
            else:
                seen.add(name)
                # What the zip's own table says of sizes may be a lie: bytes are counted.
                with archive.open(info) as stream:
                    data = stream.read(min(_EACH, room) + 1)
                if len(data) > room:
                    refused.append(Refused(path.name, f"more than {_BYTES // 2**30} GB unpacked"))
                    return
                if len(data) > _EACH:
                    refused.append(Refused(name, f"larger than {_EACH // 2**20} MB"))
                    continue
                room -= len(data)
                (into / name).write_bytes(data)
                yield into / name


def _looked_at(path: Path) -> list[Refused]:
    """Delete what is no picture, whatever its name says."""
    try:
        photo.check(str(path))
    except AigcError as error:
        path.unlink()
        return [Refused(path.name, str(error).partition(": ")[2] or str(error))]
    return []


def _check_packed(path: Path) -> None:
    """Raise BriefError for a workbook that unpacks to far more than its own size."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
    except zipfile.BadZipFile as error:
        raise BriefError(f"'{path.name}': no workbook; save it again, or as CSV") from error
    if size > max(_RATIO * path.stat().st_size, 64 * 2**20):
        raise BriefError(f"'{path.name}': unpacks to {size // 2**20} MB; save it as CSV")
