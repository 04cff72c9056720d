"""The addresses of what was made: campaigns' files and previews, for their owner alone."""

from __future__ import annotations

from pathlib import Path

import fastapi
from fastapi.responses import FileResponse, PlainTextResponse, Response

from aigc.errors import AigcError

from ..catalogue import overview
from ..house import House

# The contact sheet and pictures drawn as SVG show themselves and run nothing. Without
# allow-same-origin the sheet's pictures would be asked for without the cookie that opens them.
SANDBOX = (
    "sandbox allow-same-origin allow-popups allow-downloads; default-src 'none'; "
    "img-src 'self' data:; style-src 'unsafe-inline'; font-src 'self' data:; frame-ancestors 'none'"
)
_SHOWN_AS_PAGE = ("text/", "image/svg", "application/xml", "application/xhtml")


def routes(house: House) -> fastapi.APIRouter:
    """Make /work/{campaign}/{file} and /preview/{job}/{file}; `?download=1` saves the file."""
    router = fastapi.APIRouter()

    @router.api_route("/work/{campaign}/{file:path}", methods=["GET", "HEAD"])
    def work(request: fastapi.Request, campaign: str, file: str, download: str = "") -> Response:
        try:
            path = house.file(request, campaign, file)
        except (AigcError, OSError, ValueError):
            return PlainTextResponse("There is no such file of yours.", 404)
        return _given(path, path.name if download else None)

    @router.api_route("/preview/{job}/{file:path}", methods=["GET", "HEAD"])
    def preview(request: fastapi.Request, job: str, file: str) -> Response:
        try:
            path = house.preview(request, job, file)
        except (AigcError, OSError, ValueError):
            return PlainTextResponse("There is no such picture of yours.", 404)
        return _given(path)

    return router


def _given(path: Path, name: str | None = None) -> Response:
    given = FileResponse(path, filename=name)
    # A correction changes a file below its name: a browser asks whether it did.
    given.headers["Cache-Control"] = "private, no-cache"
    page = (given.media_type or "").startswith(_SHOWN_AS_PAGE)
    shown = overview.policy(path) or SANDBOX
    given.headers["Content-Security-Policy"] = shown if page else "frame-ancestors 'none'"
    return given
