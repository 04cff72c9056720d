"""Who saw it: what each trait of an audience adds to the weights that all people share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from aigc.errors import BriefError
from aigc.rank.clicks import Floats
from aigc.rank.clicks.within import Answers, Within

MOST = 64  # traits, those of most rows; the others count as not seen
DEEPEST, NUMBERS = 16, 384  # axes along which tastes differ, and all tastes' numbers
STRENGTHS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.65, 1.0, 1.4)  # that rho is chosen from
USUAL = 0.3  # rho before any evidence; a third or three times is ordinary


@dataclass(frozen=True)
class Tastes:
    """How people of t traits differ from all, along the m directions of most evidence.

    A trait that the log has not seen adds nothing to the mean, and `rho`² to what is not known.
    """

    traits: tuple[str, ...]
    means: Floats  # (t, m)
    covariance: Floats  # (t, m, m) each trait's own; how traits' errors hang together is left out
    rho: float  # the spread of tastes before evidence, as a share of the weights' own

    def of(self, segment: str) -> tuple[Floats, Floats]:
        """Mean (m,) and covariance (m, m) of what a person with these traits adds."""
        width = self.means.shape[1]
        mean, covariance = np.zeros(width), np.zeros((width, width))
        keys = {each.partition("=")[0] for each in self.traits}
        for trait in parsed(segment):
            if trait in self.traits:
                row = self.traits.index(trait)
                mean += self.means[row]
                covariance += self.covariance[row]
            elif trait.partition("=")[0] in keys:
                covariance += self.rho**2 * np.eye(width)
        return mean, covariance


def parsed(segment: str) -> tuple[str, ...]:
    """The traits `key=value; key=value` of a segment, in one order whatever order they came in.

    Raises BriefError where a key has two values.
    """
    pairs: dict[str, str] = {}
    for part in filter(None, (" ".join(each.split()) for each in segment.split(";"))):
        key, equals, value = (each.strip() for each in part.partition("="))
        trait = f"{key}{equals}{value}".casefold()
        key = key.casefold()
        if pairs.setdefault(key, trait) != trait:
            raise BriefError(f"segment {segment!r}: {key} has two values; give one")
    return tuple(sorted(pairs.values()))


def taught(
    within: Within, answers: Answers, tau: float, along: Floats, segments: Sequence[str]
) -> tuple[Tastes, Floats, Floats] | None:
    """Learn tastes together with the weights that all share; how strong they are, by the evidence.

    along (n, r): rows' coordinates with prior N(0, 1), those of most evidence first; segments (n,).
    Gives tastes, and of the shared weights the mean (r,) and variance (r,); None without traits.
    """
    held = [parsed(each) for each in segments]
    rows = Counter(trait for each in held for trait in each)
    traits = tuple(sorted(trait for trait, _ in rows.most_common(MOST)))
    if not traits:
        return None
    has = np.array([[trait in each for trait in traits] for each in held], float)
    r, t = along.shape[1], len(traits)
    m = min(max(NUMBERS // t, 4), DEEPEST, r)
    tilted = (has[:, :, None] * along[:, None, :m]).reshape(len(along), t * m)
    gram, pull, *_ = within.moments(np.hstack([along, tilted]), answers, tau)

    def solve(rho: float) -> tuple[float, Floats, Floats]:
        spread = np.repeat([1.0, rho], [r, t * m])
        factor = cho_factor(spread[:, None] * gram * spread + np.eye(spread.size), lower=True)
        inside = cho_solve(factor, spread * pull)
        cost = np.log(np.diag(factor[0])).sum() - float((spread * pull) @ inside) / 2
        cost += np.log(rho / USUAL) ** 2 / 2
        covariance = spread[:, None] * cho_solve(factor, np.eye(spread.size)) * spread
        return float(cost), spread * inside, covariance

    rho = min(STRENGTHS, key=lambda each: solve(each)[0])
    _, mean, covariance = solve(rho)
    own = covariance[r:, r:].reshape(t, m, t, m)
    each = np.stack([own[i, :, i] for i in range(t)])
    tastes = Tastes(traits, mean[r:].reshape(t, m), each, rho)
    return tastes, mean[:r], np.diag(covariance)[:r]
