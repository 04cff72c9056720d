"""The index of a batch: `index.parquet` to ask, `index.html` to look at; made from the journal.

`index.parquet` has a row for each poster, in the catalogue's order, with its product's columns on
each, so that one SELECT finds the posters that failed the judge. A product without a campaign has
one row, whose columns of campaign and poster are null.

    of the product   number, source (where it stands in the catalogue), product (its name),
                     language, status: done or failed
    of the campaign  campaign (its id and folder), caption, note, headline, body, cta (of the best
                     text), best_score, files, bytes
    of the poster    poster (its id), creative (as click logs name it), channel, file, shown (paths
                     from here; of most the same), width, height (px), style, layout, copy, score
                     (of the text on it), level: pass, warn or fail, checks: ['fail contrast', …]
    of a failure     stage, kind, error, remedy

Scores lie in 0..1. No times and no paths of this machine: the same results give the same bytes.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from aigc.batches import PRIVATE, Result
from aigc.batches.overview import Overview
from aigc.disk import writing
from aigc.errors import ExportError

if TYPE_CHECKING:
    from aigc.batches.journal import Journal
    from aigc.batches.storage import Place

PARQUET = "index.parquet"
_PRODUCT = {
    "number": "BIGINT",
    "source": "VARCHAR",
    "product": "VARCHAR",
    "language": "VARCHAR",
    "status": "VARCHAR",
}
_CAMPAIGN = {
    "campaign": "VARCHAR",
    "caption": "VARCHAR",
    "note": "VARCHAR",
    "headline": "VARCHAR",
    "body": "VARCHAR",
    "cta": "VARCHAR",
    "best_score": "DOUBLE",
    "files": "INTEGER",
    "bytes": "BIGINT",
}
_POSTER = {
    "poster": "VARCHAR",
    "creative": "VARCHAR",
    "channel": "VARCHAR",
    "file": "VARCHAR",
    "shown": "VARCHAR",
    "width": "INTEGER",
    "height": "INTEGER",
    "style": "VARCHAR",
    "layout": "VARCHAR",
    "copy": "VARCHAR",
    "score": "DOUBLE",
    "level": "VARCHAR",
    "checks": "VARCHAR[]",
}
_FAILURE = {"stage": "VARCHAR", "kind": "VARCHAR", "error": "VARCHAR", "remedy": "VARCHAR"}
_ROWS = 20_000  # of a row group: what is in memory at a time
_LONGEST = 64 * 2**20  # bytes of a product's line
_json = json.JSONEncoder(ensure_ascii=False).encode


def write_index(journal: Journal, place: Place) -> None:
    """Write what the journal knows into the output folder, as a table and as pages.

    In bounded memory but for some 30 bytes a product. Raises ExportError where it cannot be.
    """
    overview = Overview(place)
    with _scratch(place) as scratch:
        lines = scratch / "rows.jsonl"
        with lines.open("wb") as stream:
            for result in journal.results():
                _write_line(stream, result)
                overview.add(result)
        place.write(PARQUET, _parquet(lines, scratch))
    overview.end()


@contextmanager
def _scratch(place: Place) -> Iterator[Path]:
    """A folder on the disk of the outputs, which has room, for as long as it takes."""
    private = place.root() / PRIVATE
    with writing(private):
        private.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="index-", dir=private))
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _write_line(stream: BinaryIO, result: Result) -> None:
    stream.write(_json(_fields(result)).encode("utf-8", "replace") + b"\n")


def _fields(result: Result) -> dict[str, Any]:
    """A product, with its posters as a list; what it has not is left out, and null in the table."""
    made = result.record
    line = {"number": result.number, "source": result.where, "status": "done"}
    if made is None:
        given = {name: result.brief.get(name) for name in ("name", "language")}
        return {
            **line,
            "status": "failed",
            "product": _text(given["name"]),
            "language": _text(given["language"]),
            **(result.failure.model_dump(include=set(_FAILURE)) if result.failure else {}),
        }
    return {
        **line,
        "product": made.name,
        "campaign": made.id,
        "best_score": made.score,
        **made.model_dump(include={"language", *_CAMPAIGN}),
        "posters": [
            {
                **each.model_dump(include=set(_POSTER)),
                "poster": each.id,
                "creative": f"{made.id}.{each.id}",
                "file": f"{made.id}/{each.file}",
                "shown": f"{made.id}/{each.shown}",
                "width": each.size[0],
                "height": each.size[1],
                "copy": each.copy_id,
            }
            for each in made.posters
        ],
    }


def _text(given: Any) -> str | None:
    return None if given is None else str(given)


def _parquet(lines: Path, scratch: Path) -> bytes:
    """Turn lines, a product each, into rows, a poster each."""
    import duckdb

    struct = ", ".join(f'"{name}" {kind}' for name, kind in _POSTER.items())
    columns = _PRODUCT | _CAMPAIGN | {"posters": f"STRUCT({struct})[]"} | _FAILURE
    read = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    ours = ", ".join(f'"{name}"' for name in (*_PRODUCT, *_CAMPAIGN))
    theirs = ", ".join(f'each."{name}"' for name in _POSTER)
    last = ", ".join(f'"{name}"' for name in _FAILURE)
    made = scratch / PARQUET
    # One thread: the same rows in the same groups, on any machine.
    config = {"threads": 1, "memory_limit": "1GB", "temp_directory": str(scratch)}
    try:
        with duckdb.connect(config=config) as database:
            database.execute(
                f"""
                COPY (
                    SELECT {ours}, {theirs}, {last} FROM (
                        SELECT *, unnest(coalesce(posters, [NULL])) AS each
                        FROM read_json('{_quoted(lines)}', format = 'newline_delimited',
                            columns = {{{read}}}, maximum_object_size = {_LONGEST})
                    )
                ) TO '{_quoted(made)}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS})
                """  # noqa: S608 - our own names
            )
    except duckdb.Error as error:
        raise ExportError(f"cannot write '{PARQUET}': {str(error).splitlines()[0]}") from error
    return made.read_bytes()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
