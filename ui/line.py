"""The line in front of the machine: campaigns are made in another process, in a fair order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple


class Preview(NamedTuple):
    """A poster that is done while others are not."""

    id: str
    channel: str
    size: tuple[int, int]  # of the poster, px
    file: str  # of a small picture of it, in the job's folder


class News(NamedTuple):
    """Where a job stands; the whole of it each time."""

    job: str
    state: Literal["waiting", "running", "done", "stopped", "failed"]
    ahead: int = 0  # jobs that come before it
    campaign: str = ""  # name of the campaign's folder, once it is known
    stage: str = ""  # what runs, and how far it is
    done: int = 0
    total: int = 0
    note: str = ""
    seconds: dict[str, float] = {}  # noqa: RUF012  # of every stage that is done
    left: float | None = None  # seconds to go, a guess
    posters: tuple[Preview, ...] = ()
    error: str = ""


class Line:
    """Takes jobs of several merchants, in turns; a job whose page went away is still made."""

    def __init__(self, scratch: Path, *, workers: int = 1, patience: float = 600) -> None:
        """Jobs' events and previews are kept under `scratch`; silent for `patience` s: stalled."""
        raise NotImplementedError

    def put(self, owner: str, name: str, work: Callable[..., Any], *given: Any) -> str:
        """Line up `work(*given, listener=…)`, a function that a process can import; give its id.

        `name` is what the job is called in a list of jobs. Raises AigcError where too many wait.
        """
        raise NotImplementedError

    async def follow(self, job: str) -> AsyncIterator[News]:
        """Give a job's news, at once and whenever there is some; the last is done or an error."""
        raise NotImplementedError
        yield

    def stop(self, job: str) -> None:
        """Stop a job: at its next report, or after a few seconds by ending its process."""
        raise NotImplementedError

    def jobs(self, owner: str) -> list[News]:
        """What an owner has waiting and running, and what ended lately."""
        raise NotImplementedError

    def owner(self, job: str) -> str:
        """Whose job it is; raises AigcError where there is none."""
        raise NotImplementedError

    def close(self) -> None:
        """End the worker; nobody is left to look at what it makes."""
        raise NotImplementedError
