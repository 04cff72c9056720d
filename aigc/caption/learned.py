"""Weights of caption sentences that were learned, in a file by `aigc learn caption`."""

from __future__ import annotations

from pathlib import Path

from aigc.caption import sentences
from aigc.errors import ModelError
from aigc.rank.clicks import weights as files


def load(path: str | Path) -> dict[str, float]:
    """Read weights by the name of their feature.

    Raises ModelError with the reason where the file cannot be used: not there, damaged, of another
    kind, or learned with other features than sentences have now.
    """
    saved = files.load(path, "caption")
    names, known = saved.head.features, sentences.shipped()
    values = saved.arrays.get("weights")
    if set(names) != set(known) or values is None or values.shape != (len(names),):
        raise ModelError(
            f"weights '{path}': learned with the features {', '.join(names) or 'none'}; this aigc "
            f"has {', '.join(known)}: learn them again"
        )
    return dict(zip(names, values.tolist(), strict=True))


def digest(path: str | Path) -> str:
    """SHA-256 of a file of weights, for the record of what made a caption."""
    return files.load(path, "caption").digest
