"""What tests of the review share: a page, a house, and a line that works in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from loops import ended

from aigc.errors import AigcError
from aigc.events import Event
from aigc.recipe import Recipe
from ui.house import House, Page
from ui.line import News
from ui.review.desk import Desk, Seen
from ui.words import speaker


class ThreadLine:
    """Does each job at once, in a thread: plain stages are known to this process only."""

    def __init__(self) -> None:
        self.news: dict[str, list[News]] = {}
        self.stopped: set[str] = set()
        self.busy: dict[str, threading.Thread] = {}

    def put(self, _owner: str, _name: str, work: Callable[..., Any], *given: Any) -> str:
        """Begin a job."""
        job = f"job{len(self.news)}"
        told = self.news[job] = [News(job, "waiting")]

        def listen(event: Event) -> None:
            if job in self.stopped:
                raise KeyboardInterrupt
            told.append(News(job, "running", stage=event.stage, done=event.done, total=event.total))

        def do() -> None:
            try:
                work(*given, listener=listen)
                told.append(News(job, "done"))
            except KeyboardInterrupt:
                told.append(News(job, "stopped"))
            except AigcError as error:
                told.append(News(job, "failed", error=str(error)))

        self.busy[job] = threading.Thread(target=do)
        self.busy[job].start()
        return job

    async def follow(self, job: str) -> AsyncIterator[News]:
        """Tell all of a job's news."""
        told = 0
        while True:
            while told < len(self.news[job]):
                yield self.news[job][told]
                told += 1
            if self.news[job][-1].state in ("done", "stopped", "failed"):
                return
            await asyncio.sleep(0.01)

    def stop(self, job: str) -> None:
        """Stop a job at its next report."""
        self.stopped.add(job)


class Window:
    """A browser's window on a campaign: it shows what it has seen, and asks for changes."""

    def __init__(self, outputs: Path, line: ThreadLine, name: str, language: str = "en") -> None:
        """Open a window; `asks` holds what a part's handler is."""
        house = House(outputs, outputs.parent / "scratch", line, Recipe.load())  # type: ignore[arg-type]
        ended(self._lay_out(house, language))  # Gradio would make an event loop, and leave it
        self.name, self.seen, self.said, self.drawn = name, Seen(), "", 0

    async def _lay_out(self, house: House, language: str) -> None:
        with gr.Blocks():
            campaign, job = gr.State(""), gr.State("")
            self.page = Page(language, speaker(language), house, campaign, job, None)
            self.desk = Desk(self.page)

    def opens(self) -> None:
        """Look at the campaign."""
        self._take(ended(self.desk._open(self.request, self.name, self.seen)))

    async def asks(self, change: Callable[..., Any], told: Any) -> None:
        """Have a part's handler answer an event."""
        caught: list[Callable[..., AsyncIterator[Any]]] = []
        self.desk.revises(lambda handler, *_, **__: caught.append(handler), change)
        event = gr.EventData(None, told)
        async for given in caught[0](self.request, event, self.name, self.seen):
            self._take(given)

    async def undoes(self) -> None:
        """Take the last correction back."""
        caught: list[Callable[..., AsyncIterator[Any]]] = []
        self.desk.undoes(lambda handler, *_, **__: caught.append(handler))
        async for given in caught[0](self.request, self.name, self.seen):
            self._take(given)

    @property
    def request(self) -> Any:
        """Who asks; in a house of one merchant nobody looks."""
        return SimpleNamespace()

    def _take(self, given: Any) -> None:
        said, version = given
        self.said = said if isinstance(said, str) else self.said
        self.drawn += isinstance(version, int)
