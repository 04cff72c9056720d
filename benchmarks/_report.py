"""What every benchmark prints: the machine, the versions, and a table or one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any


def parser(description: str | None) -> argparse.ArgumentParser:
    """Start a benchmark's argument parser; every benchmark has --json."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    return made


def machine() -> dict[str, Any]:
    """Name the processor and count the cores that this process may use."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0].split(":", 1)[1].strip() if names else model
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux tells
        cores = os.cpu_count() or 1
    return {"cpu": model, "cores": cores, "system": platform.system()}


def graphics() -> dict[str, Any]:
    """Name the graphics card, its memory, its driver and the CUDA that torch was built with."""
    import torch

    card = torch.cuda.get_device_properties(0)
    asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader", "--id=0"]
    try:
        driver = subprocess.run(asked, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):  # a container may have the card without the tool
        driver = ""
    return {
        "name": card.name,
        "memory_gb": round(card.total_memory / 1e9, 1),
        "capability": f"{card.major}.{card.minor}",
        "multiprocessors": card.multi_processor_count,
        "driver": driver or "unknown",
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
    }


def versions(*packages: str) -> dict[str, str]:
    """Give the versions of Python and of these distributions."""
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def emit(as_json: bool, result: dict[str, Any], table: Iterable[str]) -> None:
    """Print `result` as one JSON object, or the table with machine and versions under it."""
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    for line in table:
        print(line)
    print("machine:", ", ".join(f"{key} {value}" for key, value in result["machine"].items()))
    print("versions:", ", ".join(f"{key} {value}" for key, value in result["versions"].items()))
