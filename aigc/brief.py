"""Reads briefs from YAML, TOML or JSON files, and says in one line what is wrong with one."""

from __future__ import annotations

import json
import os
import re
import reprlib
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aigc import brandkit, channels, edits, photo, seasons, styles
from aigc.campaign import Brand, Brief, EditedCopy, Edits, OwnCopy, Tweak, Value
from aigc.errors import BriefError

SUFFIXES = (".yaml", ".yml", ".toml", ".json")
_LISTS = ("features", "channels", "badges")
_BRAND_LISTS = ("colours", "avoid")
_OWNERS: dict[str, tuple[type[Value], str]] = {
    "brand": (Brand, "brand"),
    "texts": (OwnCopy, "copy"),
    "edits": (Edits, "brief's edits"),
    "edits.texts": (EditedCopy, "copy"),
    "edits.posters": (Tweak, "poster's tweak"),
}
_BRAND_FILES = ("logo", "logo_on_dark", "font")
_SOUND = {"name": "Product", "photo": "photo.jpg"}  # stand in for what is wrong with these


class Problem(NamedTuple):
    """What is wrong with one field of a brief, such as `features.2`."""

    field: str
    says: str  # the value, what is wrong with it, and the remedy
    line: str  # the same with the field, as an error says it


def load(path: str | Path) -> Brief:
    """Read a brief file; its photo and logo are looked for beside it.

    Raises BriefError naming the file, the field, the value and what is allowed.
    """
    return make(read(path), base=Path(path).parent)


def read(path: str | Path) -> Mapping[str, Any]:
    """Read the fields of a brief file, unchecked.

    Raises BriefError where it is no table of fields, or of a type that is not read.
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
    return fields


def make(fields: Mapping[str, Any], base: Path | None = None) -> Brief:
    """Check the fields of a brief, forgiving what is plainly meant (one channel, a bare number).

    Raises BriefError naming the field, the value and what is allowed.
    """
    try:
        brief = Brief.model_validate(given(fields, base))
    except ValidationError as error:
        raise BriefError(_problem(error.errors()[0]).line) from error
    check(brief)
    return brief


def wrongs(fields: Mapping[str, Any], base: Path | None = None) -> list[Problem]:
    """Everything that is wrong with the fields of a brief; nothing where `make` takes them."""
    ready = given(fields, base)
    try:
        return [*_unsound(Brief.model_validate(ready))]
    except ValidationError as error:
        found = [_problem(row) for row in error.errors()]
        bad = {str(row["loc"][0]) for row in error.errors()}
    sound = {name: value for name, value in ready.items() if name not in bad}
    try:
        rest = Brief.model_validate(_SOUND | sound)
    except ValidationError:  # a key that is no text
        return found
    return found + [each for each in _unsound(rest) if each.field.split(".")[0] not in bad]


def given(fields: Mapping[str, Any], base: Path | None = None) -> dict[str, Any]:
    """The fields as they are meant, files looked for in `base`; nothing is checked."""
    given = _meant(fields, _LISTS)
    brand = given.get("brand")
    if isinstance(brand, Mapping):
        given["brand"] = brand = _meant(brand, _BRAND_LISTS)
    given["texts"] = _copies(given.get("texts"))
    own = given.get("edits")
    if isinstance(own, Mapping):
        given["edits"] = own = _meant(own, ("tags",))
    if isinstance(given.get("date"), date):  # as YAML and TOML read one
        given["date"] = given["date"].isoformat()[:10]
    if base is not None:
        given["photo"] = beside(base, given.get("photo"))
        if isinstance(brand, dict):
            brand |= {name: beside(base, brand[name]) for name in _BRAND_FILES if name in brand}
        if isinstance(own, dict) and "matte" in own:
            own["matte"] = beside(base, own["matte"])
    return {name: value for name, value in given.items() if value is not None}


def check(brief: Brief) -> None:
    """Raise BriefError for an invisible name, and for a channel, style or day that is none."""
    for problem in _unsound(brief):
        raise BriefError(problem.line)


def _unsound(brief: Brief) -> Iterator[Problem]:
    """What a brief of the right types says wrongly, in the order of its fields' checks."""
    if all(unicodedata.category(each)[0] in "CZ" for each in brief.name):
        yield problem(f"name = {brief.name!r}: shows nothing; write the product's name")
    checks: list[Callable[[], object]] = [partial(channels.channel, n) for n in brief.channels]
    checks += [partial(each, brief) for each in (_twice, styles.check, seasons.day)]
    if brief.link:
        from aigc.typeset import qr

        checks.append(partial(qr.check, brief.link))
    for each in checks:
        try:
            each()
        except BriefError as error:
            yield problem(str(error))
    yield from map(problem, brandkit.wrongs(brief))
    if set(brief.channels) <= channels.all_channels().keys():
        yield from map(problem, edits.wrongs(brief))


def problem(line: str) -> Problem:
    """Tell the field of an error that begins with it."""
    found = re.match(r"([\w.-]+)(?: = |: )", line)
    assert found, line
    return Problem(found[1], line[found.end() :], line)


def _twice(brief: Brief) -> None:
    if len(set(brief.channels)) < len(brief.channels):
        raise BriefError(f"channels = {list(brief.channels)}: a channel is named twice")


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


def beside(base: Path, ref: Any) -> Any:
    """Make a path that stands in a brief file one that is right from here."""
    if not isinstance(ref, str) or not ref or photo.is_reference(ref):
        return ref
    path = Path(ref)
    path = path.expanduser() if ref.startswith("~/") else path
    return str(path) if path.is_absolute() else os.path.relpath(base / path)


def _problem(row: ErrorDetails) -> Problem:
    field = ".".join(str(part) for part in row["loc"])
    # `edits.posters.instagram-square.scale` belongs to a tweak, `edits.seed` to the edits.
    within = ".".join(str(part) for part in row["loc"][: 2 if len(row["loc"]) > 2 else 1])
    first = str(row["loc"][0])
    owner, called = _OWNERS.get(within, _OWNERS.get(first, (Brief, "brief")))
    if row["type"] == "missing":
        described = owner.model_fields[str(row["loc"][-1])].description
        return problem(f"{field}: missing{f'; {described}' if described else ''}")
    if row["type"] in ("extra_forbidden", "invalid_key"):
        says = f"no such field; a {called} has {_names(owner)}"
        return Problem(field, says, f"{field}: {says}")
    wanted = row["msg"]
    if row["type"] == "string_pattern_mismatch":
        wanted = owner.model_fields[str(row["loc"][-1])].description or wanted
    # Not the whole repr: YAML's shared nodes can make it longer than the memory.
    says = f"{_short.repr(row['input'])}: {wanted}"
    return Problem(field, says, f"{field} = {says}")


def _names(owner: type[Value]) -> str:
    return ", ".join(owner.model_fields)


_short = reprlib.Repr()
_short.maxlevel, _short.maxlist, _short.maxdict, _short.maxstring = 2, 3, 3, 60
