"""Excel and OpenDocument sheets, by calamine: the first sheet that shows anything."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from aigc.csvs import named
from aigc.errors import BriefError

_LOOK = 20  # rows that tell where the header is
_XML = (".xlsx", ".xlsm")
_ERROR = re.compile(rb'<(?:\w+:)?c\s([^>]*\bt="e"[^>]*)>(.*?)</(?:\w+:)?c>', re.DOTALL)
_AT = re.compile(rb'\br="([A-Z]+)(\d+)"')
_CODE = re.compile(rb"<(?:\w+:)?v>(#[^<]*)<")


def rows(table: Path) -> Iterator[tuple[int, list[Any], str]]:
    """Give (row, cells, what is wrong), counted as the sheet counts: the header first.

    Cells are str, int, float, bool or a date; an empty one is "", an error `#N/A`. The sheet is
    read as a whole, which packed XML does not allow otherwise: at most 1,048,576 rows.
    """
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_path(table) as book:
            sheet = _first(book)
            header: list[str] | None = None
            least = _width(sheet) // 2
            errors = _errors(table, sheet.name) if table.suffix.lower() in _XML else {}
            left = sheet.start[1] if sheet.start else 0
            for number, cells in enumerate(_rows(sheet), 1):
                for at, code in errors.get(number, ()):
                    if 0 <= at - left < len(cells):
                        cells[at - left] = code
                full = sum(not _is_empty(cell) for cell in cells)
                if header is None:
                    if full > least:
                        header = named(list(map(str, cells)))
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
    """How many cells of the first rows are not empty, in the fullest."""
    first = islice(sheet.iter_rows(), _LOOK)
    return max((sum(not _is_empty(cell) for cell in cells) for cells in first), default=0)


def _errors(table: Path, name: str) -> dict[int, list[tuple[int, str]]]:
    """The cells that hold an error, by row: (column from 0, #N/A). Calamine reads them as empty."""
    found: dict[int, list[tuple[int, str]]] = {}
    with zipfile.ZipFile(table) as archive:
        rest = b""
        part = _part(archive, name)
        if part not in archive.namelist():
            return {}
        with archive.open(part) as stream:
            while chunk := stream.read(1 << 20):
                text, end, rest = (rest + chunk).rpartition(b"row>")
                for cell in _ERROR.finditer(text + end):
                    at, code = _AT.search(cell[1]), _CODE.search(cell[2])
                    if at is not None:
                        said = code[1].decode() if code else "#VALUE!"
                        found.setdefault(int(at[2]), []).append((_column(at[1]), said))
    return found


def _part(archive: zipfile.ZipFile, name: str) -> str:
    """The file of a sheet; empty where it is not told as usual."""
    ids = {
        each.get("name"): value
        for each in _parsed(archive, "xl/workbook.xml").iter()
        for key, value in each.items()
        if key.endswith("}id")
    }
    for each in _parsed(archive, "xl/_rels/workbook.xml.rels"):
        if each.get("Id") == ids.get(name):
            return posixpath.normpath(posixpath.join("/xl", each.get("Target", "")))[1:]
    return ""


def _parsed(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(archive.read(name))  # noqa: S314 (expat bounds entities)
    except (KeyError, ElementTree.ParseError):
        return ElementTree.Element("none")


def _column(letters: bytes) -> int:
    """A is 0, AA is 26."""
    at = 0
    for letter in letters:
        at = 26 * at + letter - 64
    return at - 1


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
