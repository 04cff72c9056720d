"""What the line's worker does: one job after another, each telling its folder how far it is."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import re
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple
from zlib import crc32

from aigc import disk
from aigc.batches import worker
from aigc.errors import AigcError
from aigc.events import Event

EVENTS, STOP = "events.jsonl", "stop"  # what is told, and the file whose presence ends a job
_SIDE, _QUALITY = 640, 82  # of a preview: its longest side in px, and WebP's quality
_OFTEN = 0.1  # seconds between two lines; what fetches files reports hundreds a second
_PATHS = re.compile(r"'(?:/|[A-Za-z]:\\)[^']*[/\\]([^'/\\]+)'")


class Stopped(AigcError):  # noqa: N818
    """The merchant pressed Stop, or the page's server ends."""


class End(NamedTuple):
    """How a job ended; `trace` is for the server's log."""

    state: Literal["done", "stopped", "failed"]
    error: str = ""
    trace: str = ""


def begin() -> None:
    """Make this process a worker that dies with the page's server and lets the page go first."""
    worker.settle(threads=None)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once, even from within a model
    with contextlib.suppress(AttributeError, OSError):
        os.nice(5)


def warm() -> None:
    """Import what the first job needs, before it comes."""
    import aigc.pipeline  # noqa: F401


def make(folder: Path, work: bytes) -> End:
    """Run a pickled `work(listener=…)`; whatever goes wrong is in what this gives."""
    teller = Teller(folder)
    try:
        teller.heed()
        job: Callable[..., Any] = pickle.loads(work)  # noqa: S301 - our own process pickled it
        teller.end(job(listener=teller))
    except Stopped:
        return End("stopped")
    except AigcError as error:
        return End("failed", plain(str(error)))
    except MemoryError:
        return End("failed", "This computer ran out of memory; choose fewer or smaller posters.")
    except Exception:  # noqa: BLE001 - a backend may fail in any way; the next job goes on
        wrong = "Something broke inside; the window that runs the page shows what."
        return End("failed", wrong, traceback.format_exc())
    finally:
        worker.trim()
    return End("done")


def plain(message: str) -> str:
    """An error for the page: files by their names, not by where the server keeps them."""
    return _PATHS.sub(r"'\1'", message)


class Teller:
    """A listener that writes how far its job is, a JSON line each time, the whole of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[str, Any] = {}
        self._written = 0.0

    def heed(self) -> None:
        """Raise Stopped where the job is to end."""
        if (self._folder / STOP).exists():
            raise Stopped

    def __call__(self, event: Event) -> None:
        """Take in what a stage reports."""
        self.heed()
        told = dict(self._told)
        if event.stage == "fetch":
            busy = event.done < event.total or event.total == 0
            name = event.message.split("==")[0]
            told["note"] = f"↓ {name} {event.done / max(1, event.total):.0%}" if busy else ""
        else:
            told |= {"stage": event.stage, "done": event.done, "total": event.total}
            told["note"] = event.message if not event.total else ""
        if event.campaign is not None:
            told |= self._seen(event.campaign)
        self._tell(told, now=event.campaign is not None)

    def end(self, result: Any) -> None:
        """Tell what a job gave: of a campaign all of it, of anything else nothing."""
        told = self._told | {"note": ""}
        if hasattr(result, "posters") and hasattr(result, "folder"):
            told |= self._seen(result)
        self._tell(told, now=True)

    def _seen(self, campaign: Any) -> dict[str, Any]:
        brief = campaign.brief
        return {
            "campaign": Path(campaign.folder).name,
            "seconds": {step.stage: step.seconds for step in campaign.steps},
            "posters": [
                told for each in campaign.posters if (told := self._preview(campaign, each))
            ],
            "count": len(brief.channels) * brief.variants,
        }

    def _preview(self, campaign: Any, poster: Any) -> list[Any] | None:
        """Write a small picture of a poster, once for each state that it is seen in."""
        data = poster.preview or poster.data
        if not data:
            file = Path(campaign.folder) / poster.shown
            data = file.read_bytes() if file.is_file() else b""
        # By content, for a correction makes another poster of the same name.
        name = f"{poster.id}-{crc32(data):08x}.webp"
        if not data or not ((self._folder / name).exists() or self._shrink(data, name)):
            return None
        return [poster.id, poster.channel, list(poster.size), name]

    def _shrink(self, data: bytes, name: str) -> bool:
        from PIL import Image

        try:
            image = Image.open(io.BytesIO(data))
            image.draft("RGB", (_SIDE, _SIDE))
            image.thumbnail((_SIDE, _SIDE), reducing_gap=2.0)
            stream = io.BytesIO()
            image.convert("RGBA" if image.has_transparency_data else "RGB").save(
                stream, "WEBP", quality=_QUALITY, method=2
            )
        except (OSError, ValueError):
            return False  # not a picture that Pillow reads: shown when all is done
        disk.write(self._folder / name, stream.getvalue())
        return True

    def _tell(self, told: dict[str, Any], *, now: bool) -> None:
        clock = time.monotonic()
        self._told = told
        if now or clock - self._written >= _OFTEN:
            self._written = clock
            with (self._folder / EVENTS).open("ab") as stream:
                stream.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")


def last(folder: Path, start: int) -> tuple[dict[str, Any] | None, int]:
    """The last whole line told after `start` bytes, None where there is none, and its end."""
    try:
        with (folder / EVENTS).open("rb") as stream:
            stream.seek(start)
            new = stream.read()
    except FileNotFoundError:
        return None, start
    whole = new[: new.rfind(b"\n") + 1]
    if not whole:
        return None, start
    return json.loads(whole.splitlines()[-1]), start + len(whole)
