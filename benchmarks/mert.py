"""What minimum error rate training gains: captions held out, against shipped and equal weights.

DATA is a table of photos with what was written about them, as `aigc learn caption` reads it. Every
photo is captioned once with weights tuned on the others; all sides choose from the same n-best
lists in the same run. The score is chrF with precision counting double, against the first sentence
of each reference; the same sentences are scored by default chrF and BLEU, too.
"""

from __future__ import annotations

import time
from typing import Any

from _report import emit, machine, parser, versions

from aigc import cli_lists
from aigc.caption import references, tune
from aigc.caption.builtin import Backend
from aigc.rank import metrics

WHO = ("tuned", "shipped", "uniform", "longest")


def main(given: list[str] | None = None) -> None:
    """Caption, tune, hold out, and print the gain."""
    options = parser(__doc__)
    options.add_argument("data", help="a CSV, JSONL or Parquet file")
    options.add_argument("--language", default="en")
    options.add_argument("--candidates", type=int, default=4, help="by the language model")
    options.add_argument("--seeds", type=int, default=5, help="runs with folds drawn anew")
    options.add_argument(
        "--captions", type=int, default=0, metavar="N", help="print N of each side"
    )
    args = options.parse_args(given)
    with cli_lists.shown():
        backend = Backend(candidates=args.candidates)
        began = time.perf_counter()
        pairs, data = tune.judged(references.read(args.data, {}), backend, args.language)
        references.check(pairs, args.data)
        captioned = time.perf_counter()
        groups = [pair.reference for pair in pairs]
        runs = [tune.fit(data, groups=groups, seed=seed) for seed in range(args.seeds)]
        fitted = (time.perf_counter() - captioned) / args.seeds
    first = runs[0]
    result: dict[str, Any] = {
        **first.plain(),
        "other_folds": [run.margins["shipped"]._asdict() for run in runs],
        "also": {who: _others(first.chosen[who], pairs, args.language) for who in WHO},
        "seconds": {"captions": captioned - began, "fit": fitted},
        "machine": machine(),
        "versions": versions("numpy", "sacrebleu", "ctranslate2"),
    }
    shown = [
        f"{who:<8} chrF2 {row['chrf2']:5.2f}  BLEU {row['bleu']:5.2f}"
        for who, row in result["also"].items()
    ]
    margins = ", ".join(f"{run.margins['shipped'].value:.2f}" for run in runs)
    table = [*first.table(), "the same sentences by other scores:", *(f"  {row}" for row in shown)]
    table.append(f"margin over shipped, folds drawn {args.seeds} times: {margins}")
    table.append(f"captions {result['seconds']['captions']:.0f} s, a fit {fitted:.1f} s")
    for number in range(min(args.captions, len(pairs))):
        table += [f"{who:<8} {first.chosen[who][number]}" for who in WHO[:2]]
    emit(args.json, result, table)


def _others(chosen: list[str], pairs: list[references.Pair], language: str) -> dict[str, float]:
    """The same sentences by chrF with recall foremost, and by BLEU."""
    chinese = language.startswith("zh")
    both = list(zip(chosen, pairs, strict=True))
    said = {
        measure: sum(
            tune.counted([line], pair.reference, measure, chinese=chinese)[0] for line, pair in both
        )
        for measure in ("chrf", "bleu")
    }
    return {"chrf2": float(metrics.chrf(said["chrf"])), "bleu": float(metrics.bleu(said["bleu"]))}


if __name__ == "__main__":
    main()
