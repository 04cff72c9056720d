"""Which shop a table is from, and which of its columns says what: shops.toml, read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from aigc.campaign import Brand, Brief, Value
from aigc.catalogue import cells
from aigc.errors import BriefError
from aigc.tables import plain

_BRACKETS = re.compile(r"[(\[（【][^)\]）】]*[)\]）】]")
_SHOWN = 40  # names in a line
_LONGEST = 60  # letters of one
OWN = "table"  # anyone's own: the last resort
FIELDS = (
    *(name for name in Brief.model_fields if name != "brand"),
    *(f"brand.{name}" for name in Brand.model_fields),
)


class Variants(Value):
    """Rows of their own that say what a product costs: which they are, and whose."""

    type: str
    is_: str = Field(alias="is")
    parent: str
    key: str
    id: str


class Shop(Value):
    """How a shop writes its products; shops.toml says what each means."""

    name: str
    title: str
    known: tuple[str, ...]
    fields: dict[str, tuple[str, ...]]
    product: tuple[str, ...] = ()
    position: tuple[str, ...] = ()
    variants: Variants | None = None
    skip: Mapping[str, tuple[str, ...]] = Field({})
    pictures: Literal["list", "taobao"] = "list"
    folder: str = ""
    escapes: Mapping[str, str] = Field({})
    currency: str = ""
    defaults: dict[str, Any] = Field({})


class Mapped(Value):
    """What was recognised in a catalogue: which columns say what, and what is left out."""

    kind: str = Field(description="folder, or the shop's name in shops.toml; table: anyone's own")
    title: str
    fields: dict[str, tuple[str, ...]] = Field({}, description="Field -> columns; the first counts")
    defaults: dict[str, Any] = Field({}, description="What every row is that does not say")
    left_out: tuple[str, ...] = Field((), description="Columns, or files, that are not read")
    notes: tuple[str, ...] = Field((), description="Rows that are no products; prices")

    def lines(self) -> tuple[str, ...]:
        """The same as people read it."""
        return (
            f"read as {self.title}",
            *(
                f"{field} <- {', else '.join(map(_short, names))}"
                for field, names in self.fields.items()
            ),
            *(f"{field} = {_shown(value)} where a row says none" for field, value in self._flat()),
            *self.notes,
            *((f"left out: {listing(self.left_out)}",) if self.left_out else ()),
        )

    def _flat(self) -> Iterator[tuple[str, Any]]:
        for field, value in self.defaults.items():
            if isinstance(value, Mapping):
                yield from ((f"{field}.{name}", each) for name, each in value.items())
            else:
                yield field, value


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("shops.toml").read_text("utf-8"))


@cache
def all_shops() -> tuple[Shop, ...]:
    """Every shop whose exports are known, in the order in which they are looked for."""
    rows = {name: row for name, row in _read().items() if name != "from"}
    return tuple(Shop.model_validate({"name": name, **row}) for name, row in rows.items())


def starting_from(price: str, language: str) -> str:
    """A price that some variants exceed, `from $19`; empty where the language has no words here."""
    way = _read()["from"].get(re.split("[-_]", language.lower())[0], "")
    return str(way.format(price)) if way else ""


def recognise(columns: Sequence[str]) -> Shop:
    """The shop whose columns these are."""
    found = set(map(plain, columns))
    for shop in all_shops():
        if all(any(plain(each) in found for each in names.split("|")) for names in shop.known):
            return shop
    raise AssertionError("shops.toml: `table` must know nothing")


def mapped(
    shop: Shop, columns: Sequence[str], chosen: Mapping[str, str], where: str
) -> dict[str, tuple[str, ...]]:
    """Which columns say each field: those the caller chose, else by the shop's names.

    Raises BriefError for a field or column that is none, showing those there are.
    """
    for field, column in chosen.items():
        if field not in FIELDS:
            raise BriefError(f"column {field}={column}: no field '{field}'; {', '.join(FIELDS)}")
        if column not in columns:
            raise BriefError(
                f"{where}: no column '{column}' for {field}; found: {listing(columns)}"
            )
    known: dict[str, list[str]] = {}
    for column in columns:
        bare = plain(_BRACKETS.sub("", column))
        for key in dict.fromkeys((plain(column), bare)):
            known.setdefault(key, []).append(column)
    fields: dict[str, tuple[str, ...]] = {}
    for field in FIELDS:
        own = (field,) if shop.name == OWN else ()
        names = [plain(name) for name in (*own, *shop.fields.get(field, ()))]
        found = [column for name in names for column in known.get(name, ())]
        if field in cells.LISTS:  # feature 1, feature 2
            found += [
                column
                for key, same in known.items()
                for column in same
                if key[-1:].isdigit() and key.rstrip("0123456789") in names
            ]
        if field in chosen:
            found = [chosen[field]]
        if found := [each for each in dict.fromkeys(found) if each not in _others(chosen, field)]:
            fields[field] = tuple(found)
    return fields


def needed(fields: Mapping[str, Any], columns: Sequence[str], where: str) -> None:
    """Raise BriefError where nothing says what a brief cannot do without."""
    for field in ("name", "photo"):
        if field not in fields:
            raise BriefError(
                f"{where}: no column for {field}; found: {listing(columns)}; "
                f"choose one with --column {field}=COLUMN"
            )


def _others(chosen: Mapping[str, str], field: str) -> set[str]:
    return {column for other, column in chosen.items() if other != field}


def listing(names: Sequence[str]) -> str:
    """Names between commas, as many as one line can hold."""
    more = len(names) - _SHOWN
    shown = ", ".join(map(_short, names[:_SHOWN]))
    return shown + (f" … and {more} more" if more > 0 else "")


def _short(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
