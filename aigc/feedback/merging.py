"""What an import is to the database: what is new, known, restated; and what would count twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aigc.errors import BriefError
from aigc.feedback import connection

_KEY = ("creative", "channel", "segment", "day")
_FIGURES = ("impressions", "clicks", "conversions", "cost")
_SAME = " AND ".join(f"p.{each} IS NOT DISTINCT FROM f.{each}" for each in _KEY)
_WAS = "SELECT * FROM performance WHERE source = getvariable('source')"
_OTHER = " OR ".join(f"p.{each} <> f.{each}" for each in _FIGURES)
_COUNTS = ("new", "known", "replaced", "fewer")
_COUNT = f"""
WITH f AS (SELECT *, row_number() OVER (PARTITION BY {", ".join(_KEY)} ORDER BY file) AS nth
           FROM logs.fresh)
SELECT file, count(*) FILTER (nth = 1 AND p.creative IS NULL),
       count(*) FILTER (nth > 1 OR NOT ({_OTHER})), count(*) FILTER (nth = 1 AND ({_OTHER})),
       count(*) FILTER (nth = 1 AND f.impressions < p.impressions)
FROM f LEFT JOIN was AS p ON {_SAME} GROUP BY file
"""  # noqa: S608
_DELETE = f"""
DELETE FROM performance AS p USING logs.fresh AS f
WHERE p.source = getvariable('source') AND {_SAME} AND ({_OTHER})
"""  # noqa: S608
_INSERT = f"""
INSERT INTO performance
SELECT DISTINCT getvariable('source'), {", ".join(_KEY)}, {", ".join(_FIGURES)}, breakdown
FROM logs.fresh AS f ANTI JOIN ({_WAS}) AS p ON {_SAME}
"""  # noqa: S608
_PARTS = f"""
SELECT creative, channel, segment, day FROM logs.fresh
GROUP BY {", ".join(_KEY)} HAVING count(DISTINCT ({", ".join(_FIGURES)})) > 1 ORDER BY ALL LIMIT 1
"""  # noqa: S608
_TWICE = """
WITH f AS (SELECT DISTINCT creative, channel, breakdown FROM logs.fresh),
     p AS (SELECT creative, channel, breakdown FROM was UNION FROM f)
SELECT f.creative, f.breakdown, p.breakdown FROM f JOIN p ON p.creative = f.creative
AND p.breakdown <> f.breakdown AND (p.channel = f.channel OR p.channel = '' OR f.channel = '')
ORDER BY ALL LIMIT 1
"""


def merged(
    staged: Path, outputs: Path, source: str, *, afresh: bool, dry_run: bool
) -> dict[int, dict[str, int]]:
    """Bring what was staged into the database, and count by file what it was to it."""
    import duckdb

    opened = connection.reading(outputs) if dry_run else connection.changing(outputs)
    with opened as kept:
        if kept is not None:
            return _merge(kept, staged, source, afresh=afresh, dry_run=dry_run)
    with duckdb.connect() as kept:  # as if there were one
        kept.execute(connection.TABLES)
        return _merge(kept, staged, source, afresh=afresh, dry_run=dry_run)


def _merge(
    kept: Any, staged: Path, source: str, *, afresh: bool, dry_run: bool
) -> dict[int, dict[str, int]]:
    where = str(staged).replace("'", "''")
    kept.execute(f"ATTACH '{where}' AS logs (READ_ONLY)")
    kept.execute("SET VARIABLE source = $1", [source])
    kept.execute(f"CREATE TEMP VIEW was AS {_WAS} AND NOT {afresh}")
    _refuse_parts(kept)
    _refuse_twice(kept)
    counts = {
        number: dict(zip(_COUNTS, row, strict=True))
        for number, *row in kept.execute(_COUNT).fetchall()
    }
    if not dry_run and afresh:
        kept.execute("DELETE FROM performance WHERE source = getvariable('source')")
    if not dry_run and any(row["new"] or row["replaced"] for row in counts.values()):
        kept.execute(_DELETE)
        kept.execute(_INSERT)
    return counts


def _refuse_parts(kept: Any) -> None:
    """Of two files at once nobody knows which is the later one, or whether each has a part."""
    found = kept.execute(_PARTS).fetchone()
    if found is not None:
        shown = ", ".join(str(each) for each in found if each)
        raise BriefError(
            f"two of these logs say different things of {shown}: import the later one afterwards, "
            "or, where each counts a part, give each its own --source; nothing was imported"
        )


def _refuse_twice(kept: Any) -> None:
    """Figures by day and the same ones by day and age would be added up."""
    found = kept.execute(_TWICE).fetchone()
    if found is not None:
        creative, now, before = found
        raise BriefError(
            f"{creative} would be counted twice: here broken down by {now or 'nothing'}, elsewhere "
            f"by {before or 'nothing'}; import one breakdown, or replace what is there with "
            "--afresh, or, where these are other impressions, name their --source; nothing was "
            "imported"
        )
