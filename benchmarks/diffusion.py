"""Pictures a second on a graphics card: stock diffusers and our engine side by side.

The real architectures at full size with random weights, so nothing is downloaded and nothing is
said of quality. Both sides get prompt embeddings of the right shape (stock is spared its text
encoders), the same scheduler, steps, guidance, bfloat16 and seeds, and hand back bytes on the
host. Every side lives in a process of its own; they take turns, repetition by repetition. The
share is that of the card's bf16 matrix rate, measured in the same run, also for float8 sides.
Results are merged into benchmarks/results/diffusion-<card>.json as each case ends.
"""

from __future__ import annotations

import json
import multiprocessing
import re
import statistics
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import _sides
import torch
from _report import emit, graphics, machine, parser, versions
from _sides import CASES, SIDES

_USUAL = ("stock-alone", "stock", "eager", "compiled", "compiled-tiny", "fp8", "fp8-tiny")
_STOCK = ("stock-alone", "stock")


def main(given: list[str] | None = None) -> None:
    """Measure the cases that are asked for, and print and keep the result."""
    options = parser(__doc__)
    options.add_argument("--only", action="append", choices=CASES, help="a case (repeatable)")
    options.add_argument("--sides", nargs="+", choices=SIDES, help=f"usually {' '.join(_USUAL)}")
    options.add_argument("--repeat", type=int, default=5, help="repetitions a side")
    options.add_argument("--quick", action="store_true", help="stock and compiled, two repetitions")
    options.add_argument(
        "--limit", type=float, default=300, help="seconds a side may take to start"
    )
    options.add_argument("--budget", type=float, help="seconds after which no side is started")
    options.add_argument("--out", type=Path, help="where the result is merged into")
    options.add_argument("--tiny", action="store_true", help="tiny models on the CPU: a rehearsal")
    args = options.parse_args(given)
    if not args.tiny and not torch.cuda.is_available():
        sys.exit(
            "diffusion.py: no NVIDIA card that torch can use here; run it where there is one, or "
            "rehearse with --tiny"
        )
    _sides.quiet()
    sides = args.sides or (("stock", "compiled") if args.quick else _USUAL)
    repeat = 2 if args.quick else args.repeat

    result = _beginning(tiny=args.tiny)
    end = time.monotonic() + (args.budget or float("inf"))
    where = args.out or (None if args.tiny else _file(result["gpu"]["name"]))
    for name in args.only or CASES:
        rows = _case(name, sides, repeat, args.limit, end, tiny=args.tiny)
        result["cases"][name] = _summary(name, rows, result["matmul_tflops"], tiny=args.tiny)
        if where:
            result = _merged(where, result)
    emit(args.json, result, _table(result))


def _beginning(*, tiny: bool) -> dict[str, Any]:
    device, dtype = torch.device("cpu" if tiny else "cuda"), torch.bfloat16
    rate = _sides.matmul_rate(device, torch.float32 if tiny else dtype, 256 if tiny else 8192)
    if not tiny:
        torch.cuda.empty_cache()
    return {
        "unit": "images/s",
        "tiny": tiny,
        "gpu": {"name": "none"} if tiny else graphics(),
        "matmul_tflops": rate,
        "cases": {},
        "machine": machine(),
        "versions": versions("torch", "diffusers"),
    }


def _case(
    name: str, sides: Sequence[str], repeat: int, limit: float, end: float, *, tiny: bool
) -> dict[str, list[dict[str, Any]]]:
    """Start each side in turn (compiling apart from measuring), then let them take turns."""
    rows: dict[str, list[dict[str, Any]]] = {}
    running: dict[str, Connection] = {}
    context = multiprocessing.get_context("spawn")
    children = []
    try:
        for side in sides:
            if time.monotonic() > end:
                rows[side] = [{"error": "not started: the budget was spent"}]
                continue
            _say(f"{name}: starting {side}")
            mine, theirs = context.Pipe()
            child = context.Process(target=_sides.serve, args=(theirs, name, side, tiny))
            child.start()
            children.append(child)
            theirs.close()
            rows[side] = [_answer(mine, limit)]
            if "error" in rows[side][0]:
                child.terminate()
            else:
                running[side] = mine
        for number in range(repeat):
            _say(f"{name}: repetition {number + 1} of {repeat}")
            for side, pipe in list(running.items()):
                pipe.send(True)
                rows[side].append(_answer(pipe, limit))
                if "error" in rows[side][-1]:
                    del running[side]
        for pipe in running.values():
            pipe.send(False)
        for child in children:
            child.join(20)
    finally:
        for child in children:
            child.kill()
            child.join()
    return rows


