"""What the pages of one server share, and whose work lies where."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import quote

from slugify import slugify

from aigc.errors import AigcError
from aigc.recipe import Recipe

from .line import Line
from .words import Say

OWNER = "aigc.owner"  # where the door writes, in a request's scope, who it let in
VISITORS = "visitors"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


@dataclass(frozen=True)
class House:
    """One server: where campaigns go, what makes them, and who may see them."""

    outputs: Path
    scratch: Path  # gone when the server ends
    line: Line
    recipe: Recipe
    root: str = ""  # what stands before every address, behind a proxy
    guests: Literal["one", "names", "visitors"] = "one"  # one merchant, logins, or any browser

    @property
    def trusts(self) -> bool:
        """Whether who asks may choose models: they can name servers, and folders of ours."""
        return self.guests != "visitors"

    def owner(self, request: Any) -> str:
        """Who asks: the name they logged in with, or this browser's own; of gr.Request."""
        if self.guests == "one":
            return "merchant"
        asked = getattr(request, "request", None) or request  # gr.Request wraps the server's
        return str(asked.scope[OWNER])

    def home(self, request: Any) -> Path:
        """The folder of the campaigns of who asks."""
        if self.guests == "one":
            return self.outputs
        owner = self.owner(request)
        return self.outputs / VISITORS / owner if self.guests == "visitors" else self._named(owner)

    def _named(self, name: str) -> Path:
        """A folder for each name: spelled as the name, with a hash where that could be two's."""
        slug = slugify(name, max_length=60)
        if slug != name or slug == VISITORS:
            slug = f"{slug or 'name'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        return Path(self.outputs, slug)

    def folder(self, request: Any, campaign: str) -> Path:
        """A campaign's folder; raises AigcError unless it is one of who asks."""
        home = self.home(request)
        if isinstance(campaign, str) and _NAME.fullmatch(campaign):
            folder = (home / campaign).resolve()
            if folder.is_dir() and folder.is_relative_to(home.resolve()):
                return folder
        raise AigcError(f"campaign '{campaign}': there is none of yours; see History")

    def file(self, request: Any, campaign: str, file: str) -> Path:
        """A file of a campaign; raises AigcError unless who asks may see it."""
        return within(self.folder(request, campaign), file)

    def preview(self, request: Any, job: str, file: str) -> Path:
        """A job's small picture; raises AigcError unless the job is of who asks."""
        if not _NAME.fullmatch(job) or self.line.owner(job) != self.owner(request):
            raise AigcError(f"job '{job}': there is none of yours")
        return within(self.scratch / "jobs" / job, file)

    def url(self, campaign: str, file: str) -> str:
        """The address of a campaign's file; only its owner is served."""
        return f"{self.root}/work/{quote(campaign, safe='')}/{quote(file)}"

    def preview_url(self, job: str, file: str) -> str:
        """The address of a job's small picture; only its owner is served."""
        return f"{self.root}/preview/{quote(job, safe='')}/{quote(file)}"


def within(folder: Path, file: str) -> Path:
    """A file below a folder; raises AigcError for one that is hidden, outside or not there."""
    parts = PurePosixPath(file).parts
    plain = "\0" not in file and "\\" not in file and not file.startswith("/")
    if plain and parts and not any(part.startswith(".") for part in parts):
        path = folder.joinpath(*parts).resolve()
        if path.is_file() and path.is_relative_to(folder.resolve()):
            return path
    raise AigcError(f"file '{file}': there is none in this campaign")


@dataclass(frozen=True)
class Page:
    """One language's page as it is laid out: what its parts need of each other."""

    language: str  # en or zh
    say: Say
    house: House
    campaign: Any  # gr.State: name of the campaign that is looked at; "" for none
    job: Any  # gr.State: id of the job that is followed; "" for none
    tabs: Any  # gr.Tabs: product, catalogue, history, feedback
