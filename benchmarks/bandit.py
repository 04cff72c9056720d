"""Clicks lost while finding out which headline is best, on traffic like that of real tests.

    python benchmarks/bandit.py ARMS.csv [--seeds 3] [--folds 5] [--truth shrunk] [--plot FILE]

ARMS.csv has a row an arm: test_id, headline, image_id, impressions, clicks, and, where it is known,
randomization_risk (as the Upworthy Research Archive's tests). Each test in which two headlines or
more had the same picture is a world of its own: its arms are those headlines, 50,000 impressions
come in batches (of 100, from 10,000 on of 500), clicks are binomial. Tests whose randomisation was
faulty are learned from and not played.

Worlds: an arm's rate as observed holds luck too, and the best observed arm most of it. So, --truth:
  shrunk    what is believed of the rate after the real clicks, by an empirical-Bayes normal on
            log-odds that knows nothing of the texts
  drawn     a draw of that belief for each seed: spread as true rates are, but the part of it that
            is drawn has nothing to do with the text
  observed  the rates as observed

Policies, all in the same batches:
  uniform       an A/B test that never ends
  ab-10000      an A/B test of 10,000 impressions, then its winner
  ucb1, kl-ucb  upper confidence bounds
  beta-1-1      Thompson sampling, Beta(1, 1) before any click
  beta-fitted   ..., Beta fitted to the rates of all arms, the test's own included
  beta-sharp    ..., and sharpened as ours is: two draws have to agree
  no-text       as `aigc next` without learned weights
  one-draw      as `aigc next` with them, not sharpened
  model         always the text that the learned weights expect most of
  ours          as `aigc next` with learned weights

The weights that stand behind a test's prior are learned without it and all tests that share a
picture or a headline with it, in --folds parts. That two draws have to
agree, rather than one or three, was found in trials on tests that are played here, with an earlier
encoder, and came first again on those of faulty randomisation, which are not played. Regret is
clicks lost against always showing the best arm. Differences are ours minus the other, on the same
worlds; intervals are 95 %, by a bootstrap over such groups of tests.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import _bandits as bandits
import _headlines as headlines
import numpy as np
from _headlines import World
from _report import emit, machine, parser, versions

from aigc.feedback import thompson
from aigc.feedback.arms import TEXT
from aigc.rank.clicks import Appeal, learned, log

Floats = bandits.Floats
SIZES = [100] * 100 + [500] * 80
TOLD = (1_000, 10_000, 50_000)
AGAIN = 2_000  # bootstrap samples
SHOWN = {
    "uniform": ("#999999", "A/B test, uniform"),
    "ucb1": ("#8c6bb1", "UCB1"),
    "kl-ucb": ("#3f8f6b", "KL-UCB"),
    "beta-1-1": ("#d08a1d", "Thompson, Beta(1, 1)"),
    "beta-fitted": ("#8a5a12", "Thompson, fitted Beta"),
    "no-text": ("#2f6fb0", "aigc next, no learned weights"),
    "ours": ("#c0392b", "aigc next, learned weights"),
}


def main() -> None:
    """Play every test with every policy and print the clicks lost."""
    arguments = parser(__doc__)
    arguments.add_argument("arms", help="CSV: test_id, headline, image_id, impressions, clicks")
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--folds", type=int, default=5)
    arguments.add_argument("--truth", choices=headlines.TRUTHS, default="shrunk")
    arguments.add_argument("--plot", metavar="FILE", help="draw the curves: .svg or .png")
    asked = arguments.parse_args()

    started = time.perf_counter()
    worlds = headlines.read(asked.arms)
    appeals = _appeals(worlds, asked.folds)
    learning = time.perf_counter() - started
    curves, groups = _play(worlds, appeals, asked.truth, asked.seeds)
    result = {
        "machine": machine(),
        "versions": versions("aigc", "numpy", "scipy"),
        "truth": asked.truth,
        "tests": int(groups.size),
        "seeds": asked.seeds,
        "seconds": {
            "learning": round(learning),
            "playing": round(time.perf_counter() - started - learning),
        },
        "regret": _table(curves, groups),
    }
    if asked.plot:
        _plot(curves, groups, asked.plot)
    emit(asked.json, result, _lines(result))


def _appeals(worlds: Sequence[World], folds: int) -> list[Appeal]:
    """What weights that were learned on the other folds expect of each world's texts."""
    groups = np.unique([world.group for world in worlds])
    np.random.default_rng(0).shuffle(groups)
    fold = {int(group): number % folds for number, group in enumerate(groups)}
    found: dict[int, Appeal] = {}
    for held in range(folds):
        rest = [
            (str(number), "", text, int(shown), int(clicks))
            for number, world in enumerate(worlds)
            if fold[world.group] != held
            for text, shown, clicks in zip(world.texts, world.shown, world.clicks, strict=True)
        ]
        model = learned.learn(log.of(rest))
        for number, world in enumerate(worlds):
            if fold[world.group] == held:
                found[number] = model.appeal(world.texts)
    return [found[number] for number in range(len(worlds))]


