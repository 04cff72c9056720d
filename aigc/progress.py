"""Shows progress on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from aigc import events
from aigc.events import Event, Listener

PATIENCE = 10.0  # seconds without a line, where there is no bar


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


def remarks(event: Event) -> list[str]:
    """What a merchant should know of what happened, a line each."""
    if _is_remark(event):
        return [f"{event.stage}: {event.message}"]
    if event.done != event.total or event.campaign is None:
        return []
    if event.stage == "caption":
        note = event.campaign.caption.note if event.campaign.caption else ""
        return [f"warning: {note}"] if note else []
    if event.stage == "scene":
        styles = dict.fromkeys((scene.style, scene.why) for scene in event.campaign.scenes)
        return [f"style {style}: {why}" for style, why in styles if why]
    return []


def _is_remark(event: Event) -> bool:
    """Whether nothing was done but something is to be said; of a download the size is unknown."""
    return event.total == 0 and event.stage != "fetch" and bool(event.message)


def _plain() -> Listener:
    started: dict[str, float] = {}
    told: dict[str, float] = {}  # when a line last told how far each is
    say = _once(lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201

    def listen(event: Event) -> None:
        if not _is_remark(event):
            key = (
                f"{event.stage} {event.message}".strip() if event.stage == "fetch" else event.stage
            )
            if key not in started:
                started[key] = time.perf_counter()
                if event.done < event.total or event.total == 0:
                    print(f"{key} …", file=sys.stderr, flush=True)  # noqa: T201
            elif event.done == event.total and event.total == 1:
                seconds = time.perf_counter() - started[key]
                print(f"{key} done, {seconds:.1f} s", file=sys.stderr, flush=True)  # noqa: T201
            elif time.perf_counter() - told.get(key, started[key]) >= PATIENCE:
                told[key] = time.perf_counter()
                far = f"{event.done} of {event.total}, {event.message}".rstrip(", ")
                print(f"{key}: {far}", file=sys.stderr, flush=True)  # noqa: T201
        say(remarks(event))

    return listen


def _once(show: Callable[[str], None]) -> Callable[[list[str]], None]:
    """Show each line the first time only."""
    said: set[str] = set()

    def say(lines: list[str]) -> None:
        for line in lines:
            if line not in said:
                said.add(line)
                show(line)

    return say


def _bars(bars: Progress) -> Listener:
    tasks: dict[str, TaskID] = {}
    say = _once(
        lambda line: bars.console.print(line, style="yellow", markup=False, highlight=False)
    )

    def listen(event: Event) -> None:
        if not _is_remark(event):
            key = event.message if event.stage == "fetch" else event.stage
            if key not in tasks:
                label = f"fetch {key.split('==')[0]}" if event.stage == "fetch" else key
                tasks[key] = bars.add_task(label[:24], total=None)
            if event.total:
                bars.update(tasks[key], completed=event.done, total=event.total)
            if event.done == event.total:
                bars.stop_task(tasks[key])
        say(remarks(event))

    return listen
