"""Excel and OpenDocument files of our own making, for tests: cells as the formats store them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

_NAMES = "http://schemas.openxmlformats.org/"
_RELATIONS = f"{_NAMES}officeDocument/2006/relationships"
_MAIN = f"{_NAMES}spreadsheetml/2006/main"


class Error(NamedTuple):
    """A cell that holds an error, as #N/A."""

    code: str


def xlsx(path: Path, *rows: Sequence[Any], sheets: Sequence[tuple[str, str]] = ()) -> Path:
    """Write a workbook of one sheet; `sheets` are empty ones before it, (name, state)."""
    names = [*sheets, ("Products", "visible")]
    book = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" state="{state}" r:id="r{n}"/>'
        for n, (name, state) in enumerate(names, 1)
    )
    related = "".join(
        f'<Relationship Id="r{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    related += f'<Relationship Id="s" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
    package = f"{_NAMES}package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
        f"<sheets>{book}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f"{related}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14"/></cellXfs></styleSheet>',
    }
    empty = f'<worksheet xmlns="{_MAIN}"><sheetData/></worksheet>'
    files |= {f"xl/worksheets/sheet{n}.xml": empty for n in range(1, len(names))}
    data = "".join(_row(number, row) for number, row in enumerate(rows, 1))
    files[f"xl/worksheets/sheet{len(names)}.xml"] = (
        f'<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>'
    )
    return _packed(path, files)


def ods(path: Path, *rows: Sequence[str]) -> Path:
    """Write an OpenDocument sheet of texts."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    table = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return _packed(
        path,
        {
            "mimetype": kind,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
            "content.xml": f'<office:document-content xmlns:office="{names}:office:1.0" '
            f'xmlns:table="{names}:table:1.0" xmlns:text="{names}:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="A">{table}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        },
    )


def _row(number: int, row: Sequence[Any]) -> str:
    cells = "".join(_cell(f"{_letters(at)}{number}", value) for at, value in enumerate(row))
    return f'<row r="{number}">{cells}</row>'


def _letters(at: int) -> str:
    return chr(65 + at) if at < 26 else _letters(at // 26 - 1) + chr(65 + at % 26)


def _cell(at: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case Error(code):
            return f'<c r="{at}" t="e"><v>{code}</v></c>'
        case bool():
            return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f'<c r="{at}"><v>{value}</v></c>'
        case date():
            return f'<c r="{at}" s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
        case _:
            text = f'<t xml:space="preserve">{escape(value)}</t>'
            return f'<c r="{at}" t="inlineStr"><is>{text}</is></c>'


def _packed(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path
