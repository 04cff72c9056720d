"""Print PDFs, read back: boxes, type, resolution, marks, cuts and folds, repeatable bytes."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pikepdf
import pytest
from print_kit import LINK, POINTS, asked, made, margin, rendered, sheet, squeezed, text
from typeset_kit import caption, cutout

from aigc.campaign import Poster
from aigc.channels import all_channels, channel
from aigc.errors import BriefError
from aigc.prints import POINT
from aigc.typeset.builtin import Backend, composed, elements_of
from aigc.typeset.judge.checks import words
from aigc.typeset.judge.parts import parts
from aigc.typeset.print.read import paper

PRINTS = [each for each in all_channels().values() if each.print is not None]
QUICK = ("poster-a3", "label", "sleeve")


@pytest.mark.parametrize("row", PRINTS, ids=lambda row: row.name)
def test_the_picture_has_the_shape_of_the_sheet(row) -> None:
    assert row.format == "pdf"
    wide, high = row.print.face
    assert row.size[0] / row.size[1] == pytest.approx(wide / high, rel=2e-3)
    assert row.print.dpi >= 150
    assert max(row.print.pixels()) < 65_500  # a JPEG holds no more
    assert row.print.safe < 0.06 * min(row.print.face)  # the layouts' own margin


def test_there_is_every_product() -> None:
    names = {each.name for each in PRINTS}
    assert names >= {"poster-a3", "poster-a2", "poster-a1", "label", "sleeve"}
    assert channel("booth-wall").print.trim == (3000, 2250)
    assert channel("roll-up").print.trim == (800, 2000)


@pytest.mark.parametrize("name", QUICK)
def test_boxes_are_right_to_a_tenth_of_a_millimetre(name: str) -> None:
    poster, wanted = made(name), sheet(name)
    with pikepdf.open(io.BytesIO(poster.data)) as pdf:
        page = pdf.pages[0]
        boxes = [page.trimbox, page.bleedbox, page.mediabox, page.cropbox]
        trim, bleed, media, crop = ([float(edge) * POINT for edge in box] for box in boxes)
    assert [trim[2] - trim[0], trim[3] - trim[1]] == pytest.approx(wanted.trim, abs=0.1)
    grown = [side + 2 * wanted.bleed for side in wanted.trim]
    assert [bleed[2] - bleed[0], bleed[3] - bleed[1]] == pytest.approx(grown, abs=0.1)
    assert trim[0] - bleed[0] == pytest.approx(wanted.bleed, abs=0.1)
    assert media == crop
    around = bleed[0] - media[0]
    assert around > 5 if wanted.marks else around == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(
    ("name", "language"),
    [("poster-a3", "en"), ("label", "en"), ("label", "zh-CN"), ("sleeve", "zh-CN")],
)
def test_text_is_text(name: str, language: str) -> None:
    poster = made(name, language)
    found = text(poster)
    assert poster.texts
    for said in poster.texts.values():
        assert squeezed(said) in found, said
    read = paper(poster.data)
    assert read.fonts
    assert all(read.fonts.values())
    assert all("+" in font for font in read.fonts)  # subsets


def test_a_pack_says_what_is_inside_and_not_what_it_costs() -> None:
    poster = made("label")
    assert poster.texts == {
        "brand": "Norrland", "headline": "Trail Pack", "body": ". ".join(POINTS) + "."
    }  # fmt: skip
    found = text(made("sleeve"))
    assert "59" not in found
    assert "Shop" not in found
    assert found.count(squeezed("Trail Pack")) == 4  # front, back and both sides
    assert all(squeezed(point) in found for point in POINTS)


@pytest.mark.parametrize("name", ["label", "sleeve", "roll-up"])
@pytest.mark.parametrize("link", [LINK, ""])
def test_the_judge_misses_nothing_that_paper_leaves_out(name: str, link: str) -> None:
    asking = asked(name, link=link)
    made = composed(asking.plan, asking.scene)
    plan = asking.plan
    poster = Poster(
        id="p", channel=name, file="typeset/p.pdf", size=plan.channel.size, copy_id=made.copy_id,
        scene_id="s", layout=asking.scene.slots.layout, boxes=made.boxes, contrast=made.contrast,
        texts=made.texts,
    )  # fmt: skip
    marks = words(plan.channel, plan.brief, plan.copies[0], poster, parts(poster))
    assert {mark.check: mark.level for mark in marks}["missing"] == "pass", marks


def test_paper_has_no_button_unless_there_is_a_code_to_scan() -> None:
    for link, there in ((LINK, True), ("", False)):
        asking = asked("poster-a3", link=link)
        assert ("cta" in elements_of(asking.plan, asking.scene.slots.layout)) is there


@pytest.mark.parametrize("name", QUICK)
def test_the_raster_is_sharp_and_covers_the_bleed(name: str) -> None:
    read = paper(made(name).data)
    (ground,) = [each for each in read.images if not each.masked]
    assert ground.dpi == pytest.approx(sheet(name).dpi, rel=0.01)
    assert ground.dpi >= 150
    assert ground.box == pytest.approx(read.bleed, abs=0.05)


def test_the_page_looks_like_the_poster() -> None:
    smooth = cv2.GaussianBlur(cutout(), (0, 0), 8)
    asking = asked("label", kind="split", made_from=caption(cutout=smooth))
    (poster,) = Backend().set([asking])
    flat = composed(asking.plan, asking.scene).pixels
    size = asking.plan.channel.size
    page = rendered(poster, size[0] / sheet("label").trim[0], around=0)
    small = (size[0] // 3, size[1] // 3)
    page = cv2.resize(page, small, interpolation=cv2.INTER_AREA).astype(int)
    seen = cv2.resize(flat, small, interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(page - seen).mean() < 2


def test_crop_marks_stand_outside_the_bleed_at_the_cut() -> None:
    poster, wanted, per = made("label", kind="light"), sheet("label"), 12.0
    page = rendered(poster, per).min(axis=2)
    edge = margin(poster)
    outside = np.ones_like(page, bool)
    near = round((edge - wanted.bleed) * per) - 2  # the picture's own edge is soft
    outside[near:-near, near:-near] = False
    dark = (page < 128) & outside
    rows, columns = np.nonzero(dark)
    assert rows.size
    cuts_x = [edge * per, (edge + wanted.trim[0]) * per]
    cuts_y = [edge * per, (edge + wanted.trim[1]) * per]
    on_cut = [
        min(abs(x - cut) for cut in cuts_x) <= 1.5 or min(abs(y - cut) for cut in cuts_y) <= 1.5
        for x, y in zip(columns, rows, strict=True)
    ]
    assert all(on_cut)
    ring = rendered(poster, per, around=wanted.bleed)
    assert ring.min(axis=2)[:30, :30].min() > 128  # a corner of trim and bleed: no mark in it


def test_a_sleeve_has_cuts_and_folds_that_overprint_on_a_layer_of_their_own() -> None:
    data = made("sleeve").data
    read = paper(data)
    assert set(read.spots) == {"CutContour", "Fold"}
    assert read.overprints
    with pikepdf.open(io.BytesIO(data)) as pdf:
        (layer,) = pdf.Root.OCProperties.OCGs
        assert str(layer.Name) == "Cut and fold lines"
        content = [
            (str(operator), [str(each) for each in operands])
            for operands, operator in pikepdf.parse_content_stream(pdf.pages[0])
        ]
    inside = content[content.index(("BDC", ["/OC", "/Lines"])) :]
    spots = [operands[0] for operator, operands in inside if operator == "CS"]
    assert spots == ["/CutContour", "/Fold"]
    # One closed outline, four folds; nothing is filled.
    assert [operator for operator, _ in inside if operator in ("s", "S", "f")] == ["s", *"SSSS"]


def test_a_sleeves_panels_meet_at_the_folds() -> None:
    poster, per = made("sleeve", kind="light"), 6.0
    width, _, depth = sheet("sleeve").box
    page = rendered(poster, per, around=0).astype(int)
    quiet = page[round(2 * per)]  # a row above all text
    side = quiet[round((width + depth / 2) * per)]
    assert np.abs(quiet[round((width + 1) * per)] - side).max() <= 2
    assert np.abs(quiet[round((width - 1) * per)] - side).max() > 20
    other = quiet[round((2 * width + 1.5 * depth) * per)]
    assert np.abs(other - side).max() <= 2
    flap = quiet[round((2 * width + 2 * depth + 8) * per)]
    assert flap.min() > 250  # glue holds on bare board


def test_bytes_repeat_and_tell_of_nobody() -> None:
    again = Backend().set([asked("sleeve")])[0]
    assert again.data == made("sleeve").data
    assert again.preview == made("sleeve").preview
    with pikepdf.open(io.BytesIO(again.data)) as pdf:
        assert set(pdf.docinfo.keys()) <= {"/Title", "/Creator", "/Subject", "/Trapped"}
        assert "/Metadata" not in pdf.Root
        intent = pdf.Root.OutputIntents[0]
        assert str(intent.OutputConditionIdentifier).startswith("sRGB")
        assert intent.DestOutputProfile.read_bytes()[36:40] == b"acsp"


def coarse(name: str) -> Poster:
    """A large product at a tenth of its resolution."""
    asking = asked(name, kind="light")
    quick = sheet(name).model_copy(update={"dpi": 15})
    row = asking.plan.channel.model_copy(update={"print": quick})
    planned = asking.plan.model_copy(update={"channel": row})
    (poster,) = Backend().set([asking.model_copy(update={"plan": planned})])
    return poster


def test_nothing_stands_on_a_roll_ups_foot() -> None:
    poster = coarse("roll-up")
    foot = rendered(poster, 0.5, around=0)[-round(0.5 * 95) :]
    assert foot.std(axis=(0, 1)).max() < 4
    facts = paper(poster.data).facts
    assert all(each["box"][3] <= 1900 for each in facts["elements"])


def test_a_wall_is_as_large_as_it_says() -> None:
    read = paper(coarse("booth-wall").data)
    assert read.trim[2] - read.trim[0] == pytest.approx(3000, abs=0.1)
    assert read.images[0].pixels == (1783, 1341)
    assert sheet("booth-wall").pixels() == (17835, 13406)


def test_preview_shows_the_poster() -> None:
    for name in QUICK:
        poster = made(name)
        shown = cv2.imdecode(np.frombuffer(poster.preview, np.uint8), cv2.IMREAD_COLOR)
        wide, high = sheet(name).trim
        assert shown.shape[1] / shown.shape[0] == pytest.approx(wide / high, rel=0.01)
    label = cv2.imdecode(np.frombuffer(made("label").preview, np.uint8), cv2.IMREAD_COLOR)
    assert cv2.QRCodeDetector().detectAndDecode(label)[0] == LINK


def test_says_when_the_back_of_a_box_is_too_small() -> None:
    long = "recycled fibres that keep out water and weather for many years " * 3
    with pytest.raises(BriefError, match="features: 20 do not fit on the back of sleeve"):
        Backend().set([asked("sleeve", features=(long.strip(),) * 20)])
