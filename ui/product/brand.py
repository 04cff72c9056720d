"""Brand kits: kept on disk in a merchant's home, and chosen the next time."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import NamedTuple

from slugify import slugify

from aigc import disk
from aigc.campaign import Brand
from aigc.errors import AigcError

FOLDER = ".brand"
_FILE = "kit.json"
_FILES = ("logo", "logo_on_dark", "font")


class Kit(NamedTuple):
    """A kit by the name of its folder."""

    name: str
    brand: Brand


def kits(home: Path) -> list[Kit]:
    """The kits of a merchant, that used last first; one that cannot be read is left out."""
    found = []
    for file in (home / FOLDER).glob(f"*/{_FILE}"):
        try:
            brand = Brand.model_validate(json.loads(file.read_text("utf-8")))
        except (OSError, ValueError):
            continue
        paths = {
            name: str(file.parent / getattr(brand, name)) for name in _FILES if getattr(brand, name)
        }
        found.append(
            (file.stat().st_mtime_ns, Kit(file.parent.name, brand.model_copy(update=paths)))
        )
    return [kit for _, kit in sorted(found, key=lambda pair: (-pair[0], pair[1].name))]


def kit(home: Path, name: str) -> Brand:
    """One kit; raises AigcError where a merchant has none of that name."""
    for each in kits(home):
        if each.name == name:
            return each.brand
    raise AigcError(f"brand kit '{name}': there is none; choose another")


def keep(home: Path, brand: Brand) -> Brand:
    """Save a brand under its name, with copies of its files, and give it with their paths."""
    folder = home / FOLDER / _folder(brand.name)
    kept = {}
    for name in _FILES:
        if path := getattr(brand, name):
            data = Path(path).read_bytes()
            kept[name] = f"{name}{Path(path).suffix.lower()}"
            if not (folder / kept[name]).exists() or (folder / kept[name]).read_bytes() != data:
                disk.write(folder / kept[name], data)
    saved = brand.model_copy(update=kept)
    disk.write(folder / _FILE, json.dumps(saved.model_dump(mode="json"), indent=1).encode())
    os.utime(folder / _FILE)
    return brand.model_copy(update={name: str(folder / file) for name, file in kept.items()})


def _folder(name: str) -> str:
    """A folder's name out of a brand's, whatever its script."""
    return (
        f"{slugify(name, max_length=40) or 'brand'}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    )
