"""A file of learned weights: small JSON, whose head says what it was learned from and how well.

The same evidence gives the same bytes, but for the date.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationError

from aigc.campaign import Value
from aigc.disk import write
from aigc.errors import ModelError
from aigc.rank.clicks import Floats

FORMAT = "aigc weights"
SCHEMA = 1
_LARGEST = 32_000_000  # bytes; a file is usually below one million
_FULL, _HALF = "<f4", "<f2"

Count = Annotated[int, Field(ge=0)]


class Held(Value):
    """How well held-out evidence was foretold: a mean and its 95 % interval."""

    measure: str
    value: float = Field(allow_inf_nan=False)
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)


class Head(Value):
    """What stands in a file of weights beside the numbers."""

    kind: str = Field(description="What the weights are for, e.g. copy")
    made: date = Field(description="Day on which they were learned")
    data: str = Field(description="SHA-256 of the evidence")
    evidence: dict[str, Count] = Field(description="How much of what, e.g. tests, clicks")
    score: Held | None = None
    files: tuple[str, ...] = Field((), description="Names of the logs, without their folders")
    note: str = Field("", description="What else is to be known of the evidence")
    encoder: str = Field("", description="Which model made the sentence vectors")
    features: tuple[str, ...] = Field((), description="Names of the features beside the vectors")
    facts: dict[str, Any] = Field({}, description="What the kind of weights needs besides")


class Saved(Value):
    """A file of weights as it was read."""

    head: Head
    arrays: dict[str, Any] = Field(description="Name → float64 array")
    digest: str = Field(description="SHA-256 of the file")


def save(
    path: str | Path, head: Head, arrays: Mapping[str, Floats], coarse: Collection[str] = ()
) -> None:
    """Write a file of weights, whole or not at all: as float32, those named `coarse` as float16.

    Raises ExportError where it cannot be written, ValueError where a number is not finite.
    """
    packed = {name: _packed(name, values, name in coarse) for name, values in arrays.items()}
    table = {"format": FORMAT, "schema": SCHEMA, **head.model_dump(mode="json"), "arrays": packed}
    table["check"] = _check(table)
    write(Path(path), json.dumps(table, ensure_ascii=False, indent=1).encode() + b"\n")


def kept(values: Floats, coarse: bool = False) -> Floats:
    """Numbers as a file keeps them."""
    return _array("", _packed("", values, coarse))


def is_saved(path: str | Path) -> bool:
    """Whether a file looks like weights that were learned; TOML never begins with a brace."""
    try:
        with Path(path).expanduser().open("rb") as stream:
            return stream.read(200).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    except OSError:
        return False


def load(path: str | Path, kind: Literal["copy", "caption"]) -> Saved:
    """Read a file of weights.

    Raises ModelError with the reason where it cannot be used: not there, not ours, damaged, of
    another kind, or made by a newer aigc.
    """
    where = f"weights '{path}'"
    try:
        source = Path(path).expanduser()
        if source.stat().st_size > _LARGEST:
            raise ModelError(f"{where}: no file of weights; it is larger than any")
        data = source.read_bytes()
    except OSError as error:
        raise ModelError(f"{where}: cannot be read ({error.strerror})") from error
    try:
        table = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: no file of weights, or cut short ({error})") from error
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise ModelError(f"{where}: no file of weights; `aigc learn` writes them")
    schema = table.pop("schema", None)
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        raise ModelError(
            f"{where}: of schema {schema!r}; this aigc reads up to {SCHEMA}: update aigc, "
            "or learn the weights again"
        )
    if table.get("kind") != kind:
        raise ModelError(f"{where}: holds weights of {table.get('kind')!r}, not of '{kind}'")
    try:
        if table.pop("check", None) != _check({"schema": schema, **table}):
            raise ValueError("its contents are not those that were written")
        del table["format"]
        arrays = {name: _array(name, row) for name, row in table.pop("arrays").items()}
        head = Head.model_validate(table)
    except (ValidationError, ValueError, LookupError, TypeError, AttributeError) as error:
        first = str(error).splitlines()[0]
        raise ModelError(f"{where}: damaged: {first}; learn the weights again") from error
    return Saved(head=head, arrays=arrays, digest=hashlib.sha256(data).hexdigest())


def _check(table: Mapping[str, Any]) -> str:
    """SHA-256 of all that a file says, however it is laid out."""
    said = json.dumps(table, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return hashlib.sha256(said.encode()).hexdigest()


def _packed(name: str, values: Floats, coarse: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"shape": list(np.shape(values))}
    if coarse:  # columns by their largest: float16 ends at 65504
        largest = np.abs(values).reshape(-1, np.shape(values)[-1]).max(0, initial=1e-30)
        scale = np.asarray(largest, _FULL)
        row["scale"] = _text(name, scale, _FULL)
        values = values / scale.astype(np.float64)
    return row | {"data": _text(name, values, _HALF if coarse else _FULL)}


def _text(name: str, values: Floats, item: str) -> str:
    numbers = np.asarray(values, item)
    if not np.isfinite(numbers).all():
        raise ValueError(f"weights: {name} holds a number that is not finite")
    return base64.b64encode(numbers.tobytes()).decode()


def _array(name: str, row: Mapping[str, Any]) -> Floats:
    found = _numbers(row["data"], _HALF if "scale" in row else _FULL).reshape(row["shape"])
    if "scale" in row:
        found = found * _numbers(row["scale"], _FULL)
    if not np.isfinite(found).all():
        raise ValueError(f"{name} holds a number that is not finite")
    return found


def _numbers(text: str, item: str) -> Floats:
    return np.frombuffer(base64.b64decode(text, validate=True), item).astype(np.float64)
