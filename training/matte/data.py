"""Examples for training and validation: composites and photographs, each known by its number."""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from compose import Floats, composite, crop, worn
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

HELD_OUT = 12  # one file in so many is for validation only
# How often an example is of a kind, and how often a cut-out is of a source.
PHOTOGRAPHS = {"people": 0.16, "others": 0.22}
CUTOUTS = {"tuxpaint-stamps": 3.0, "sweethome3d-furniture": 1.0, "fluent-emoji-3d": 0.7}
CATALOGUE = 6.0  # weight of each catalogue photograph's cut-out
UNSURE = 0.1  # of a label may be neither subject nor background
PERSON = 0.06  # of the cut-outs are people from photographs


class Examples(Dataset[tuple[Tensor, Tensor]]):  # type: ignore[misc]
    """Pictures (3, side, side) scaled as the classifier's, with mattes (1, side, side).

    Example i is the same in every run, whatever the number of workers.
    """

    def __init__(self, data: Path, side: int, length: int, *, validation: bool, seed: int) -> None:
        self.side, self.length, self.seed = side, length, seed
        self.cutouts = _part(data / "cutouts", "*/*.webp", validation)
        pictures = _part(data / "backgrounds", "*/*.jpg", validation)
        self.backgrounds = [path for path in pictures if not _has_subject(path)]
        photos = [p for p in _part(data / "photos", "*/*.jpg", validation) if _mask(p).exists()]
        self.people = [path for path in photos if path.parent.name.endswith("people")]
        self.others = [path for path in photos if path not in set(self.people) and _sure(path)]
        weights = np.array([CUTOUTS.get(p.parent.name, CATALOGUE) for p in self.cutouts])
        self.weights = weights / weights.sum()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng((self.seed, index))
        picture, matte = self._drawn(rng)
        picture = worn(rng, picture) * 255
        scaled = torch.from_numpy(np.ascontiguousarray((picture - 127) / 128).astype(np.float32))
        return scaled.permute(2, 0, 1), torch.from_numpy(matte.astype(np.float32))[None]

    def _drawn(self, rng: Generator) -> tuple[Floats, Floats]:
        kind = rng.random()
        for paths, share in zip((self.people, self.others), PHOTOGRAPHS.values(), strict=True):
            if kind < share and paths:
                return self._photograph(rng, paths)
            kind -= share
        return composite(rng, self.side, self._cutout, self._background)

    def _photograph(self, rng: Generator, paths: list[Path]) -> tuple[Floats, Floats]:
        path = paths[rng.integers(len(paths))]
        both = np.dstack([_read(path), _read(_mask(path))[..., :1]])
        if rng.random() < 0.6:
            both = cv2.resize(both, (self.side, self.side), interpolation=cv2.INTER_AREA)
            both = both[:, ::-1] if rng.random() < 0.5 else both
            drawn = both.astype(np.float32) / 255
        else:
            drawn = crop(rng, both, self.side)
        return np.ascontiguousarray(drawn[..., :3]), np.ascontiguousarray(drawn[..., 3])

    def _cutout(self, rng: Generator) -> NDArray[np.uint8]:
        if rng.random() < PERSON and self.people:
            path = self.people[rng.integers(len(self.people))]
            return np.dstack(
                [_read(path), cv2.GaussianBlur(_read(_mask(path))[..., 0], (0, 0), 0.8)]
            )
        return _read(self.cutouts[rng.choice(len(self.cutouts), p=self.weights)])

    def _background(self, rng: Generator) -> NDArray[np.uint8]:
        return _read(self.backgrounds[rng.integers(len(self.backgrounds))])


def _part(folder: Path, pattern: str, validation: bool) -> list[Path]:
    """The files for validation or the others; views of one photograph stay together."""
    held = {
        path: zlib.crc32(f"{path.parent.name}/{path.stem.split('-')[0]}".encode()) % HELD_OUT == 0
        for path in sorted(folder.glob(pattern))
    }
    return [path for path, out in held.items() if out == validation]


def _mask(photo: Path) -> Path:
    return photo.with_suffix(".png")


def _has_subject(background: Path) -> bool:
    """Whether the same picture's whole view, as a photograph, shows a subject of its own."""
    folder = background.parents[2] / "photos" / background.parent.name
    view = folder / f"{background.stem}-0.jpg"
    return _mask(view).exists() and _sure(view)


def _sure(photo: Path) -> bool:
    """Whether a photograph's label tells one subject from the rest."""
    label = _read(_mask(photo)) / 255
    return bool(0.03 < label.mean() < 0.85 and ((label > 0.15) & (label < 0.85)).mean() < UNSURE)


@cache
def _read(path: Path) -> NDArray[np.uint8]:
    """Read (H, W, 3) RGB or (H, W, 4) RGBA; all pictures together fit in memory."""
    stored = np.asarray(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)
    if stored.ndim == 2:
        return stored[..., None]
    order = [2, 1, 0, 3][: stored.shape[2]]
    return np.ascontiguousarray(stored[..., order])
