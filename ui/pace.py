"""How long it still takes, guessed from how long it took before."""

from __future__ import annotations

from typing import Any

from aigc.stage import STAGES

_RUN = "aigc.pipeline.run"
_FIRST = {"caption": 5.0, "copywrite": 8.0, "rank": 1.0, "scene": 1.0, "typeset": 2.0}  # seconds
_EACH = ("scene", "typeset")  # take so long for every poster
_WHOLE = 8.0  # of any other job
_NEW = 0.5  # weight of the last measure: the first one has loaded models
_LATE = 0.15  # what takes longer than expected takes so much longer still


class Pace:
    """Learns the seconds of every stage, and of every other kind of work."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}

    def learn(self, kind: str, told: dict[str, Any], took: float) -> None:
        """Take in a job that is done: what it told last, and its seconds in all."""
        self._add(kind, took)
        for stage, seconds in told.get("seconds", {}).items():
            if seconds > 0:  # none was measured of what an earlier run made
                self._add(stage, seconds / _units(stage, told))

    def left(self, kind: str, told: dict[str, Any], took: float, here: float) -> float:
        """Guess the seconds to go, `took` seconds after the beginning and `here` in its stage."""
        if kind != _RUN:
            return max(self._known.get(kind, _WHOLE) - took, _LATE * took)
        stage, done, total = told.get("stage", ""), told.get("done", 0), told.get("total", 0)
        left = 0.0
        for name in STAGES:
            if name in told.get("seconds", {}):
                continue
            expected = self._known.get(name, _FIRST[name]) * _units(name, told)
            if name != stage:
                left += expected
            elif 0 < done < total:
                left += here / done * (total - done)
            else:
                left += max(expected - here, _LATE * here)
        return left

    def _add(self, name: str, seconds: float) -> None:
        old = self._known.get(name, _FIRST.get(name, seconds))
        self._known[name] = old + _NEW * (seconds - old)


def _units(stage: str, told: dict[str, Any]) -> int:
    return max(1, told.get("count", 3)) if stage in _EACH else 1
