"""Which festivals a campaign falls into: from its market, its language and the day it opens."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from pydantic import Field

from aigc import prompts
from aigc.campaign import Brief, Value
from aigc.errors import BriefError

_BETWEEN = re.compile(r"\s*(?:[,;/&+|、，；]|\band\b|和)\s*")
_WEEKS = {7: "a week", 14: "two weeks", 21: "three weeks", 28: "four weeks", 1: "a day"}


class Festival(Value):
    """A festival, and from when to when its campaigns run."""

    name: str = Field(description="As styles name it among their occasions")
    title: str = Field(description="As a sentence names it")
    before: int = Field(ge=0, description="Days ahead of it that its campaigns begin")
    after: int = Field(ge=0, description="Days past it that they end")
    day: str = Field("", pattern=r"^(\d\d-\d\d)?$", description="MM-DD of one that is fixed")
    dates: tuple[date, ...] = Field((), description="The days of one that moves")

    def away(self, day: date) -> int | None:
        """Days from `day` to the festival, negative after it; None out of season."""
        days = self.dates
        if self.day:  # of the next year too: a January festival begins in December
            month, number = map(int, self.day.split("-"))
            days = tuple(date(day.year + year, month, number) for year in (-1, 0, 1))
        first, last = timedelta(-self.after), timedelta(self.before)
        near = [(each - day).days for each in days if first <= each - day <= last]
        return min(near, key=abs, default=None)


class Market(Value):
    """A country or region, and how a brief may say it."""

    name: str = Field(description="As styles name it")
    title: str = Field(description="As a sentence names it")
    spellings: tuple[str, ...] = Field(description="Other ways to write it, in lower case")
    languages: tuple[str, ...] = Field(
        description="Languages of copy that mean it where a brief names no market"
    )


class Season(NamedTuple):
    """A festival that a campaign falls into, and why."""

    festival: str
    market: str
    away: int
    why: str


def seasons(brief: Brief) -> list[Season]:
    """Every festival that the campaign's day falls into, in each of its markets, nearest first.

    There is none where the brief gives no date. Raises BriefError for a date that is none.
    """
    opens = day(brief)
    if opens is None:
        return []
    guessed = "" if brief.market else f", going by the language '{brief.language}'"
    found = []
    for festival in festivals().values():
        away = festival.away(opens)
        if away is None:
            continue
        for market in markets(brief):
            why = f"opens {brief.date}, {_span(away)} {festival.title} in {market.title}{guessed}"
            found.append(Season(festival.name, market.name, away, why))
    return sorted(found, key=lambda season: abs(season.away))


def day(brief: Brief) -> date | None:
    """The day the campaign opens, if the brief says; raises BriefError for one that is none."""
    try:
        return date.fromisoformat(brief.date) if brief.date else None
    except ValueError as error:
        raise BriefError(
            f"date = '{brief.date}': no such day ({error}); write YYYY-MM-DD"
        ) from error


def markets(brief: Brief) -> list[Market]:
    """The markets that a brief names, those it does not know left out; else its language's."""
    if brief.market:
        said = {part.strip(" .") for part in _BETWEEN.split(brief.market.casefold())}
        return [
            market
            for market in all_markets().values()
            if not said.isdisjoint((market.name.replace("-", " "), market.name, *market.spellings))
        ]
    spoken = brief.language.casefold().replace("_", "-")
    for language in (spoken, spoken.split("-")[0]):
        for market in all_markets().values():
            if language in market.languages:
                return [market]
    return []


@cache
def festivals() -> dict[str, Festival]:
    """Every festival by name."""
    table = prompts.table("scene/festivals.toml")
    return {name: Festival.model_validate({"name": name, **row}) for name, row in table.items()}


@cache
def all_markets() -> dict[str, Market]:
    """Every market by name."""
    table = prompts.table("scene/markets.toml")
    return {name: Market.model_validate({"name": name, **row}) for name, row in table.items()}


def _span(away: int) -> str:
    if away == 0:
        return "on"
    days = _WEEKS.get(abs(away), f"{abs(away)} days")
    return f"{days} {'before' if away > 0 else 'after'}"
