"""The builtin captioner, with the real classifier and language model and a drawn matte."""

import pickle

import numpy as np
import pytest
from pydantic import ValidationError

from aigc.campaign import Brief, Caption, Photo, pixel_box
from aigc.caption import CaptionRequest
from aigc.caption.builtin import Backend
from aigc.caption.matte import Matte


def photo(rgb=(200, 30, 40), size=(220, 160), box=(40, 30, 170, 130)):
    """A block of colour on white."""
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = rgb
    return Photo(pixels=pixels)


def request(name="Celadon teapot", language="en", seed=1, **more):
    brief = Brief(name=name, photo="p.png", language=language)
    return CaptionRequest(photo=photo(**more), brief=brief, seed=seed)


@pytest.fixture
def drawn_matte(monkeypatch):
    """A matte that is right by construction: what is not white is product."""

    def cut_out(photo, *, method="grabcut"):
        product = photo.pixels.min(2) < 250
        if not product.any():
            return Matte(
                np.zeros(product.shape, np.uint8), photo.pixels, (0.0, 0.0, 1.0, 1.0), 0.0, "plain"
            )
        rows, columns = product.any(1).nonzero()[0], product.any(0).nonzero()[0]
        height, width = product.shape
        box = (
            columns[0] / width,
            rows[0] / height,
            (columns[-1] + 1) / width,
            (rows[-1] + 1) / height,
        )
        return Matte((product * 255).astype(np.uint8), photo.pixels, box, 0.9, "white")

    monkeypatch.setattr("aigc.caption.matte.cut_out", cut_out)


def test_a_caption_says_the_briefs_product_and_place(drawn_matte):
    (caption,) = Backend().describe([request("Red teapot")])
    assert "red teapot" in caption.text.lower()
    assert "white background" in caption.text
    assert caption.palette[0].name == "red"
    assert caption.background == "white"
    assert caption.confidence == 0.9


def test_the_cut_out_is_the_crop_of_its_subject(drawn_matte):
    asked = request(size=(331, 217), box=(31, 29, 170, 131))
    (caption,) = Backend(candidates=0).describe([asked])
    left, top, right, bottom = pixel_box(caption.subject, (331, 217))
    assert (left, top, right, bottom) == (31, 29, 170, 131)
    assert caption.cutout.shape == (bottom - top, right - left, 4)
    np.testing.assert_array_equal(
        caption.cutout[..., :3], asked.photo.pixels[top:bottom, left:right]
    )
    assert (caption.cutout[..., 3] == 255).all()


def test_chinese_captions_are_chinese(drawn_matte):
    (caption,) = Backend().describe([request("青瓷茶壶", language="zh-CN")])
    assert "茶壶" in caption.text
    assert caption.text.endswith("。")
    assert not any(sign.isascii() for sign in caption.text)


def test_a_batch_equals_singles_and_repeats(drawn_matte):
    backend = Backend(candidates=1)
    asked = [
        request("Red teapot", seed=1),
        request("Model X1", rgb=(20, 40, 150), seed=2),
        request("背包", language="zh-CN", seed=3),
    ]
    together = backend.describe(asked)
    alone = [backend.describe([one])[0] for one in asked]
    for a, b in zip(together, alone, strict=True):
        assert a.model_dump() == b.model_dump()
        np.testing.assert_array_equal(a.cutout, b.cutout)


