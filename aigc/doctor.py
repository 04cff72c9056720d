"""Says what works on this machine, and the command that would make the rest work."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from aigc.errors import MissingExtra, ModelError


class Check(NamedTuple):
    """One thing that works, or does not and how to mend it."""

    name: str
    ok: bool
    says: str
    remedy: str = ""


def check() -> list[Check]:
    """Look at packages, models, graphics card, hub access and free disk."""
    from aigc._engines import store

    found = [Check("python", True, sys.version.split()[0])]
    for package in ("torch", "transformers", "diffusers", "ctranslate2", "typst", "gradio"):
        here = importlib.util.find_spec(package) is not None
        remedy = "" if here else "pip install aigc"
        found.append(Check(package, here, "installed" if here else "missing", remedy))
    absent = [model for model in store.models().values() if not store.present(model.name)]
    missing = [model.name for model in absent if not model.optional]
    found.append(
        Check(
            "builtin models",
            not missing,
            f"missing: {', '.join(missing)}" if missing else f"all in {store.cache_folder()}",
            "aigc models pull" if missing else "",
        )
    )
    optional = [model for model in store.models().values() if model.optional]
    for use, parts in groupby(optional, key=lambda model: model.use.partition(", part ")[0]):
        own = list(parts)
        here = not any(model in absent for model in own)
        says = use if here else f"not fetched, and not needed for a campaign; {use}"
        npm = " (with npm, which Node.js brings)" if own[0].ref.startswith("npm:") else ""
        remedy = "" if here else f"aigc models pull {' '.join(m.name for m in own)}{npm}"
        found.append(Check(own[0].name.removesuffix("-1"), here, says, remedy))
    found.append(_cuda())
    offline = os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0")
    endpoint = os.environ.get("HF_ENDPOINT", "the default endpoint")
    found.append(
        Check(
            "model hub",
            not offline,
            "HF_HUB_OFFLINE is set" if offline else f"would ask {endpoint}",
            "unset HF_HUB_OFFLINE to fetch hub models" if offline else "",
        )
    )
    free = shutil.disk_usage(_existing(store.cache_folder())).free
    enough = free > 2_000_000_000
    remedy = "" if enough else "free some disk, or set AIGC_CACHE to a larger one"
    found.append(Check("disk", enough, f"{free / 1e9:.1f} GB free for models", remedy))
    return found


def prepare(names: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Fetch builtin models (all, if none is named) and make what is derived from them.

    Any other model reference, such as OWNER/NAME on the hub, is fetched as it is.
    One that is optional is left out, with the reason, where it cannot be had and was not named.
    Raises ModelError for an unknown name, or where one cannot be had.
    """
    from aigc._engines import fonts, hub, lm, store
    from aigc.rank import relevance

    known = store.models()
    names = tuple(names)
    asked = names or tuple(known)
    for name in asked:
        if name not in known and ("/" in name or ":" in name):
            hub.warn(name, "models")
            yield name, str(store.resolve(name))
            continue
        if name not in known:
            raise ModelError(
                f"no builtin model '{name}'; choose from {', '.join(known)}, or name one of the "
                "hub as OWNER/NAME"
            )
        try:
            yield name, str(store.builtin(name))
        except (MissingExtra, ModelError) as error:
            if name in names or not known[name].optional:
                raise
            yield name, f"left out, for a campaign needs none: {error}"
    if "language-model" in asked:
        yield "language-model as int8", str(lm.folder())
    if "sentence-encoder" in asked:
        relevance.bank()
        yield "names of goods", "embedded"
    if any(name.startswith("font-") for name in asked):
        yield "fonts cut to weights", fonts.folders()[0]


def _cuda() -> Check:
    try:
        import torch
    except ImportError:
        return Check("gpu", False, "torch is missing", "pip install torch")
    if torch.cuda.is_available():
        free, total = (amount / 2**30 for amount in torch.cuda.mem_get_info())
        name = torch.cuda.get_device_name(0)
        return Check("gpu", True, f"{name}, {free:.0f} of {total:.0f} GiB free")
    return Check(
        "gpu",
        False,
        "none; the builtin and endpoint backends need none",
        "a CUDA build of torch on a machine with an NVIDIA card, or an endpoint (docs/models.md)",
    )


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
