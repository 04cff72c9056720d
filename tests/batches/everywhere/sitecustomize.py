"""Makes tests/plain.py backends, and shelf.py a storage, in processes whose PYTHONPATH names this.

Workers are processes of their own: what a test patches in its own, they do not see.
"""

import sys
from pathlib import Path

if "resource_tracker" not in " ".join(sys.orig_argv):
    sys.path.append(str(Path(__file__).parents[2]))
    import plain

    plain.register()
    import shelf  # noqa: F401 - registers itself
