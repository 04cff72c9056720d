"""Shows progress on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from aigc import events
from aigc.events import Event, Listener


@contextmanager
def shown() -> Iterator[Listener]:
    """Show what happens inside; gives the listener to pass on."""
    if not sys.stderr.isatty():
        plain = _plain()
        with events.listening(plain):
            yield plain
        return
    # Named colours: rich's own greens turn grey on a terminal of sixteen colours.
    bar = BarColumn(complete_style="yellow", finished_style="green", pulse_style="yellow")
    columns = (TextColumn("{task.description:<24}"), bar, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        listener = _bars(bars)
        with events.listening(listener):
            yield listener


def warning(event: Event) -> str:
    """What a merchant should know of the stage that ended here: in a line, or empty."""
    if event.stage != "caption" or event.done != event.total or event.campaign is None:
        return ""
    caption = event.campaign.caption
    return f"warning: {caption.note}" if caption is not None and caption.note else ""


def _plain() -> Listener:
    started: dict[str, float] = {}

    def listen(event: Event) -> None:
        key = f"{event.stage} {event.message}".strip() if event.stage == "fetch" else event.stage
        if key not in started:
            started[key] = time.perf_counter()
            if event.done < event.total or event.total == 0:
                print(f"{key} …", file=sys.stderr, flush=True)  # noqa: T201
        elif event.done == event.total and event.total == 1:
            seconds = time.perf_counter() - started[key]
            print(f"{key} done, {seconds:.1f} s", file=sys.stderr, flush=True)  # noqa: T201
        if line := warning(event):
            print(line, file=sys.stderr, flush=True)  # noqa: T201

    return listen


def _bars(bars: Progress) -> Listener:
    tasks: dict[str, TaskID] = {}

    def listen(event: Event) -> None:
        key = event.message if event.stage == "fetch" else event.stage
        if key not in tasks:
            label = f"fetch {key.split('==')[0]}" if event.stage == "fetch" else key
            tasks[key] = bars.add_task(label[:24], total=None)
        if event.total:
            bars.update(tasks[key], completed=event.done, total=event.total)
        if event.done == event.total:
            bars.stop_task(tasks[key])
        if line := warning(event):
            bars.console.print(line, style="yellow", markup=False, highlight=False)

    return listen
