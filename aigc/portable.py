"""A campaign's brief as files that go with it: run again anywhere, they give the same campaign."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from aigc import edits, photo
from aigc.campaign import Brief
from aigc.disk import as_json, as_png
from aigc.errors import AigcError
from aigc.recipe import Recipe
from aigc.stage import HOW

BRIEF, PHOTO, MATTE, RECIPE = "brief.yaml", "photo.png", "matte.png", "recipe.toml"
BRAND = "brand"  # the folder of the brand's files
_BRAND_FILES = ("logo", "logo_on_dark", "font")
_HEAD = "# This makes the campaign again: aigc run {brief}{recipe}\n"


def said(brief: Brief) -> dict[str, Any]:
    """What a brief says as plain data, but for photo and edits; of files, what they hold."""
    table = brief.model_dump(mode="json", exclude={"photo", "edits"})
    for field in _BRAND_FILES:
        if data := _read(getattr(brief.brand, field)):
            table["brand"][field] = hashlib.sha256(data).hexdigest()
    return table


def files(brief: Brief, recipe: Recipe) -> dict[str, bytes]:
    """The brief twice, for people and for programs, and the files that it names, photo apart.

    A recipe goes along where it is not the default one.
    """
    made = {}
    for field in _BRAND_FILES:
        if data := _read(path := getattr(brief.brand, field)):
            made[_named(field, path)] = data
    if brief.edits.matte:
        made[MATTE] = as_png(edits.matte(brief.edits.matte))
    rows = _rows(recipe)
    if rows:
        made[RECIPE] = _toml(rows).encode()
    there = here(brief)
    made["brief.json"] = as_json(there.model_dump(mode="json"))
    fields = there.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=100)
    head = _HEAD.format(brief=BRIEF, recipe=f" --recipe {RECIPE}" if rows else "")
    made[BRIEF] = f"{head}{text}".encode()
    return made


def besides(brief: Brief, recipe: Recipe) -> int:
    """How many files go along besides the brief and the photo."""
    named = [getattr(brief.brand, field) for field in _BRAND_FILES]
    return sum(map(bool, [*named, brief.edits.matte, _rows(recipe)]))


def here(brief: Brief) -> Brief:
    """The brief with its files named as they lie beside it."""
    moved = {}
    for field in _BRAND_FILES:
        if _read(path := getattr(brief.brand, field)):
            moved[field] = _named(field, path)
    own = brief.edits.model_copy(update={"matte": MATTE if brief.edits.matte else ""})
    brand = brief.brand.model_copy(update=moved)
    return brief.model_copy(update={"photo": PHOTO, "brand": brand, "edits": own})


def found(brief: Brief, folder: Path) -> Brief:
    """The brief with the files that lie in a campaign's folder named as they lie from here."""

    def there(path: str) -> str:
        return str(folder / path) if path and (folder / path).is_file() else path

    brand = {field: there(getattr(brief.brand, field)) for field in _BRAND_FILES}
    own = brief.edits.model_copy(update={"matte": there(brief.edits.matte)})
    return brief.model_copy(
        update={
            "photo": there(brief.photo),
            "brand": brief.brand.model_copy(update=brand),
            "edits": own,
        }
    )


def _read(path: str) -> bytes:
    """What a brand's file holds; nothing where it is gone."""
    try:
        return photo.locate(path).read_bytes() if path else b""
    except (AigcError, OSError):
        return b""


def _named(field: str, path: str) -> str:
    return f"{BRAND}/{field}{PurePosixPath(path).suffix.lower()}"


def _rows(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """What a recipe says beyond the default one."""
    rows = {}
    for name, stage in recipe.items():
        own = stage.model_dump(mode="json", exclude=HOW, exclude_defaults=True, exclude_none=True)
        own |= {
            option: str(Path(own[option]).expanduser().resolve())
            for option in stage.file_options()
            if own.get(option)
        }
        if own or stage.backend != "builtin":
            rows[name] = {"backend": stage.backend, **own}
    return rows


def _toml(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Tables of plain options as TOML, whose strings, numbers and lists are JSON's."""
    tables = []
    for name, row in rows.items():
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in row.items()]
        tables.append("\n".join([f"[{name}]", *lines, ""]))
    return "\n".join(tables)
