"""How fast a batch goes, and how long it still takes."""

from __future__ import annotations

from collections import deque

from aigc.batches import Result, Snapshot

RECENT = 180.0  # seconds that the rate speaks of
_FEW = 20  # products that it speaks of at least, however slow they are
_ENOUGH = 2  # products before which nothing can be said


class Pace:
    """The rate of the recent minutes: what was whole before takes no time and does not count."""

    def __init__(self) -> None:
        self._ends = deque([0.0])  # when counting began, then when each product ended
        self._latest = Snapshot()

    def see(self, snapshot: Snapshot) -> None:
        """Take note of where the batch stands."""
        self._latest = snapshot
        if snapshot.last is not None and _took_work(snapshot.last):
            self._ends.append(snapshot.elapsed)
        while len(self._ends) > _FEW + 1 and self._ends[1] < snapshot.elapsed - RECENT:
            self._ends.popleft()

    @property
    def rate(self) -> float | None:
        """Products a minute; None where too few have ended."""
        made, seconds = len(self._ends) - 1, self._latest.elapsed - self._ends[0]
        return 60 * made / seconds if made >= _ENOUGH and seconds > 0 else None

    @property
    def left(self) -> float | None:
        """Seconds to the end, if all that is left has to be made; None where nobody knows."""
        if self._latest.total is None or self.rate is None:
            return None
        return 60 * max(0, self._latest.total - ended(self._latest)) / self.rate

    def says(self) -> str:
        """Both in a few words; nothing where nothing was made and nothing is left."""
        if self.rate is None:
            return "" if ended(self._latest) == self._latest.total else "too early for a rate"
        said = f"{number(self.rate)} products/minute"
        return said if not self.left else f"{said}, about {span(self.left)} left"


def ended(snapshot: Snapshot) -> int:
    """How many products have ended, in whatever way."""
    return snapshot.done + snapshot.kept + snapshot.failed


def span(seconds: float) -> str:
    """A time as people say it: 40 s, 12 min, 3 h 20 min, 2 days 4 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min".removesuffix(" 0 min")
    hours = round(minutes / 60)
    return f"{hours // 24} days {hours % 24} h".removesuffix(" 0 h")


def number(value: float) -> str:
    """A figure as precise as it deserves: 0.42, 7.3, 182."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _took_work(result: Result) -> bool:
    if result.status == "failed":
        return result.failure is not None and result.failure.stage not in ("brief", "photo")
    return result.status == "done"
