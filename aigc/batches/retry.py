"""What failed before, as a batch's list of it says: its briefs may have been mended by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aigc.batches import Entry
from aigc.batches.run import FAILED, JOURNAL
from aigc.batches.storage import place
from aigc.catalogue import Catalogue
from aigc.catalogue.shops import Mapped
from aigc.catalogue.tabular import Raw
from aigc.errors import BriefError, ExportError


class Listed:
    """The list of what failed, as a source of products."""

    home = Path()
    folders: tuple[Path, ...] = ()
    mapped = Mapped(kind="failed", title="what failed before")

    def __init__(self, outputs: str) -> None:
        """Read the list; raises ExportError where there was no batch."""
        where = place(outputs)
        self._name = where.shown(FAILED)
        there = where.exists(FAILED)
        if not there and not where.exists(JOURNAL):
            raise ExportError(f"'{outputs}': no batch was made there; `aigc batch CATALOGUE` does")
        lines = where.read(FAILED).splitlines() if there else []
        self._lines = [(at, line) for at, line in enumerate(lines, 1) if line.strip()]
        self.defaults: dict[str, Any] = {}
        self.total = len(self._lines)

    def __iter__(self) -> Iterator[Raw]:
        """Go through the products; raises BriefError for a line that is no product."""
        for row in self.rows():
            fields = dict(row["brief"])
            picture = fields.pop("photo", None)
            named = [picture] if isinstance(picture, str) and picture else []
            rest = {} if named or picture is None else {"photo": picture}
            yield Raw(str(row.get("where", "")), fields | rest, named, [], {})

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each line, read."""
        for at, line in self._lines:
            try:
                row: dict[str, Any] = json.loads(line)
                sound = isinstance(row["brief"], dict) and isinstance(row["number"], int)
                why = "" if sound else "`brief` is a table, `number` its place in the catalogue"
            except (ValueError, LookupError, TypeError, RecursionError) as error:
                why = " ".join(str(error).split())
            if why:
                raise BriefError(
                    f"'{self._name}', line {at}: {why}; mend it, a product is one line of JSON"
                )
            yield row


class Failed:
    """The products that failed, checked; they can be gone through again and again."""

    remarks: tuple[str, ...] = ()

    def __init__(
        self, outputs: str, *, photos: str | None = None, fetch: Path | None, private: bool
    ) -> None:
        """Read the list; the rest is as of a catalogue. Raises ExportError or BriefError."""
        self._listed = Listed(outputs)
        self.total = self._listed.total
        self._catalogue = Catalogue(
            self._listed,
            [Path(photos).expanduser()] if photos else [],
            fetch=fetch,
            private=private,
            check_photos=True,
        )

    def entries(self) -> Iterator[Entry]:
        """Each product, under the number and place that it had."""
        for entry, row in zip(self._catalogue.entries(), self._listed.rows(), strict=True):
            yield entry.model_copy(update={"number": row["number"]})
