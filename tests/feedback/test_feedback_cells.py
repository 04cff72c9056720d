"""Numbers and days as exports write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from aigc.feedback import cells


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234", 1234),
        ("1 234", 1234),
        ("1\u202f234", 1234),
        ("1.234.567", 1234567),
        ("12,34,567", 1234567),
        ("１２", 12),
        ("12.0", 12),
        (12.0, 12),
        (True, 1),
        ("", 0),
        ("--", 0),
        (None, 0),
        (float("nan"), 0),
    ],
)
def test_counts(text, expected):
    assert cells.count(text) == expected


@pytest.mark.parametrize(
    "text", ["12.5%", "1.5", "¥12", "12k", "1.2万", "1e3", "inf", "-1", "(5)", "x", "9" * 13, [1]]
)
def test_what_is_no_count(text):
    with pytest.raises(ValueError, match=r"no whole number|no number|negative|too large"):
        cells.count(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("¥12.50", "12.5"),
        ("￥1,234.56", "1234.56"),
        ("US$3", "3"),
        ("R$ 3,5", "3.5"),
        ("12,50 €", "12.5"),
        ("1.234,56", "1234.56"),
        ("1'234.50", "1234.5"),
        ("12.50 USD", "12.5"),
        ("12元", "12"),
        ("0.1234567", "0.123457"),
        (0.1, "0.1"),
        ("--", "0"),
    ],
)
def test_amounts(text, expected):
    assert cells.amount(text) == Decimal(expected)


@pytest.mark.parametrize("text", ["5%", "-¥3", "(2)", "1.2.3", "3 days", "1" * 5000, "$" * 99])
def test_what_is_no_amount(text):
    with pytest.raises(ValueError, match=r"no number|negative|too l"):
        cells.amount(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22",
        "2026/11/22",
        "2026.11.22",
        "2026年11月22日",
        "20261122",
        20261122,
        "2026-11-22T23:59:00Z",
        "2026-11-22 13:00:00+08:00",
        "22.11.2026",
        "11/22/2026",
        "22/11/2026 13:00",
        "22-11-2026",
        "Nov 22, 2026",
        "22 November 2026",
        "Sunday, November 22, 2026",
        date(2026, 11, 22),
        datetime(2026, 11, 22, 23),
    ],
)
def test_days(text):
    assert cells.day(text) == date(2026, 11, 22)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "31/31/2026", "46348", "2026-11", "22-11-26", "x", "x" * 999, 4.5, None]
)
def test_what_is_no_day(text):
    with pytest.raises(ValueError, match=r"no day|too long"):
        cells.day(text)


@pytest.mark.parametrize("text", ["2026-11-01 - 2026-11-22", "11/01/2026~11/22/2026"])
def test_several_days_are_not_the_first_of_them(text):
    with pytest.raises(ValueError, match="more than a day"):
        cells.day(text)


def test_a_given_format_is_the_only_one():
    assert cells.day("11/12/2026 08:00", "%d/%m/%Y") == date(2026, 12, 11)
    assert cells.day("22-11-26", "%d-%m-%y") == date(2026, 11, 22)
    with pytest.raises(ValueError, match="no day"):
        cells.day("2026-11-22", "%d/%m/%Y")


def test_days_that_may_be_read_in_two_ways():
    with pytest.raises(cells.Unclear, match="may be 2026-11-12 or 2026-12-11"):
        cells.day("11/12/2026")
    assert cells.day("11/11/2026") == date(2026, 11, 11)
    assert cells.order(["11/12/2026", None, "1/13/2026"]) == "%m/%d/%Y"
    assert cells.order(["11-12-2026", "13-1-2026"]) == "%d-%m-%Y"
    assert cells.order(["2026-11-12", "11/11/2026", 5]) == ""
    with pytest.raises(cells.Unclear):
        cells.order(["11/12/2026", "11/11/2026"])
