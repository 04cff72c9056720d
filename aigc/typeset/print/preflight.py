"""What a printer's prepress checks, read from the finished PDF alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pikepdf

from aigc.campaign import Value
from aigc.errors import ExportError
from aigc.prints import MM, POINT
from aigc.typeset.print.read import Paper, paper

LEAST_DPI = 150
POOR_DPI = 100
LEAST_BLEED = 3.0  # mm, where the file does not say what it should have
CODE = 14.0  # mm; phones read smaller codes only from very near
_NEAR = 0.1  # mm that boxes may be off
_SEEN = math.tan(math.radians(1 / 60))  # what the eye tells apart: an arc minute
_READ = 1 / 250  # height of capitals that reads at a glance, of the distance
_CAPITAL = 0.7  # of the type's size
_TINY = 5.0  # pt that no one should print
_NO_TEXT = ("product", "subject", "panel")
_PHOTO = 2048  # px of a photo's longer side that aigc uses

Level = Literal["pass", "warn", "fail"]


class Check(Value):
    """One thing that was looked at."""

    check: str
    level: Level
    found: str
    remedy: str = ""


def preflight(data: bytes) -> list[Check]:
    """Check a print PDF: page, bleed, resolution, safe area, type, fonts, spot colours."""
    try:
        read = paper(data)
    except (pikepdf.PdfError, ValueError, AttributeError, LookupError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return [Check(check="file", level="fail", found=reason, remedy="export the PDF again")]
    facts = read.facts
    checks = [_page(read), _bleed(read), _reaches(read), _resolution(read)]
    if facts:
        checks += [_product(facts), _safe(facts), *_code(facts)]
    checks += [_fonts(read), *_type(read), *_lines(read), _colour(read)]
    return checks


def files(path: Path) -> dict[str, list[Check]]:
    """Check a PDF, or each PDF of a campaign folder, by the file's name.

    Raises ExportError where there is none.
    """
    found = [path]
    if path.is_dir():
        # Hidden folders hold what is no more: versions from before a correction.
        inside = ((each, each.relative_to(path).parts) for each in path.rglob("*.pdf"))
        found = sorted(each for each, parts in inside if not any(p[0] == "." for p in parts))
    if not found or not found[0].is_file():
        raise ExportError(
            f"'{path}': no PDF there; add a print channel such as poster-a3 to the brief's channels"
        )
    return {str(each): preflight(each.read_bytes()) for each in found}


def _check(name: str, level: Level, found: str, remedy: str = "") -> Check:
    return Check(check=name, level=level, found=found, remedy=remedy)


def _page(read: Paper) -> Check:
    left, bottom, right, top = read.trim
    found = f"{right - left:.1f} × {top - bottom:.1f} mm after cutting"
    nested = all(
        inner[i] >= outer[i] - _NEAR and inner[i + 2] <= outer[i + 2] + _NEAR
        for inner, outer in ((read.trim, read.bleed), (read.bleed, read.media))
        for i in (0, 1)
    )
    if not nested:
        return _check("page", "fail", found, "the trim must lie in the bleed, that in the page")
    wanted = read.facts.get("trim")
    if wanted and (abs(right - left - wanted[0]) > _NEAR or abs(top - bottom - wanted[1]) > _NEAR):
        size = f"{wanted[0]:g} × {wanted[1]:g} mm"
        return _check("page", "fail", found, f"it was laid out for {size}: export it again")
    return _check("page", "pass", found)


def _bleed(read: Paper) -> Check:
    gaps = [abs(read.trim[i] - read.bleed[i]) for i in range(4)]
    wanted = read.facts.get("bleed", LEAST_BLEED)
    found = f"{min(gaps):.1f} mm on every side"
    if min(gaps) >= wanted - _NEAR:
        return _check("bleed", "pass", found)
    remedy = f"white slivers may show at the cut: {wanted:g} mm are needed"
    return _check("bleed", "fail" if min(gaps) < 1 else "warn", found, remedy)


def _reaches(read: Paper) -> Check:
    grounds = [each.box for each in read.images if not each.masked]
    covers = any(
        box[0] <= read.bleed[0] + _NEAR
        and box[1] <= read.bleed[1] + _NEAR
        and box[2] >= read.bleed[2] - _NEAR
        and box[3] >= read.bleed[3] - _NEAR
        for box in grounds
    )
    if covers:
        return _check("picture", "pass", "covers the page and its bleed")
    return _check("picture", "warn", "ends before the bleed does", "see that no edge stays white")


def _resolution(read: Paper) -> Check:
    least = min((each.dpi for each in read.images if not each.masked), default=0.0)
    if not least:
        return _check("resolution", "warn", "no raster picture", "see that none is missing")
    found = f"raster {least:.0f} dpi at final size"
    if read.facts:
        found += f", backdrop painted at {read.facts['painted_dpi']:.0f}"
    if least >= LEAST_DPI * 0.995:
        return _check("resolution", "pass", found)
    level: Level = "warn" if least >= POOR_DPI else "fail"
    return _check("resolution", level, found, f"{LEAST_DPI} dpi are asked for")


def _product(facts: dict[str, Any]) -> Check:
    """The merchant's own pixels: no enlarging adds detail that the photo does not have."""
    product = facts["product"]
    dpi = min(px / mm * MM for px, mm in zip(product["px"], product["mm"], strict=True))
    view = facts["view"]
    enough = MM / (view * 1000 * _SEEN)
    longer = max(product["mm"])
    close = math.ceil(longer / MM * LEAST_DPI)
    found = f"photo {dpi:.0f} dpi at final size"
    if dpi >= LEAST_DPI:
        return _check("product", "pass", found)
    supply = f"for close viewing a photo needs {close} px along the product"
    if close > _PHOTO:
        supply += f" (aigc uses {_PHOTO})"
    if dpi >= enough:
        return _check("product", "pass", f"{found}; sharp from {view:g} m", supply)
    far = MM / dpi / _SEEN / 1000
    return _check("product", "warn", f"{found}; sharp from {far:.1f} m only", supply)


