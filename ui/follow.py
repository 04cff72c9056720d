"""Runs pipelines beside the page, one after another, and hands over what they report."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from aigc.campaign import Campaign
from aigc.errors import AigcError
from aigc.events import Event, Listener

_line = ThreadPoolExecutor(1, thread_name_prefix="campaign")  # a campaign takes the whole machine
_in_line: list[Future[Campaign]] = []
_closing = threading.Event()


class Stopped(AigcError):  # noqa: N818
    """The merchant pressed Stop, or the page's server ends."""


class Tick(NamedTuple):
    """Time has passed; `before` campaigns come before this one, none once it runs."""

    before: int


def follow(
    work: Callable[[Listener], Campaign], stop: threading.Event, tick: float = 1.0
) -> Iterator[Event | Tick | Campaign]:
    """Run `work` in the campaigns' thread; yield its events, and a Tick after `tick` quiet seconds.

    What `work` returns comes last; what it raises is raised. Once `stop` is set, `work` is ended
    by raising Stopped from its next report, in its own thread, so that its locks and files are
    released as after any error. A run whose page went away is left to finish.
    """
    arrived: queue.SimpleQueue[Event | None] = queue.SimpleQueue()

    def listen(event: Event) -> None:
        if stop.is_set() or _closing.is_set():
            raise Stopped
        arrived.put(event)

    future = _line.submit(work, listen)
    _in_line.append(future)
    future.add_done_callback(_in_line.remove)
    future.add_done_callback(lambda _: arrived.put(None))
    try:
        yield Tick(_before(future))
        while not (future.done() and arrived.empty()):
            try:
                event = arrived.get(timeout=tick)
            except queue.Empty:
                event = None
            if stop.is_set():
                future.cancel()  # which only a run that has not begun heeds
            if event is not None:
                yield event
            elif not future.done():
                yield Tick(_before(future))
        if future.cancelled():
            raise Stopped
        yield future.result()
    finally:
        future.cancel()


def close() -> None:
    """End the run at its next report, and drop those in line; nobody is left to look at them."""
    _closing.set()
    _line.shutdown(wait=False, cancel_futures=True)


def _before(future: Future[Campaign]) -> int:
    line = tuple(_in_line)
    return line.index(future) if future in line else 0
