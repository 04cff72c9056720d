"""Takes a batch's lock and says so: python holder.py OUTPUTS TERM; `go` on stdin: still ours?"""

import sys

import aigc
from aigc.batches import lease, storage


def main(outputs: str, term: str) -> None:
    """Hold the lock until stdin ends."""
    lease.TERM, lease.BEAT, lease.SETTLE = float(term), float(term) / 6, 0.2
    place = storage.place(outputs)
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
