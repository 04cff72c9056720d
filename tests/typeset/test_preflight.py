"""The preflight: passes our sheets, and says what is wrong with broken ones."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from click.testing import CliRunner
from PIL import Image
from print_kit import asked, made, rendered

from aigc import export, pipeline
from aigc.campaign import Brand
from aigc.cli import cli
from aigc.recipe import Recipe
from aigc.typeset.builtin import Backend
from aigc.typeset.print.preflight import Check, preflight
from aigc.typeset.print.read import paper


def levels(checks: list[Check]) -> dict[str, str]:
    return {each.check: each.level for each in checks}


def changed(data: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        change(pdf)
        pdf.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "language"),
    [("poster-a3", "en"), ("label", "en"), ("label", "zh-CN"), ("sleeve", "zh-CN")],
)
def test_passes_what_we_make(name: str, language: str) -> None:
    checks = preflight(made(name, language).data)
    assert "fail" not in levels(checks).values(), checks
    assert {"page", "bleed", "picture", "resolution", "safe area", "fonts", "type", "colour"} <= {
        each.check for each in checks
    }
    # The drawn cut-out has 320 px, and preflight says so.
    (product,) = [each for each in checks if each.check == "product"]
    assert product.level == "warn"
    assert "px along the product" in product.remedy


def _no_bleed(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].bleedbox = pdf.pages[0].trimbox


def _trim_beyond_bleed(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].trimbox = [float(edge) + 40 for edge in pdf.pages[0].bleedbox]


def _other_size(pdf: pikepdf.Pdf) -> None:
    box = [float(edge) for edge in pdf.pages[0].trimbox]
    pdf.pages[0].trimbox = [box[0], box[1], box[2] - 30, box[3]]


def _no_fonts(pdf: pikepdf.Pdf) -> None:
    for font in pdf.pages[0].Resources.XObject["/Type0"].Resources.Font.values():
        about = font.DescendantFonts[0].FontDescriptor
        for key in ("/FontFile2", "/FontFile3"):
            if key in about:
                del about[key]


def _few_pixels(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Resources.XObject["/Ground"].Width = 200


def _small_picture(pdf: pikepdf.Pdf) -> None:
    content = pdf.pages[0].Contents.read_bytes()
    pdf.pages[0].Contents = pdf.make_stream(content.replace(b"q ", b"q 0.9 0 0 0.9 0 0 cm ", 1))


def _no_intent(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.OutputIntents


def _text_at_the_cut(pdf: pikepdf.Pdf) -> None:
    piece = pdf.pages[0].PieceInfo["/aigc"]
    facts = json.loads(str(piece.Private))
    for each in facts["elements"]:
        if each["name"] == "headline":
            each["box"][0] = 1.0
    piece.Private = pikepdf.String(json.dumps(facts))


def _tiny_type(pdf: pikepdf.Pdf) -> None:
    content = pdf.pages[0].Contents.read_bytes()
    parts = content.split(b"\n")
    row = next(i for i, part in enumerate(parts) if b"/Type0 Do" in part)
    parts[row] = parts[row].replace(b" cm", b" cm 0.3 0 0 0.3 0 0 cm", 1)
    pdf.pages[0].Contents = pdf.make_stream(b"\n".join(parts))


@pytest.mark.parametrize(
    ("change", "check", "level"),
    [
        (_no_bleed, "bleed", "fail"),
        (_trim_beyond_bleed, "page", "fail"),
        (_other_size, "page", "fail"),
        (_no_fonts, "fonts", "fail"),
        (_few_pixels, "resolution", "fail"),
        (_small_picture, "picture", "warn"),
        (_no_intent, "colour", "warn"),
        (_text_at_the_cut, "safe area", "fail"),
        (_tiny_type, "type", "fail"),
    ],
)
def test_says_what_is_wrong(change: Callable[[pikepdf.Pdf], None], check: str, level: str) -> None:
    found = preflight(changed(made("label").data, change))
    assert levels(found)[check] == level
    (row,) = [each for each in found if each.check == check]
    assert row.remedy


def test_misses_lines_to_cut_and_fold() -> None:
    def no_fold(pdf: pikepdf.Pdf) -> None:
        space = pdf.pages[0].Resources.ColorSpace
        space["/Fold"] = space["/CutContour"]

    (row,) = [
        each
        for each in preflight(changed(made("sleeve").data, no_fold))
        if each.check == "cut and fold"
    ]
    assert row.level == "fail"
    assert "Fold" in row.remedy


def test_reads_other_peoples_files_as_far_as_they_go() -> None:
    pdf = pikepdf.Pdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    stream = io.BytesIO()
    pdf.save(stream)
    found = levels(preflight(stream.getvalue()))
    assert found["bleed"] == "fail"
    assert "safe area" not in found
    assert levels(preflight(b"no PDF")) == {"file": "fail"}


def test_command_lists_each_file(tmp_path: Path) -> None:
    (tmp_path / "one.pdf").write_bytes(made("label").data)
    (tmp_path / "two.pdf").write_bytes(changed(made("label").data, _no_bleed))
    result = CliRunner().invoke(cli, ["preflight", str(tmp_path)], standalone_mode=False)
    assert result.return_value == 1
    assert "one.pdf" in result.output
    assert "white slivers" in result.output
    good = CliRunner().invoke(cli, ["preflight", str(tmp_path / "one.pdf"), "--json"])
    assert good.exit_code == 0
    (rows,) = json.loads(good.output).values()
    assert {"check", "level", "found", "remedy"} == set(rows[0])
    empty = tmp_path / "none"
    empty.mkdir()
    result = CliRunner().invoke(cli, ["preflight", str(empty)])
    assert "no PDF there" in str(result.exception)


def test_a_campaign_keeps_picture_and_report_beside_the_pdf(
    plain_recipe: Recipe, fields: dict[str, object], tmp_path: Path
) -> None:
    recipe = Recipe.load(
        backends={"caption": "plain", "copywrite": "plain", "rank": "plain", "scene": "plain"}
    )
    brief = {**fields, "channels": ["label", "iab-rectangle"]}
    campaign = pipeline.run(brief, recipe, outputs=tmp_path)
    folder = Path(campaign.folder)
    names = {path.name for path in (folder / "typeset").iterdir()}
    assert names == {"label.pdf", "label.preview.jpg", "label.preflight.json", "iab-rectangle.jpg"}
    report = json.loads((folder / "typeset/label.preflight.json").read_text("utf-8"))
    assert {row["check"]: row["level"] for row in report}["fonts"] == "pass"
    assert 'src="typeset/label.preview.jpg"' in (folder / "index.html").read_text("utf-8")
    saved = export.load(folder)
    assert [each.data for each in saved.posters] == [each.data for each in campaign.posters]
    assert saved.posters[0].preview == campaign.posters[0].preview


def test_a_logo_stands_above_the_type(tmp_path: Path) -> None:
    mark = np.zeros((60, 240, 4), np.uint8)
    mark[5:55, 5:235] = (20, 20, 20, 255)
    Image.fromarray(mark).save(tmp_path / "logo.png")
    brand = Brand(name="Norrland", logo=str(tmp_path / "logo.png"))
    (poster,) = Backend().set([asked("label", kind="dark", layout="split", brand=brand)])
    read = paper(poster.data)
    (logo,) = [each for each in read.images if each.masked]
    assert logo.dpi > 150
    left, top, right, bottom = (edge for edge in poster.boxes["logo"])
    page = rendered(poster, 10.0, around=0)
    height, width = page.shape[:2]
    inside = page[round(top * height) : round(bottom * height), :]
    inside = inside[3:-3, round(left * width) + 3 : round(right * width) - 3]
    assert np.abs(inside.astype(int) - 20).mean() < 8
    assert page[round(top * height) - 4, round((left + right) / 2 * width)].min() > 200  # its plate
