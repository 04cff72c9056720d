"""Progress: stages report it, whoever runs them listens; contextvars keep runs apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """Something happened in `stage`: `done` of `total` steps; `campaign` as it now stands."""

    stage: str
    done: int
    total: int
    message: str = ""
    campaign: Any = None


Listener = Callable[[Event], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Send the events of this context to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(stage: str, done: int, total: int, message: str = "", campaign: Any = None) -> None:
    """Tell the listener, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(Event(stage, done, total, message, campaign))
