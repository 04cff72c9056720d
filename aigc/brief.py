"""Reads briefs from YAML, TOML or JSON files, and says in one line what is wrong with one."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from aigc import channels, styles
from aigc.campaign import Brief
from aigc.errors import BriefError

SUFFIXES = (".yaml", ".yml", ".toml", ".json")


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
    except (yaml.YAMLError, tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
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
    given = dict(fields)
    for name in ("features", "channels"):
        if isinstance(given.get(name), str):
            given[name] = (given[name],)
    if base is not None:
        given["photo"] = _beside(base, given.get("photo"))
        if isinstance(given.get("brand"), Mapping) and given["brand"].get("logo"):
            given["brand"] = {**given["brand"], "logo": _beside(base, given["brand"]["logo"])}
    given = {name: value for name, value in given.items() if value is not None}
    try:
        brief = Brief.model_validate(given)
    except ValidationError as error:
        raise BriefError(_one_line(error)) from error
    check(brief)
    return brief


def check(brief: Brief) -> None:
    """Raise BriefError for a channel, style or repeated channel that cannot be served."""
    for name in brief.channels:
        channels.channel(name)
    if len(set(brief.channels)) < len(brief.channels):
        raise BriefError(f"channels = {list(brief.channels)}: a channel is named twice")
    styles.style(brief.style, brief.tone, brief.seed)


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
    path = Path(ref).expanduser()
    return str(path) if path.is_absolute() else os.path.relpath(base / path)


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"{field}: missing; {Brief.model_fields[field].description}"
    if first["type"] == "extra_forbidden":
        return f"{field}: no such field; a brief has {', '.join(Brief.model_fields)}"
    value = repr(first["input"])
    shown = value if len(value) <= 60 else value[:57] + "…"
    return f"{field} = {shown}: {first['msg']}"
