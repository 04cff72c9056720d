"""Taking a campaign away: a picture, a channel's zip, everything; texts, brief, contact sheet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from aigc import adtexts
from aigc.archive import file_name
from aigc.campaign import Campaign, Copy, Poster
from aigc.channels import all_channels
from aigc.errors import AigcError, BriefError
from aigc.export import pack

from .. import names, views
from ..board import board
from ..house import Page
from .desk import Desk
from .posters import as_bytes, facts
from .work import Work, read

_BRIEF, _SHEET, _ZIPS = "brief.yaml", "index.html", "zips"


class File(NamedTuple):
    """One picture or PDF to be saved."""

    url: str
    name: str
    facts: str
    pdf: bool


class Channel(NamedTuple):
    """What there is to take for one channel."""

    name: str
    title: str
    files: list[File]
    text: str


def lay_out(page: Page, desk: Desk) -> None:
    """Lay out what can be taken away; zips are made when they are asked for."""
    shelf = board(elem_id="take", also=Path(__file__).with_name("take.js"))
    news = gr.HTML(
        js_on_load="watch('value', () => element.querySelector('a[download]')?.click())",
        apply_default_css=False,
        elem_id="take-news",
    )
    desk.draws(lambda work: (shelves(desk, work), ""), [shelf, news])

    async def handle(request: gr.Request, event: gr.EventData, name: str) -> AsyncIterator[str]:
        told = event._data if isinstance(event._data, dict) else {}
        async for said in packing(desk, request, name, told):
            yield said

    shelf.act(
        handle,
        page.campaign,
        news,
        api_visibility="private",
        show_progress="hidden",
        concurrency_limit=2,  # each holds the campaign's pictures
    )


async def packing(desk: Desk, request: Any, name: str, told: dict[str, Any]) -> AsyncIterator[str]:
    """Pack what an event asks for, and give what is said of it: the last has the way to it."""
    page = desk.page
    try:
        work = await asyncio.to_thread(read, page.house.folder(request, name))
        channel = asked(work.campaign, told)
        title = names.channel(page.say, channel) if channel else page.say("take.everything")
        yield _says(page, "packing", busy=True, name=title)
        path = await asyncio.to_thread(zipped, work, channel)
        yield _says(
            page,
            "packed",
            url=f"{desk.url(work, f'{_ZIPS}/{path.name}')}&download=1",
            file=f"{work.campaign.id}-{path.name}" if channel else path.name,
            name=title,
            size=as_bytes(path.stat().st_size),
        )
    except (AigcError, OSError) as error:
        yield _says(page, "failed", wrong=True, why=str(error))


def shelves(desk: Desk, work: Work) -> str:
    """Draw what there is to take."""
    there = {name: (work.folder / name).exists() for name in (_BRIEF, _SHEET, adtexts.GOOGLE)}
    return views.render(
        "review/take.html.j2",
        desk.page.say,
        channels=list(channels(desk, work)),
        count=len(work.campaign.posters),
        brief=f"{desk.url(work, _BRIEF)}&download=1" if there[_BRIEF] else "",
        sheet=desk.url(work, _SHEET) if there[_SHEET] else "",
        ads=f"{desk.url(work, adtexts.GOOGLE)}&download=1" if there[adtexts.GOOGLE] else "",
    )


def channels(desk: Desk, work: Work) -> list[Channel]:
    """Gather the files and the text of each channel, in the order of the brief."""
    found: dict[str, list[Poster]] = {}
    for poster in work.campaign.posters:
        found.setdefault(poster.channel, []).append(poster)
    return [
        Channel(
            name,
            names.channel(desk.page.say, name),
            [_file(desk, work, poster) for poster in posters],
            text(work.campaign, posters),
        )
        for name, posters in found.items()
    ]


def _file(desk: Desk, work: Work, poster: Poster) -> File:
    url = f"{desk.url(work, poster.file)}&download=1"
    name = file_name(work.campaign, poster)
    return File(url, name, facts(desk, work, poster), name.endswith(".pdf"))


def text(campaign: Campaign, posters: list[Poster]) -> str:
    """What is to be pasted beside a channel's posters: each text once, as lines."""
    by_id = {copy.id: copy for copy in campaign.copies}
    used = dict.fromkeys(poster.copy_id for poster in posters)
    row = all_channels().get(posters[0].channel)
    link = campaign.brief.link if row is None or row.links else ""
    return "\n\n".join(_lines(by_id[each], link) for each in used if each in by_id)


def _lines(copy: Copy, link: str) -> str:
    tags = " ".join(f"#{tag.lstrip('#')}" for tag in copy.hashtags)
    return "\n".join(line for line in (copy.headline, copy.body, copy.cta, link, tags) if line)


def asked(campaign: Campaign, told: dict[str, Any]) -> str:
    """The channel whose zip is asked for; "" for the whole campaign.

    Raises BriefError for anything else: what an event says may come from anybody.
    """
    value = told.get("value")
    known = {"", *(poster.channel for poster in campaign.posters)}
    if told.get("do") == "pack" and isinstance(value, str) and value in known:
        return value
    raise BriefError(f"zip '{str(value)[:80]}': this campaign has no such channel; reload the page")


def zipped(work: Work, channel: str) -> Path:
    """A channel's zip, or that of the whole campaign; made unless it is there.

    Raises ExportError where the campaign is being corrected, or is damaged.
    """
    path = work.folder / _ZIPS / f"{channel or work.campaign.id}.zip"
    if not path.exists() or path.stat().st_mtime_ns < work.stamp("campaign.json"):
        # Without a name `pack` makes each channel's too: one is asked for, that costs least.
        first = channel or work.campaign.posters[0].channel
        pack(work.folder, [first], whole=not channel)
    return path


def _says(page: Page, key: str, **told: Any) -> str:
    shown = {"busy": False, "wrong": False, "url": "", "file": ""} | {
        name: told.pop(name) for name in ("busy", "wrong", "url", "file") if name in told
    }
    return views.render(
        "review/packed.html.j2", page.say, text=page.say(f"take.{key}", **told), **shown
    )
