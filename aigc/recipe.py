"""A recipe names one backend a stage with its options."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aigc.errors import BriefError
from aigc.stage import STAGES, Stage, backend_class, configure


class Recipe(Mapping[str, Stage]):
    """One configured backend a stage; `Recipe.load()` is builtin everywhere."""

    def __init__(self, stages: Mapping[str, Stage]) -> None:
        self._stages = {name: stages[name] for name in STAGES}

    def __getitem__(self, stage: str) -> Stage:
        return self._stages[stage]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stages)

    def __len__(self) -> int:
        return len(self._stages)

    @classmethod
    def load(
        cls,
        path: str | Path | None = None,
        backends: Mapping[str, str] | None = None,
        options: Iterable[str] = (),
    ) -> Recipe:
        """Read a recipe file, then apply chosen backends and `stage.option=value` settings.

        Raises BriefError or UnknownBackend naming what does not exist.
        """
        return cls.of(read(Path(path)) if path is not None else {}, backends, options)

    @classmethod
    def of(
        cls,
        table: Mapping[str, Mapping[str, Any]],
        backends: Mapping[str, str] | None = None,
        options: Iterable[str] = (),
    ) -> Recipe:
        """Make a recipe from plain data, as `load` does from a file."""
        rows = {stage: dict(row) for stage, row in table.items()}
        for stage, name in (backends or {}).items():
            if rows.get(stage, {}).get("backend") != name:
                rows[stage] = {"backend": name}  # another backend's options would not fit
        for setting in options:
            stage, option, value = _split(setting)
            rows.setdefault(stage, {})[option] = value
        made = {}
        for stage in STAGES:
            row = rows.get(stage, {})
            made[stage] = configure(stage, row.pop("backend", "builtin"), row)
        return cls(made)

    def table(self) -> dict[str, dict[str, Any]]:
        """The recipe as plain data: what a recipe file would hold."""
        return {
            name: {"backend": stage.backend, **stage.model_dump(mode="json")}
            for name, stage in self._stages.items()
        }


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Read a recipe file as plain data; raises BriefError where it is none."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BriefError(f"recipe '{path}': cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:  # bad TOML, bad UTF-8, absurd numbers
        raise BriefError(f"recipe '{path}': cannot be parsed: {error}") from error
    for stage, row in table.items():
        if stage not in STAGES or not isinstance(row, dict):
            raise BriefError(
                f"recipe '{path}': no stage '{stage}'; its tables are {', '.join(STAGES)}"
            )
        for option in backend_class(stage, row.get("backend", "builtin")).file_options():
            if isinstance(named := row.get(option), str) and named:
                row[option] = str(path.parent / Path(named).expanduser())
    return table


def _split(setting: str) -> tuple[str, str, Any]:
    key, equals, text = setting.partition("=")
    stage, dot, option = key.strip().partition(".")
    if not equals or not dot or not option or stage not in STAGES:
        raise BriefError(
            f"--set {setting}: write stage.option=value, where stage is {', '.join(STAGES)}"
        )
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        value = text.strip()  # a bare word is a string
    return stage, option, value