def _answer(pipe: Connection, limit: float) -> dict[str, Any]:
    try:
        if not pipe.poll(limit):
            return {"error": f"no answer within {limit:.0f} s"}
        answer: dict[str, Any] = pipe.recv()
    except (EOFError, ConnectionError) as error:
        return {"error": f"its process ended: {type(error).__name__}"}
    return answer


def _summary(
    name: str, rows: dict[str, list[dict[str, Any]]], matmul: float, *, tiny: bool
) -> dict[str, Any]:
    case = _sides.shrunk(CASES[name]) if tiny else CASES[name]
    counts = {"vae": 0.0, "tiny_vae": 0.0} if tiny else _sides.teraflops(case)
    made: dict[str, Any] = {}
    for side, (start, *turns) in rows.items():
        failed = [row["error"] for row in (start, *turns) if "error" in row]
        if failed:
            made[side] = {"error": failed[0]}
            continue
        rates = [row["rate"] for row in turns]
        tflop = counts["tiny_vae" if SIDES[side].tiny_vae else "vae"]
        made[side] = {
            "images_per_second": statistics.median(rates),
            "low": min(rates),
            "high": max(rates),
            "batch": start["batch"],
            "tflop_per_image": tflop,
            "matmul_share": statistics.median(rates) * tflop / matmul,
            "peak_gb": turns[-1]["peak_gb"],
            "first_seconds": start["first_seconds"],
            "flat": start["flat"],
        }
    good = {side: row["images_per_second"] for side, row in made.items() if "error" not in row}
    stock = [good[side] for side in _STOCK if side in good]
    for side in good:
        if stock and side not in _STOCK:
            made[side]["over_best_stock"] = good[side] / max(stock)
    return {"asked": case._asdict(), "sides": made, "at": time.strftime("%Y-%m-%d %H:%M")}


def _file(card: str) -> Path:
    slug = re.sub(r"[^a-z0-9]+", "-", card.lower()).strip("-")
    return Path(__file__).parent / "results" / f"diffusion-{slug}.json"


def _merged(where: Path, result: dict[str, Any]) -> dict[str, Any]:
    """Add what is measured to what the file holds already, case by case and side by side."""
    if where.exists():
        kept = json.loads(where.read_text("utf-8"))
        if kept["gpu"]["name"] == result["gpu"]["name"] and kept["tiny"] == result["tiny"]:
            for name, case in kept["cases"].items():
                mine = result["cases"].setdefault(name, case)
                mine["sides"] = case["sides"] | mine["sides"]
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    return result


def _table(result: dict[str, Any]) -> list[str]:
    lines = [
        f"{'case':9}{'side':17}{'img/s':>8} {'low..high':>15}{'×stock':>8}{'share':>7}"
        f"{'GB':>7}{'first s':>9}"
    ]
    for name, case in result["cases"].items():
        for side, row in case["sides"].items():
            if "error" in row:
                lines.append(f"{name:9}{side:17} {row['error']}")
                continue
            spread = f"{row['low']:.2f}..{row['high']:.2f}"
            lines.append(
                f"{name:9}{side:17}{row['images_per_second']:8.2f} {spread:>15}"
                f"{row.get('over_best_stock', 1):8.2f}{row['matmul_share']:7.2f}"
                f"{row['peak_gb'] or 0:7.1f}{row['first_seconds']:9.1f}"
            )
    card = ", ".join(f"{key} {value}" for key, value in result["gpu"].items())
    return [*lines, f"card: {card}; measured matmul {result['matmul_tflops']:.1f} TFLOP/s"]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
