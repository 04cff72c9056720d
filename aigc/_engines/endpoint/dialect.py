"""What a server does not take, learnt from its refusals and remembered while the process lives."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FORMATS = ("json_schema", "json_schema, not strict", "json_object", "plain words")
_FORMAT = re.compile(r"response.?format|json.?schema|json.?object|invalid schema|grammar|guided")
_SYSTEM = re.compile(r"system (role|message|prompt)|role.{0,20}system|roles must alternate")
_SIZE = re.compile(r"\b(\d{2,4})\s?[x×]\s?(\d{2,4})\b")
_LARGER = 4  # times the asked room, for a model that thinks before it answers


class Dialect:
    """How one model of one server wants to be asked."""

    def __init__(self) -> None:
        self.format = 0  # of _FORMATS
        self.room = "max_tokens"
        self.times = 1  # as much room as was asked for
        self.system = True  # whether there is a role of that name
        self.without: frozenset[str] = frozenset()
        self.sizes: tuple[tuple[int, int], ...] = ()  # that it paints; none: it has not said

    @property
    def state(self) -> tuple[object, ...]:
        """All that was learnt: equal where a request would be put the same way."""
        return tuple(vars(self).values())

    def learn(self, words: str, sent: Mapping[str, object]) -> str:
        """Take from a refusal what to do otherwise; gives a remark, empty where nothing is learnt.

        `sent` is the body of the refused request.
        """
        told = words.lower()
        if "max_completion_tokens" in told and self.room == "max_tokens" in sent:
            self.room = "max_completion_tokens"
            return "max_completion_tokens in place of max_tokens"
        if "messages" in sent and "response_format" in sent and _FORMAT.search(told):
            self.format += 1
            return f"{_FORMATS[self.format]}, for it refuses {_FORMATS[self.format - 1]}"
        if "messages" in sent and self.system and _SYSTEM.search(told):
            self.system = False
            return "the system's words before the user's"
        if "size" in sent and "size" in told:
            return self._learn_sizes(told.replace(str(sent["size"]), ""))
        for name in ("negative_prompt", "response_format", "seed", "temperature", "quality"):
            if name in sent and name not in self.without and re.search(rf"\b{name}\b", told):
                self.without |= {name}
                return f"no {name}, which it does not take"
        return ""

    def learn_room(self) -> str:
        """Leave more room for answers, once."""
        if self.times > 1:
            return ""
        self.times = _LARGER
        return f"{_LARGER} times the room for an answer, for one was cut off"

    def _learn_sizes(self, told: str) -> str:
        named = dict.fromkeys((int(wide), int(tall)) for wide, tall in _SIZE.findall(told))
        found = tuple(size for size in named if min(size) >= 64)
        if self.sizes:  # it refuses what it named, or what we fell back to
            return ""
        self.sizes = found[-12:] if len(found) > 1 else ((1024, 1024),)
        return f"pictures of {', '.join(f'{wide}×{tall}' for wide, tall in self.sizes)}"


_known: dict[tuple[str, str, str], Dialect] = {}


def dialect(url: str, model: str, path: str) -> Dialect:
    """What was learnt so far of a model of a server."""
    return _known.setdefault((url, model, path), Dialect())


def forget() -> None:
    """Know nothing again."""
    _known.clear()
