"""A brand's logo, font and colours on its posters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from PIL import Image
from typeset_kit import copy, plan, request

from aigc._engines import brandfont, fonts, store
from aigc.campaign import Brand, pixel_box
from aigc.errors import BriefError
from aigc.typeset import logos
from aigc.typeset.builtin import _sheet, composed, elements_of


def logo(path: Path, colour: tuple[int, int, int], width: int = 160) -> str:
    mark = np.zeros((40, width, 4), np.uint8)
    mark[4:36, 4:-4] = (*colour, 255)
    Image.fromarray(mark).save(path)
    return str(path)


@pytest.fixture
def both(tmp_path: Path) -> Brand:
    dark = logo(tmp_path / "dark.png", (20, 20, 20))
    return Brand(logo=dark, logo_on_dark=logo(tmp_path / "light.png", (240, 240, 240), 120))


@pytest.mark.parametrize(("kind", "shade"), [("light", 20), ("dark", 240)])
def test_shows_the_logo_that_is_made_for_the_ground(both: Brand, kind: str, shade: int) -> None:
    asked = request(plan(brand=both), kind, "crown")
    made = composed(asked.plan, asked.scene)
    left, top, right, bottom = pixel_box(made.boxes["logo"], asked.plan.channel.size)
    middle = made.pixels[(top + bottom) // 2, (left + right) // 2]
    assert np.abs(middle.astype(int) - shade).max() <= 2
    assert made.logo is not None
    assert made.logo.plate is None
    around = made.pixels[top - 4, (left + right) // 2].astype(int)
    assert np.abs(around - made.pixels[top - 4, left - 30]).max() < 12  # no plate


def test_a_logo_alone_gets_its_plate_only_where_it_is_not_seen(tmp_path: Path) -> None:
    alone = Brand(logo=logo(tmp_path / "a.png", (20, 20, 20)))
    grounds = {
        kind: np.full((90, 160, 3), level, np.uint8) for kind, level in (("l", 240), ("d", 9))
    }
    box = (0.2, 0.2, 0.8, 0.6)
    light, dark = (logos.chosen(alone, grounds[kind], box) for kind in "ld")
    assert light is not None
    assert dark is not None
    assert (light.plate, dark.plate) == (None, 255)


def test_the_other_version_stands_in_the_place_of_the_first_undistorted(both: Brand) -> None:
    mark = logos.chosen(both, np.zeros((100, 200, 3), np.uint8), (0.1, 0.1, 0.9, 0.5))
    assert mark is not None
    height, width = mark.pixels.shape[:2]
    assert width / height == pytest.approx(160 / 40, rel=0.05)
    rows, columns = np.nonzero(mark.pixels[..., 3])
    shape = (np.ptp(columns) + 1) / (np.ptp(rows) + 1)
    assert shape == pytest.approx(112 / 32, rel=0.05)


def test_headlines_are_in_the_brands_own_font(tmp_path: Path) -> None:
    own = tmp_path / "own.ttf"
    own.write_bytes(store.builtin("font-playfair-display").read_bytes())  # variable
    planned = plan(copies=(copy("Carry less", "More room.", "Go"),), brand=Brand(font=str(own)))
    loaded = brandfont.load(str(own))
    assert loaded.family.startswith("Playfair Display ")
    sheet = _sheet(planned, "crown")
    with pypdfium2.PdfDocument(sheet.pdf({})) as document:
        page = document[0].get_textpage()
        text = page.get_text_range()
        used = {word: _font(page, text.index(word)) for word in ("Carry", "room")}
    assert "Playfair" in used["Carry"]
    assert "Montserrat" in used["room"]


def _font(page: pypdfium2.PdfTextPage, index: int) -> str:
    import ctypes

    name = ctypes.create_string_buffer(256)
    pypdfium2.raw.FPDFText_GetFontInfo(page, index, name, 256, ctypes.byref(ctypes.c_int()))
    return name.value.decode()


def test_what_the_brands_font_lacks_comes_from_ours() -> None:
    own = str(Path(fonts.folders()[0]) / "Montserrat-700.ttf")
    for text in ("轻装出发 Go", "เดินทาง Go", "سافر Go"):
        planned = plan(language="zh-CN", copies=(copy(text),), brand=Brand(font=own))
        assert "headline" in elements_of(planned, "crown")


def test_a_weight_is_cut_once_for_each_content(tmp_path: Path) -> None:
    data = (Path(fonts.folders()[0]) / "Montserrat-700.ttf").read_bytes()
    (tmp_path / "a.ttf").write_bytes(data)
    (tmp_path / "b.ttf").write_bytes(data)
    one, other = (brandfont.load(str(tmp_path / name)) for name in ("a.ttf", "b.ttf"))
    assert one == other
    (file,) = Path(one.folder).iterdir()
    with TTFont(file) as font:
        assert font["name"].getBestFamilyName() == one.family
        assert font["OS/2"].usWeightClass == 700


def test_names_a_font_that_cannot_be_used(tmp_path: Path) -> None:
    data = (Path(fonts.folders()[0]) / "Montserrat-500.ttf").read_bytes()
    with TTFont(Path(fonts.folders()[0]) / "Montserrat-500.ttf") as font:
        font["OS/2"].fsType = 2
        font.save(tmp_path / "closed.ttf")
        font["OS/2"].fsType = 8
        font.save(tmp_path / "editable.ttf")
    (tmp_path / "torn.ttf").write_bytes(data[:20_000])
    (tmp_path / "text.otf").write_text("no font")
    (tmp_path / "empty.ttf").write_bytes(b"")
    problems = {
        "gone.ttf": "no such file",
        "closed.ttf": r"licence bits \(fsType 2\) forbid",
        "torn.ttf": "no readable font",
        "text.otf": "no readable font",
        "empty.ttf": "no readable font",
    }
    for name, problem in problems.items():
        with pytest.raises(BriefError, match=rf"brand\.font = '.*{name}': .*{problem}"):
            brandfont.load(str(tmp_path / name))
    assert brandfont.load(str(tmp_path / "editable.ttf")).characters
