"""How each creative of a folder's campaigns looks, what it says, and how its copy was scored."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from aigc import events
from aigc.campaign import Brief, Copy, Score
from aigc.errors import ExportError


class Creative(NamedTuple):
    """A poster or a copy; of one whose campaign is gone, only its id is known."""

    id: str
    campaign: str
    product: str = ""  # its name, as the merchant writes it
    part: str = ""  # the poster's or copy's own id
    style: str = ""
    layout: str = ""
    tone: str = ""
    channel: str = ""  # that it was made for
    copy: str = ""  # the id of its copy, as a creative
    headline: str = ""
    parts: tuple[tuple[str, float], ...] = ()  # of its copy's score
    picture: Path | None = None

    @property
    def known(self) -> bool:
        """Whether its campaign is there."""
        return bool(self.part)


def places(folder: str | Path) -> tuple[Path, str]:
    """The outputs folder that holds the logs, and the campaign's id where `folder` is one's.

    Raises ExportError where there is no such folder.
    """
    path = Path(folder)
    if not path.is_dir():
        raise ExportError(f"'{path}': no such folder; give the folder where the campaigns are")
    if not any((path / name).exists() for name in ("campaign.json", "brief.json")):
        return path, ""
    try:
        return path.resolve().parent, str(_table(path)["id"])
    except (OSError, ValueError, LookupError, TypeError):  # begun, or damaged
        return path.resolve().parent, path.resolve().name


def creatives(outputs: Path, campaign: str = "") -> dict[str, Creative]:
    """Read the creatives of all finished campaigns, or of one; a damaged one is a remark."""
    found: dict[str, Creative] = {}
    for path in sorted(outputs.glob("*/campaign.json")):
        try:
            rows = list(_creatives(path.parent))
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            said = "of another version" if isinstance(error, ValidationError) else "damaged"
            events.report("feedback", 0, 0, f"'{path}' is {said}; its posters are not told apart")
            continue
        found |= {row.id: row for row in rows if campaign in ("", row.campaign)}
    return found


def unknown(creative: str) -> Creative:
    """A creative that no campaign here has; its id still tells the campaign."""
    return Creative(creative, creative.partition(".")[0] if "." in creative else "")


def thumbnail(creative: Creative, side: int = 104) -> bytes:
    """A small JPEG of its poster; empty where there is none."""
    from PIL import Image, UnidentifiedImageError

    if creative.picture is None:
        return b""
    try:
        with Image.open(creative.picture) as image:
            image.draft("RGB", (2 * side, 2 * side))
            small = image.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return b""
    small.thumbnail((side, side))
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=78)
    return stream.getvalue()


def _table(folder: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((folder / "campaign.json").read_text("utf-8"))
    return table


def _creatives(folder: Path) -> Iterator[Creative]:
    table = _table(folder)
    brief, name = Brief.model_validate(table["brief"]), str(table["id"])
    copies = {copy.id: copy for copy in map(Copy.model_validate, table["copies"])}
    scores = {
        score.candidate_id: (*score.parts.items(), ("total", score.total))
        for score in map(Score.model_validate, table["ranking"])
    }
    styles = {str(scene["id"]): str(scene["style"]) for scene in table["scenes"]}

    def common(part: str, copy: str) -> Creative:
        return Creative(
            id=f"{name}.{part}",
            campaign=name,
            product=brief.name,
            part=part,
            tone=brief.voice,
            copy=f"{name}.{copy}",
            headline=copies[copy].headline if copy in copies else "",
            parts=scores.get(copy, ()),
        )

    for each in copies:
        yield common(each, each)
    for poster in table["posters"]:
        file = str(poster["file"])
        picture = folder / (f"{file[:-4]}.preview.jpg" if file.endswith(".pdf") else file)
        inside = picture.resolve().is_relative_to(folder.resolve())
        yield common(str(poster["id"]), str(poster["copy_id"]))._replace(
            style=styles.get(str(poster["scene_id"]), ""),
            layout=str(poster["layout"]),
            channel=str(poster["channel"]),
            picture=picture if inside else None,
        )
