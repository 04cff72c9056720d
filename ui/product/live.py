"""The live view: follows a job, and shows the campaign as it comes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from aigc.channels import all_channels
from aigc.errors import AigcError
from aigc.stage import STAGES

from .. import names, views
from ..board import board
from ..house import House, Page
from ..line import News
from ..words import Say

_ENDED = ("done", "stopped", "failed")
_COPIES = 4  # as many are shown while the posters are made


class Part(NamedTuple):
    """One stage as it is shown."""

    stage: str
    state: str  # waiting, running or done
    share: float  # of it that is done
    seconds: float | None


class Shown(NamedTuple):
    """The live view at one moment, as HTML; `said` is read out when it changes."""

    progress: str
    found: str
    posters: str
    said: str


class Live(NamedTuple):
    """The controls of the live view."""

    progress: Any
    found: Any
    posters: Any
    said: Any


def lay_out(page: Page) -> Live:
    """Lay out the live view; it follows the page's job."""
    live = Live(
        board(elem_id="live"),
        gr.HTML(apply_default_css=False, elem_id="live-found"),
        gr.HTML(apply_default_css=False, elem_id="live-posters"),
        gr.HTML(apply_default_css=False, elem_id="live-said", elem_classes="product-unseen"),
    )

    def act(job: str, event: gr.EventData, request: gr.Request) -> None:
        _act(page, job, event, request)

    async def follow(job: str, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for seen in _follow(page, job, request):
            yield seen

    live.progress.act(act, page.job, None, show_progress="hidden", api_visibility="private")
    page.job.change(
        follow,
        page.job,
        [live.progress, live.found, live.posters, live.said, page.campaign],
        show_progress="hidden",
        concurrency_limit=None,
        trigger_mode="multiple",
        api_visibility="private",
    )
    return live


async def _follow(page: Page, job: str, request: gr.Request) -> AsyncIterator[list[Any]]:
    """Show a job's news until it ends, or until another job is followed here."""
    session = str(request.session_hash)
    _watched[session] = job
    if not job:
        yield ["", "", "", "", gr.skip()]
        return
    before: list[Any] = [None] * 4
    try:
        if page.house.line.owner(job) != page.house.owner(request):
            raise AigcError(page.say("live.gone"))
        async for news in page.house.line.follow(job):
            if _watched.get(session) != job:
                return
            now = list(shown(page.house, page.say, news, _folder(page.house, request, news)))
            changed = [
                new if new != old else gr.skip() for new, old in zip(now, before, strict=True)
            ]
            before = now
            campaign = news.campaign if news.state == "done" else gr.skip()
            yield [*changed, campaign]
    except AigcError as error:
        failed = views.render("product/wrong.html.j2", page.say, lines=[str(error)])
        yield [failed, "", "", "", gr.skip()]
    finally:
        if _watched.get(session) == job:
            del _watched[session]


_watched: dict[str, str] = {}  # the job that each open page follows, by its session


def following(request: gr.Request) -> str:
    """The job that an open page follows and that has not ended; empty for none."""
    return _watched.get(str(request.session_hash), "")


def _act(page: Page, job: str, event: gr.EventData, request: gr.Request) -> None:
    """Stop the job that is followed."""
    if not isinstance(event._data, dict) or event._data.get("do") != "stop":
        return
    if page.house.line.owner(job) == page.house.owner(request):
        page.house.line.stop(job)


def _folder(house: House, request: gr.Request, news: News) -> Path | None:
    """The campaign's folder, once there is one."""
    try:
        return house.folder(request, news.campaign) if news.campaign else None
    except AigcError:
        return None


def shown(house: House, say: Say, news: News, folder: Path | None) -> Shown:
    """The view of a job where it stands; of a campaign that is done only a line."""
    parts = stages(news)
    minutes, seconds = divmod(max(1, round(news.left)), 60) if news.left else (0, 0)
    progress = views.render(
        "product/live.html.j2",
        say,
        news=news,
        parts=parts,
        share=share(news, parts),
        left=say("live.left_minutes", count=minutes + (seconds > 30))
        if minutes
        else say("live.left_seconds", count=max(5, 5 * round(seconds / 5)))
        if news.left
        else "",
        took=f"{sum(news.seconds.values()):.0f}",
    )
    if news.state == "done":
        return Shown(progress, "", "", say("live.done"))
    return Shown(
        progress,
        _found(house, say, news, folder),
        _posters(house, say, news),
        say(f"live.{news.stage}_now") if news.state == "running" and news.stage else "",
    )


def share(news: News, parts: list[Part]) -> int:
    """How much is done, in per cent: by time where the rest can be told, else by stages."""
    spent = sum(news.seconds.values())
    if news.left and spent:
        return round(100 * spent / (spent + news.left))
    return round(100 * sum(part.share for part in parts) / len(parts))


def stages(news: News) -> list[Part]:
    """The five stages in order, and how far each is."""
    found = []
    for stage in STAGES:
        if stage in news.seconds:
            found.append(Part(stage, "done", 1.0, news.seconds[stage]))
        elif stage == news.stage and news.state == "running":
            found.append(Part(stage, "running", min(1.0, news.done / max(1, news.total)), None))
        else:
            found.append(Part(stage, "waiting", 0.0, None))
    return found


def _found(house: House, say: Say, news: News, folder: Path | None) -> str:
    """What the photo shows and the copy, as far as they are known."""
    caption = (_saved(folder, "caption") or {}).get("caption") if folder else None
    if not caption:
        return ""
    copies = (_saved(folder, "copywrite") or {}).get("copies") or []
    ranking = (_saved(folder, "rank") or {}).get("ranking") or []
    if ranking:
        by_id = {copy["id"]: copy for copy in copies}
        copies = [by_id[row["candidate_id"]] for row in ranking if row["candidate_id"] in by_id]
    return views.render(
        "product/found.html.j2",
        say,
        caption=caption,
        cutout=house.url(news.campaign, "cutout.png"),
        copies=copies[:_COPIES],
        ranked=bool(ranking),
    )


def _saved(folder: Path | None, stage: str) -> dict[str, Any] | None:
    """A stage's file in a campaign's folder, where it is there and whole."""
    try:
        read = json.loads((folder / f"{stage}.json").read_text("utf-8")) if folder else None
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def _posters(house: House, say: Say, news: News) -> str:
    """Posters that are done, and the frames of those to come."""
    done = [
        {
            "src": house.preview_url(news.job, poster.file),
            "size": poster.size,
            "title": names.channel(say, poster.channel),
            "wide": poster.size[0] > 3 * poster.size[1],
        }
        for poster in news.posters
        if poster.channel in all_channels()
    ]
    total = news.total if news.stage == "typeset" and news.state == "running" else len(done)
    if not done and not total:
        return ""
    return views.render(
        "product/posters.html.j2", say, posters=done, coming=max(0, total - len(done)), total=total
    )
