"""A whole catalogue: many briefs, made by many workers, here or on a cluster.

The values that flow here. A batch reads entries, makes jobs of those that hold, gives jobs to
workers, gets outcomes back, and yields results; the journal keeps each result's record.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from aigc.campaign import Brief, Campaign, Size, Value


class Wrong(Value):
    """What is wrong with one field of an entry."""

    column: str = Field(description="The column as the catalogue names it; empty: the row itself")
    says: str = Field(description="What is wrong, with the value and the remedy, in one line")


class Entry(Value):
    """One product as a catalogue gives it; `wrong` is empty where it holds."""

    number: int = Field(description="Which one it is, from 1")
    where: str = Field("", description="Where it stands: `briefs.csv, line 7`, or a file's name")
    fields: dict[str, Any] = Field({}, description="The fields of its brief, as given")
    wrong: tuple[Wrong, ...] = ()


class Job(Value):
    """One product to be made: what a worker receives."""

    number: int
    where: str = ""
    brief: Brief
    key: str = Field("", description="Same brief, photo file and recipe, same key")


class PosterRecord(Value):
    """What the index says of one poster."""

    id: str
    channel: str
    file: str = Field(description="Path relative to the campaign folder")
    shown: str = Field(description="The picture to show of it; of most, the file itself")
    size: Size
    style: str
    layout: str
    copy_id: str
    score: float = Field(description="The score of the text that it shows, 0..1")
    level: Literal["pass", "warn", "fail"] = Field(description="The judge's hardest mark")
    checks: tuple[str, ...] = Field((), description="The checks behind it: `fail contrast`")


class Record(Value):
    """What the index says of one finished campaign, without opening it."""

    id: str
    name: str
    language: str
    caption: str
    note: str = ""
    headline: str
    body: str
    cta: str
    score: float = Field(description="The best text's score, 0..1")
    posters: tuple[PosterRecord, ...]
    files: int = Field(description="Files in its folder")
    bytes: int


class Failure(Value):
    """Why a product has no campaign, or not yet."""

    stage: str = Field(description="Where it failed: brief, photo, a stage, or worker")
    kind: str = Field(description="The error's class")
    error: str
    remedy: str = ""
    trace: str = Field("", description="Where in the code, if nobody foresaw it")


class Outcome(Value):
    """What a worker says of one job after a leg of the way."""

    number: int
    id: str = ""
    failure: Failure | None = None
    again: bool = Field(False, description="Not begun: its campaign is another job's just now")
    kept: bool = Field(False, description="Nothing was left to do")
    seconds: dict[str, float] = Field({}, description="What each stage took, here and now")
    record: Record | None = Field(None, description="Once the campaign is whole")


class Result(Value):
    """How one product of a batch ended."""

    number: int
    where: str = ""
    brief: dict[str, Any] = Field(description="As it was given")
    status: Literal["done", "kept", "failed"] = Field(description="kept: it was whole before")
    id: str = ""
    folder: str = Field("", description="Its campaign folder, once there is one")
    failure: Failure | None = None
    seconds: dict[str, float] = Field({}, description="What each stage took in this run")
    record: Record | None = None
    key: str = ""

    def load(self) -> Campaign:
        """Read the campaign itself, pictures included; raises ExportError where there is none."""
        from aigc import export
        from aigc.batches import storage

        place = storage.place(self.folder.removesuffix(self.id).rstrip("/\\"))
        place.pull(self.id)
        try:
            return export.load(place.root() / self.id)
        finally:
            place.drop(self.id)


class Snapshot(Value):
    """Where a batch stands, as its listener is told about once a second."""

    total: int | None = Field(None, description="None: the source does not say")
    done: int = 0
    kept: int = 0
    failed: int = 0
    waiting: int = Field(0, description="Begun and not ended")
    elapsed: float = Field(0.0, description="Seconds since the batch began")
    seconds: dict[str, float] = Field({}, description="What each stage has taken so far, summed")
    busy: dict[str, int] = Field({}, description="Chunks being worked on, by resource")
    workers: dict[str, int] = Field({}, description="Workers, by resource: cpu, gpu, net")
    last: Result | None = Field(None, description="What has just ended, if anything")


PRIVATE = ".batch"  # in the output folder: the journal, the lock