@pytest.fixture
def doubtful_matte(monkeypatch):
    """A matte of the left half, as sure as the test says."""

    def install(confidence, background="scene"):
        def cut_out(photo, *, method="grabcut"):
            alpha = np.zeros(photo.pixels.shape[:2], np.uint8)
            alpha[:, : alpha.shape[1] // 2] = 255
            box = (0.0, 0.0, 0.5, 1.0)
            return Matte(alpha, photo.pixels // 2, box, confidence, background)

        monkeypatch.setattr("aigc.caption.matte.cut_out", cut_out)

    return install


def test_below_the_threshold_the_whole_photo_is_kept_and_a_sentence_says_why(doubtful_matte):
    doubtful_matte(0.819)
    asked = request()
    (caption,) = Backend(candidates=0).describe([asked])
    assert caption.whole
    assert caption.subject == (0, 0, 1, 1)
    np.testing.assert_array_equal(caption.cutout[..., :3], asked.photo.pixels)
    assert (caption.cutout[..., 3] == 255).all()
    assert caption.confidence == 0.819  # as it was measured
    assert "(0.81, at least 0.82 is asked)" in caption.note
    left, top, right, bottom = caption.focus
    assert left == 0
    assert right >= 0.5  # what the doubtful matte holds stays in sight
    assert 0 <= top < bottom <= 1
    assert "red" not in caption.text  # colours of a whole photo are not the product's


def test_from_the_threshold_on_it_is_a_cut_out_and_nothing_is_said(doubtful_matte):
    doubtful_matte(0.82)
    (caption,) = Backend(candidates=0).describe([request()])
    assert not caption.whole
    assert caption.subject == (0, 0, 0.5, 1)
    assert caption.note == ""


def test_the_threshold_is_an_option(doubtful_matte):
    doubtful_matte(0.6)
    captions = [
        Backend(candidates=0, min_confidence=least).describe([request()])[0] for least in (0.5, 0.7)
    ]
    assert [caption.whole for caption in captions] == [False, True]
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValidationError, match="min_confidence"):
            Backend(min_confidence=wrong)


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_a_photos_own_alpha_is_never_dropped(doubtful_matte, confidence):
    doubtful_matte(confidence, "transparent")
    (caption,) = Backend(candidates=0, min_confidence=1).describe([request()])
    assert not caption.whole
    assert caption.note == ""


def test_a_caption_saved_by_an_older_version_loads(drawn_matte):
    (caption,) = Backend(candidates=0).describe([request()])
    old = caption.model_dump(mode="json", exclude={"note", "focus"})
    assert Caption(**old, cutout=caption.cutout).note == ""


def test_no_requests_no_captions():
    assert Backend().describe([]) == []


def test_nothing_to_see_falls_back_to_the_name(drawn_matte):
    blank = CaptionRequest(
        photo=Photo(pixels=np.full((90, 120, 3), 255, np.uint8)),
        brief=Brief(name="Model X1", photo="p.png"),
        seed=0,
    )
    (caption,) = Backend(candidates=0).describe([blank])
    assert "Model X1" in caption.text
    assert caption.cutout.shape == (90, 120, 4)
    assert caption.whole
    assert caption.note.startswith("No product could be told from its background")


@pytest.mark.parametrize("name", ["🎁", "حقيبة", "X" * 120, "{thing} \\1 (", "a.b*c"])
def test_odd_names_are_said_as_they_are(drawn_matte, name):
    (caption,) = Backend(candidates=0).describe([request(name)])
    assert caption.text.endswith(".")
    assert name in caption.text


def test_the_number_of_words_is_an_option(drawn_matte):
    (caption,) = Backend(words=0, candidates=0).describe([request()])
    assert caption.tags == ()


def test_it_pickles_and_describes_its_options():
    backend = Backend(words=3)
    assert pickle.loads(pickle.dumps(backend)) == backend
    assert all(field.description for field in Backend.model_fields.values())


def test_a_photo_with_the_real_matte():
    grain = np.random.default_rng(0).normal(0, 4, (160, 220, 3))
    pixels = (np.asarray(photo().pixels, float) - 3 + grain).clip(0, 255).astype(np.uint8)
    asked = CaptionRequest(photo=Photo(pixels=pixels), brief=Brief(name="Box", photo="p"), seed=0)
    (caption,) = Backend(candidates=0).describe([asked])
    assert caption.palette[0].name == "red"
    np.testing.assert_allclose(
        caption.subject, (40 / 220, 30 / 160, 170 / 220, 130 / 160), atol=0.03
    )
