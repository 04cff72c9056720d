"""CSV as programs really write it: any of the usual encodings and delimiters, titles above.

Chinese Excel writes GB18030, the ad platforms' "CSV for Excel" is UTF-16 with tabs, European Excel
delimits with semicolons, and reports have a title and a date above their header.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from aigc.errors import BriefError

_MOST = 1 << 20  # characters of one line
_CHUNK = 1 << 20  # bytes
_LOOK = 20  # rows that tell the delimiter and where the header is
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_HIGH = re.compile(rb"[\x80-\xff]+")


def rows(table: Path, kind: str) -> Iterator[tuple[int, list[str], str]]:
    """Give (line, cells, what is wrong): the header first, then rows that are as wide as it.

    The line is the one where a row begins, for a quoted field may hold line ends (RFC 4180).
    """
    with opened(table) as stream:
        ahead = [*_some(lines(stream, table))]
        delimiter = _delimiter(ahead, "\t" if kind == ".tsv" else ",")
        stream.seek(0)
        header: list[str] | None = None
        least = _width(ahead, delimiter) // 2
        for line, cells, wrong in _cells(lines(stream, table), delimiter):
            if wrong:
                yield line, [], wrong
            elif not any(map(str.strip, cells)):
                continue
            elif header is None:
                if sum(bool(cell.strip()) for cell in cells) <= least:
                    continue  # a title above the table
                header = named(cells)
                yield line, header, ""
            else:
                if len(cells) > len(header) and not any(cells[len(header) :]):
                    cells = cells[: len(header)]  # delimiters at the end of every line
                if len(cells) != len(header):
                    yield line, [], f"{len(cells)} cells, {len(header)} columns"
                elif "\0" in "".join(cells):
                    yield line, [], "holds a NUL byte"
                else:
                    yield line, cells, ""


def opened(table: Path) -> TextIO:
    """Open a text, gzip or not, in the encoding that it seems to be in."""
    packed = table.suffix.lower() == ".gz"
    stream = cast("BinaryIO", gzip.GzipFile(table) if packed else table.open("rb"))
    try:
        encoding = _encoding(stream)
        stream.seek(0)
    except BaseException:
        stream.close()
        raise
    return io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")


def lines(stream: TextIO, table: Path) -> Iterator[str]:
    """Give a text's lines; raises BriefError at one so long that it is no table's."""
    number = 0
    while text := stream.readline(_MOST):
        number += 1
        if len(text) == _MOST:
            raise BriefError(f"'{table}': line {number} is longer than {_MOST} characters")
        yield text


def _some(found: Iterator[str]) -> Iterator[str]:
    """The first lines, enough for a few rows even where quoted fields hold line ends."""
    for number, text in enumerate(found):
        if number == 10 * _LOOK:
            return
        yield text


def _cells(found: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    reader = csv.reader(found, delimiter=delimiter)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [], str(error)
        else:
            yield line, cells, ""
        line = reader.line_num + 1


def _delimiter(ahead: list[str], usual: str) -> str:
    """The one that cuts most of the first rows to one width; in doubt the file's usual one."""

    def fit(delimiter: str) -> tuple[float, int, bool]:
        widths = _widths(ahead, delimiter)
        width = _width(ahead, delimiter)
        return (widths.count(width) / len(widths) if width > 1 else 0.0, width, delimiter == usual)

    return max((usual, ",", ";", "\t"), key=fit)


def _widths(ahead: list[str], delimiter: str) -> list[int]:
    cut = [len(cells) for _, cells, _ in _cells(iter(ahead), delimiter) if any(cells)]
    return cut[:_LOOK] or [0]


def _width(ahead: list[str], delimiter: str) -> int:
    """How many cells most rows have; of two as frequent, the more."""
    return max(Counter(_widths(ahead, delimiter)).items(), key=lambda row: (row[1], row[0]))[0]


def named(cells: list[str]) -> list[str]:
    """A header without blanks and doubles, so that no column hides another."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = " ".join(cell.replace("\0", "").split()) or f"column {number}"
        same = sum(1 for each in names if re.fullmatch(rf"{re.escape(name)}( \(\d+\))?", each))
        names.append(f"{name} ({same + 1})" if same else name)
    return names


def _encoding(stream: BinaryIO) -> str:
    """UTF-8 but for a few damaged places; else what Excel writes, in China or in the West."""
    start = stream.read(4096)
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return name
    if start.count(b"\0") > len(start) // 8:  # UTF-16 without its mark: most letters are ASCII
        little = start[1::2].count(b"\0") > start[::2].count(b"\0")
        return "utf-16-le" if little else "utf-16-be"
    if _share_bad(stream) <= 0.1:
        return "utf-8"
    return "gb18030" if _chinese(stream) else "cp1252"


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        yield chunk


def _share_bad(stream: BinaryIO) -> float:
    """Which share of what is not ASCII is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    bad = other = 0
    for chunk in _chunks(stream):
        text = decoder.decode(chunk)
        if not text.isascii():
            bad += text.count("\ufffd")
            other += len(text) - len(text.encode("ascii", "ignore"))
    return bad / max(other, 1)


def _chinese(stream: BinaryIO) -> bool:
    """Whether it is GB18030: both bytes of most characters are high, where accents stand alone."""
    decoder = codecs.getincrementaldecoder("gb18030")()
    alone = high = 0
    try:
        for chunk in _chunks(stream):
            decoder.decode(chunk)
            runs = [len(run) for run in _HIGH.findall(chunk)]
            alone += runs.count(1)
            high += sum(runs)
    except UnicodeDecodeError:
        return False
    return alone <= high // 10
