"""Estimate a policy's click rate from the log of another, and compare with what it really got.

FOLDER holds two logs of one shop and time, NAME_random.csv (uniform policy) and NAME_bts.csv
(Bernoulli Thompson sampling), with item_id, position, click and propensity_score, as in the Open
Bandit Dataset (Saito et al. 2020). All that is taken from the second log is how often it showed
each item in each position, never a click: its propensities changed from hour to hour, and their
mean over the times that an item was shown is not the policy's mean (it sums to 1.7 to 2.3).
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _report import emit, machine, parser, versions

from aigc.feedback.offpolicy import ESTIMATORS, Log, evaluate

Z = 1.96


@dataclass(frozen=True)
class Rate:
    """A click rate and its standard error."""

    value: float
    error: float


def main() -> None:
    """Read both logs, estimate by every estimator, and report relative errors."""
    arguments = parser(__doc__)
    arguments.add_argument("folder", type=Path, metavar="FOLDER")
    arguments.add_argument("--name", default="obd_men", help="What the files begin with.")
    arguments.add_argument("--clip", type=float, help="The most that a row may weigh.")
    arguments.add_argument("--resamples", type=int, default=2000, help="For the intervals.")
    chosen = arguments.parse_args()
    uniform = _log(chosen.folder / f"{chosen.name}_random.csv")
    other = _log(chosen.folder / f"{chosen.name}_bts.csv")
    contexts = int(max(uniform.contexts.max(), other.contexts.max())) + 1
    actions = int(max(uniform.actions.max(), other.actions.max())) + 1
    shown = np.zeros((contexts, actions))
    np.add.at(shown, (other.contexts, other.actions), 1)
    policy = shown / shown.sum(1, keepdims=True)
    found = evaluate(uniform, policy, clip=chosen.clip, resamples=chosen.resamples)
    target, own = _rate(other), _rate(uniform)
    rows = {"unadjusted": _row(own, target)} | {
        name: _row(Rate(each.value, each.error), target) | {"low": each.low, "high": each.high}
        for name, each in found.estimates.items()
    }
    result: dict[str, Any] = {
        "target": {
            "rate": target.value,
            "low": target.value - Z * target.error,
            "high": target.value + Z * target.error,
            "rows": len(other.rewards),
            "clicks": int(other.rewards.sum()),
        },
        "log": {"rows": len(uniform.rewards), "clicks": int(uniform.rewards.sum())},
        "estimators": rows,
        "effective": found.effective,
        "largest_weight": found.largest,
        "mean_weight": found.mean,
        "clipped": found.clipped,
        "uncovered": found.uncovered,
        "machine": machine(),
        "versions": versions("numpy"),
    }
    emit(chosen.json, result, _table(result))


def _log(path: Path) -> Log:
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return Log(
        np.array([int(row["position"]) - 1 for row in rows]),
        np.array([int(row["item_id"]) for row in rows]),
        np.array([float(row["click"]) for row in rows]),
        np.array([float(row["propensity_score"]) for row in rows]),
    )


def _rate(log: Log) -> Rate:
    mean = float(log.rewards.mean())
    return Rate(mean, math.sqrt(mean * (1 - mean) / len(log.rewards)))


def _row(estimate: Rate, target: Rate) -> dict[str, float]:
    """An estimate beside the target: the error's interval holds the chance of both logs."""
    ratio = estimate.value / target.value
    apart = Z * math.hypot(estimate.error / estimate.value, target.error / target.value)
    return {
        "rate": estimate.value,
        "low": estimate.value - Z * estimate.error,
        "high": estimate.value + Z * estimate.error,
        "relative_error": abs(ratio - 1),
        "ratio": ratio,
        "ratio_low": ratio * math.exp(-apart),
        "ratio_high": ratio * math.exp(apart),
    }


def _table(result: dict[str, Any]) -> list[str]:
    target, log = result["target"], result["log"]
    lines = [
        f"target, from its own log: {target['rate']:.4f} ({target['low']:.4f} to "
        f"{target['high']:.4f}), {target['clicks']} clicks of {target['rows']} impressions",
        f"estimated from {log['clicks']} clicks of {log['rows']} impressions, worth "
        f"{result['effective']:.0f} of the policy's own; largest weight "
        f"{result['largest_weight']:.1f}, mean {result['mean_weight']:.3f}, "
        f"{result['uncovered']:.1%} uncovered",
        f"{'estimator':<11} {'rate':>7} {'95 %':>16}  {'off by':>7}    estimate / target, 95 %",
    ]
    for name in ("unadjusted", *ESTIMATORS):
        row = result["estimators"][name]
        lines.append(
            f"{name:<11} {row['rate']:>7.4f} {row['low']:>7.4f}..{row['high']:<7.4f}"
            f"  {row['relative_error']:>6.1%} {row['ratio']:>9.2f} ({row['ratio_low']:.2f} to "
            f"{row['ratio_high']:.2f})"
        )
    lines.append(
        "The target is itself uncertain by "
        f"{(target['high'] - target['rate']) / target['rate']:.0%}: estimators that differ by less "
        "are not ranked by this."
    )
    return lines


if __name__ == "__main__":
    main()
