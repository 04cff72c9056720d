"""A house with a line that only remembers, and a page of a few tabs in it, for tests of tabs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr

from aigc.errors import ExportError
from aigc.recipe import Recipe
from ui.house import House, Page
from ui.line import Line, News
from ui.words import speaker


def asks(name: str = "ann") -> Any:
    """Somebody's request."""
    return SimpleNamespace(username=name)


class NoLine(Line):
    """Keeps what is put into it waiting for ever."""

    def __init__(self) -> None:
        self.put_in: dict[str, tuple[str, str, Callable[..., Any], tuple[Any, ...]]] = {}

    def put(self, owner: str, name: str, work: Callable[..., Any], *given: Any) -> str:
        job = secrets.token_hex(4)
        self.put_in[job] = (owner, name, work, given)
        return job

    def jobs(self, owner: str) -> list[News]:
        return [
            News(job, "waiting", ahead=place, name=given[1])
            for place, (job, given) in enumerate(self.put_in.items())
            if given[0] == owner
        ]

    def owner(self, job: str) -> str:
        if job not in self.put_in:
            raise ExportError(f"job '{job}': no such job")
        return self.put_in[job][0]

    def close(self) -> None:
        """Nothing runs."""


class PlainHouse(House):
    """Each name has a home."""

    def owner(self, request: Any) -> str:
        return str(request.username or "ann")

    def home(self, request: Any) -> Path:
        home = self.outputs / self.owner(request)
        home.mkdir(parents=True, exist_ok=True)
        return home

    def folder(self, request: Any, campaign: str) -> Path:
        found = {each.name: each for each in self.home(request).iterdir() if each.is_dir()}
        if campaign not in found or campaign.startswith("."):
            raise ExportError(f"'{campaign}': no such campaign")
        return found[campaign]

    def url(self, campaign: str, file: str) -> str:
        return f"/files/{campaign}/{file}"


def house(path: Path) -> PlainHouse:
    """A house below a folder."""
    return PlainHouse(path / "outputs", path / "scratch", NoLine(), Recipe.load())


def page(within: House, language: str = "en") -> Page:
    """What parts of the page need of each other; outside of any blocks."""
    return Page(language, speaker(language), within, gr.State(""), gr.State(""), gr.Tabs())
