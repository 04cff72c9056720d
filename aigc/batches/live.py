"""Shows how a batch goes: a table that lives on a terminal, a few lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from aigc.batches import Result, Snapshot
from aigc.batches.pace import Pace, ended, span
from aigc.stage import STAGES

if TYPE_CHECKING:
    from rich.console import RenderableType

Listener = Callable[[Snapshot], None]
_LAST = 3  # failures in sight
_TOLD = 20  # failures that have a line of their own, where there is no table
_PATIENCE = 30.0  # seconds without a line at first; longer later
_LONGEST = 600.0
_APART = 1.0  # seconds between lines


@contextlib.contextmanager
def shown(title: str) -> Iterator[Listener]:
    """Show on stderr what happens inside; gives the listener of the batch."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        lines = Lines(lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
        yield lines
        lines.end()
        return
    from rich.console import Console
    from rich.live import Live

    table = Table(title)
    live = Live(get_renderable=table.render, console=Console(stderr=True), vertical_overflow="crop")
    with live:
        yield table


class Table:
    """What a terminal shows: how far, how fast, on what, and the latest failures."""

    def __init__(self, title: str) -> None:
        """Show nothing done, under a title."""
        self._title = title
        self._pace = Pace()
        self._at = Snapshot()
        self._failures: deque[str] = deque(maxlen=_LAST)

    def __call__(self, snapshot: Snapshot) -> None:
        """Take note of where the batch stands."""
        self._pace.see(snapshot)
        if snapshot.last is not None and _is_news(snapshot.last):
            self._failures.append(told(snapshot.last))
        self._at = snapshot

    def render(self) -> RenderableType:
        """Draw it, as wide as the terminal is."""
        from rich.console import Group
        from rich.text import Text

        rows: list[RenderableType] = [
            Text(self._title, style="bold", no_wrap=True, overflow="ellipsis"),
            self._bar(),
            self._counts(),
        ]
        if pace := self._pace.says():
            rows.append(Text(_first_up(pace)))
        if loads := shares(self._at.seconds):
            said = "  ".join(f"{stage} {share:.0%}" for stage, share in loads.items())
            rows.append(Text(f"time in  {said}"))
        if self._at.workers:
            rows.append(Text(f"workers  {busy(self._at)}"))
        # Named colours, and a sign: not everybody sees red.
        rows += [
            Text(f"✗ {line}", style="red", no_wrap=True, overflow="ellipsis")
            for line in list(self._failures)
        ]
        return Group(*rows)

    def _bar(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table as Grid
        from rich.text import Text

        grid = Grid.grid(padding=(0, 1), expand=True)
        grid.add_column(ratio=1)
        grid.add_column(no_wrap=True)
        bar = ProgressBar(
            total=None if self._at.total is None else max(1, self._at.total),
            completed=ended(self._at),
            pulse=self._at.total is None,
            complete_style="yellow",
            finished_style="green",
            pulse_style="yellow",
        )
        grid.add_row(bar, Text(far(self._at)))
        return grid

    def _counts(self) -> RenderableType:
        from rich.text import Text

        failed = "bold red" if self._at.failed else ""
        parts = [(f"done {self._at.done:,}", "green"), (f"   kept {self._at.kept:,}", "")]
        parts += [(f"   failed {self._at.failed:,}", failed)]
        parts += [(f"   under way {self._at.waiting:,}", ""), (f"   {span(self._at.elapsed)}", "")]
        return Text.assemble(*parts)


class Lines:
    """What a log shows: a line every tenth of the way or half minute, the first failures."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Begin; `say` takes a line."""
        self._say = say
        self._pace = Pace()
        self._at = Snapshot()
        self._failures = 0
        self._tenth = 0
        self._told = 0.0  # when
        self._next = _PATIENCE
        self._line = ""

    def __call__(self, snapshot: Snapshot) -> None:
        """Take note of where the batch stands; perhaps say so."""
        self._pace.see(snapshot)
        self._at = snapshot
        if snapshot.last is not None and _is_news(snapshot.last):
            self._failed(snapshot.last)
        tenth = 10 * ended(snapshot) // snapshot.total if snapshot.total else 0
        due = snapshot.elapsed >= self._next or tenth > self._tenth
        if due and snapshot.elapsed - self._told >= _APART:
            self._tenth = tenth
            self._tell()

    def end(self) -> None:
        """Say where it stands, if the last line did not."""
        self._tell()

    def _failed(self, result: Result) -> None:
        self._failures += 1
        if self._failures <= _TOLD:
            self._say(f"failed: {told(result)}")
        elif self._failures == _TOLD + 1:
            self._say("failed: more, which are only counted here; failed.jsonl will list them all")

    def _tell(self) -> None:
        at = self._at
        line = f"{far(at)}: {at.done:,} done, {at.kept:,} kept, {at.failed:,} failed"
        if line != self._line or at.elapsed >= self._next:
            self._say("; ".join(filter(None, (line, self._pace.says()))))
        self._line = line
        self._told = at.elapsed
        # A night's log stays short: the longer it has gone, the rarer.
        self._next = at.elapsed + min(_LONGEST, max(_PATIENCE, at.elapsed / 20))


def told(result: Result) -> str:
    """A failure in one line."""
    failure = result.failure
    if failure is None:
        return ""
    name = result.brief.get("name") or ""
    who = " ".join(filter(None, (f"{result.number}", plain(name), f"({plain(result.where)})")))
    said = f"{who}: {failure.stage}: {failure.error}"
    return plain(f"{said}; {failure.remedy}" if failure.remedy else said)


def plain(text: object) -> str:
    """A text as one line that does nothing to a terminal: emoji stay, control characters go."""
    shown = "".join(" " if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in str(text))
    return " ".join(shown.split())


def far(snapshot: Snapshot) -> str:
    """How far it is: `312 of 1,000 (31 %)`."""
    done = ended(snapshot)
    if snapshot.total is None:
        return f"{done:,}"
    return f"{done:,} of {snapshot.total:,} ({100 * done // max(1, snapshot.total)} %)"


def shares(seconds: dict[str, float]) -> dict[str, float]:
    """The share of the workers' time that each stage has taken, in the flow's order."""
    whole = sum(seconds.values())
    order = [name for name in ("photo", *STAGES) if seconds.get(name)]
    return {name: seconds[name] / whole for name in order} if whole else {}


def busy(snapshot: Snapshot) -> str:
    """How many workers have something to do: `cpu 7 of 8, gpu 1 of 1`."""
    return ", ".join(
        # One more chunk may wait for a worker to be free.
        f"{name} {min(snapshot.busy.get(name, 0), count)} of {count}"
        for name, count in snapshot.workers.items()
    )


def _is_news(result: Result) -> bool:
    """Whether it failed, and not by a brief that was wrong: these were shown before all began."""
    return result.failure is not None and result.failure.stage != "brief"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
