"""Numbers and days as exports write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

_BLANK = frozenset(("", "-", "--", "---", "—", "–", "/", "n/a", "na", "null", "none", "nan"))
_LONGEST = 60  # characters
_MOST = 10**12  # of anything in one row
_AMOUNT = re.compile(  # currencies on either side: US$12.50, 12,50 €, -¥3, (12.50)
    r"(?P<minus>[-(]?) *(?:[A-Za-z]{0,3}\.? ?[^\w\s.,()%+-]? ?)(?P<minus2>-?)"
    r"(?P<digits>\d[\d., ']*?) *(?:[A-Z]{3}|元|円|원|zł|kr|Kč|Ft|lei|[^\w\s.,()%+-])?\)?"
)
_BARE = re.compile(r"[\d., '()+-]+")
_FORMS = (  # how digits are grouped: what is removed, and what is the decimal point
    (re.compile(r"\d+(\.\d+)?"), "", "."),
    (re.compile(r"\d{1,3}(,\d{2,3})*,\d{3}(\.\d+)?"), ",", "."),
    (re.compile(r"\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}"), ".", ","),
    (re.compile(r"\d{1,3}([ ']\d{3})+(\.\d+)?"), " '", "."),
    (re.compile(r"\d{1,3}([ ']\d{3})+,\d+|\d+,(\d{1,2}|\d{4,})"), " '", ","),
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_YMD = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2|年(\d{1,2})月)(\d{1,2})日?(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?!\d)")
_EITHER = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?!\d)")
_NAMED = re.compile(  # 22 Nov 2026; Sunday, November 22, 2026
    r"(?:[a-z]+,? )?(?:(\d{1,2})[ -]([a-z]{3})[a-z]*|([a-z]{3})[a-z]* (\d{1,2}))[, -]+(\d{4})(?!\d)"
)
_DAYS = re.compile(r"\d{4}[-/.年]|[-/.]\d{4}(?!\d)")


def blank(value: Any) -> bool:
    """Whether an export says nothing there: empty, a dash, N/A."""
    if isinstance(value, str):
        return not value or (len(value) < 6 and value.strip().casefold() in _BLANK)
    return value is None or value != value


def count(value: Any) -> int:
    """Read a whole number of at least 0; a blank is none. Raises ValueError with the reason."""
    if isinstance(value, str):
        return _count(value)
    number = amount(value)
    if number != int(number):
        raise ValueError(f"'{value}' is no whole number")
    return int(number)


@lru_cache(1 << 16)
def _count(text: str) -> int:
    number = _amount(text)
    if number != int(number) or not (blank(text) or _BARE.fullmatch(_tidy(text))):
        raise ValueError(f"'{text}' is no whole number")
    return int(number)


def amount(value: Any) -> Decimal:
    """Read a number of at least 0, money or not, to six decimals; a blank is none.

    Raises ValueError with the reason.
    """
    if isinstance(value, str):
        return _amount(value)
    if blank(value):
        return Decimal(0)
    if not isinstance(value, int | float | Decimal):
        raise ValueError(f"'{value}' is no number")
    return _checked(Decimal(str(int(value) if isinstance(value, bool) else value)), str(value))


@lru_cache(1 << 16)
def _amount(text: str) -> Decimal:
    if blank(text):
        return Decimal(0)
    tidy = _tidy(text)
    found = _AMOUNT.fullmatch(tidy)
    if found is None:
        share = ", but a share" if "%" in tidy else ""
        raise ValueError(f"'{text}' is no number{share}")
    digits = found["digits"].strip()
    for form, removed, point in _FORMS:
        if form.fullmatch(digits):
            number = "".join(sign for sign in digits if sign not in removed).replace(point, ".")
            minus = "-" if found["minus"] or found["minus2"] else ""
            return _checked(Decimal(minus + number), text)
    raise ValueError(f"'{text}' is no number")


def _tidy(text: str) -> str:
    if len(text) > _LONGEST:
        raise ValueError(f"'{text[:_LONGEST]}...' is too long")
    return unicodedata.normalize("NFKC", text).replace("−", "-").strip()


def _checked(number: Decimal, shown: str) -> Decimal:
    if not number.is_finite() or number > _MOST:
        raise ValueError(f"'{shown}' is too large")
    if number < 0:
        raise ValueError(f"'{shown}' is negative")
    return round(number, 6)


class Unclear(ValueError):  # noqa: N818
    """A day that may be read in two ways."""


def day(value: Any, form: str = "") -> date:
    """Read a day; of a time its date. Raises Unclear for 11/12/2026, else ValueError.

    form: as of strptime; the only one that is then read.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return _day(str(value), form)


@lru_cache(1 << 14)
def _day(text: str, form: str) -> date:
    tidy = _tidy(text).casefold()
    if len(_DAYS.findall(tidy)) > 1:
        raise ValueError(f"'{text}' is more than a day; export by day")
    try:
        if form:  # of `22/11/2026 13:00` the day, where no hour was asked for
            first = tidy if " " in form else tidy.split(" ")[0]
            return datetime.strptime(first, form).date()
        if found := _YMD.match(tidy):
            year, _, month, month2, last = found.groups()
            return date(int(year), int(month or month2), int(last))
        if found := _COMPACT.fullmatch(tidy):
            return date(*map(int, found.groups()))
        if found := _DOTTED.match(tidy):
            last, month, year = found.groups()
            return date(int(year), int(month), int(last))
        if found := _NAMED.match(tidy):
            last, name, name2, last2, year = found.groups()
            return date(int(year), _MONTHS.index(name or name2) + 1, int(last or last2))
        if found := _EITHER.match(tidy):
            one, other, year = int(found[1]), int(found[3]), int(found[4])
            if max(one, other) > 12 or one == other:
                return date(year, min(one, other), max(one, other))
            raise Unclear(f"'{text}' may be {date(year, one, other)} or {date(year, other, one)}")
    except Unclear:
        raise
    except ValueError:
        pass  # the 31st of June
    raise ValueError(f"'{text}' is no day")


def order(texts: Iterable[Any]) -> str:
    """Say by which order a file's 11/12/2026 is to be read, as of strptime, or "" for no such day.

    One day that can be read in one way only tells it. Raises Unclear where there is none.
    """
    unclear: Unclear | None = None
    for text in texts:
        found = _EITHER.match(str(text).strip()) if isinstance(text, str) else None
        if found is None:
            continue
        one, other, sign = int(found[1]), int(found[3]), found[2]
        if one > 12 >= other:
            return f"%d{sign}%m{sign}%Y"
        if other > 12 >= one:
            return f"%m{sign}%d{sign}%Y"
        if one != other and unclear is None:
            try:
                day(text)
            except Unclear as error:
                unclear = error
    if unclear is not None:
        raise unclear
    return ""
