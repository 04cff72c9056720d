"""Excel and OpenDocument sheets, by calamine: the first sheet that shows anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from aigc.csvs import named
from aigc.errors import BriefError

_LOOK = 20  # rows that tell where the header is


def rows(table: Path) -> Iterator[tuple[int, list[Any], str]]:
    """Give (row, cells, what is wrong), counted as the sheet counts: the header first.

    Cells are str, int, float, bool or a date; an empty one is "". The sheet is read as a whole,
    which a format of packed XML does not allow otherwise: at most 1,048,576 rows.
    """
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_path(table) as book:
            sheet = _first(book)
            header: list[str] | None = None
            least = _width(sheet) // 2
            for number, cells in enumerate(_rows(sheet), 1):
                full = sum(not _is_empty(cell) for cell in cells)
                if header is None:
                    if full > least:
                        header = named([_title(cell) for cell in cells])
                        yield number, header, ""
                elif full:
                    yield number, cells, ""
    except calamine.PasswordError as error:
        raise BriefError(f"'{table}': needs a password; save it without one") from error
    except calamine.CalamineError as error:
        reason = " ".join(str(error).split())
        raise BriefError(f"'{table}': cannot be read ({reason}); save it as .xlsx again") from error


def _first(book: Any) -> Any:
    """The first visible sheet that is not empty; where all are, the first."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    seen = [
        each.name
        for each in book.sheets_metadata
        if each.typ == SheetTypeEnum.WorkSheet and each.visible == SheetVisibleEnum.Visible
    ]
    found = (book.get_sheet_by_name(name) for name in seen or book.sheet_names)
    first = None
    for sheet in found:
        if sheet.height:
            return sheet
        first = first or sheet
    return first


def _rows(sheet: Any) -> Iterator[list[Any]]:
    """Its rows from the first on, all as wide as the widest."""
    yield from [[]] * (sheet.start[0] if sheet.start else 0)
    yield from sheet.iter_rows()


def _width(sheet: Any) -> int:
    """How many cells most of the first rows have; of two as frequent, the more."""
    found = Counter(
        full
        for cells in islice(sheet.iter_rows(), _LOOK)
        if (full := sum(not _is_empty(cell) for cell in cells))
    )
    return max(found.items(), key=lambda row: (row[1], row[0]), default=(0, 0))[0]


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _title(cell: Any) -> str:
    return " ".join(str(cell).split())
