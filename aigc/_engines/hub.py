"""What is known of hub models that aigc uses by default or has presets for: licence, size."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from aigc import events

_ENGINES = Path(__file__).parent
_TABLES = (_ENGINES / "hub.toml", _ENGINES / "diffusion" / "presets.toml")


class HubModel(NamedTuple):
    """A model of the hub, as hub.toml or diffusion/presets.toml lists it."""

    ref: str
    stage: str
    licence: str
    commercial: Literal["yes", "limited", "no"]  # limited: on conditions that `note` names
    gigabytes: float  # to download
    note: str = ""
    vram: float | None = None  # GB of graphics memory for one picture; None: not told
    default: bool = False


@cache
def known() -> dict[str, HubModel]:
    """Every listed model by its reference, the defaults first."""
    rows = {}
    for table in _TABLES:
        for ref, row in tomllib.loads(table.read_text("utf-8")).items():
            fields = {key: value for key, value in row.items() if key in HubModel._fields}
            rows[ref] = HubModel(ref=ref, **fields)
    return dict(sorted(rows.items(), key=lambda item: (item[1].stage, not item[1].default)))


def warn(ref: str, stage: str) -> None:
    """Say so where a model may not be used, or not freely, for what earns money."""
    model = known().get(ref.removeprefix("hf:").split("@")[0])
    if model is None or model.commercial == "yes":
        return
    may = "is not licensed for commercial use" if model.commercial == "no" else "has conditions"
    events.report(stage, 0, 0, f"licence: {ref} {may} ({model.licence}); {model.note}".rstrip("; "))


def cached() -> frozenset[str]:
    """The models of the hub that are in its cache already, whole or in part."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        return frozenset(repo.repo_id for repo in scan_cache_dir().repos)
    except CacheNotFound:
        return frozenset()
