"""Photos with what was written about them: what the order of caption sentences is learned from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from aigc import events, photo, tables
from aigc.errors import BriefError

COLUMNS = {
    "photo": tables.Wanted(("photo", "image", "file", "picture", "path")),
    "reference": tables.Wanted(("reference", "description", "caption", "alt", "text")),
    "name": tables.Wanted(("name", "title", "product name")),
    "product": tables.Wanted(("product", "product type"), needed=False),
}
FEWEST = 10  # pairs; with fewer, weights would be chance
NAMED = 5  # rows that are skipped one by one in the progress; of more, the number


class Pair(NamedTuple):
    """A photo, what it is sold as, and what was written about it."""

    photo: str
    reference: str
    name: str
    product: str = ""


def read(path: str | Path, columns: Mapping[str, str]) -> list[Pair]:
    """Read pairs from a table; rows that cannot be used are skipped, and said.

    `columns` maps a field to its column's name, where that is not found by itself. Photos are
    looked for beside the table. Raises BriefError for a missing column, or fewer than ten pairs.
    """
    table = Path(path).expanduser()
    held = tables.mapped(tables.columns(table), COLUMNS, columns, f"'{table}'")
    pairs: list[Pair] = []
    skipped = 0
    for row in tables.rows(table):
        try:
            if row.wrong:
                raise BriefError(row.wrong)
            pairs.append(
                _pair({field: row.values.get(held[field]) for field in held}, table.parent)
            )
        except BriefError as error:
            skipped += 1
            if skipped <= NAMED:
                events.report("learn", 0, 0, f"{table.name}, line {row.line}: {error}; skipped")
    if skipped > NAMED:
        events.report("learn", 0, 0, f"{table.name}: {skipped} rows skipped in all")
    check(pairs, table)
    return pairs


def check(pairs: Sequence[Pair], table: str | Path) -> None:
    """Raise BriefError where there are too few pairs to learn from."""
    if len(pairs) < FEWEST:
        raise BriefError(f"'{table}': {len(pairs)} usable pairs; at least {FEWEST} are asked")


def digest(pairs: Sequence[Pair]) -> str:
    """SHA-256 of the pairs: of the photos' bytes and of all words."""
    found = hashlib.sha256()
    for pair in pairs:
        picture = hashlib.sha256(Path(pair.photo).read_bytes()).hexdigest()
        found.update("\0".join((picture, *pair[1:], "")).encode())
    return found.hexdigest()


def _pair(values: Mapping[str, object], base: Path) -> Pair:
    cells = {field: str(value or "").strip() for field, value in values.items()}
    for field in ("photo", "reference", "name"):
        if not cells[field]:
            raise BriefError(f"no {field}")
    return Pair(**(cells | {"photo": str(photo.locate(cells["photo"], base))}))
