"""Files that are written whole or not at all, and errors that say why one could not be."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from aigc.campaign import Pixels
from aigc.errors import ExportError


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line why something could not be written; raises ExportError."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise ExportError(
            f"cannot write '{where}': {error.strerror or error}; choose another with --output"
        ) from error


def write(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, then rename it."""
    part = path.with_name(f".{path.name}.part")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(path)
        except BaseException:  # Ctrl-C too: half a file is of no use to anyone
            part.unlink(missing_ok=True)
            raise


def as_json(value: Any) -> bytes:
    """JSON as people read it."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def as_png(pixels: Pixels, alpha: Pixels | None = None) -> bytes:
    """A picture (H, W, 3 or 4), or one (H, W, 3) with its matte (H, W), as PNG."""
    stream = io.BytesIO()
    shown = pixels if alpha is None else np.dstack([pixels, alpha])
    # Level 1: a photo hardly packs tighter at level 6, which takes twice as long.
    Image.fromarray(shown).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
