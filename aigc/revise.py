"""Corrections to a finished campaign: only what they change is made again."""

from __future__ import annotations

from pathlib import Path

from aigc.campaign import Campaign, Edits
from aigc.events import Listener


def revise(folder: str | Path, edits: Edits, *, listener: Listener | None = None) -> Campaign:
    """Take a finished campaign to `edits`, which are all its edits, old and new.

    The folder ends as `aigc run` on the brief with these edits would leave it, byte for byte, and
    keeps the version before for `undo`. Raises BriefError where an edit names what is not there,
    ExportError where there is no campaign.
    """
    raise NotImplementedError


def undo(folder: str | Path) -> Campaign:
    """Take back the last revision; raises ExportError where there is none."""
    raise NotImplementedError


def versions(folder: str | Path) -> int:
    """How many revisions can be taken back."""
    raise NotImplementedError


def layouts(campaign: Campaign, poster_id: str) -> dict[str, str]:
    """The layouts that a poster could take, with their titles; its own is among them."""
    raise NotImplementedError
