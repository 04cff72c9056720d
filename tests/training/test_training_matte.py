"""The matte's training on a handful of drawn objects: it runs, goes on, and exports."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from safetensors.torch import load_file

from aigc._engines import matting

RECIPE = Path(__file__).parents[2] / "training" / "matte"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty cut-outs, backgrounds and photographs with masks, laid out as gather.py does."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name in ("cutouts/discs", "backgrounds/noise", "photos/discs"):
        (folder / name).mkdir(parents=True)
    for number in range(30):
        disc = np.zeros((96, 96), np.uint8)
        cv2.circle(disc, (48, 48), int(rng.integers(20, 46)), 255, -1, cv2.LINE_AA)
        colours = np.broadcast_to(rng.integers(0, 256, 3), (96, 96, 3)).astype(np.uint8)
        noise = rng.integers(0, 256, (128, 128, 3)).astype(np.uint8)
        photo = noise.copy()
        photo[16:112, 16:112][disc > 127] = colours[disc > 127]
        label = np.zeros((128, 128), np.uint8)
        label[16:112, 16:112] = disc
        cv2.imwrite(str(folder / f"cutouts/discs/{number:04}.webp"), np.dstack([colours, disc]))
        cv2.imwrite(str(folder / f"backgrounds/noise/{number:04}.jpg"), noise)
        cv2.imwrite(str(folder / f"photos/discs/{number:04}-0.jpg"), photo)
        cv2.imwrite(str(folder / f"photos/discs/{number:04}-0.png"), label)
    return folder


def run(data: Path, out: Path, steps: int) -> str:
    command = [sys.executable, str(RECIPE / "train.py"), str(data), str(out), "--steps", str(steps)]
    command += ["--batch", "2", "--side", "64", "--device", "cpu", "--workers", "0", "--every", "2"]
    command += ["--validation", "4"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_trains_goes_on_and_exports_what_the_package_loads(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path, 2)
    assert "goes on from step 2" in run(data, tmp_path, 4)
    with (tmp_path / "log.csv").open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["2", "4"]
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    picture = np.full((64, 96, 3), 128, np.uint8)
    found = matting.alpha(picture, tmp_path / "matte.safetensors")
    assert found.shape == (256, 384)
    assert 0 <= found.min() <= found.max() <= 1


def test_examples_are_the_same_each_time_and_validation_shares_none(data: Path) -> None:
    script = (
        "from pathlib import Path; from data import Examples; import hashlib, sys\n"
        "one, other = (Examples(Path(sys.argv[1]), 64, 8, validation=v, seed=3) for v in (0, 1))\n"
        "assert one.cutouts and other.cutouts and not set(one.cutouts) & set(other.cutouts)\n"
        "assert not set(one.others) & set(other.others)\n"
        "parts = [t.numpy().tobytes() for i in range(8) for t in one[i]]\n"
        "print(hashlib.sha256(b''.join(parts)).hexdigest())\n"
    )
    command = [sys.executable, "-c", script, str(data)]
    hashes = {
        subprocess.run(command, cwd=RECIPE, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(hashes) == 1


def test_the_shipped_weights_are_small_and_whole() -> None:
    assert matting.WEIGHTS.stat().st_size < 20e6
    network = matting.MatteNet()
    del network.coarse
    missing = network.load_state_dict(load_file(matting.WEIGHTS), strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing)
