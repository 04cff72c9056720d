"""Runs asynchronous work beside the caller, who can stop it at once with Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
Tell = Callable[[Callable[[], None]], None]  # has something done in the caller's thread

TICK = 0.5  # seconds after which the caller is heard, though nothing happens
_GOODBYE = 2.0  # seconds that work may take to put down what it holds


def run(work: Callable[[Tell], Coroutine[Any, Any, T]], tick: Callable[[], None]) -> T:
    """Run `work` to its end in a thread and an event loop of its own; `tick` is called meanwhile.

    A loop of its own also where the caller has one running, as notebooks do. Whatever interrupts
    the caller, Ctrl-C or an error that `tick` raises, cancels the work: its sockets are closed.
    """
    waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
    results: list[T] = []
    errors: list[BaseException] = []
    loop = asyncio.new_event_loop()

    async def whole() -> T:
        return await work(waiting.put)

    def body() -> None:
        asyncio.set_event_loop(loop)
        try:
            results.append(loop.run_until_complete(task))
        except BaseException as error:  # noqa: BLE001 (it is raised again, by the caller)
            errors.append(error)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
            waiting.put(None)

    task = loop.create_task(whole())
    thread = threading.Thread(target=body, name="endpoint", daemon=True)
    thread.start()
    try:
        while True:
            try:
                told = waiting.get(timeout=TICK)
            except queue.Empty:
                tick()
                continue
            if told is None:
                break
            told()
    except BaseException:
        if thread.is_alive():
            with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                loop.call_soon_threadsafe(task.cancel)
            thread.join(_GOODBYE)
        raise
    if errors:
        raise errors[0]
    return results[0]
