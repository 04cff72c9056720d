"""Reads briefs from YAML, TOML or JSON files, and says in one line what is wrong with one."""

from __future__ import annotations

import json
import os
import reprlib
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from aigc import brandkit, channels, styles
from aigc.campaign import Brand, Brief, OwnCopy, Value
from aigc.errors import BriefError

SUFFIXES = (".yaml", ".yml", ".toml", ".json")
_LISTS = ("features", "channels", "badges")
_BRAND_LISTS = ("colours", "avoid")
_OWNERS: dict[str, tuple[type[Value], str]] = {
    "brand": (Brand, "brand"),
    "texts": (OwnCopy, "copy"),
}
_BRAND_FILES = ("logo", "logo_on_dark", "font")


def load(path: str | Path) -> Brief:
    """Read a brief file; its photo and logo are looked for beside it.

    Raises BriefError naming the file, the field, the value and what is allowed.
    """
    file = Path(path)
    if file.suffix.lower() not in SUFFIXES:
        raise BriefError(f"brief '{file}': unknown type; use {', '.join(SUFFIXES)}")
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise BriefError(f"brief '{file}': cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BriefError(f"brief '{file}': not UTF-8 text; save it as UTF-8") from error
    try:
        fields = _parse(text, file.suffix.lower())
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: 2026-99-99
        reason = " ".join(str(error).split())
        raise BriefError(f"brief '{file}': cannot be parsed: {reason}") from error
    if not isinstance(fields, Mapping):
        raise BriefError(
            f"brief '{file}': holds a {type(fields).__name__}; a brief is a table of fields "
            "such as name and photo"
        )
    return make(fields, base=file.parent)


def make(fields: Mapping[str, Any], base: Path | None = None) -> Brief:
    """Check the fields of a brief, forgiving what is plainly meant (one channel, a bare number).

    Raises BriefError naming the field, the value and what is allowed.
    """
    given = _meant(fields, _LISTS)
    brand = given.get("brand")
    if isinstance(brand, Mapping):
        given["brand"] = brand = _meant(brand, _BRAND_LISTS)
    given["texts"] = _copies(given.get("texts"))
    if isinstance(given.get("date"), date):  # as YAML and TOML read one
        given["date"] = given["date"].isoformat()[:10]
    if base is not None:
        given["photo"] = _beside(base, given.get("photo"))
        if isinstance(brand, dict):
            brand |= {name: _beside(base, brand[name]) for name in _BRAND_FILES if name in brand}
    given = {name: value for name, value in given.items() if value is not None}
    try:
        brief = Brief.model_validate(given)
    except ValidationError as error:
        raise BriefError(_one_line(error)) from error
    check(brief)
    return brief


def check(brief: Brief) -> None:
    """Raise BriefError for an invisible name, and for a channel, style or day that is none."""
    if all(unicodedata.category(each)[0] in "CZ" for each in brief.name):
        raise BriefError(f"name = {brief.name!r}: shows nothing; write the product's name")
    for name in brief.channels:
        channels.channel(name)
    if len(set(brief.channels)) < len(brief.channels):
        raise BriefError(f"channels = {list(brief.channels)}: a channel is named twice")
    styles.check(brief)
    brandkit.check(brief)
    if brief.link:
        from aigc.typeset import qr

        qr.check(brief.link)


def _meant(fields: Mapping[str, Any], lists: tuple[str, ...]) -> dict[str, Any]:
    """Take one value where a list of them is expected, and what was left empty as not given."""
    given = {name: value for name, value in fields.items() if value is not None}
    for name in lists:
        if isinstance(given.get(name), str):
            given[name] = (given[name],)
    return given


def _copies(given: Any) -> Any:
    """One's own copy: a table or a headline, or a list of them."""
    rows = [given] if isinstance(given, str | Mapping) else given
    if not isinstance(rows, list | tuple):
        return rows
    return [{"headline": row} if isinstance(row, str) else row for row in rows]


def _parse(text: str, suffix: str) -> Any:
    if suffix == ".toml":
        return tomllib.loads(text)
    if suffix == ".json":
        return json.loads(text)
    return yaml.safe_load(text)


def _beside(base: Path, ref: Any) -> Any:
    """Make a path that stands in a brief file one that is right from here."""
    if not isinstance(ref, str) or not ref or ref.startswith(("pypi:", "file:")):
        return ref
    path = Path(ref)
    path = path.expanduser() if ref.startswith("~/") else path
    return str(path) if path.is_absolute() else os.path.relpath(base / path)


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    owner, called = _OWNERS.get(str(first["loc"][0]), (Brief, "brief"))
    if first["type"] == "missing":
        described = owner.model_fields[str(first["loc"][-1])].description
        return f"{field}: missing{f'; {described}' if described else ''}"
    if first["type"] in ("extra_forbidden", "invalid_key"):
        return f"{field}: no such field; a {called} has {_names(owner)}"
    wanted = first["msg"]
    if first["type"] == "string_pattern_mismatch":
        wanted = owner.model_fields[str(first["loc"][-1])].description or wanted
    # Not the whole repr: YAML's shared nodes can make it longer than the memory.
    return f"{field} = {_short.repr(first['input'])}: {wanted}"


def _names(owner: type[Value]) -> str:
    return ", ".join(owner.model_fields)


_short = reprlib.Repr()
_short.maxlevel, _short.maxlist, _short.maxdict, _short.maxstring = 2, 3, 3, 60
