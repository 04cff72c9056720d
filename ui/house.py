"""What the pages of one server share, and whose work lies where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc.recipe import Recipe

from .line import Line
from .words import Say


@dataclass(frozen=True)
class House:
    """One server: where campaigns go, what makes them, and who may see them."""

    outputs: Path
    scratch: Path  # gone when the server ends
    line: Line
    recipe: Recipe
    root: str = ""  # what stands before every address, behind a proxy
    names: bool = False  # whether people log in: each has a folder of their own

    def owner(self, request: Any) -> str:
        """Who asks: the name they logged in with, or this browser's own; of gr.Request."""
        raise NotImplementedError

    def home(self, request: Any) -> Path:
        """The folder of the campaigns of who asks."""
        raise NotImplementedError

    def folder(self, request: Any, campaign: str) -> Path:
        """A campaign's folder; raises AigcError unless it is one of who asks."""
        raise NotImplementedError

    def url(self, campaign: str, file: str) -> str:
        """The address of a campaign's file; only its owner is served."""
        raise NotImplementedError

    def preview_url(self, job: str, file: str) -> str:
        """The address of a job's small picture; only its owner is served."""
        raise NotImplementedError


@dataclass(frozen=True)
class Page:
    """One language's page as it is laid out: what its parts need of each other."""

    language: str  # en or zh
    say: Say
    house: House
    campaign: Any  # gr.State: name of the campaign that is looked at; "" for none
    job: Any  # gr.State: id of the job that is followed; "" for none
    tabs: Any  # gr.Tabs: product, catalogue, history, feedback
