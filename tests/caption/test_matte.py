"""The cut-out on composites that the tests make, so that the truth is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from aigc.campaign import Photo, Pixels
from aigc.caption import edges
from aigc.caption.grabcut import without_stubs
from aigc.caption.matte import Matte, cut_out
from aigc.caption.net import agreed
from aigc.caption.trust import score
from aigc.errors import BriefError

RED = (190, 40, 50)


def canvas(colour: tuple[int, int, int], height: int = 320, width: int = 400) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


def disc(radius: float, height: int = 320, width: int = 400, soft: float = 1.0) -> np.ndarray:
    """A centred disc's coverage in 0..1, with an outline `soft` pixels wide."""
    y, x = np.mgrid[:height, :width]
    away = radius - np.hypot(x - width / 2 + 0.5, y - height / 2 + 0.5)
    return np.clip(away / soft + 0.5, 0, 1)


def over(front: tuple[int, int, int], back: Pixels, share: np.ndarray) -> Pixels:
    mixed = np.array(front) * share[..., None] + back * (1 - share[..., None])
    return mixed.round().astype(np.uint8)


def iou(matte: Matte, truth: np.ndarray) -> float:
    found, true = matte.alpha >= 128, truth >= 0.5
    return float((found & true).sum() / (found | true).sum())


