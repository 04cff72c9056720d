"""Corrections from two windows on one campaign: put together where they do not meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aigc.campaign import Edits
from aigc.errors import AigcError


class StaleError(AigcError):
    """What is to be corrected has been corrected elsewhere, and this window does not show it."""


def merged(seen: Edits, now: Edits, change: Callable[[Edits], Edits | None]) -> Edits | None:
    """Apply a change, meant for the edits that were `seen`, to those that there are `now`.

    Raises StaleError where both changed the same thing, each in its own way.
    """
    wanted = change(now)
    if wanted is None or seen == now:
        return wanted
    meant = change(seen)
    if meant is None:
        return wanted
    before, mine, theirs = _leaves(seen), _leaves(meant), _leaves(now)
    for path in mine.keys() | theirs.keys():
        was, ours, other = before.get(path), mine.get(path), theirs.get(path)
        if was not in (ours, other) and ours != other:
            raise StaleError("changed in another window")
    return wanted


def _leaves(edits: Edits) -> dict[tuple[str, ...], Any]:
    return dict(_walk(edits.model_dump(mode="json"), ()))


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _walk(each, (*path, name))
    else:
        yield path, value
