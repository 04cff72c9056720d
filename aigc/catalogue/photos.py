"""Finds the photos that a catalogue names: beside it, or in a folder, by their names."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from aigc import brief, photo
from aigc.errors import BriefError

SUFFIXES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".heic", ".heif", ".bmp", ".tif",
    ".tiff", ".gif",
}  # fmt: skip
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[;；|\n\r]\s*|\s*[,，]\s*(?=https?://)")


def is_address(ref: str) -> bool:
    """Whether a photo is somewhere on the web."""
    return bool(_ADDRESS.match(ref))


def listed(cell: str) -> list[str]:
    """The photos of a cell: `a.jpg; b.jpg`, or addresses between commas."""
    return [each for each in _BETWEEN.split(cell) if each]


def of_taobao(cell: str) -> list[str]:
    """The product's own pictures, the first one first: `name:kind:order:property|address;`."""
    found: list[tuple[int, str, str]] = []
    for each in cell.split(";"):
        name, _, address = each.strip().partition("|")
        file, kind, order, *_ = (*name.split(":"), "", "")
        if kind == "1" and order.isdigit():
            found.append((int(order), file, address))
    return [ref for _, file, address in sorted(found) for ref in (file, address) if ref]


def saved_as(address: str, folder: Path) -> Path:
    """Where a photo of the web is kept: the same address, the same file."""
    name = hashlib.sha256(address.encode()).hexdigest()[:32]
    suffix = PurePosixPath(last_part(address)).suffix.lower()
    return folder / f"{name}{suffix if suffix in SUFFIXES else ''}"


class Finder:
    """Finds photos by what a catalogue says of them."""

    def __init__(self, home: Path, folders: Sequence[Path]) -> None:
        """`home` is where the catalogue lies; `folders` are looked through by file name too."""
        self._home, self._folders = home, folders
        self._known: dict[str, Path | None] | None = None

    def find(self, ref: str) -> str | None:
        """The file that a name or an address means, None where there is none.

        Raises BriefError where two files have that name.
        """
        if photo.is_reference(ref):
            return ref
        name = last_part(ref)
        if not is_address(ref):
            for folder in (self._home, *self._folders):
                if _is_file(path := Path(str(brief.beside(folder, ref)))):
                    return str(path)
        for folder in self._folders:
            if name and _is_file(path := folder / name):
                return os.path.relpath(path)
        if not self._folders or not name:
            return None
        known = self._walked()
        for key in (name.casefold(), PurePosixPath(name).stem.casefold()):
            if key in known:
                found = known[key]
                if found is None:
                    raise BriefError(f"photo = '{ref}': several files are called '{name}'")
                return os.path.relpath(found)
        return None

    def _walked(self) -> dict[str, Path | None]:
        """Every picture of the folders, by name and by stem; None for names that several have."""
        if self._known is None:
            self._known = {}
            stems: dict[str, Path | None] = {}
            for folder in self._folders:
                for at, _, files in os.walk(folder):
                    for file in files:
                        path = Path(at) / file
                        if path.suffix.lower() in SUFFIXES | {".tbi"}:
                            _note(self._known, file.casefold(), path)
                            _note(stems, path.stem.casefold(), path)
            self._known = stems | self._known
        return self._known


def last_part(ref: str) -> str:
    """The file name of a path or an address: `…/mug.jpg?v=3` is mug.jpg."""
    if not is_address(ref):
        return PurePosixPath(ref.replace("\\", "/")).name
    try:
        return PurePosixPath(unquote(urlsplit(ref).path)).name
    except ValueError:  # https://[
        return ""


def _note(known: dict[str, Path | None], key: str, path: Path) -> None:
    known[key] = None if key in known else path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long for the disk; a NUL
        return False
