"""Puts a sheet together as a PDF: one raster, vector type on it, lines for the machines."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import ImageCms

from aigc.campaign import Box, Pixels, Size
from aigc.prints import POINT, Print
from aigc.typeset.encode import XMP
from aigc.typeset.print import marks
from aigc.typeset.print.marks import Lines

# How a proof shows each spot colour, in CMYK; the machine that cuts goes by the name.
SPOTS = {"CutContour": (0, 1, 0, 0), "Fold": (1, 0, 0, 0), "All": (1, 1, 1, 1)}
FACTS = "/aigc"  # key of what the file tells of itself, in its page-piece dictionary
_MADE = "D:20000101000000Z"  # the specification asks for a date; ours must repeat


class Type(NamedTuple):
    """A vector layer: a one-page PDF, and the box that it fills, in mm from the trim's top left."""

    pdf: bytes
    box: Box


class Picture(NamedTuple):
    """A small picture above the type, as a logo: (h, w, 4), and its box in mm."""

    pixels: Pixels
    box: Box


class Sheet(NamedTuple):
    """Everything that is on a sheet of paper."""

    print: Print
    raster: bytes  # a JPEG that covers the bleed
    size: Size  # its pixels
    types: tuple[Type, ...]
    pictures: tuple[Picture, ...] = ()
    lines: tuple[Lines, ...] = ()  # cuts and folds, on a layer of their own


def assemble(sheet: Sheet, facts: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    """Write the PDF: trim, bleed and media boxes, fonts as they came, bytes that repeat.

    `facts` is what the file keeps of how it was laid out, for a preflight to read.
    """
    made = sheet.print
    margin = marks.slug(made.bleed) if made.marks else made.bleed
    width, height = (side + 2 * margin for side in made.trim)

    def rectangle(box: Box) -> list[float]:
        """A box in mm from the trim's top left, as points from the page's bottom left."""
        left, top, right, bottom = box
        edges = (margin + left, height - margin - bottom, margin + right, height - margin - top)
        return [round(edge / POINT, 4) for edge in edges]

    def placed(name: str, box: Box, size: tuple[float, float]) -> str:
        """Draw what is `size` large in its own units so that it fills a box."""
        x0, y0, x1, y1 = rectangle(box)
        across, down = (x1 - x0) / size[0], (y1 - y0) / size[1]
        return f"q {across:.6f} 0 0 {down:.6f} {x0:.4f} {y0:.4f} cm {name} Do Q"

    pdf = pikepdf.Pdf.new()
    _describe(pdf, metadata)
    trim = (0.0, 0.0, *made.trim)
    bled = (-made.bleed, -made.bleed, trim[2] + made.bleed, trim[3] + made.bleed)
    objects = {"/Ground": _jpeg(pdf, sheet)}
    drawn = [placed("/Ground", bled, (1, 1))]
    for number, layer in enumerate(sheet.types):
        form = _form(pdf, layer.pdf)
        objects[f"/Type{number}"] = form
        corners = [float(edge) for edge in form.BBox]
        drawn.append(placed(f"/Type{number}", layer.box, (corners[2], corners[3])))
    for number, picture in enumerate(sheet.pictures):
        objects[f"/Logo{number}"] = _picture(pdf, picture.pixels)
        drawn.append(placed(f"/Logo{number}", picture.box, (1, 1)))
    content = "\n".join(drawn).encode()
    layers = {}
    if sheet.lines:
        layers["/Lines"] = pdf.make_indirect(
            Dictionary(Type=Name.OCG, Name=String("Cut and fold lines"))
        )
        strokes = marks.operators(sheet.lines, (margin, margin), height)
        content += b"\n/OC /Lines BDC\n" + strokes + b"\nEMC"
        pdf.Root.OCProperties = Dictionary(
            OCGs=Array([layers["/Lines"]]),
            D=Dictionary(Order=Array([layers["/Lines"]]), ON=Array([layers["/Lines"]])),
        )
    if made.marks:
        crops = marks.crops(made.trim, made.bleed)
        content += b"\n" + marks.operators([crops], (margin, margin), height)
    spots = {each.spot for each in sheet.lines} | ({"All"} if made.marks else set())
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, *(round(side / POINT, 4) for side in (width, height))]),
        CropBox=Array([0, 0, *(round(side / POINT, 4) for side in (width, height))]),
        BleedBox=Array(rectangle(bled)),
        TrimBox=Array(rectangle(trim)),
        Resources=Dictionary(
            XObject=Dictionary(objects),
            ColorSpace=Dictionary({f"/{name}": _spot(pdf, name) for name in sorted(spots)}),
            ExtGState=Dictionary(Overprint=Dictionary(OP=True, op=True, OPM=1)),
            Properties=Dictionary(layers),
        ),
        Contents=Stream(pdf, content),
        PieceInfo=Dictionary(
            {
                FACTS: Dictionary(
                    LastModified=String(_MADE),
                    Private=String(json.dumps(facts, ensure_ascii=True, sort_keys=True)),
                )
            }
        ),
        LastModified=String(_MADE),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    stream = io.BytesIO()
    pdf.save(stream, deterministic_id=True, min_version="1.6")
    return stream.getvalue()


