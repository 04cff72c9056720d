"""Fetches a package with the npm client, unpacked and never installed: none of its code runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from aigc import events
from aigc.errors import MissingExtra, ModelError

_LONGEST = 600  # seconds


def fetch(requirement: str, folder: Path) -> None:
    """Unpack `package@version` into a folder, which gets its name only when whole.

    Raises MissingExtra without npm, ModelError where the registry does not give the package.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise MissingExtra(f"fetching {requirement} needs npm: install Node.js, which brings it")
    events.report("fetch", 0, 0, requirement)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as scratch:
        command = [npm, "pack", requirement, "--pack-destination", scratch, "--ignore-scripts"]
        try:
            done = subprocess.run(
                command, cwd=scratch, capture_output=True, text=True, timeout=_LONGEST, check=False
            )
            said, failed = done.stderr, done.returncode != 0
        except subprocess.TimeoutExpired:
            said, failed = f"no answer in {_LONGEST} s", True
        packed = next(Path(scratch).glob("*.tgz"), None)
        if failed or packed is None:
            raise ModelError(
                f"cannot fetch {requirement} from the npm registry ({_tail(said)}); "
                "check the network or npm's registry setting, then run `aigc models pull`"
            )
        unpacked = Path(scratch) / "unpacked"
        with tarfile.open(packed) as archive:
            archive.extractall(unpacked, filter="data")
        shutil.rmtree(folder, ignore_errors=True)
        (unpacked / "package").rename(folder)  # what npm calls the root of every package
    events.report("fetch", 1, 1, requirement)


def _tail(said: str) -> str:
    """Give npm's first telling line."""
    marked = re.findall(r"^npm (?:error|ERR!) (.+)$", said, re.MULTILINE)
    telling = [line for line in marked if not line.startswith(("code", "A complete log"))]
    return next(iter(telling or said.strip().splitlines()), "npm said nothing").strip()
