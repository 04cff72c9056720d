"""Gather what the matte is trained on into one folder: cut-outs, photographs, backgrounds.

DATA/cutouts/SOURCE/*.webp     objects on transparency, longest side at most 384 px
DATA/photos/SOURCE/*.jpg       whole photographs, with a mask beside each (.png) or none yet
DATA/backgrounds/SOURCE/*.jpg  pictures that objects are put on

Downloads need npm and apt-get; what is at hand already is not fetched again. Sources and licences
are in sources.toml. Own material is added by `--own FOLDER`, laid out as `cutouts/*` (with alpha),
`backgrounds/*`, and `people/images/*` with `people/masks/*` of the same names.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

CUTOUT_SIDE, PHOTO_SIDE = 384, 400
SMALLEST = 96  # px: icons below it are no objects
VIEWS = 3  # crops of a large photograph
PICTURES = {".png", ".jpg", ".jpeg", ".webp"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--own", type=Path, action="append", default=[], metavar="FOLDER")
    options = parser.parse_args()
    sources = tomllib.loads(Path(__file__).with_name("sources.toml").read_text("utf-8"))
    for name, source in sources.items():
        if source["from"] == "own" or (options.data / source["kind"] / name).exists():
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = pictures(fetched(source["from"], Path(folder)), source)
            add = cutouts if source["kind"] == "cutouts" else views
            add(found, options.data, name)
    for folder in options.own:
        cutouts(sorted(folder.glob("cutouts/*")), options.data, folder.name)
        views(sorted(folder.glob("backgrounds/*")), options.data, folder.name)
        people(folder / "people", options.data / "photos" / f"{folder.name}-people")
    for kind in ("cutouts", "photos", "backgrounds"):
        for folder in sorted((options.data / kind).glob("*")):
            print(f"{kind}/{folder.name}: {len({p.stem for p in folder.iterdir()})}")


def fetched(source: str, folder: Path) -> Path:
    """Fetch and unpack an npm or a Debian package."""
    where, package = source.split(":", 1)
    tool = {"npm": "npm", "deb": "apt-get"}[where]
    if shutil.which(tool) is None:
        raise SystemExit(
            f"{source}: needs {tool}, which is not here; install it or drop the source"
        )
    if where == "npm":
        subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True)
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
    else:
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
        subprocess.run(["dpkg-deb", "-x", next(folder.glob("*.deb")), folder], check=True)
        for inner in folder.rglob("*.sh3f"):  # a furniture library is a zip of models and pictures
            with zipfile.ZipFile(inner) as archive:
                archive.extractall(inner.with_suffix(""))
    return folder


def pictures(folder: Path, source: dict[str, object]) -> list[Path]:
    skip = [str(word) for word in source.get("skip", [])]  # type: ignore[attr-defined]
    found = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in PICTURES]
    found = [p for p in found if not any(word in str(p.relative_to(folder)) for word in skip)]
    if source.get("sizes"):  # one picture in many sizes a folder: the largest file is enough
        largest = {path.parent: path for path in sorted(found, key=lambda p: p.stat().st_size)}
        found = sorted(largest.values())
    return found


def cutouts(paths: list[Path], data: Path, name: str) -> None:
    """Keep what is one object on transparency, trimmed to it."""
    target = data / "cutouts" / name
    target.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(paths):
        with Image.open(path) as opened:
            image = opened.convert("RGBA")
        box = image.getchannel("A").point(lambda a: 255 * (a > 8)).getbbox()
        if box is None:
            continue
        image = image.crop(box)
        image.thumbnail((CUTOUT_SIDE, CUTOUT_SIDE))
        solid = (np.asarray(image.getchannel("A")) > 128).mean()
        if max(image.size) < SMALLEST or min(image.size) < 24 or not 0.08 < solid < 0.98:
            continue
        image.save(target / f"{number:04}.webp", quality=92)


def views(paths: list[Path], data: Path, name: str) -> None:
    """Keep pictures as backgrounds; several crops of the large ones, as photographs too."""
    rng = random.Random(name)
    folders = [data / kind / name for kind in ("backgrounds", "photos")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(paths):
        with Image.open(path) as opened:
            image = opened.convert("RGB")
        if min(image.size) < 200:
            continue
        for view in range(VIEWS if max(image.size) > 2 * PHOTO_SIDE else 2):
            share = 1.0 if view == 0 else rng.uniform(0.35, 0.8)
            width, height = (round(side * share) for side in image.size)
            width = min(width, 2 * height)
            left = rng.randint(0, image.width - width)
            top = rng.randint(0, image.height - height)
            crop = image.crop((left, top, left + width, top + height))
            crop.thumbnail((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS)
            crop.save(folders[1] / f"{number:04}-{view}.jpg", quality=92)
            if view == 0:
                crop.save(folders[0] / f"{number:04}.jpg", quality=92)


def people(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("images/*")):
        masks = list((source / "masks").glob(f"{path.stem}.*"))
        if masks:
            Image.open(path).convert("RGB").save(target / f"{path.stem}.jpg", quality=92)
            Image.open(masks[0]).convert("L").save(target / f"{path.stem}.png")


if __name__ == "__main__":
    main()
