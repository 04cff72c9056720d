"""The raster of a sheet: seams, bleed, and the cut-out's own pixels."""

from __future__ import annotations

import numpy as np
import pytest
from print_kit import asked
from typeset_kit import caption, cutout

from aigc.campaign import Pixels
from aigc.channels import all_channels
from aigc.prints import MM
from aigc.typeset import layouts
from aigc.typeset.builtin import _sheet
from aigc.typeset.print import raster
from aigc.typeset.print.raster import Face, paint
from aigc.typeset.sheet import paint as paint_type

BLEED = (5.0, 5.0, 5.0, 5.0)
PRODUCT = (0.3, 0.4, 0.7, 0.9)


def canvas(dpi: float) -> Pixels:
    side = round(110 * dpi / MM)
    return np.zeros((side, side, 3), np.uint8)


def painted(face: Face, dpi: float = 254.0) -> Pixels:
    """A face of 100 × 100 mm with its bleed; at 254 dpi ten pixels are a millimetre."""
    made = canvas(dpi)
    paint(face, made, dpi, (-5.0, -5.0), seed=1)
    return made


def ramp() -> Pixels:
    backdrop = np.zeros((100, 100, 3), np.uint8)
    backdrop[..., 0] = np.linspace(20, 230, 100).astype(np.uint8)
    backdrop[..., 1] = np.linspace(20, 230, 100).astype(np.uint8)[:, None]
    return backdrop


def face(product: tuple[float, float, float, float] = PRODUCT) -> Face:
    red = np.full((60, 60, 4), (200, 0, 0, 255), np.uint8)
    return Face((0.0, 0.0, 100.0, 100.0), BLEED, ramp(), red, product)


def test_strips_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = painted(face())
    monkeypatch.setattr(raster, "STRIP", 37)
    assert np.abs(painted(face()).astype(int) - whole).max() <= 1


def test_the_backdrop_goes_on_as_its_mirror_image() -> None:
    made = painted(face()).astype(int)
    for depth in (5, 20, 45):
        assert np.abs(made[500, 50 - depth] - made[500, 49 + depth]).max() <= 12
    jump = np.abs(made[500, 49] - made[500, 50]).max()
    assert jump <= 10  # no more than the grain


def test_a_cut_out_that_touches_an_edge_goes_on_into_the_bleed() -> None:
    middle = 50 + 500
    inside = painted(face()).astype(int)
    assert inside[-10, middle][0] < 190  # it ended above: backdrop
    made = painted(face((0.3, 0.4, 0.7, 1.0))).astype(int)
    for row in (-60, -49, -10, -1):
        assert np.abs(made[row, middle] - [200, 0, 0]).max() <= 2
    assert made[-10, 50 + 250][1] > 100  # beside it, backdrop


def test_the_product_keeps_its_own_pixels() -> None:
    own = cutout(400, 500)
    dpi = MM * 500 / 50  # a pixel of the cut-out is a pixel of the sheet
    product = (0.3, 0.4, 0.7, 0.9)
    made = painted(Face((0.0, 0.0, 100.0, 100.0), BLEED, ramp(), own, product), dpi)
    there = made[450:950, 350:750]
    solid = own[..., 3] == 255
    assert np.array_equal(there[solid], own[..., :3][solid])


def test_enlarged_backdrops_get_fresh_grain_and_no_spots() -> None:
    noisy = np.full((100, 100, 3), 120, np.uint8)
    noisy += np.random.default_rng(0).integers(0, 6, noisy.shape, dtype=np.uint8)
    made = painted(Face((0.0, 0.0, 100.0, 100.0), BLEED, noisy)).astype(float)
    patch = made[300:700, 300:700, 1]
    fine = np.abs(np.diff(patch, axis=1)).mean()
    assert 1.0 < fine < 3.0
    spots = patch.reshape(40, 10, 40, 10).mean(axis=(1, 3)).std()
    assert spots < 0.9  # of 1.7 levels in the enlarged original


def test_what_is_far_below_is_plain() -> None:
    deep = face()._replace(bleed=(5.0, 5.0, 5.0, 105.0))
    made = np.zeros(((210 * 10), 1100, 3), np.uint8)
    paint(deep, made, 254.0, (-5.0, -5.0), seed=1)
    assert made[-900:, 600].std(axis=0).max() < 4


@pytest.mark.parametrize("mirrored", [False, True], ids=["ltr", "rtl"])
@pytest.mark.parametrize("layout", [each.name for each in layouts.all_layouts().values()])
def test_blocks_that_touch_an_edge_go_on_into_the_bleed(layout: str, mirrored: bool) -> None:
    """Whatever is drawn at the cut is drawn just beyond it too."""
    known = layouts.all_layouts()[layout]
    shapes = {each.shape: each.name for each in all_channels().values() if each.print is None}
    photo = caption(
        cutout=np.full((300, 400, 4), 255, np.uint8), subject=(0.0, 0.0, 1.0, 1.0)
    ) if known.photo else caption()  # fmt: skip
    for shape in known.shapes:
        plan = asked(shapes[shape], layout=layout, made_from=photo).plan
        size = plan.channel.size
        beyond = 20
        sheet = _sheet(plan, layout)
        changed = {"bleed": (beyond,) * 4} | ({"flip": True} if mirrored else {})
        drawn = np.full((size[1] + 2 * beyond, size[0] + 2 * beyond, 3), (250, 0, 250), np.uint8)
        paint_type(sheet.changed(**changed).pdf({}), drawn)
        for turned in range(4):
            side = np.rot90(drawn, turned)
            at_cut = side[beyond + 1, beyond + 3 : -beyond - 3].astype(int)
            past = side[beyond // 2, beyond + 3 : -beyond - 3].astype(int)
            assert np.abs(at_cut - past).max(axis=1).mean() < 2, (shape, turned)
