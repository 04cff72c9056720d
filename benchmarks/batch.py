"""A catalogue in batches of several sizes: products a minute, memory, and what each stage takes.

    python benchmarks/batch.py [CATALOGUE] [--sizes 20 100 500] [--loop 6] [--budget S] [--json]

Every run is a process of its own and includes its start and the loading of models. CATALOGUE is
anything that `aigc batch` reads; without it products are drawn. Where it has fewer products than a
run wants they come again with other seeds. Against it stands `aigc run` for some of the products,
one process each, and one worker against several. --budget makes runs smaller, so that all of it
takes about as long; what was left out is said.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _memory import Sampler
from _products import draw
from _report import emit, machine, parser, versions

STAGES = ("photo", "caption", "copywrite", "rank", "scene", "typeset")
PACKAGES = ("aigc", "torch", "ctranslate2", "numpy", "pebble", "typst")
FLAT, FASTER, SPREAD = 1.10, 3.0, 1.7  # what must hold: memory, against a loop, of two workers
START = 15.0  # seconds that a run takes before its products; only the budget asks


def main() -> None:
    """Run everything, and print what was measured and what holds."""
    asked = _arguments()
    if asked.one:
        print(json.dumps(_one(**json.loads(asked.one))))
        return
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aigc-benchmark-") as folder:
        catalogue = asked.catalogue or str(draw(Path(folder) / "drawn", max(asked.sizes)))
        common = {"catalogue": str(Path(catalogue).resolve()), "channels": asked.channels}
        loop = _loop(common, asked.loop, Path(folder)) if asked.loop else None
        runs: list[dict[str, Any]] = []
        single: dict[str, Any] | None = None
        pair = sorted(asked.sizes)[len(asked.sizes) // 2] if asked.workers > 1 else 0
        for size in sorted(asked.sizes):
            # One worker takes `workers` times as long as several for the same products.
            later = sum(each for each in asked.sizes if each >= size)
            later += asked.workers * pair if single is None else 0
            left = asked.budget - (time.monotonic() - started) if asked.budget else None
            count = _fit(size, runs, left, size / later)
            if runs and count <= runs[-1]["products"]:
                _say(f"{size} products: no time left")
                continue
            runs.append(_run(common, count, asked.workers, Path(folder)) | {"asked": size})
            if size == pair:
                single = _run(common, count, 1, Path(folder))
    result: dict[str, Any] = {
        "runs": runs,
        "one_worker": single,
        "loop": loop,
        "checks": _checks(runs, single, loop, asked.workers),
        "seconds": round(time.monotonic() - started, 1),
        "machine": machine(),
        "versions": versions(*PACKAGES),
    }
    emit(asked.json, result, _table(result))


def _arguments() -> argparse.Namespace:
    options = parser(__doc__)
    options.formatter_class = argparse.RawDescriptionHelpFormatter
    options.add_argument("catalogue", nargs="?", help="folder or table of products; else drawn")
    options.add_argument("--sizes", type=int, nargs="+", default=[20, 100, 500])
    options.add_argument("--workers", type=int, default=2, help="of the runs that are compared")
    options.add_argument("--loop", type=int, default=6, help="products for `aigc run`; 0: none")
    options.add_argument("--channels", nargs="+", default=[], help="instead of each brief's own")
    options.add_argument("--budget", type=float, default=0, help="seconds for all; 0: no limit")
    options.add_argument("--one", help=argparse.SUPPRESS)
    return options.parse_args()


def _briefs(catalogue: str, channels: list[str], count: int) -> Iterator[dict[str, Any]]:
    """So many products of a catalogue, round and round with a new seed each time."""
    from aigc import catalogue as catalogues

    entries = [each for each in catalogues.read(catalogue).entries() if not each.wrong]
    if not entries:
        sys.exit(f"'{catalogue}' has no product without errors; `aigc batch --dry-run` lists them")
    for number in range(count):
        fields = dict(entries[number % len(entries)].fields)
        fields["seed"] = int(fields.get("seed") or 0) + number // len(entries)
        yield fields | ({"channels": channels} if channels else {})


def _one(
    catalogue: str, channels: list[str], count: int, workers: int, outputs: str
) -> dict[str, Any]:
    """In a process of its own: one batch; gives its seconds by stage and how its products ended."""
    import aigc

    seconds: Counter[str] = Counter()
    status: Counter[str] = Counter()
    briefs = _briefs(catalogue, channels, count)
    for result in aigc.batch(briefs, outputs=outputs, workers=workers, total=count):
        seconds.update(result.seconds)
        status[result.status] += 1
        if result.failure is not None:
            _say(f"{result.number}: {result.failure.error}")
    return {"stages": dict(seconds), "status": dict(status)}


def _run(common: dict[str, Any], count: int, workers: int, folder: Path) -> dict[str, Any]:
    _say(f"{count} products, {workers} worker{'s' * (workers > 1)} …")
    with tempfile.TemporaryDirectory(dir=folder) as outputs:
        given = common | {"count": count, "workers": workers, "outputs": outputs}
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, __file__, "--one", json.dumps(given)], stdout=subprocess.PIPE
        )
        memory = Sampler(process.pid)
        said, _ = process.communicate()
        seconds = time.monotonic() - started
        memory.end()
    if process.returncode:
        sys.exit(f"the run of {count} products ended with exit code {process.returncode}")
    told = json.loads(said)
    if told["status"] != {"done": count}:
        sys.exit(f"not all of {count} products were done: {told['status']}")
    work = seconds * workers
    share = {stage: told["stages"].get(stage, 0.0) / work for stage in STAGES}
    _say(f"  {seconds:.0f} s, {60 * count / seconds:.1f} a minute, {memory.peak / 2**20:.0f} MiB")
    return {
        "products": count,
        "workers": workers,
        "seconds": round(seconds, 1),
        "per_minute": round(60 * count / seconds, 2),
        "peak_mib": round(memory.peak / 2**20),
        "peak_apart_mib": round(memory.apart / 2**20),
        "memory": memory.unit,
        "share": {name: round(value, 4) for name, value in share.items()}
        # What is left of the workers' time.
        | {"other": round(1 - sum(share.values()), 4)},
    }


def _loop(common: dict[str, Any], count: int, folder: Path) -> dict[str, Any]:
    """Time `aigc run`, a process for each product, as a shell's loop would."""
    _say(f"aigc run in a loop, {count} products …")
    taken = []
    for number, fields in enumerate(_briefs(**common, count=count)):
        brief = folder / f"brief{number}.json"
        photo = Path(fields["photo"])  # beside the brief is elsewhere
        fields |= {"photo": str(photo.resolve())} if photo.exists() else {}
        brief.write_text(json.dumps(fields))
        command = [sys.executable, "-m", "aigc", "run", str(brief), "-o", str(folder / "loop")]
        started = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        taken.append(round(time.monotonic() - started, 2))
    _say(f"  {sum(taken):.0f} s, {60 * count / sum(taken):.1f} a minute")
    return {"products": count, "seconds": taken, "per_minute": round(60 * count / sum(taken), 2)}


