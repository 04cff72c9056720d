"""Runs a batch as a job's script would: python drive.py BRIEFS.jsonl OUTPUTS '{"workers": 2}'."""

import json
import resource
import sys
from pathlib import Path

import aigc
from aigc.stage import STAGES


def main(catalogue: str, outputs: str, given: str) -> int:
    """Make the batch and print a line for each result; the exit code is the command line's."""
    options = {"stages": "plain", "workers": 2} | json.loads(given)
    if "largest" in options:  # no file may be larger, as if the disk were full
        resource.setrlimit(resource.RLIMIT_FSIZE, (options.pop("largest"),) * 2)
    recipe = aigc.Recipe.load(backends=dict.fromkeys(STAGES, options.pop("stages")))
    briefs = map(json.loads, Path(catalogue).read_text().splitlines())
    failed = 0
    try:
        for result in aigc.batch(briefs, recipe=recipe, outputs=outputs, **options):
            failed += result.status == "failed"
            why = result.failure or ""
            print(result.number, result.status, Path(result.folder).name, why, flush=True)
    except aigc.AigcError as error:
        print(error, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
