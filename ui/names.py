"""Channels, styles and sizes as the page calls them; what it has no word for keeps its own."""

from __future__ import annotations

from aigc.channels import all_channels
from aigc.styles import all_styles

from .words import Say


def platform(say: Say, channel: str) -> str:
    """Whose channel it is, such as Instagram."""
    owner = all_channels()[channel].platform
    return _said(say, f"channels.platform_{owner}", owner)


def form(say: Say, channel: str) -> str:
    """What is made for a channel, such as Story; its platform is not said again."""
    return _said(say, f"channels.{channel}", all_channels()[channel].title)


def channel(say: Say, name: str) -> str:
    """A channel in full, such as Instagram · Story; its name where it is no longer one."""
    return f"{platform(say, name)} · {form(say, name)}" if name in all_channels() else name


def size(name: str) -> str:
    """How large a channel's picture is: pixels on a screen, millimetres in print."""
    row = all_channels()[name]
    width, height = row.print.trim if row.print else row.size
    return f"{width:g} × {height:g}{' mm' if row.print else ''}"


def style(say: Say, name: str) -> str:
    """A style pack's title, or that of `auto`."""
    packs = all_styles()
    return _said(say, f"styles.{name}", packs[name].title if name in packs else name)


def _said(say: Say, key: str, other: str) -> str:
    try:
        return say(key)
    except KeyError:
        return other