def _fit(size: int, runs: list[dict[str, Any]], left: float | None, share: float) -> int:
    """How many products of a run fit into its share of the time that is left."""
    if left is None or not runs:
        return size
    return max(1, min(size, int((left * share - START) * runs[-1]["per_minute"] / 60)))


def _checks(
    runs: list[dict[str, Any]],
    single: dict[str, Any] | None,
    loop: dict[str, Any] | None,
    workers: int,
) -> list[dict[str, Any]]:
    first, last = runs[0], runs[-1]
    checks = []
    if last is not first:
        what = f"peak memory at {last['products']} against {first['products']} products"
        ratio = last["peak_mib"] / first["peak_mib"]
        checks.append(_check(what, ratio, f"at most {FLAT}", ratio <= FLAT))
    if loop is not None:
        ratio = last["per_minute"] / loop["per_minute"]
        what = f"rate at {last['products']} against `aigc run` in a loop"
        checks.append(_check(what, ratio, f"at least {FASTER}", ratio >= FASTER))
    if single is not None:
        same = next(each for each in runs if each["products"] == single["products"])
        ratio = same["per_minute"] / single["per_minute"]
        what = f"rate of {workers} workers against one, {single['products']} products"
        checks.append(_check(what, ratio, f"at least {SPREAD}", ratio >= SPREAD))
    return checks


def _check(what: str, ratio: float, wanted: str, met: bool) -> dict[str, Any]:
    return {"what": what, "ratio": round(ratio, 3), "wanted": wanted, "met": met}


def _table(result: dict[str, Any]) -> list[str]:
    rows = [*result["runs"], *([result["one_worker"]] if result["one_worker"] else [])]
    names = (*STAGES, "other")
    lines = ["products workers  a minute  peak MiB  " + " ".join(f"{name:>9}" for name in names)]
    for row in rows:
        shares = " ".join(f"{row['share'][name]:9.1%}" for name in names)
        lines.append(
            f"{row['products']:8d} {row['workers']:7d} {row['per_minute']:9.1f} "
            f"{row['peak_mib']:9d}  {shares}"
        )
    if result["loop"]:
        lines.append(
            f"`aigc run` in a loop: {result['loop']['per_minute']:.1f} a minute, "
            f"{result['loop']['products']} products"
        )
    for check in result["checks"]:
        met = "met" if check["met"] else "NOT MET"
        lines.append(f"{check['what']}: {check['ratio']:.2f} ({check['wanted']}): {met}")
    lines += [
        f"peak: {rows[0]['memory']} of all processes of the batch, summed 4 times a second",
        "stages: shares of the workers' time; other: starting, files, waiting",
        *(
            f"only {row['products']} of {row['asked']} products: no more fitted into --budget"
            for row in result["runs"]
            if row["products"] < row["asked"]
        ),
        f"all of it: {result['seconds']:.0f} s",
    ]
    return lines


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
