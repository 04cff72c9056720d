"""What programs ask of the page: named endpoints for gradio_client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from aigc import pipeline, revise
from aigc.channels import all_channels
from aigc.errors import AigcError

from . import answers
from .history import index
from .house import House
from .review import work
from .worker import plain

Json = dict[str, Any]

log = logging.getLogger(__name__)


class Endpoints:
    """Each public method is one; its docstring is what docs/api.md says of it."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def campaign(
        self,
        photo: FileData,
        brief: dict[str, Any],
        request: gr.Request,
        options: dict[str, Any] = {},  # noqa: B006 - read only; Gradio shows it
    ) -> AsyncIterator[Json]:
        """Make a campaign of a photo (`handle_file`) and the fields of a brief.

        `options` choose other backends, such as `{"scene": {"backend": "builtin"}}`. Gives news
        of the job while it goes: `job`, `state`, `ahead`, `stage`, `left` …; at last the campaign:
        `caption`, `copies` best first, `posters`, and `zip`, a file.
        """
        with told():
            order = await asyncio.to_thread(answers.brief_of, self._house, photo, brief)
            recipe = answers.recipe_of(self._house, options)
            home = self._house.home(request)
            run = partial(pipeline.run, outputs=str(home))
            job = self._house.line.put(self._house.owner(request), order.name, run, order, recipe)
        async for news in self._news(request, job):
            yield news

    async def follow(self, job: str, request: gr.Request) -> AsyncIterator[Json]:
        """Give a job's news again, as `campaign` does: after a lost connection, say."""
        with told():
            self._own(request, job)
        async for news in self._news(request, job):
            yield news

    def stop(self, job: str, request: gr.Request) -> Json:
        """Stop a job; what was finished is kept, and the same request goes on from there."""
        with told():
            self._own(request, job)
            self._house.line.stop(job)
        return {"job": job}

    def jobs(self, request: gr.Request) -> list[Json]:
        """List your jobs, the newest first: those that wait or run, and those of the last hours."""
        found = self._house.line.jobs(self._house.owner(request))
        return [answers.progress(each) for each in found]

    def campaigns(self, request: gr.Request, query: str = "") -> list[Json]:
        """List your campaigns, the newest first, or those that hold every word of `query`."""
        found = index.matching(index.entries(self._house.home(request)), query[:200])
        return [
            {"campaign": each.folder, "kind": each.kind, "name": each.name, "changed": each.when}
            for each in found
        ]

    def read(self, campaign: str, request: gr.Request) -> Json:
        """Give a finished campaign as `campaign` did, but for the zip."""
        with told():
            return answers.result(self._house, self._house.folder(request, campaign))

    def zip(self, campaign: str, request: gr.Request, channel: str = "") -> FileData:
        """Give a campaign as a zip: pictures, texts and brief; or one channel of it."""
        with told():
            folder = self._house.folder(request, campaign)
            return FileData(**answers.packed(self._house, folder, channel))

    def brief(self, campaign: str, request: gr.Request) -> str:
        """Give a campaign's `brief.yaml`, of which `aigc run` makes the same campaign."""
        with told():
            file = self._house.file(request, campaign, "brief.yaml")
            return file.read_text("utf-8")

    async def revise(
        self, campaign: str, edits: dict[str, Any], request: gr.Request
    ) -> AsyncIterator[Json]:
        """Correct a campaign; `edits` are all its corrections, as `read` gives them.

        Only what they change is made again. Gives news and the campaign, as `campaign` does.
        """
        with told():
            folder = self._house.folder(request, campaign)
            saved = (await asyncio.to_thread(work.read, folder)).campaign.brief
            wanted = await asyncio.to_thread(answers.corrected, self._house, saved, edits)
            owner = self._house.owner(request)
            job = self._house.line.put(owner, saved.name, revise.revise, str(folder), wanted.edits)
        async for news in self._news(request, job):
            yield news

    async def undo(self, campaign: str, request: gr.Request) -> AsyncIterator[Json]:
        """Take a campaign's last correction back; gives news and the campaign."""
        with told():
            folder = self._house.folder(request, campaign)
            saved = (await asyncio.to_thread(work.read, folder)).campaign.brief
            owner = self._house.owner(request)
            job = self._house.line.put(owner, saved.name, revise.undo, str(folder))
        async for news in self._news(request, job):
            yield news

    def channels(self) -> list[Json]:
        """List the channels that a brief may name, each with its size in pixels."""
        rows = all_channels().values()
        return [{"name": each.name, "title": each.title, "size": each.size} for each in rows]

    def options(self) -> Json:
        """Give every stage's backends with their options as JSON schemas."""
        return answers.options_of(self._house)

    def _own(self, request: gr.Request, job: str) -> None:
        if self._house.line.owner(job) != self._house.owner(request):
            raise AigcError(f"job '{job}': there is none; what it made is in History")

    async def _news(self, request: gr.Request, job: str) -> AsyncIterator[Json]:
        with told():
            async for news in self._house.line.follow(job):
                if news.state == "failed":
                    raise AigcError(news.error)
                if news.state != "done":
                    yield answers.progress(news)
                    continue
                folder = self._house.folder(request, news.campaign)
                made = await asyncio.to_thread(answers.result, self._house, folder)
                file = await asyncio.to_thread(answers.packed, self._house, folder)
                yield {**answers.progress(news), **made, "zip": file}


@contextmanager
def told() -> Iterator[None]:
    """Send an error of ours to the program that asked; of any other say only that there was one."""
    try:
        yield
    except AigcError as error:
        raise gr.Error(plain(str(error)), print_exception=False) from error
    except (GeneratorExit, asyncio.CancelledError):
        raise
    except Exception as error:
        log.exception("an endpoint failed")
        said = "Something broke inside; the window that runs the page shows what."
        raise gr.Error(said, print_exception=False) from error


def public() -> list[tuple[str, Callable[..., Any]]]:
    """The endpoints by name, in the order of the file."""
    return [(name, each) for name, each in vars(Endpoints).items() if not name.startswith("_")]


def endpoints(house: House) -> None:
    """Name the endpoints; to be called inside the page's blocks, before any other event."""
    made = Endpoints(house)
    for name, _ in public():
        gr.api(getattr(made, name), api_name=name, concurrency_limit=None)
