"""The one page among what was made that may run a script: a batch's overview, and only its own."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from aigc.batches import PRIVATE

_OPENS, _ENDS = b"<script>", b"</script>"


def policy(path: Path) -> str:
    """What an overview may run, as a Content-Security-Policy says it; empty for any other file.

    Its cards come as scripts of its own folder; inside the page runs what this aigc wrote, by its
    hash, and nothing that a name or a text could bring.
    """
    if path.name != "index.html" or not (path.parent / PRIVATE).is_dir():
        return ""
    _, _, rest = path.read_bytes().rpartition(_OPENS)
    script, _, _ = rest.partition(_ENDS)
    if script.strip() != _written():
        return ""  # of another version: it shows that it needs scripts
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    return (
        "sandbox allow-same-origin allow-scripts allow-popups allow-downloads allow-forms; "
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; img-src 'self' data:; "
        "style-src 'unsafe-inline'; font-src 'self' data:; frame-ancestors 'none'"
    )


@cache
def _written() -> bytes:
    return files("aigc.batches").joinpath("overview.js").read_bytes().strip()
