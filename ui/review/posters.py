"""The posters of a campaign: a gallery, each at its own proportions, and what changes them."""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from aigc.archive import file_name
from aigc.campaign import Box, Poster, Tweak
from aigc.channels import all_channels
from aigc.revise import layouts

from .. import names, views
from ..board import board
from ..house import Page
from . import marks, zoom
from .desk import Desk
from .tweaks import change
from .work import Work

HERE = Path(__file__).parent
_STRIP = 3.0  # width / height of a banner that goes across the page
_AT = 2e-3  # of the poster: a panel so near to its edge stays there


class Drawing(NamedTuple):
    """One part of a layout's small drawing, in % of the poster."""

    what: str
    x: float
    y: float
    width: float
    height: float


class Layout(NamedTuple):
    """A layout that a poster could take."""

    name: str
    title: str
    hint: str
    drawing: tuple[Drawing, ...]


class Shown(NamedTuple):
    """A poster as the gallery and the large view show it."""

    poster: Poster
    title: str
    variant: str  # "1 of 2"; empty where there is one
    facts: str
    look: str  # its style and layout
    alone: bool  # nothing but the product
    said: list[marks.Said]
    checks: int
    url: str
    download: str
    saved_as: str
    style: str
    tweak: Tweak
    changed: bool  # by more than being kept
    layouts: tuple[Layout, ...]
    painted: bool  # whether a style and a seed matter to it
    grips: dict[str, list[Box]]

    @property
    def aspect(self) -> float:
        """Width / height."""
        return self.poster.size[0] / self.poster.size[1]

    @property
    def strip(self) -> bool:
        """Whether it has a row of its own, after the others."""
        return self.aspect >= _STRIP


def lay_out(page: Page, desk: Desk) -> None:
    """Lay out the gallery and the large view."""
    wall = board(elem_id="posters-wall", also=HERE / "posters.js")
    closer = zoom.view(page)
    desk.draws(lambda work: gallery(desk, work), wall)
    desk.revises(wall.act, change)
    desk.revises(closer.act, change)


def gallery(desk: Desk, work: Work) -> str:
    """Draw all posters of a campaign."""
    brief = work.campaign.brief
    return views.render(
        "review/posters.html.j2",
        desk.page.say,
        name=work.name,
        posters=hung(shown(desk, work)),
        copies=work.campaign.ranked(),
        styles={name: names.style(desk.page.say, name) for name in zoom.styles()},
        style=brief.edits.style or brief.style,
    )


def hung(posters: list[Shown]) -> list[Shown]:
    """Order posters for the wall: the broadest first, so that rows are even; banners last."""
    return sorted(posters, key=lambda one: (one.strip, -one.aspect))


def shown(desk: Desk, work: Work) -> list[Shown]:
    """Gather what is to be said of each poster."""
    campaign, many = work.campaign, Counter(each.channel for each in work.campaign.posters)
    seen: Counter[str] = Counter()
    rows = []
    for poster in campaign.posters:
        seen[poster.channel] += 1
        count = many[poster.channel]
        rows.append(_shown(desk, work, poster, seen[poster.channel] if count > 1 else 0, count))
    return rows


def _shown(desk: Desk, work: Work, poster: Poster, number: int, count: int) -> Shown:
    say, channel = desk.page.say, all_channels().get(poster.channel)
    style = next((s.style for s in work.campaign.scenes if s.id == poster.scene_id), "")
    tweak = work.edits.posters.get(poster.id, Tweak())
    painted = bool(style) and (channel is None or channel.background != "white")
    bare = channel is not None and not channel.texts
    look = [names.style(say, style)] if painted else []
    look += [] if bare else [_titled(desk, poster.layout)[0]]
    return Shown(
        poster=poster,
        title=names.channel(say, poster.channel),
        variant=say("posters.variant", number=number, count=count) if number else "",
        facts=facts(desk, work, poster),
        look=" · ".join(look),
        alone=bare,
        said=marks.said(say, poster),
        checks=len(poster.verdict.marks) if poster.verdict else 0,
        url=desk.url(work, poster.shown),
        download=f"{desk.url(work, poster.file)}&download=1",
        saved_as=file_name(work.campaign, poster),
        style=style,
        tweak=tweak,
        changed=tweak.model_copy(update={"locked": False}) != Tweak(),
        layouts=_layouts(desk, work, poster),
        painted=painted,
        grips=grips(poster),
    )


def facts(desk: Desk, work: Work, poster: Poster) -> str:
    """How large a poster is, in which format, and how many bytes."""
    width, height = poster.size
    known = poster.channel in all_channels()
    try:
        count = (work.folder / poster.file).stat().st_size
    except OSError:
        count = 0
    return desk.page.say(
        "posters.size",
        size=names.size(poster.channel) if known else f"{width} × {height}",
        format=PurePosixPath(poster.file).suffix[1:].upper(),
        bytes=as_bytes(count),
    )


def as_bytes(count: int) -> str:
    """A file's size as people say it: 214 kB, 3.1 MB."""
    return f"{max(1, round(count / 1e3))} kB" if count < 999_500 else f"{count / 1e6:.1f} MB"


def grips(poster: Poster) -> dict[str, list[Box]]:
    """What can be moved on a poster, and where it stands: the product, and its texts as one."""
    texts = [box for name, box in poster.boxes.items() if _moves(name, box)]
    product = [poster.boxes[name] for name in ("product",) if name in poster.boxes]
    return {name: boxes for name, boxes in (("product", product), ("text", texts)) if boxes}


def _moves(name: str, box: Box) -> bool:
    """Whether it moves with the texts: all but the product, and panels along the edges."""
    inside = min(box[0], box[1]) > _AT and max(box[2], box[3]) < 1 - _AT
    return name not in ("product", "subject") and (inside or not name.startswith("panel"))


def _layouts(desk: Desk, work: Work, poster: Poster) -> tuple[Layout, ...]:
    offered = layouts(work.campaign, poster.id)
    side = "broad" if poster.size[0] > 1.15 * poster.size[1] else "tall"
    return tuple(
        Layout(name, *_titled(desk, name, title), plans().get(name, {}).get(side, ()))
        for name, title in offered.items()
    )


def _titled(desk: Desk, name: str, own: str = "") -> tuple[str, str]:
    """A layout's short title, and its own, which is longer."""
    try:
        return desk.page.say(f"posters.layout_{name}"), own
    except KeyError:
        return own or name, own


@cache
def plans() -> dict[str, dict[str, tuple[Drawing, ...]]]:
    """The drawings of layouts, on upright posters and on broad ones."""
    table = tomllib.loads((HERE / "plans.toml").read_text("utf-8"))
    return {
        name: {side: tuple(map(_drawing, parts)) for side, parts in sides.items()}
        for name, sides in table.items()
    }


def _drawing(row: str) -> Drawing:
    what, *numbers = row.split()
    x, y, width, height = map(float, numbers)
    return Drawing(what, x, y, width, height)
