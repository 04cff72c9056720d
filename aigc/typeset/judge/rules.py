"""The judge's thresholds: one table, rules.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from aigc.campaign import Mark, Value


class Rule(Value):
    """From which value on a check warns and fails."""

    good: Literal["low", "high"] = Field(description="Which way is better")
    warn: float | None = None
    fail: float | None = None
    layout: bool = Field(True, description="Whether another layout may mend it")
    reason: str = Field(description="Why the thresholds stand where they do")
    remedy: str = Field(description="What to do about it")


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its check's name, in the order of the report."""
    table = tomllib.loads((Path(__file__).parent / "rules.toml").read_text("utf-8"))
    return {name: Rule.model_validate(row) for name, row in table.items()}


def mark(check: str, value: float, what: str = "") -> Mark:
    """Mark a value by its rule; `what` names the element that it was worst in."""
    rule = rules()[check]
    level: Literal["pass", "warn", "fail"] = "pass"
    passed: float | None = rule.warn if rule.warn is not None else rule.fail
    for name, threshold in (("fail", rule.fail), ("warn", rule.warn)):
        if threshold is not None and _worse(rule, value, threshold):
            level, passed = ("fail", threshold) if name == "fail" else ("warn", threshold)
            break
    assert passed is not None  # a rule has one threshold at least
    remedy = ""
    if level != "pass":
        side = "at least" if rule.good == "high" else "at most"
        subject = f"{what}: " if what else ""
        remedy = f"{subject}{check} {value:.3g}, {side} {passed:g} wanted; {rule.remedy}"
    return Mark(check=check, level=level, value=round(value, 4), threshold=passed, remedy=remedy)


def _worse(rule: Rule, value: float, threshold: float) -> bool:
    return value < threshold if rule.good == "high" else value > threshold
