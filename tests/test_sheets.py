"""Excel and OpenDocument sheets as tables: what merchants save, and what their cells hold."""

from __future__ import annotations

from datetime import date

import pytest
from sheets_kit import Error, ods, xlsx

from aigc import tables
from aigc.errors import BriefError


def test_the_first_sheet_that_shows_something_below_its_title(tmp_path):
    path = xlsx(
        tmp_path / "list.xlsx",
        ["Products of November"],
        [],
        ["名称", "Price", "Price", None, "Day\nof sale"],
        ["茶壶", 199.0, 19.9, True, date(2026, 11, 11)],
        [None, " "],
        ["茶盘", Error("#N/A"), None, None, Error("#REF!")],
        sheets=[("Secret", "hidden"), ("Empty & first", "visible")],
    )
    names = ("名称", "Price", "Price (2)", "column 4", "Day of sale")
    assert tables.columns(path) == names
    first, second = tables.rows(path)
    assert (first.line, second.line) == (4, 6)
    assert tuple(first.values.values()) == ("茶壶", 199, 19.9, True, date(2026, 11, 11))
    assert tuple(second.values.values()) == ("茶盘", "#N/A", "", "", "#REF!")


def test_many_errors_are_found_wherever_they_are(tmp_path):
    wide = [Error("#DIV/0!") if n == 29 else "x" * 50 for n in range(30)]
    path = xlsx(tmp_path / "list.xlsx", [f"c{n}" for n in range(30)], *[wide] * 2000)
    found = [row.values["c29"] for row in tables.rows(path)]
    assert found == ["#DIV/0!"] * 2000


def test_open_document_sheets(tmp_path):
    path = ods(tmp_path / "list.ods", ["Name", "Price"], ["Pot", "9"])
    assert [row.values for row in tables.rows(path)] == [{"Name": "Pot", "Price": "9"}]


@pytest.mark.parametrize("name", ["list.xlsx", "list.ods", "list.xls", "list.xlsb"])
def test_what_is_no_sheet_says_so(tmp_path, name):
    (tmp_path / name).write_text("name,price\n")
    with pytest.raises(BriefError, match=rf"{name}.*cannot be read.*save it as \.xlsx again"):
        tables.columns(tmp_path / name)


def test_an_empty_workbook_has_no_rows(tmp_path):
    with pytest.raises(BriefError, match="no row can be read"):
        tables.columns(xlsx(tmp_path / "list.xlsx"))