def textured(seed: int = 3, height: int = 320, width: int = 400) -> Pixels:
    """A busy greenish scene."""
    noise = np.random.default_rng(seed).normal(0, 1, (height // 8, width // 8, 3))
    rough = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(np.array([70, 130, 80]) + 35 * rough, 0, 255).astype(np.uint8)


def grabcut(photo: Photo) -> Matte:
    return cut_out(photo, method="grabcut")


def test_white_background_is_cut_exactly_and_a_ring_keeps_its_hole() -> None:
    truth = disc(110) - disc(55)
    matte = grabcut(Photo(pixels=over(RED, canvas((255, 255, 255)), truth)))
    assert matte.background == "white"
    assert iou(matte, truth) > 0.985
    assert matte.alpha[160, 200] == 0  # the hole
    assert not matte.alpha[:30].any()
    assert matte.confidence > 0.8
    assert matte.box == pytest.approx((90 / 400, 50 / 320, 310 / 400, 270 / 320), abs=0.01)


def test_a_soft_shadow_on_white_is_not_part_of_the_product() -> None:
    truth = disc(80)
    dark = cv2.GaussianBlur(np.roll(truth, (30, 45), (0, 1)), (0, 0), 16)
    ground = (250 - 45 * dark[..., None] * np.ones(3)).astype(np.uint8)
    matte = grabcut(Photo(pixels=over(RED, ground, truth)))
    assert iou(matte, truth) > 0.97


def test_a_pale_product_on_white_keeps_its_body() -> None:
    truth = disc(100)
    y = np.mgrid[:320, :400][0]
    body = (236 - 20 * (y / 320))[..., None] * np.ones(3)
    pixels = (body * truth[..., None] + 255 * (1 - truth[..., None])).astype(np.uint8)
    assert iou(grabcut(Photo(pixels=pixels)), truth) > 0.97


def test_a_dark_stub_between_product_and_border_is_dropped() -> None:
    inside = disc(120, 300, 300) > 0.5
    stubbed = inside.copy()
    stubbed[250:, 135:165] = True
    cleared = without_stubs(stubbed, 24)
    assert not cleared[-24:].any()
    assert np.array_equal(cleared[:-24], stubbed[:-24])
    cropped = np.zeros((300, 300), bool)
    cropped[60:, 80:220] = True
    assert np.array_equal(without_stubs(cropped, 24), cropped)


def test_confidence_falls_with_shared_colours_and_with_the_wrong_outline() -> None:
    truth = disc(85)
    scene = textured()
    pixels = over((210, 60, 150), scene, truth)
    right = score(pixels, truth > 0.5)
    assert right > 0.9
    assert score(pixels, disc(130) > 0.5) < right - 0.2  # too much
    assert score(scene, truth > 0.5) < 0.3  # nothing there


def test_an_uneven_plain_background_goes() -> None:
    truth = disc(90)
    x = np.mgrid[:320, :400][1][..., None]
    ground = (np.array([70, 120, 150]) + x / 400 * np.array([50, 45, 40])).astype(np.uint8)
    matte = grabcut(Photo(pixels=over(RED, ground, truth)))
    assert matte.background == "plain"
    assert iou(matte, truth) > 0.97


def test_a_product_in_a_scene() -> None:
    truth = disc(85)
    matte = grabcut(Photo(pixels=over((210, 60, 150), textured(), truth)))
    assert matte.background == "scene"
    assert iou(matte, truth) > 0.93


def test_a_soft_edge_gets_its_coverage() -> None:
    truth = disc(90, soft=5)
    matte = grabcut(Photo(pixels=over(RED, canvas((255, 255, 255)), truth)))
    edge = (truth > 0.15) & (truth < 0.85)
    assert np.abs(matte.alpha[edge] / 255 - truth[edge]).mean() < 0.15


def test_edge_colours_hold_no_old_background_and_opaque_pixels_are_the_photos() -> None:
    truth = disc(90, soft=3)
    pixels = over(RED, canvas((255, 255, 255)), truth)
    matte = grabcut(Photo(pixels=pixels))
    edge = (matte.alpha > 40) & (matte.alpha < 250)
    assert edge.any()
    before = np.abs(pixels[edge].astype(int) - RED).mean()
    after = np.abs(matte.foreground[edge].astype(int) - RED).mean()
    assert after < 12 < before
    opaque = matte.alpha == 255
    assert np.array_equal(matte.foreground[opaque], pixels[opaque])


def test_a_photo_with_its_own_alpha_keeps_it() -> None:
    alpha = (disc(60) * 255).astype(np.uint8)
    matte = cut_out(Photo(pixels=textured(), alpha=alpha))
    assert np.array_equal(matte.alpha, alpha)
    assert matte.background == "transparent"
    assert matte.confidence == 1.0


@pytest.mark.parametrize("flat", [True, False])
def test_without_a_subject_the_whole_photo_is_kept(flat: bool) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 260, 3)).astype(np.uint8)
    matte = grabcut(Photo(pixels=canvas((128, 130, 126), 200, 260) if flat else noise))
    assert matte.confidence <= 0.3
    if flat:
        assert (matte.alpha == 255).all()
        assert matte.box == (0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize("size", [(48, 48), (48, 400), (400, 48)])
def test_small_and_narrow_photos(size: tuple[int, int]) -> None:
    truth = disc(15, *size)
    matte = grabcut(Photo(pixels=over(RED, canvas((255, 255, 255), *size), truth)))
    assert matte.alpha.shape == size
    assert iou(matte, truth) > 0.85


def test_same_photo_same_matte() -> None:
    photo = Photo(pixels=over((210, 60, 150), textured(), disc(70)))
    first, second = cut_out(photo), cut_out(photo)
    assert np.array_equal(first.alpha, second.alpha)
    assert np.array_equal(first.foreground, second.foreground)
    assert first.confidence == second.confidence


def test_an_unknown_method_names_the_choices() -> None:
    with pytest.raises(BriefError, match=r"caption\.matte = 'magic': choose net, grabcut"):
        cut_out(Photo(pixels=textured()), method="magic")


def scene_of(truth: np.ndarray, seed: int = 5) -> Pixels:
    """A shaded, striped thing in a busy scene."""
    y, x = np.mgrid[: truth.shape[0], : truth.shape[1]]
    light = 0.6 + 0.4 * np.cos((x - 150) / 90) * np.cos((y - 120) / 110)
    body = light[..., None] * np.where(
        (y // 24 % 2 == 0)[..., None], (215, 60, 70), (240, 225, 205)
    )
    mixed = body * truth[..., None] + textured(seed, *truth.shape) * (1 - truth[..., None])
    return mixed.clip(0, 255).astype(np.uint8)


def test_the_network_cuts_a_thing_out_of_a_scene() -> None:
    truth = disc(95)
    matte = cut_out(Photo(pixels=scene_of(truth)))
    assert iou(matte, truth) > 0.95
    assert matte.confidence > 0.8


def test_the_networks_matte_does_not_depend_on_what_came_before() -> None:
    photo = Photo(pixels=scene_of(disc(80)))
    first = cut_out(photo)
    cut_out(Photo(pixels=scene_of(disc(40, 200, 500), 6)))
    second = cut_out(photo)
    assert np.array_equal(first.alpha, second.alpha)
    assert first.confidence == second.confidence


def test_a_soft_product_put_elsewhere_brings_no_halo() -> None:
    """Cut off white and put on black, it must look as if it had been photographed there."""
    truth = disc(90, soft=6)
    matte = cut_out(Photo(pixels=over(RED, canvas((250, 250, 250)), truth)))
    share = matte.alpha[..., None] / 255
    put = matte.foreground * share
    halo = over(RED, canvas((250, 250, 250)), truth) * share
    right = over(RED, canvas((0, 0, 0)), truth).astype(float)
    edge = (truth > 0.05) & (truth < 0.95)
    error = np.abs(put - right)[edge].mean()
    assert error < 18
    assert error < 0.55 * np.abs(halo - right)[edge].mean()


def test_the_network_overrules_a_backdrop_over_wide_areas_only() -> None:
    likely = np.zeros((80, 100), np.float32)  # an eighth of the subtraction's size
    likely[20:60, 30:70] = 0.95
    likely[30:34, 70:90] = 0.1  # it hardly sees a lace
    exact = np.zeros((640, 800), bool)
    exact[160:480, 240:400] = True  # the product's white side is lost
    exact[250:256, 400:720] = True  # a lace
    exact[500:620, 240:560] = True  # a shadow
    like = np.zeros_like(exact)
    like[300:360, 300:360] = True  # white on the product, or what shows through it
    found = agreed(likely, exact, like) > 0.5
    assert found[200:440, 240:540].all()
    assert found[252, 420:700].all()
    assert not found[500:].any()
    ring = likely.copy()
    exact = cv2.resize(ring, (800, 640)) > 0.5
    exact[300:330, 380:384] = False  # what shows through a narrow hole is the backdrop's colour
    assert not (agreed(ring, exact, ~exact) > 0.5)[310:320, 381:383].any()
    doubtful = likely.copy()
    doubtful[38:45, 38:45] = 0.7
    exact = np.ones_like(exact)
    assert not agreed(doubtful, exact, like)[320:340, 320:340].any()


def test_a_share_that_falls_between_a_photos_pixels_is_no_error() -> None:
    share = np.zeros((384, 384), np.float32)
    share[::8, ::8] = 1  # a 48 px photo is read between these
    alpha = edges.soften(canvas(RED, 48, 48), share)
    assert alpha.shape == (48, 48)
    assert not alpha.any()


@pytest.mark.parametrize("method", ["net", "grabcut"])
def test_an_outline_leans_to_no_side(method: str) -> None:
    truth = disc(90, 400, 400, soft=6)
    matte = cut_out(
        Photo(pixels=over(RED, canvas((250, 250, 250), 400, 400), truth)), method=method
    )
    edge = np.abs(matte.alpha / 255 - truth)
    assert np.abs(edge - edge[::-1]).max() < 0.1
    assert np.abs(edge - edge[:, ::-1]).max() < 0.1
