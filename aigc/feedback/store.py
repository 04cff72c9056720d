"""The database of logs beside the campaigns: one DuckDB file, one writer at a time."""

from __future__ import annotations

from pathlib import Path

from aigc.feedback import Performance, database


def read(outputs: str | Path, campaign: str = "") -> list[Performance]:
    """Give what is known, summed by creative, channel, segment and day, in that order.

    campaign: only that one's creatives, by its id. Where nothing was imported, nothing is given.
    """
    import duckdb

    if not database(outputs).exists():
        return []
    with duckdb.connect(str(database(outputs)), read_only=True) as found:
        sums = ", ".join(
            f"sum({each})" for each in ("impressions", "clicks", "conversions", "cost")
        )
        rows = found.execute(
            f"SELECT creative, channel, segment, day, {sums} FROM performance "  # noqa: S608
            "WHERE starts_with(creative, ?) GROUP BY ALL ORDER BY ALL",
            [f"{campaign}." if campaign else ""],
        ).fetchall()
    return [Performance(**dict(zip(Performance.model_fields, row, strict=True))) for row in rows]