def _jpeg(pdf: pikepdf.Pdf, sheet: Sheet) -> Any:
    return Stream(
        pdf,
        sheet.raster,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=sheet.size[0],
        Height=sheet.size[1],
        BitsPerComponent=8,
        ColorSpace=Array([Name.ICCBased, _profile(pdf)]),
        Filter=Name.DCTDecode,
    )


def _picture(pdf: pikepdf.Pdf, pixels: Pixels) -> Any:
    height, width = pixels.shape[:2]
    common = {"Type": Name.XObject, "Subtype": Name.Image, "BitsPerComponent": 8}
    size = {"Width": width, "Height": height}
    mask = Stream(pdf, pixels[..., 3].tobytes(), **common, **size, ColorSpace=Name.DeviceGray)
    return Stream(
        pdf,
        pixels[..., :3].tobytes(),
        **common,
        **size,
        ColorSpace=Array([Name.ICCBased, _profile(pdf)]),
        SMask=pdf.make_indirect(mask),
    )


def _form(pdf: pikepdf.Pdf, data: bytes) -> Any:
    with pikepdf.open(io.BytesIO(data)) as source:
        return pdf.copy_foreign(source.pages[0].as_form_xobject())


def _spot(pdf: pikepdf.Pdf, name: str) -> Array:
    tint = Dictionary(
        FunctionType=2,
        Domain=Array([0, 1]),
        C0=Array([0, 0, 0, 0]),
        C1=Array(list(SPOTS[name])),
        N=1,
    )
    return Array([Name.Separation, Name(f"/{name}"), Name.DeviceCMYK, pdf.make_indirect(tint)])


def _describe(pdf: pikepdf.Pdf, metadata: Mapping[str, str]) -> None:
    """Title and maker, no date and no person; the colours meant are sRGB."""
    pdf.Root.OutputIntents = Array(
        [
            Dictionary(
                Type=Name.OutputIntent,
                S=Name.GTS_PDFA1,
                OutputConditionIdentifier=String("sRGB IEC61966-2.1"),
                Info=String("sRGB IEC61966-2.1"),
                DestOutputProfile=_profile(pdf),
            )
        ]
    )
    pdf.docinfo["/Trapped"] = Name("/False")
    for key, name in {"/Title": "Title", "/Creator": "Software", "/Subject": "Campaign"}.items():
        if metadata.get(name):
            pdf.docinfo[key] = String(metadata[name])
    if XMP in metadata:
        packet = Stream(pdf, metadata[XMP].encode(), Type=Name.Metadata, Subtype=Name.XML)
        pdf.Root.Metadata = pdf.make_indirect(packet)


def _profile(pdf: pikepdf.Pdf) -> Any:
    """The sRGB profile, once a file."""
    found = getattr(pdf.Root, "OutputIntents", None)
    if found is not None:
        return found[0].DestOutputProfile
    return pdf.make_indirect(Stream(pdf, srgb(), N=3, Alternate=Name.DeviceRGB))


@cache
def srgb() -> bytes:
    """An sRGB profile without the date of today, which would break byte identity."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    date = b"".join(part.to_bytes(2, "big") for part in (2000, 1, 1, 0, 0, 0))
    return made[:24] + date + made[36:]
