"""What a merchant has in line: jobs that wait or run elsewhere, each to be watched or stopped."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr
from gradio.context import Context

from aigc.errors import AigcError

from .. import views
from ..board import board
from ..house import Page
from ..line import News

_EVERY = 3.0  # seconds between looks at the line


class Waiting(NamedTuple):
    """The list, and the timer that looks at the line while there is something in it."""

    shelf: Any
    timer: Any


def lay_out(page: Page) -> Waiting:
    """Lay out the list; it is empty while nothing but the job that is followed is in line."""
    line = Waiting(board(elem_id="line"), gr.Timer(_EVERY, active=False))
    told = {"show_progress": "hidden", "api_visibility": "private"}
    seen, held = [line.shelf, line.timer], [page.job, page.campaign]

    def look(job: str, campaign: str, request: gr.Request) -> list[Any]:
        return _look(page, job, request, campaign)

    def act(job: str, event: gr.EventData, request: gr.Request) -> list[Any]:
        return _act(page, job, event, request)

    line.timer.tick(look, held, seen, **told)
    page.job.change(look, held, seen, **told)
    Context.root_block.load(look, held, seen, **told)
    line.shelf.act(act, page.job, [page.job, page.campaign, *seen], **told)
    return line


def _look(page: Page, job: str, request: gr.Request, campaign: str = "") -> list[Any]:
    jobs = page.house.line.jobs(page.house.owner(request))
    return [_list(page, jobs, job, campaign), gr.Timer(active=bool(_unfinished(jobs)))]


def _act(page: Page, job: str, event: gr.EventData, request: gr.Request) -> list[Any]:
    """Watch or stop a job of the merchant's own; anything else is nobody's."""
    asked = event._data if isinstance(event._data, dict) else {}
    line, owner = page.house.line, page.house.owner(request)
    known = {each.job: each for each in line.jobs(owner)}
    which = known.get(str(asked.get("job", "")))
    watch: list[Any] = [gr.skip(), gr.skip()]
    if which is not None and asked.get("do") == "stop":
        try:
            line.stop(which.job)
        except AigcError as error:
            gr.Warning(str(error))
    elif which is not None and asked.get("do") == "watch":
        watch, job = [which.job, ""], which.job
    return [*watch, *_look(page, job, request)]


def _unfinished(jobs: list[News]) -> list[News]:
    return [each for each in jobs if each.state in ("waiting", "running")]


def _list(page: Page, jobs: list[News], followed: str, campaign: str) -> str:
    """The jobs that are shown nowhere else: corrections of the open campaign are told there."""
    others = [
        each
        for each in _unfinished(jobs)
        if each.job != followed and (not campaign or each.campaign != campaign)
    ]
    others.sort(key=lambda each: (each.state == "waiting", each.ahead))
    if not others:
        return ""
    return views.render("product/waiting.html.j2", page.say, jobs=others, followed=followed)
