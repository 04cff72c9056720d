"""Commands of aigc as processes of their own, so that the page stays free meanwhile."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from aigc.errors import AigcError

_LONGEST = 600  # characters of an error


def line(*said: str) -> list[str]:
    """The command line of `aigc`, giving way to all else on the machine."""
    nice = shutil.which("nice")
    return [*((nice, "-n", "10") if nice else ()), sys.executable, "-m", "aigc", *said]


def environment() -> dict[str, str]:
    """What such a process is told of its surroundings."""
    return os.environ | {"PYTHONUNBUFFERED": "1"}


async def output(said: Sequence[str], within: Path) -> bytes:
    """Run `aigc` in a folder and give what it prints; it ends with who asked.

    Raises AigcError with the reason where it fails.
    """
    process = await asyncio.create_subprocess_exec(
        *line(*said),
        cwd=within,
        env=environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, told = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
    if process.returncode:
        raise AigcError(reason(told.decode("utf-8", "replace")))
    return out


def reason(told: str) -> str:
    """The last line of what a command that failed has said."""
    lines = [each.strip() for each in told.splitlines() if each.strip()]
    return (lines[-1] if lines else "it broke off").removeprefix("Error: ")[:_LONGEST]
