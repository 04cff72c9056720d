"""Seconds by stage of one campaign, from loaded models to written posters.

    python benchmarks/campaign.py [BRIEF] [--runs 3] [--json]

A first campaign loads the models and is not counted; every counted one has a seed of its own,
so nothing is reused. The brief's channels are what is measured (the example has eight).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from _report import emit, machine, parser, versions

import aigc

PACKAGES = (
    "aigc",
    "torch",
    "ctranslate2",
    "typst",
    "pillow",
    "numpy",
    "opencv-contrib-python-headless",
)


def main() -> None:
    """Run the campaigns and print the seconds."""
    arguments = parser(__doc__)
    default = Path(__file__).parent.parent / "examples" / "coffee.yaml"
    arguments.add_argument("brief", nargs="?", default=str(default), help="brief file")
    arguments.add_argument("--runs", type=int, default=3, help="counted runs")
    asked = arguments.parse_args()
    brief = aigc.load_brief(asked.brief)

    totals: list[float] = []
    stages: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.runs + 1):
            seeded = brief.model_copy(update={"seed": brief.seed + number})
            started = time.perf_counter()
            campaign = aigc.run(seeded, outputs=folder)
            seconds = time.perf_counter() - started
            if number == 0:
                first = seconds
                continue
            totals.append(seconds)
            for step in campaign.steps:
                stages.setdefault(step.stage, []).append(step.seconds)

    by_stage = {name: round(statistics.median(values), 3) for name, values in stages.items()}
    total = round(statistics.median(totals), 3)
    by_stage["photo and files"] = round(total - sum(by_stage.values()), 3)
    result = {
        "seconds": total,
        "stages": by_stage,
        "first": round(first, 3),
        "channels": len(brief.channels),
        "runs": asked.runs,
        "machine": machine(),
        "versions": versions(*PACKAGES),
    }
    table = [
        f"{name:<16} {seconds:7.2f} s {seconds / total:5.0%}" for name, seconds in by_stage.items()
    ]
    table += [
        f"{'total':<16} {total:7.2f} s   median of {asked.runs}, {len(brief.channels)} channels",
        f"{'first':<16} {first:7.2f} s   with loading the models",
    ]
    emit(asked.json, result, table)


if __name__ == "__main__":
    main()