def _safe(facts: dict[str, Any]) -> Check:
    margin, out, least = facts["safe"], [], math.inf
    for each in facts["elements"]:
        if each["name"].startswith(_NO_TEXT):
            continue
        panel, box = facts["panels"][each["panel"]], each["box"]
        room = min(box[0] - panel[0], box[1] - panel[1], panel[2] - box[2], panel[3] - box[3])
        least = min(least, room)
        if room < margin - _NEAR:
            out.append(f"{each['name']} {room:.1f} mm")
    if not out:
        found = f"nearest text {least:.1f} mm from a cut or fold" if least < math.inf else "no text"
        return _check("safe area", "pass", found)
    remedy = f"keep {margin:g} mm from the cut: choose another layout or shorten the text"
    return _check("safe area", "fail", ", ".join(out), remedy)


def _code(facts: dict[str, Any]) -> Iterator[Check]:
    for each in facts["elements"]:
        if each["name"] == "qr":
            side = each["box"][2] - each["box"][0]
            level: Level = "pass" if side >= CODE - _NEAR else "warn"
            remedy = "" if level == "pass" else f"phones read {CODE:g} mm and more with ease"
            yield _check("code", level, f"{side:.1f} mm wide", remedy)


def _fonts(read: Paper) -> Check:
    missing = [name for name, there in read.fonts.items() if not there]
    if missing:
        return _check("fonts", "fail", f"not embedded: {', '.join(missing)}", "embed every font")
    return _check("fonts", "pass", f"{len(read.fonts)} subsets, all embedded")


def _type(read: Paper) -> Iterator[Check]:
    if not read.points:
        return
    least = min(read.points)
    view = read.facts.get("view", 0.35)
    wanted = max(_TINY, view * 1000 * _READ / _CAPITAL / POINT)
    found = f"smallest {least:.1f} pt"
    if least >= wanted:
        yield _check("type", "pass", found)
        return
    level: Level = "fail" if least < _TINY else "warn"
    remedy = f"{wanted:.0f} pt read at a glance from {view:g} m: shorten the copy"
    yield _check("type", level, found, remedy)


def _lines(read: Paper) -> Iterator[Check]:
    spots = [name for name in read.spots if name != "All"]
    if read.facts.get("kind") != "sleeve" and not spots:
        return
    missing = [name for name in ("CutContour", "Fold") if name not in spots]
    found = ", ".join(spots) or "none"
    if missing:
        remedy = f"{' and '.join(missing)} must be spot colours of their own"
        yield _check("cut and fold", "fail", found, remedy)
    elif not read.overprints:
        yield _check("cut and fold", "fail", found, "set the lines to overprint")
    else:
        yield _check("cut and fold", "pass", f"spot colours {found}, overprinting")


def _colour(read: Paper) -> Check:
    if not read.intent:
        return _check("colour", "warn", "no output intent", "say which RGB or CMYK is meant")
    return _check("colour", "pass", f"{read.intent}; the printer converts to CMYK")
