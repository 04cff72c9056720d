"""Worlds for bandits, made of real headline tests; see bandit.py for what they are."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _bandits import Floats
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from aigc.feedback import thompson

TRUTHS = ("shrunk", "drawn", "observed")


class World(NamedTuple):
    """A test: its arms, and what they got."""

    group: int
    texts: tuple[str, ...]
    shown: Floats  # (arms,)
    clicks: Floats
    played: bool


def read(path: str) -> list[World]:
    """The largest set of headlines of each test that had the same picture, where it is two."""
    with Path(path).open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["headline"].strip()]
    groups = _groups(rows)
    tests: dict[str, dict[str, dict[str, list[int]]]] = {}
    risky: set[str] = set()
    for row in rows:
        counts = tests.setdefault(row["test_id"], {}).setdefault(row["image_id"], {})
        count = counts.setdefault(row["headline"], [0, 0])
        count[0] += int(row["impressions"])
        count[1] += int(row["clicks"])
        if row.get("randomization_risk", "0") not in ("0", ""):
            risky.add(row["test_id"])
    found = []
    for name, pictures in tests.items():
        most = max(pictures.values(), key=len)
        if len(most) > 1 and any(clicks for _, clicks in most.values()):
            counted = np.array(list(most.values()), float)
            texts = tuple(most)
            world = World(groups[name], texts, counted[:, 0], counted[:, 1], name not in risky)
            found.append(world)
    return found


def _groups(rows: Sequence[dict[str, str]]) -> dict[str, int]:
    """Number tests so that those that share a picture or a headline have the same number."""
    names: dict[tuple[str, str], int] = {}
    pairs = [
        [names.setdefault((kind, row[kind]), len(names)) for kind in ("test_id", shared)]
        for row in rows
        for shared in ("image_id", "headline")
        if row[shared]
    ]
    edges = np.array(pairs).T
    graph = coo_array((np.ones(edges.shape[1]), tuple(edges)), shape=(len(names), len(names)))
    part = connected_components(graph, directed=False)[1]
    return {name: int(part[at]) for (kind, name), at in names.items() if kind == "test_id"}


def spread(worlds: Sequence[World]) -> float:
    """The variance of arms' log-odds inside tests (DerSimonian and Laird 1986)."""
    above = weight = 0.0
    for world in worlds:
        odds, each = _odds(world)
        level = float(each @ odds / each.sum())
        above += float(each @ (odds - level) ** 2) - (odds.size - 1)
        weight += float(each.sum() - (each @ each) / each.sum())
    return above / weight


def _odds(world: World) -> tuple[Floats, Floats]:
    """Observed log-odds and their precision."""
    clicked = world.clicks + 0.5
    missed = world.shown - world.clicks + 0.5
    return np.log(clicked / missed), 1 / (1 / clicked + 1 / missed)


def level(worlds: Sequence[World]) -> thompson.Base:
    levels = [_odds(world)[0].mean() for world in worlds]
    return thompson.Base(float(np.mean(levels)), float(np.var(levels)))


def fitted(worlds: Sequence[World]) -> tuple[float, float]:
    """The Beta whose mean and variance the arms' rates have, their sampling noise taken off."""
    shown = np.concatenate([world.shown for world in worlds])
    rates = np.concatenate([world.clicks for world in worlds]) / shown
    mean = float(rates.mean())
    variance = float(rates.var() - (rates * (1 - rates) / shown).mean())
    both = mean * (1 - mean) / variance - 1
    return mean * both, (1 - mean) * both


def rates(
    truth: str, shown: Floats, clicks: Floats, after: thompson.Belief, rng: np.random.Generator
) -> Floats:
    if truth == "observed":
        return clicks / shown
    odds = after.mean if truth == "shrunk" else thompson.draw(after, 1, rng)[:, 0]
    return np.asarray(expit(odds))
