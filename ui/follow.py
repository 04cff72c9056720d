"""Runs a pipeline beside the page and hands over what it reports, as it reports it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from aigc.campaign import Campaign
from aigc.errors import AigcError
from aigc.events import Event, Listener

closing = threading.Event()  # set when the page's server ends: nobody is left to look


class Stopped(AigcError):  # noqa: N818
    """The merchant pressed Stop."""


def follow(
    work: Callable[[Listener], Campaign], stop: threading.Event, tick: float = 1.0
) -> Iterator[Event | Campaign | None]:
    """Run `work` in a thread of its own; yield its events, None after `tick` quiet seconds.

    What `work` returns comes last; what it raises is raised. Once `stop` is set, `work` is ended
    by raising Stopped from its next report, in its own thread, so that its locks and files are
    released as after any error; a run whose page went away is left to finish.
    """
    arrived: queue.SimpleQueue[Event | None] = queue.SimpleQueue()

    def listen(event: Event) -> None:
        if stop.is_set() or closing.is_set():
            raise Stopped
        arrived.put(event)

    executor = ThreadPoolExecutor(1, thread_name_prefix="campaign")
    future = executor.submit(work, listen)
    executor.shutdown(wait=False)  # takes no more work; what it has goes on
    future.add_done_callback(lambda _: arrived.put(None))
    while not (future.done() and arrived.empty()):
        try:
            event = arrived.get(timeout=tick)
        except queue.Empty:
            event = None
        if event is not None or not future.done():
            yield event
    yield future.result()
