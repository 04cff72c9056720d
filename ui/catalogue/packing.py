"""A whole batch as one zip, beside its campaigns."""

from __future__ import annotations

import zipfile
from pathlib import Path

from aigc.disk import writing

_KEPT = ("index.html", "cutout.png", "google-ads.csv")  # of a campaign, beside its posters


def pack(batch: Path) -> Path:
    """Zip the overview and every campaign's posters and sheet; they open as they lie there."""
    target = batch / f"{batch.name}.zip"
    part = target.with_name(f".{target.name}.part")
    with writing(target):
        # Pictures are packed already.
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
            for path in _files(batch):
                archive.write(path, path.relative_to(batch))
        part.replace(target)
    return target


def _files(batch: Path) -> list[Path]:
    found = [path for name in ("index.html", "index.parquet") if (path := batch / name).exists()]
    for whole in sorted(batch.glob("[!.]*/campaign.json")):
        folder = whole.parent
        found += [path for name in _KEPT if (path := folder / name).exists()]
        found += sorted(path for path in (folder / "typeset").iterdir() if path.name[0] != ".")
    return found
