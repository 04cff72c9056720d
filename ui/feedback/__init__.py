"""Feedback: click logs are imported, summed up, and learned from, all on this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import Context

from aigc.errors import AigcError

from .. import views
from ..board import board
from ..house import Page
from . import evidence, screens, weights, work

_CHOSEN = ("creative", "channel", "day", "impressions", "clicks")  # whose column can be chosen
_KINDS = [".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".gz"]
_EVERY = 2.0  # seconds between two lines of progress


def lay_out(page: Page) -> None:
    """Lay out the import, the report, and what is learned from it."""
    say, tab = page.say, Context.block
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    folder = gr.State("")
    gr.HTML(screens.intro(page), apply_default_css=False)
    logs = gr.File(
        label=say("feedback.logs"),
        file_count="multiple",
        file_types=_KINDS,
        height=140,
        elem_id="feedback-logs",
    )
    with gr.Column(visible=False, elem_id="feedback-brought") as brought:
        understood = gr.HTML("", apply_default_css=False)
        with gr.Accordion(say("feedback.columns"), open=False), gr.Row():
            columns = [
                gr.Dropdown(
                    [(say("feedback.column_auto"), "")],
                    value="",
                    label=say("feedback.column_of", field=say(f"feedback.f_{each}")),
                    min_width=180,
                )
                for each in _CHOSEN
            ]
            ignored = gr.Dropdown([], value=[], multiselect=True, label=say("feedback.ignore"))
        keep = gr.Button(say("feedback.import"), variant="primary", elem_id="feedback-import")
    clicked = gr.HTML("", apply_default_css=False, elem_id="feedback-clicked-board")
    learning = board(elem_id="feedback-learning-board")
    with gr.Row(elem_id="feedback-learn-row"):
        tests = gr.File(
            label=say("feedback.tests"), file_types=_KINDS, height=110, elem_id="feedback-tests"
        )
        learn = gr.Button(say("feedback.learn"), elem_id="feedback-learn")
    settings = [*columns, ignored]

    async def bring(uploaded: list[str] | None, request: gr.Request) -> tuple[Any, ...]:
        """Take logs, and say how they are understood; nothing is stored yet."""
        if not uploaded:
            return gr.Column(visible=False), "", "", *(gr.skip() for _ in settings)
        try:
            place = work.bring(page.house.scratch, uploaded)
        except AigcError as error:
            wrong = screens.imported(page, None, str(error))
            return gr.Column(visible=True), wrong, "", *(gr.skip() for _ in settings)
        found = work.columns(place)
        choices = [(say("feedback.column_auto"), ""), *((each, each) for each in found)]
        html = await _tried(page, request, place, ("",) * len(_CHOSEN), [], dry_run=True)
        chosen = [gr.Dropdown(choices=choices, value="") for _ in columns]
        left = gr.Dropdown(choices=found, value=[])
        return gr.Column(visible=True), html, str(place), *chosen, left

    async def again(place: str, request: gr.Request, *given: Any) -> str:
        if not place:
            return ""
        return await _tried(page, request, Path(place), given[:-1], given[-1], dry_run=True)

    async def store(place: str, request: gr.Request, *given: Any) -> AsyncIterator[tuple[Any, ...]]:
        """Import the logs, then sum up what is known."""
        if not place:
            yield screens.imported(page, None, say("feedback.no_logs")), gr.skip(), gr.skip()
            return
        yield _notice(page, "feedback.importing"), gr.skip(), gr.skip()
        told = await _tried(page, request, Path(place), given[:-1], given[-1], dry_run=False)
        yield told, _notice(page, "feedback.summing"), gr.skip()
        yield told, *await _shown(page, request)

    async def opened(request: gr.Request) -> tuple[Any, ...]:
        return await _shown(page, request)

    async def teach(given: str | None, request: gr.Request) -> AsyncIterator[Any]:
        """Learn in a process of its own, and say meanwhile for how long."""
        home, began, failed = page.house.home(request), time.monotonic(), ""
        try:
            log = None
            if given:
                log = next(iter(work.bring(page.house.scratch, [given]).iterdir()))
            task = asyncio.create_task(work.learn(home, log))
            while not task.done():
                seconds = round(time.monotonic() - began)
                yield _notice(page, "feedback.learning_now", seconds=seconds)
                await asyncio.wait([task], timeout=_EVERY)
            await task
        except (AigcError, OSError) as error:
            failed = str(error)
        yield await _learned(page, home, failed)

    async def act(event: gr.EventData, request: gr.Request) -> str:
        """Use what was learned for the next campaigns, or no longer."""
        said = event._data if isinstance(event._data, dict) else {}
        home = page.house.home(request)
        if said.get("do") == "use" and work.learned(home) is not None:
            weights.use(home, said.get("value") is True)
        return await _learned(page, home)

    results = [clicked, learning]
    logs.change(bring, logs, [brought, understood, folder, *settings], **private)
    for each in settings:
        each.input(again, [folder, *settings], understood, trigger_mode="always_last", **private)
    keep.click(store, [folder, *settings], [understood, *results], concurrency_limit=4, **private)
    learn.click(teach, tests, learning, concurrency_limit=4, **private)
    learning.act(act, None, learning, **private)
    if isinstance(tab, gr.Tab):
        tab.select(opened, None, results, concurrency_limit=4, **private)


async def _tried(
    page: Page,
    request: gr.Request,
    folder: Path,
    columns: tuple[Any, ...],
    ignored: Any,
    *,
    dry_run: bool,
) -> str:
    """Import logs, or only see what would come of it; gives HTML."""
    chosen = {field: str(column) for field, column in zip(_CHOSEN, columns, strict=True) if column}
    unread = [str(each) for each in ignored or ()]
    try:
        home = page.house.home(request)
        found = await work.import_logs(home, folder, chosen, unread, dry_run=dry_run)
    except (AigcError, OSError) as error:
        return screens.imported(page, None, str(error))
    return screens.imported(page, found)


async def _shown(page: Page, request: gr.Request) -> tuple[str, str]:
    """The report, and what was learned, as they stand."""
    home = page.house.home(request)
    try:
        found = await work.summed_up(home)
        clicked = screens.summary(page, found, work.report(home) if found else "")
    except AigcError as error:
        clicked = screens.imported(page, None, str(error))
    return clicked, await _learned(page, home)


async def _learned(page: Page, home: Path, failed: str = "") -> str:
    there = evidence.Evidence(0, 0, ())
    try:
        there = await asyncio.to_thread(evidence.gathered, home)
    except AigcError as error:
        failed = failed or str(error)
    used = weights.in_use(home) is not None
    return screens.learning(page, work.learned(home), there, used=used, failed=failed)


def _notice(page: Page, key: str, **blanks: object) -> str:
    return views.render("feedback/notice.html.j2", page.say, says=page.say(key, **blanks))
