"""Goes through a catalogue before anything is made, and shows what is wrong by row and column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

import click

from aigc.cli_lists import shown
from aigc.errors import BriefError

if TYPE_CHECKING:
    from aigc.batches import Entry
    from aigc.batches.log import Log

_SHOWN = 20  # errors
_COLUMNS = 8


class Products(Protocol):
    """What can be gone through for its products, again and again."""

    @property
    def total(self) -> int:
        """How many there are."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What going through all of them has noticed."""

    def entries(self) -> Iterator[Entry]:
        """Each of them, checked."""


def check(
    products: Products,
    told: Log,
    *,
    strict: bool,
    also: Callable[[Entry], None] = lambda _: None,
) -> None:
    """Go through all of them, each to `also` too, and show on stderr what is wrong.

    Raises BriefError where `strict` and anything is.
    """
    from aigc import events
    from aigc.batches.live import plain

    wrong: list[tuple[str, str, str]] = []
    columns: Counter[str] = Counter()
    rows = 0
    with shown():
        for number, entry in enumerate(products.entries(), 1):
            events.report("check", number, products.total)
            also(entry)
            rows += bool(entry.wrong)
            for each in entry.wrong:
                column = each.column or "the row"
                columns[column] += 1
                where = entry.where or f"product {entry.number}"
                if len(wrong) < _SHOWN:
                    wrong.append((plain(where), plain(column), plain(each.says)))
                row = {"number": entry.number, "where": entry.where}
                told.write("wrong", row | each.model_dump())
    for remark in products.remarks:
        click.echo(remark, err=True)
    if not rows:
        return
    widths = [max(len(row[cell]) for row in wrong) for cell in (0, 1)]
    for where, column, says in wrong:
        click.echo(f"{where:<{widths[0]}}  {column:<{widths[1]}}  {says}", err=True)
    if columns.total() > len(wrong):
        most = ", ".join(f"{name} {count:,}" for name, count in columns.most_common(_COLUMNS))
        click.echo(f"… {columns.total():,} errors in all, by column: {most}", err=True)
    said = f"{rows:,} of {products.total:,} products wrong"
    if strict:
        raise BriefError(f"{said}; mend them, or leave --strict out to make the others")
    click.echo(f"{said}, and left out", err=True)
