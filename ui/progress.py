"""Where a run stands: each stage waiting, running or done, with its seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, NamedTuple

from aigc.campaign import Campaign
from aigc.events import Event
from aigc.stage import STAGES


class Row(NamedTuple):
    """One stage, as the page shows it."""

    stage: str
    state: Literal["waiting", "running", "done"]
    seconds: float | None
    note: str


class Progress:
    """Takes in events; knows what runs, since when, and the campaign as it stands."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.campaign: Campaign | None = None
        self._clock = clock
        self._since = clock()
        self._stage = STAGES[0]
        self._note = ""

    def see(self, event: Event) -> None:
        """Take in one event; those of `fetch` belong to the stage that needs the file."""
        if event.stage == "fetch":
            name, share = event.message.split("==")[0], event.done / max(1, event.total)
            busy = event.done < event.total or event.total == 0
            self._note = f"downloading {name}, {share:.0%}" if busy else ""
            return
        if event.campaign is not None:
            self.campaign = event.campaign
        seconds = self._seconds()
        stage = next((each for each in STAGES if each not in seconds), "")
        if stage != self._stage:
            self._stage, self._since = stage, self._clock()
        self._note = f"{event.done} of {event.total}" if event.done < event.total > 1 else ""

    def rows(self, *, ended: bool = False) -> list[Row]:
        """Give the five stages in order; after the end of a run nothing is running."""
        seconds = self._seconds()
        return [
            Row(stage, "done", seconds[stage], "")
            if stage in seconds
            else Row(stage, "running", self._clock() - self._since, self._note)
            if stage == self._stage and not ended
            else Row(stage, "waiting", None, "")
            for stage in STAGES
        ]

    def _seconds(self) -> dict[str, float]:
        """The seconds of every stage that is done."""
        steps = self.campaign.steps if self.campaign else ()
        return {step.stage: step.seconds for step in steps}
