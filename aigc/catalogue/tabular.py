"""Products from a table: one a row, or as a shop writes them, several rows a product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from aigc import tables
from aigc.batches import Wrong
from aigc.catalogue import cells, photos, shops
from aigc.catalogue.offers import Offers
from aigc.errors import BriefError
from aigc.tables import Row, plain

_MOST_COLUMNS = 2000


class Raw(NamedTuple):
    """A product as a catalogue says it, unchecked."""

    where: str
    fields: dict[str, Any]  # with dots: brand.name
    photos: list[str]  # the first that is there is meant
    wrong: list[Wrong]
    at: dict[str, str]  # field -> the column that said it


class Table:
    """A table of products, which can be gone through again and again."""

    def __init__(
        self, path: Path, columns: Mapping[str, str], defaults: Mapping[str, Any], currency: str
    ) -> None:
        """Read its header, and find which column says what; raises BriefError."""
        self._path = path
        self._unit = "line" if tables.is_text(path) else "row"
        found = self._columns()
        self._shop = shops.recognise(found)
        self._is_shop = self._shop.name != shops.OWN
        names = shops.mapped(self._shop, found, columns, f"'{path.name}'")
        self._choices = {field: _choices(field, each) for field, each in names.items()}
        self.defaults = {**self._shop.defaults, **defaults}
        shops.needed({**names, **self.defaults}, found, f"'{path.name}'")
        self._currency = currency or self._shop.currency
        self._skip = {name: v for k, v in self._shop.skip.items() if (name := _named(found, (k,)))}
        self._product = _named(found, self._shop.product)
        self._position = _named(found, self._shop.position)
        self._offers = Offers(self._shop, found, names) if self._is_shop else None
        self.home = path.parent
        folder = self._shop.folder.format(stem=path.name.removesuffix(".gz").rsplit(".", 1)[0])
        self.folders = [path.parent / folder] if folder else []
        self.mapped = self._mapped(found, names)

    def __iter__(self) -> Iterator[Raw]:
        """Go through the products."""
        if self._offers is not None:
            self._offers.learn(tables.rows(self._path))
        for group in self._groups():
            where = f"{self._path.name}, {self._unit} {group[0].line}"
            if group[0].wrong:
                yield Raw(where, {}, [], [Wrong(column="", says=group[0].wrong)], {})
            else:
                yield self._raw(where, group)

    @cached_property
    def total(self) -> int:
        """How many products it has."""
        return sum(1 for _ in self._groups())

    def _columns(self) -> tuple[str, ...]:
        if tables.kind(self._path) not in (".jsonl", ".ndjson"):
            return tables.columns(self._path)
        # Any row may have a field that none before it had, and none is to be left out unseen.
        found: dict[str, None] = {}
        for row in tables.rows(self._path):
            found.update(dict.fromkeys(row.values))
            if len(found) > _MOST_COLUMNS:
                raise BriefError(
                    f"'{self._path}': more than {_MOST_COLUMNS} different fields by line "
                    f"{row.line}; write one brief a line, with the same fields in each"
                )
        if not found:
            raise BriefError(f"'{self._path}': no row can be read")
        return tuple(found)

    def _groups(self) -> Iterator[list[Row]]:
        """The rows of each product; what cannot be read stands alone."""
        group: list[Row] = []
        for row in tables.rows(self._path):
            if not row.wrong and all(cells.plain(each) is None for each in row.values.values()):
                continue
            if group and self._same(group[0], row):
                group.append(row)
                continue
            if group and self._is_product(group[0]):
                yield group
            group = [row]
        if group and self._is_product(group[0]):
            yield group

    def _same(self, first: Row, row: Row) -> bool:
        if not self._product or first.wrong or row.wrong:
            return False
        said = cells.plain(row.values.get(self._product))
        return said in (None, cells.plain(first.values.get(self._product)))

    def _is_product(self, row: Row) -> bool:
        for column, values in self._skip.items():
            said = cells.plain(row.values.get(column))
            if any(part.strip() in values for part in str(said).casefold().split(",")):
                return False
        return True

    def _raw(self, where: str, group: list[Row]) -> Raw:
        fields: dict[str, Any] = {}
        wrong: list[Wrong] = []
        at: dict[str, str] = {}
        for field, choices in self._choices.items():
            at[field] = choices[0][0]
            if field == "photo" or (self._offers is not None and field in ("price", "was")):
                continue
            value, at[field] = self._value(group[0], field, wrong)
            if value is not None:
                fields[field] = value
        if self._offers is not None:
            language = fields.get("language") or self.defaults.get("language") or "en"
            fields |= self._offers.cost(group, str(language), self._currency)
        return Raw(where, fields, self._pictures(group, wrong), wrong, at)

    def _value(self, row: Row, field: str, wrong: list[Wrong]) -> tuple[Any, str]:
        """What the first columns that are not empty say, and where it stands."""
        choices = self._choices[field]
        for columns in choices:
            said: list[Any] = []
            for column in columns:
                value = self._cell(row, column)
                if problem := cells.error(value):
                    wrong.append(
                        Wrong(
                            column=column, says=f"{problem}: an error of the sheet's; mend the cell"
                        )
                    )
                elif value is not None:
                    value = cells.meant(field, value, self._currency, html=self._is_shop)
                    said += value if isinstance(value, list) else [value]
            if said:
                return (said if field in cells.LISTS else said[0]), columns[0]
        return None, choices[0][0]

    def _cell(self, row: Row, column: str) -> Any:
        return cells.unescaped(cells.plain(row.values.get(column)), self._shop.escapes)

    def _pictures(self, group: list[Row], wrong: list[Wrong]) -> list[str]:
        """The photos that the product may be shown by, its first one first."""

        def position(row: Row) -> float:
            number = cells.number(row.values.get(self._position))
            return float("inf") if number is None else float(number)

        if self._position:
            group = sorted(group, key=position)
        for row in group:
            for column in (name for names in self._choices.get("photo", ()) for name in names):
                value = self._cell(row, column)
                if problem := cells.error(value):
                    wrong.append(
                        Wrong(
                            column=column, says=f"{problem}: an error of the sheet's; mend the cell"
                        )
                    )
                    return []
                if value is not None:
                    read = photos.of_taobao if self._shop.pictures == "taobao" else photos.listed
                    if isinstance(value, list):
                        value = "\n".join(map(str, value))
                    return read(str(value)) or [str(value)]
        return []

    def _mapped(self, found: tuple[str, ...], names: dict[str, tuple[str, ...]]) -> shops.Mapped:
        used = {name for each in names.values() for name in each} | {*self._skip, self._product}
        used |= {self._position} | (self._offers.columns if self._offers else set())
        notes = [
            f"left out: rows whose {column} is {' or '.join(values)}"
            for column, values in self._skip.items()
        ]
        if self._product:
            notes.insert(0, f"rows in a row with the same {self._product} are one product")
        if "features" in names and self._is_shop:
            notes.append("features are a description's bullets, else its first sentences")
        if "product" in names and self._is_shop:
            notes.append("product is the last part of a category, where that is no list")
        if "price" in names and self._currency:
            notes.append(f"prices are printed as {cells.money('199', self._currency)}")
        elif "price" in names and self._is_shop:
            notes.append("prices are bare numbers, as the shop gives them; --currency adds a sign")
        return shops.Mapped(
            kind=self._shop.name,
            title=self._shop.title,
            fields=names,
            defaults=dict(self.defaults),
            left_out=tuple(name for name in found if name not in used),
            notes=tuple(notes),
        )


def _choices(field: str, names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Columns to look at one after another; feature 1, feature 2 are looked at together."""
    if field not in cells.LISTS:
        return [(name,) for name in names]
    together: dict[str, tuple[str, ...]] = {}
    for name in names:
        key = plain(name).rstrip("0123456789")
        together[key] = (*together.get(key, ()), name)
    return [*together.values()]


def _named(found: tuple[str, ...], names: tuple[str, ...]) -> str:
    """The column of one of these names; empty where there is none."""
    wanted = set(map(plain, names))
    return next((name for name in found if plain(name) in wanted), "")
