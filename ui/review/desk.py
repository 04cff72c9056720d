"""The review's core: reads the campaign in hand, puts corrections into the line, follows them.

A part of the review says how it draws a campaign (`draws`) and what its events change
(`revises`); none writes a campaign itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from weakref import WeakValueDictionary

import gradio as gr
from pydantic import ValidationError

from aigc.campaign import Edits
from aigc.errors import AigcError
from aigc.revise import revise, undo

from .. import views
from ..board import board
from ..house import Page
from ..line import News
from .merge import StaleError, merged
from .work import Work, read

_LOCKS: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()  # a folder's corrections
_JOBS: dict[Path, str] = {}  # the correction that a folder waits for
_QUIET: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "concurrency_limit": None,  # they wait, and hold no thread
    "trigger_mode": "multiple",  # what is asked for while a correction is made comes after it
}


@dataclass
class Seen:
    """What a browser's tab shows, which another may have changed since; its session holds it."""

    name: str = ""
    edits: Edits = field(default_factory=Edits)
    job: str = ""  # the correction that is being made


class Desk:
    """What the parts of the review share; one a page."""

    def __init__(self, page: Page) -> None:
        """Lay out the line that says how a correction goes."""
        self.page = page
        self.version = gr.State(0)  # changes with the campaign in hand, and as it is corrected
        self.seen = gr.State(Seen())
        self.strip = board(elem_id="review-strip")
        told = [page.campaign, self.seen]
        page.campaign.change(self._open, told, [self.strip, self.version], **_QUIET)
        self.strip.act(self._stop, self.seen, **_QUIET)

    def url(self, work: Work, file: str) -> str:
        """The address of a file of the campaign; another once the file has changed."""
        return f"{self.page.house.url(work.name, file)}?v={work.stamp(file):x}"

    def draws(self, draw: Callable[[Work], Any], outputs: Any) -> None:
        """Have `draw(work)` fill `outputs` now and whenever the campaign changes.

        It runs in a thread. Without a campaign each output gets "".
        """

        async def handle(request: gr.Request, name: str) -> Any:
            if not name:
                return [""] * len(outputs) if isinstance(outputs, list) else ""
            return await asyncio.to_thread(
                lambda: draw(read(self.page.house.folder(request, name)))
            )

        self.version.change(handle, self.page.campaign, outputs, **_QUIET)

    def revises(
        self, event: Any, change: Callable[..., Edits | None], inputs: Sequence[Any] = ()
    ) -> None:
        """Let an event, such as a board's `act`, correct the campaign.

        `change(work, edits, told, *inputs)` gives what is to become of `edits`, and None where
        there is nothing to do. It may be asked twice, with other edits. `told` is the event's data,
        from anybody: check it. An AigcError or ValueError that it raises is shown to the merchant.
        """

        async def handle(
            request: gr.Request,
            event: gr.EventData,
            name: str,
            seen: Seen,
            *given: Any,
        ) -> AsyncIterator[Any]:
            told = event._data if isinstance(event._data, dict) else {}
            line = self.page.house.line
            try:
                folder = self.page.house.folder(request, name)
                async with self._alone(folder):
                    work = await asyncio.to_thread(read, folder)
                    wanted = await asyncio.to_thread(
                        merged,
                        seen.edits,
                        work.edits,
                        lambda edits: change(work, edits, told, *given),
                    )
                    if wanted is None or wanted == work.edits:
                        yield "", gr.skip()
                        return
                    owner, title = self.page.house.owner(request), work.campaign.brief.name
                    job = line.put(owner, title, revise, str(folder), wanted)
                    begun, seen.job, _JOBS[folder] = time.monotonic(), job, job
                    news_of = cast("AsyncGenerator[News, None]", line.follow(job))
                    async with aclosing(news_of) as follow:
                        async for news in follow:
                            done = news.state == "done"
                            if done:
                                seen.edits = read(folder).edits
                            said = self._goes(news, time.monotonic() - begun)
                            yield said, _new() if done else gr.skip()
            except StaleError:
                seen.edits = read(folder).edits
                yield self._says("review.stale", wrong=True), _new()
            except (AigcError, ValueError) as error:
                yield self._wrong(error), gr.skip()

        told = [self.page.campaign, self.seen, *inputs]
        event(handle, told, [self.strip, self.version], **_QUIET)

    def undoes(self, event: Any) -> None:
        """Let an event take the last correction back."""

        async def handle(request: gr.Request, name: str, seen: Seen) -> AsyncIterator[Any]:
            try:
                folder = self.page.house.folder(request, name)
                async with self._alone(folder):
                    before = await asyncio.to_thread(read, folder)
                    if before.edits != seen.edits:
                        raise StaleError("changed in another window")
                    yield self._says("review.undoing", busy=True), gr.skip()
                    await asyncio.to_thread(undo, folder)
                    seen.edits = read(folder).edits
                yield self._says("review.undone"), _new()
            except StaleError:
                seen.edits = read(folder).edits
                yield self._says("review.stale", wrong=True), _new()
            except AigcError as error:
                yield self._wrong(error), gr.skip()

        told = [self.page.campaign, self.seen]
        event(handle, told, [self.strip, self.version], **_QUIET)

    async def _open(self, request: gr.Request, name: str, seen: Seen) -> Any:
        seen.name, seen.edits, seen.job = name, Edits(), ""
        if not name:
            return "", _new()
        try:
            work = await asyncio.to_thread(read, self.page.house.folder(request, name))
        except AigcError as error:
            return self._wrong(error), gr.skip()
        seen.edits = work.edits
        return "", _new()

    async def _stop(self, seen: Seen) -> None:
        job, seen.job = seen.job, ""
        if job:
            await asyncio.to_thread(self.page.house.line.stop, job)

    @asynccontextmanager
    async def _alone(self, folder: Path) -> AsyncIterator[None]:
        """Hold a folder's corrections: one after another, each on what the last made of it."""
        async with _LOCKS.setdefault(folder, asyncio.Lock()):
            if job := _JOBS.get(folder):  # of a window that went away; it is made nevertheless
                with suppress(AigcError):
                    async for _ in self.page.house.line.follow(job):
                        pass
            yield
            _JOBS.pop(folder, None)

    def _goes(self, news: News, seconds: float) -> str:
        """Say how a correction goes."""
        if news.state == "done":
            return self._says(
                "review.done", seconds=f"{seconds:.0f}" if seconds > 9.5 else f"{seconds:.1f}"
            )
        if news.state == "stopped":
            return self._says("review.stopped")
        if news.state == "failed":
            return self._says("review.failed", wrong=True, why=news.error)
        if news.state == "waiting":
            key = "review.ahead" if news.ahead else "review.begins"
            return self._says(key, busy=True, count=news.ahead)
        share = news.done / news.total if news.total else 0.0
        key = f"review.runs_{news.stage}" if news.stage else "review.begins"
        return self._says(key, busy=True, share=share, done=news.done + 1, total=news.total)

    def _wrong(self, error: Exception) -> str:
        why = str(error)
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            why = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
        return self._says("review.failed", wrong=True, why=why)

    def _says(
        self,
        key: str,
        *,
        wrong: bool = False,
        busy: bool = False,
        share: float | None = None,
        **blanks: object,
    ) -> str:
        text = self.page.say(key, **blanks)
        return views.render(
            "review/strip.html.j2", self.page.say, text=text, wrong=wrong, busy=busy, share=share
        )


def _new() -> int:
    """A version that none was before, whatever happens at once."""
    return time.time_ns()
