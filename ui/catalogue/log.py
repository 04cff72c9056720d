"""Where a batch stands, by the lines that it writes as it goes."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from .runs import LOG, desk

_LAST = 12  # products that are remembered


@dataclass
class Standing:
    """Where a batch stands: of its last run, which may be one of several."""

    total: int = 0
    done: int = 0
    kept: int = 0
    failed: int = 0
    began: float = 0.0  # seconds since the epoch; 0: not yet
    last: float = 0.0  # when something was said
    ended: dict[str, Any] | None = None
    made: list[str] = field(default_factory=list)  # folders of the latest products, newest first

    @property
    def over(self) -> int:
        """Products that are done with."""
        return self.done + self.kept + self.failed

    @property
    def rate(self) -> float:
        """Products a minute; 0 where none was made yet."""
        took = self.last - self.began
        return 60 * self.done / took if took > 0 else 0.0

    def left(self, now: float) -> float | None:
        """Seconds to go, a guess; None while there is nothing to guess by."""
        if not self.done or self.over >= self.total:
            return None
        each = (self.last - self.began) / self.done  # what fails, most often fails at once
        return max(0.0, each * (self.total - self.over) - (now - self.last))


class _Log:
    """One log, of which only what is new is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._at = 0
        self._standing = Standing()

    def read(self) -> Standing:
        with self._lock:
            try:
                with self._path.open("rb") as stream:
                    stream.seek(self._at)
                    data = stream.read()
            except OSError:
                return self._standing
            whole = data[: data.rfind(b"\n") + 1]  # the last line may be half written
            self._at += len(whole)
            for line in whole.splitlines():
                try:
                    row = json.loads(line)
                    self._take(row, datetime.fromisoformat(row["time"]).timestamp())
                except (ValueError, LookupError, TypeError):
                    continue
            return self._standing

    def _take(self, row: dict[str, Any], time: float) -> None:
        here = self._standing
        match row["event"]:
            case "mapping":  # a run begins
                self._standing = Standing(made=here.made)
            case "started":
                self._standing = Standing(int(row["total"]), began=time, last=time, made=here.made)
            case "done" | "kept" | "failed" as end:
                setattr(here, end, getattr(here, end) + 1)
                here.last = time
                if end == "done":
                    here.made = [Path(row["folder"]).name, *here.made][:_LAST]
            case "ended":
                here.ended, here.last = row, time


def standing(batch: Path) -> Standing:
    """Where a batch stands; of its log only what is new is read."""
    return _log(desk(batch) / LOG).read()


@lru_cache(maxsize=256)
def _log(path: Path) -> _Log:
    return _Log(path)