def _play(
    worlds: Sequence[World], appeals: Sequence[Appeal], truth: str, seeds: int
) -> tuple[dict[str, Floats], Floats]:
    """Clicks lost by each policy, (batches, tests), the mean of all seeds; and tests' groups."""
    level, spread, before = (
        headlines.level(worlds),
        headlines.spread(worlds),
        headlines.fitted(worlds),
    )
    curves: dict[str, list[Floats]] = {}
    groups: list[int] = []
    for arms in sorted({len(world.texts) for world in worlds if world.played}):
        some = [i for i, world in enumerate(worlds) if len(world.texts) == arms and world.played]
        groups += [worlds[i].group for i in some]
        shown = np.array([worlds[i].shown for i in some])
        clicks = np.array([worlds[i].clicks for i in some])
        told = Appeal(
            np.array([appeals[i].mean for i in some]),
            np.array([appeals[i].covariance for i in some]),
        )
        none = Appeal(np.zeros_like(told.mean), np.zeros_like(told.covariance) + np.eye(arms))
        plain = thompson.prior(Appeal(none.mean, none.covariance * TEXT**2))
        ours = thompson.prior(told)
        policies = {
            "uniform": bandits.uniform,
            "ab-10000": bandits.winner_after(10_000),
            "ucb1": bandits.highest(bandits.ucb1),
            "kl-ucb": bandits.highest(bandits.kl_ucb),
            "beta-1-1": bandits.beta((1, 1)),
            "beta-fitted": bandits.beta(before),
            "beta-sharp": bandits.beta(before, sharp=True),
            "no-text": bandits.normal(plain),
            "one-draw": bandits.normal(ours, sharp=False),
            "model": bandits.fixed(told.mean),
            "ours": bandits.normal(ours),
        }
        real = thompson.prior(Appeal(none.mean, none.covariance * spread), level)
        after = thompson.learned(real, shown, clicks)
        for name, policy in policies.items():
            lost = np.zeros((len(SIZES), len(some)))
            for seed in range(seeds):
                rng = np.random.default_rng([arms, seed])
                rates = headlines.rates(truth, shown, clicks, after, rng)
                lost += bandits.play(rates, policy, SIZES, rng)
            curves.setdefault(name, []).append(lost / seeds)
    return {name: np.concatenate(parts, axis=1) for name, parts in curves.items()}, np.array(groups)


def _table(curves: dict[str, Floats], groups: Floats) -> dict[str, Any]:
    """Clicks lost a test at each horizon, and how many more than ours, with intervals."""
    ends = np.cumsum(SIZES)
    rows: dict[str, Any] = {}
    for name, curve in curves.items():
        rows[name] = {}
        for told in TOLD:
            at = int(np.searchsorted(ends, told))
            lost, ours = curve[at], curves["ours"][at]
            low, high = _interval(lost, groups)
            less_low, less_high = _interval(ours - lost, groups)
            rows[name][str(told)] = {
                "lost": round(float(lost.mean()), 3),
                "low": round(low, 3),
                "high": round(high, 3),
                "ours_minus": round(float((ours - lost).mean()), 3),
                "ours_minus_low": round(less_low, 3),
                "ours_minus_high": round(less_high, 3),
                "share": round(float(ours.mean() / lost.mean() - 1), 4),
            }
    return rows


def _interval(values: Floats, groups: Floats) -> tuple[float, float]:
    """95 % of the mean, groups of tests drawn again."""
    place = np.unique(groups, return_inverse=True)[1]
    sums, counts = np.bincount(place, values), np.bincount(place)
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, sums.size, (AGAIN, sums.size))
    means = sums[chosen].sum(1) / counts[chosen].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _lines(result: dict[str, Any]) -> list[str]:
    wide = 40
    lines = [
        f"{result['tests']} tests, {result['seeds']} seeds, truth: {result['truth']}",
        "clicks lost a test, and ours minus that (95 %)",
        " " * 12 + "".join(f"{told:>{wide},}" for told in TOLD),
    ]
    for name, row in result["regret"].items():
        cells = []
        for told in TOLD:
            cell = row[str(told)]
            ours = f"{cell['ours_minus']:+.2f} ({cell['ours_minus_low']:+.2f}…"
            ours += f"{cell['ours_minus_high']:+.2f}) {cell['share']:+.0%}"
            cells.append(f"{cell['lost']:.2f}" + ("" if name == "ours" else f"  {ours}"))
        lines.append(f"{name:<12}" + "".join(f"{cell:>{wide}}" for cell in cells))
    return lines


def _plot(curves: dict[str, Floats], groups: Floats, path: str) -> None:
    """Clicks lost by impressions, with 95 % bands."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "bandit"
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), constrained_layout=True)
    ends = np.cumsum(SIZES)
    for part, most in zip(axes, (10_000, 50_000), strict=True):
        upto = int(np.searchsorted(ends, most)) + 1
        at = np.unique(np.linspace(0, upto - 1, 26).astype(int))
        for name, (colour, label) in SHOWN.items():
            curve = curves[name]
            bands = np.array([_interval(curve[i], groups) for i in at])
            part.plot(ends[:upto], curve[:upto].mean(1), color=colour, label=label)
            part.fill_between(ends[at], bands[:, 0], bands[:, 1], color=colour, alpha=0.12, lw=0)
        part.set_xlim(0, most)
        part.set_ylim(0, 1.15 * max(curves[n][upto - 1].mean() for n in SHOWN if n != "uniform"))
        part.set_xlabel("Impressions")
        part.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        part.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("Clicks lost, a test")
    axes[0].legend(frameon=False, loc="upper left")
    figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None, dpi=150)


if __name__ == "__main__":
    main()
