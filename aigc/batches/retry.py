"""What failed before, as a batch's list of it says: its briefs may have been mended by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aigc import brief
from aigc.batches import Entry, Wrong
from aigc.batches.flow import FAILED, JOURNAL
from aigc.batches.storage import place
from aigc.errors import BriefError, ExportError


class Failed:
    """The products that failed, which can be gone through again and again."""

    def __init__(self, outputs: str) -> None:
        """Read the list; raises ExportError where there was no batch, BriefError for a bad line."""
        where = place(outputs)
        self._name = where.shown(FAILED)
        there = where.exists(FAILED)
        if not there and not where.exists(JOURNAL):
            raise ExportError(f"'{outputs}': no batch was made there; `aigc batch CATALOGUE` does")
        lines = where.read(FAILED).splitlines() if there else []
        self._lines = [(at, line) for at, line in enumerate(lines, 1) if line.strip()]
        self.total = len(self._lines)

    def entries(self) -> Iterator[Entry]:
        """Each product, checked, under the number and place that it had."""
        for at, line in self._lines:
            row = self._row(at, line)
            fields = brief.given(row["brief"])
            wrong = [Wrong(column=each.field, says=each.says) for each in brief.wrongs(fields)]
            yield Entry(
                number=row["number"],
                where=str(row.get("where", "")),
                fields=fields,
                wrong=tuple(wrong),
            )

    def _row(self, at: int, line: bytes) -> dict[str, Any]:
        try:
            row: dict[str, Any] = json.loads(line)
            sound = isinstance(row["brief"], dict) and isinstance(row["number"], int)
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            sound, why = False, " ".join(str(error).split())
        else:
            why = "`number` and `brief` are needed"
        if not sound:
            raise BriefError(
                f"'{self._name}', line {at}: {why}; mend it, a product is one line of JSON"
            )
        return row
