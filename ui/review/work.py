"""A finished campaign as the review shows it: all that is known of it, none of its pixels."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from aigc.campaign import Campaign, Edits, Pixels, Size
from aigc.errors import ExportError


class Work(NamedTuple):
    """The campaign in hand; its pictures are known by their shapes only."""

    name: str  # of its folder
    folder: Path
    campaign: Campaign

    @property
    def photo(self) -> Size:
        """How large its photo is, px."""
        with Image.open(self.folder / "photo.png") as image:
            return image.size

    @property
    def edits(self) -> Edits:
        """All its corrections, old and new."""
        return self.campaign.brief.edits

    def stamp(self, file: str) -> int:
        """What changes when a file does, so that browsers fetch it anew; 0 where there is none."""
        try:
            return (self.folder / file).stat().st_mtime_ns
        except OSError:
            return 0


def read(folder: Path) -> Work:
    """Read a finished campaign; raises ExportError where there is none."""
    path = folder / "campaign.json"
    try:
        stat = path.stat()
        return Work(folder.name, folder, _read(folder, (stat.st_mtime_ns, stat.st_size)))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ExportError(
            f"'{folder.name}' is not finished, or damaged; make the campaign again to mend it"
        ) from error


@lru_cache(maxsize=32)
def _read(folder: Path, _version: tuple[int, int]) -> Campaign:
    saved = json.loads((folder / "campaign.json").read_text("utf-8"))
    saved.pop("recipe", None)
    caption = saved["caption"]
    # Opaque where the whole photo is shown, as `Caption.whole` asks.
    caption["cutout"] = _blank(folder / "cutout.png", 4, 255 if caption["note"] else 0)
    for scene in saved["scenes"]:
        scene["image"] = _blank(folder / "scene" / f"{scene['id']}.jpg", 3, 0)
    return Campaign.model_validate({**saved, "folder": os.fspath(folder)})


def _blank(path: Path, depth: int, value: int) -> Pixels:
    """Stand-in of a picture's shape, without its memory: only the header is read."""
    with Image.open(path) as image:
        width, height = image.size
    return np.broadcast_to(np.uint8(value), (height, width, depth))
