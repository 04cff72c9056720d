"""Jobs for the line, of every temper; a worker imports them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from aigc.errors import AigcError
from aigc.events import Event, Listener


def note(log: Path, text: str, listener: Listener) -> None:
    """Write a line, and that is all."""
    with log.open("a") as stream:
        stream.write(f"{text}\n")


def hold(until: Path, listener: Listener) -> None:
    """Report now and then until there is a file."""
    for number in range(1200):
        listener(Event("caption", number, 1200))
        if until.exists():
            return
        time.sleep(0.05)


def hang(begun: Path, listener: Listener) -> None:
    """Report once, then never again."""
    listener(Event("scene", 1, 4))
    begun.write_text(str(os.getpid()))
    time.sleep(600)


def refuse(listener: Listener) -> None:
    """Say what the merchant can put right."""
    raise AigcError("photo = '/srv/uploads/9f/jar.png': no picture; choose another")


def break_down(listener: Listener) -> None:
    """Fail as nobody thought of."""
    raise ZeroDivisionError("secret of the house")


def die(listener: Listener) -> None:
    """End as a system that wants memory ends a process."""
    os.kill(os.getpid(), signal.SIGKILL)


def fetch(listener: Listener) -> None:
    """Report a file that comes in thousands of pieces."""
    for number in range(20_000):
        listener(Event("fetch", number, 20_000, "tiny-model==1.0"))


def where(told: Path, listener: Listener) -> None:
    """Say which process this is."""
    told.write_text(str(os.getpid()))
