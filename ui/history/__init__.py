"""History: every campaign in a home, to be found, opened, gone on with or deleted."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.context import Context

from aigc import pipeline
from aigc.errors import AigcError, ExportError

from ..board import board
from ..catalogue import runs
from ..house import Page
from . import cards, trash
from .cards import Note
from .index import Entry, entries

_MOST = 5000  # cards that a page may be asked to show


def lay_out(page: Page) -> None:
    """Lay out the search and the cards; they are looked up each time the tab is opened."""
    tab = Context.block
    query = gr.Textbox(
        value="",
        label=page.say("history.search"),
        placeholder=page.say("history.search_hint"),
        elem_id="history-search",
        max_length=200,
    )
    found = board(elem_id="history-found")

    def show(said: str, request: gr.Request) -> str:
        return cards.render(page, request, said, cards.STEP)

    def act(said: str, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        return answer(page, said, event._data, request)

    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    # Not `input`: what an input method or a paste writes at once does not count as one.
    query.change(show, query, found, trigger_mode="always_last", **private)
    found.act(act, query, [found, page.campaign, page.job, page.tabs], **private)
    if isinstance(tab, gr.Tab):
        tab.select(show, query, found, **private)


def answer(page: Page, query: str, told: Any, request: gr.Request) -> tuple[Any, ...]:
    """Do what a button says; gives the cards, the campaign, the job and the tab to go to."""
    said = told if isinstance(told, dict) else {}
    upto, note = cards.STEP, None
    stay = (gr.skip(), gr.skip(), gr.skip())
    product = gr.Tabs(selected="product")
    try:
        match said.get("do"):
            case "open":
                return gr.skip(), page.house.folder(request, _name(said)).name, "", product
            case "watch":
                job = str(said.get("job", ""))
                if page.house.line.owner(job) != page.house.owner(request):
                    raise ExportError(f"job '{job[:40]}': no such job")
                return gr.skip(), "", job, product
            case "first":
                return gr.skip(), gr.skip(), gr.skip(), product
            case "continue":
                return gr.skip(), "", _go_on(page, _name(said), request), product
            case "more":
                asked = str(said.get("upto", ""))
                upto = min(int(asked), _MOST) if asked.isdecimal() else cards.STEP
            case "delete":
                entry = _entry(page, _name(said), request)
                path = page.house.home(request) / entry.folder
                if runs.is_running(path):
                    raise ExportError(f"'{entry.name}' is being made; stop it first")
                key = trash.throw(path)
                note = Note(page.say("history.deleted", name=entry.name), undo=key)
            case "back":
                home = page.house.home(request)
                folder = trash.bring_back(home, str(said.get("key", "")))
                name = next(each.name for each in entries(home) if each.folder == folder)
                note = Note(page.say("history.came_back", name=name))
            case "empty":
                trash.empty(page.house.home(request))
                note = Note(page.say("history.bin_emptied"))
    except AigcError as error:
        note = Note(str(error), failed=True)
    return cards.render(page, request, query, upto, note), *stay


def _name(said: dict[str, Any]) -> str:
    return str(said.get("name", ""))


def _entry(page: Page, folder: str, request: gr.Request) -> Entry:
    """The entry of this name in the home of who asks, so that no other path can be meant."""
    found = {each.folder: each for each in entries(page.house.home(request))}
    if folder not in found:
        raise ExportError(f"'{folder[:80]}' is not in the history any more")
    return found[folder]


def _go_on(page: Page, folder: str, request: gr.Request) -> str:
    """Line up what an unfinished campaign still lacks; gives the job."""
    entry = _entry(page, folder, request)
    if entry.kind != "unfinished":
        raise ExportError(f"'{folder}' is {entry.kind}; only an unfinished campaign can go on")
    path = page.house.home(request) / entry.folder
    owner = page.house.owner(request)
    return page.house.line.put(owner, entry.name, pipeline.redo, str(path), entry.stage)
