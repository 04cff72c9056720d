"""Who saw it: what each trait of an audience adds to the weights that all people share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aigc.errors import BriefError
from aigc.rank.clicks import Floats


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


def canonical(segments: Iterable[str]) -> list[str]:
    """Each segment with its traits in one order."""
    return ["; ".join(parsed(each)) for each in segments]
