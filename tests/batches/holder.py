"""Takes a batch's lock at a line on stdin, at more of them says whether it still has it.

python holder.py OUTPUTS TERM
"""

import sys

import aigc
from aigc.batches import lease, storage


def main(outputs: str, term: str) -> None:
    """Hold the lock until stdin ends."""
    lease.TERM, lease.BEAT, lease.SETTLE = float(term), float(term) / 6, 0.2
    place = storage.place(outputs)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        with place.lock():
            print("held", flush=True)
            for _ in sys.stdin:
                place.check()
                print("ours", flush=True)
    except aigc.AigcError as error:
        print(error, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
