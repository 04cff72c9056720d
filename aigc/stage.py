"""What a stage's backends have in common, and how they are found: by file name."""

from __future__ import annotations

import hashlib
import importlib
import re
import reprlib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aigc.errors import BriefError, UnknownBackend

STAGES = ("caption", "copywrite", "rank", "scene", "typeset")
# An option that names a file; in a recipe it is looked for beside the recipe.
FilePath = Annotated[str, Field(json_schema_extra={"format": "file"})]
# Options that say where and how many at once, not what: with another, the campaign is the same one.
HOW = {"device", "batch", "max_vram"}
_DEFINES_BACKEND = re.compile(r"^class Backend\(", re.MULTILINE)


class Stage(BaseModel):
    """Options of a backend: a frozen record that pickles, for it holds no weights.

    A backend is one file in its stage's folder that defines `class Backend(<contract>)`.
    The same object is the command line's options, the page's controls (through its JSON
    schema), the provenance record, and what a worker process receives.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    stage: ClassVar[str]

    @property
    def backend(self) -> str:
        """The backend's name: that of its file."""
        return type(self).__module__.rsplit(".", 1)[-1]

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the result; recorded as provenance."""
        return ()

    @property
    def materials(self) -> dict[str, str]:
        """What else changes the result, by name and version; recorded as provenance."""
        return {}

    def what(self) -> dict[str, Any]:
        """The options that say what is made: what a campaign is known by."""
        return self.model_dump(mode="json", exclude=HOW)

    @classmethod
    def file_options(cls) -> tuple[str, ...]:
        """Which options name files."""
        return tuple(
            name
            for name, field in cls.model_fields.items()
            if (field.json_schema_extra or {}) == {"format": "file"}
        )

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of each file that an option names: what it holds counts, not where it lies.

        Raises BriefError where one cannot be read.
        """
        found = {}
        for name in self.file_options():
            if path := getattr(self, name):
                try:
                    data = Path(path).expanduser().read_bytes()
                except OSError as error:
                    where = f"{self.stage}.{name} = '{path}'"
                    raise BriefError(f"{where}: cannot be read ({error.strerror})") from error
                found[name] = hashlib.sha256(data).hexdigest()
        return found

    def ready(self) -> None:
        """Raise, before any work begins, where this could not run here; loads no model."""
        _ = self.files
        asked = getattr(self, "device", None)
        if asked is not None:
            from aigc._engines import device

            instead = f"use --{self.stage} builtin or --{self.stage} endpoint"
            device.choose(asked, option=f"{self.stage}.device", instead=instead)


@cache
def backends(stage: str) -> tuple[str, ...]:
    """Name the backends of a stage, without importing any of them."""
    folder = Path(__file__).parent / stage
    return tuple(
        sorted(
            path.stem
            for path in folder.glob("*.py")
            if _DEFINES_BACKEND.search(path.read_text("utf-8"))
        )
    )


def backend_class(stage: str, name: str) -> type[Stage]:
    """Import one backend's class.

    Raises UnknownBackend where no file of that name defines one.
    """
    if name not in backends(stage):
        choices = ", ".join(backends(stage))
        raise UnknownBackend(f"{stage}: no backend '{name}'; choose from {choices}")
    found: type[Stage] = importlib.import_module(f"aigc.{stage}.{name}").Backend
    return found


def describe(stage: str, name: str) -> str:
    """Give the first line of a backend's docstring, without importing it."""
    text = (Path(__file__).parent / stage / f"{name}.py").read_text("utf-8")
    found = re.match(r'"""(.+?)(?:"""|\n)', text)
    return found[1].rstrip(".") if found else ""


def configure(stage: str, name: str, options: dict[str, Any]) -> Stage:
    """Make a backend with the given options.

    Raises BriefError naming the first option that is unknown or out of range.
    """
    cls = backend_class(stage, name)
    try:
        return cls.model_validate(options)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(cls.model_fields) or "none"
            raise BriefError(
                f"{stage}.{field}: {name} has no such option; it has: {known}"
            ) from error
        raise BriefError(
            f"{stage}.{field} = {reprlib.repr(first['input'])}: {first['msg']}"
        ) from error
