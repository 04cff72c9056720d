"""A nightly job: the whole catalogue, again and again, each night only what is new or changed.

A scheduler (cron, Airflow, Prefect, Kubernetes) calls `nightly` or this script; docs/batch.md shows
the wrapping. It may be killed and begun again at any time: what is finished is left alone.

    python examples/nightly.py examples/catalogue.csv outputs/nightly
"""

import json
import sys
from collections import Counter
from pathlib import Path

import aigc
from aigc import catalogue


def nightly(source: str, outputs: str, engine: str = "local") -> dict[str, object]:
    """Make what is not made yet; say in plain data what became of it, as schedulers like it."""
    products = catalogue.read(source)
    counts: Counter[str] = Counter()
    weak: list[str] = []
    for result in aigc.batch(products.entries(), outputs=outputs, engine=engine):
        counts[result.status] += 1
        if result.failure is not None:
            print(f"{result.where}: {result.failure.error}", file=sys.stderr)
        elif result.record is not None:
            # Posters that the judge turned down go to a person before they go to a shop.
            weak += [
                str(Path(result.folder) / poster.file)
                for poster in result.record.posters
                if poster.level == "fail"
            ]
    return {"outputs": outputs, **counts, "to look at": weak}


if __name__ == "__main__":  # workers import this script: without the guard they would run it
    summary = nightly(*sys.argv[1:])
    print(json.dumps(summary, indent=2))
    sys.exit(3 if summary.get("failed") else 0)
