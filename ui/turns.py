"""Who comes next: merchants take turns, each in the order of asking."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Place(NamedTuple):
    """A job's place: its round, in which every merchant has one job, then the order of asking."""

    round: int
    number: int


class Waiting(Protocol):
    """A job as far as its turn goes."""

    owner: str
    place: Place


class Turns:
    """Gives places. A merchant's next job is a round later than their last, never before now."""

    def __init__(self) -> None:
        self._now = 0
        self._number = 0
        self._last: dict[str, int] = {}  # round of each merchant's job that began in this or later

    def give(self, owner: str, waiting: Iterable[Waiting]) -> Place:
        """Give a new job of `owner` its place behind those that are `waiting`."""
        own = [each.place.round for each in waiting if each.owner == owner]
        last = max([*own, self._last.get(owner, -1)])
        self._number += 1
        return Place(max(self._now, last + 1), self._number)

    def begins(self, job: Waiting) -> None:
        """A job's turn has come."""
        self._now = max(self._now, job.place.round)
        self._last[job.owner] = job.place.round
        self._last = {name: at for name, at in self._last.items() if at >= self._now}
