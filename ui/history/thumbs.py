"""Small pictures of posters, made once and kept until the server ends."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from aigc.disk import write
from aigc.errors import ExportError

_SIDE = 300  # px, twice what a card shows on a phone


def thumb(folder: Path, file: str, scratch: Path) -> str:
    """Give a picture of a campaign folder, small, as a data: address; empty where it has none.

    Inside the page itself it needs no request of its own: a page of history is one answer.
    """
    path = folder / file
    try:
        if not file or not path.resolve().is_relative_to(folder.resolve()):
            return ""
        key = f"{path.resolve()} {path.stat().st_mtime_ns}"
        kept = scratch / "thumbs" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.webp"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            write(kept, _small(path))
        return f"data:image/webp;base64,{base64.b64encode(kept.read_bytes()).decode()}"
    except (OSError, ValueError, ExportError, UnidentifiedImageError, Image.DecompressionBombError):
        return ""


def _small(path: Path) -> bytes:
    with Image.open(path) as image:
        image.draft("RGB", (2 * _SIDE, 2 * _SIDE))
        small = image.convert("RGBA" if image.mode in ("RGBA", "LA", "P") else "RGB")
    small.thumbnail((_SIDE, _SIDE), reducing_gap=2.0)
    stream = io.BytesIO()
    small.save(stream, "WEBP", quality=72)
    return stream.getvalue()
