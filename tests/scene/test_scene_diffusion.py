"""The diffusion painter with tiny models: the product's pixels, plain grounds, second tries."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import diffusers
import numpy as np
import pytest
import tiny
import tiny_diffusion
import torch
from scene_kit import LYING, STANDING, caption, request

from aigc import events
from aigc._engines import hub
from aigc._engines.diffusion import Settings
from aigc.campaign import Pixels, Scene, pixel_box
from aigc.errors import ModelError, PartlyFailed
from aigc.scene import Painting, SceneRequest, usable
from aigc.scene.builtin import Backend as Studio
from aigc.scene.diffusion import Backend
from aigc.typeset import compose


def painter(family: str = "sd15", **options) -> Backend:
    given = tiny_diffusion.options("scene", "diffusion") | {"model": tiny_diffusion.ref(family)}
    return Backend(**(given | {"ocr": "off"} | options))


def paint(asked: SceneRequest, family: str = "sd15", **options) -> Painting:
    return painter(family, **options).paint([asked])[0]


def said(family_or_painter: Backend, *asked: SceneRequest) -> tuple[list[Painting], list[str]]:
    """Paint, and give the remarks that were made."""
    heard: list[events.Event] = []
    with events.listening(heard.append):
        made = family_or_painter.paint(asked)
    return made, [each.message for each in heard if not each.total]


def pasted(asked: SceneRequest, pixels: Pixels) -> tuple[Pixels, Pixels]:
    """The cut-out as typesetting resizes it, and the part of a picture that it covers."""
    left, top, right, bottom = pixel_box(asked.slots.product, asked.size)
    cutout = compose.resized(asked.caption.cutout, (right - left, bottom - top))
    return cutout, pixels[top:bottom, left:right]


@pytest.mark.parametrize(
    ("family", "size"),
    [("sd15", (256, 256)), ("sd15", (364, 90)), ("inpaint", (256, 256)), ("sdxl", (256, 256))],
)
def test_in_place_the_product_s_pixels_are_the_merchant_s_own(family, size):
    asked = request(size, "natural")
    made = paint(asked, family, way="in-place")
    cutout, there = pasted(asked, made.pixels)
    opaque = cutout[..., 3] == 255
    assert opaque.sum() > 500
    assert np.array_equal(there[opaque], cutout[opaque][:, :3])
    (start,) = Studio(ornaments="none", grain=0).paint([asked])
    far = np.abs(made.pixels[:, :20].astype(int) - start.pixels[:, :20]).mean()
    assert far > 5  # all around it is painted anew
    assert made.prompt.startswith("one x cup")


def test_harmonising_changes_the_backdrop_and_no_pixel_of_the_product():
    asked = request((256, 256), "natural")
    with_, without = (paint(asked, way="in-place", harmonise=how, grain=0).pixels for how in (1, 0))
    cutout, _ = pasted(asked, with_)
    opaque = cutout[..., 3] == 255
    assert not np.array_equal(with_, without)
    assert np.array_equal(pasted(asked, with_)[1][opaque], pasted(asked, without)[1][opaque])


def test_a_finished_poster_shows_the_same_product_both_ways():
    asked = request((256, 256), "natural")
    left, top, *_ = pixel_box(asked.slots.product, asked.size)
    for way in ("backdrop", "in-place"):
        backdrop = paint(asked, way=way).pixels
        cutout, _ = pasted(asked, backdrop)
        poster = compose.over(backdrop, cutout, (left, top))
        opaque = cutout[..., 3] == 255
        assert np.array_equal(pasted(asked, poster)[1][opaque], cutout[opaque][:, :3])


def test_a_control_image_changes_what_is_painted():
    asked = request((256, 256))
    without, with_ = (
        paint(asked, way="in-place", control=control).pixels
        for control in (None, tiny_diffusion.ref("control15"))
    )
    assert not np.array_equal(without, with_)


@pytest.mark.parametrize("slots", [STANDING, LYING])
@pytest.mark.parametrize("seed", [0, 3])
def test_plain_grounds_are_builtin_s_to_the_bit(slots, seed):
    solid = caption().cutout.copy()
    solid[..., 3] = 255
    photo = caption(subject=(0.0, 0.0, 1.0, 1.0)).model_copy(update={"cutout": solid})
    asked = [
        request((400, 300), slots=slots, seed=seed, background="white"),
        request((400, 300), slots=slots, seed=seed, caption=photo),
        request((400, 300), slots=slots, seed=seed, caption=photo, background="white"),
    ]
    for mine, theirs in zip(Backend().paint(asked), Studio().paint(asked), strict=True):
        assert np.array_equal(mine.pixels, theirs.pixels)
        assert (mine.prompt, mine.seed, mine.repainted) == ("", seed, 0)


def test_plain_grounds_need_neither_torch_nor_diffusers():
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'diffusers', 'transformers')));"
        "from scene_kit import request; from aigc.scene.diffusion import Backend;"
        "(made,) = Backend().paint([request((90, 80), background='white')]);"
        "assert (made.pixels[0] == 255).all()"
    )
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parent, check=True)


def test_plain_and_painted_ones_come_back_in_order():
    asked = [
        request((128, 128), seed=1),
        request((128, 128), background="white"),
        request((128, 96), seed=2),
    ]
    made = painter().paint(asked)
    assert [bool(each.prompt) for each in made] == [True, False, True]
    assert made[2].pixels.shape == (96, 128, 3)
    assert (made[1].pixels[0] == 255).all()


@pytest.mark.parametrize("way", ["backdrop", "in-place"])
def test_a_picture_is_the_same_in_any_batch_and_order(way):
    asked = [
        request((160, 128), seed=seed, style=style) for seed, style in ((0, "fresh"), (5, "tech"))
    ]
    asked.append(request((364, 90), seed=0))
    together = painter(way=way, batch=3).paint(asked)
    for number in (2, 0, 1):
        (alone,) = painter(way=way, batch=1).paint([asked[number]])
        assert np.array_equal(alone.pixels, together[number].pixels)
    assert not np.array_equal(together[0].pixels, together[1].pixels)


def test_seeds_and_styles_change_the_picture_and_zero_is_a_seed():
    one, other, again = (paint(request((128, 128), seed=seed)) for seed in (0, 1, 0))
    assert one.seed == 0
    assert np.array_equal(one.pixels, again.pixels)
    assert np.abs(one.pixels.astype(int) - other.pixels).mean() > 3


@pytest.fixture
def turning_down(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, str]]:
    """Faults by how often a picture was judged, in the place of what `usable` finds."""
    faults: dict[int, str] = {}
    judged = iter(range(100))
    monkeypatch.setattr(usable, "fault", lambda *_: faults.get(next(judged), ""))
    return faults


def test_an_unusable_picture_is_painted_again_with_the_next_seed(turning_down):
    turning_down |= {0: usable.FLAT, 1: usable.LETTERS}
    asked = request((128, 128), seed=2**32 - 1)
    (made,), remarks = said(painter(), asked)
    assert (made.seed, made.repainted) == (1, 2)
    assert remarks == []
    direct = paint(asked.model_copy(update={"seed": 1}), harmonise=0, grain=0)
    third = paint(asked, harmonise=0, grain=0)
    assert third.repainted == 0
    assert direct.seed == 1
    assert not np.array_equal(third.pixels, direct.pixels)


def test_letters_after_the_last_try_are_remarked_upon(turning_down):
    turning_down |= dict.fromkeys(range(9), usable.LETTERS)
    (made,), remarks = said(painter(repaints=1), request((128, 128)))
    assert made.repainted == 1
    (remark,) = remarks
    assert remark.endswith("full of letters in 2 tries, the last with seed 4; look at it")


def test_black_pictures_are_an_error_of_their_own_item(turning_down):
    turning_down |= {0: usable.BLACK, 1: "", 2: usable.BLACK}
    asked = [request((128, 128), seed=seed) for seed in (1, 2)]
    with pytest.raises(PartlyFailed) as caught:
        painter(repaints=0, batch=1).paint(asked)
    first, second = caught.value.results
    assert isinstance(first, ModelError)
    assert isinstance(second, Painting)
    with pytest.raises(ModelError, match=r"black in 1 tries.*scene\.dtype"):
        painter(repaints=0).paint([request((128, 128))])


def test_not_a_number_is_black():
    broken: Path = tiny.home() / "nan"
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(tiny_diffusion.folder("sd15"))
    with torch.no_grad():
        pipe.vae.decoder.conv_out.weight[:] = torch.nan
    pipe.save_pretrained(broken)
    with pytest.raises(ModelError, match="black in 3 tries, the last with seed 5"):
        Backend(model=str(broken), device="cpu", steps=1, ocr="off").paint([request((128, 128))])


def test_every_setting_of_the_engine_is_an_option():
    options = Backend.model_fields
    for field in dataclasses.fields(Settings):
        assert field.name in options
        if field.default is not dataclasses.MISSING and field.name != "strength":
            assert options[field.name].default == field.default


def test_without_a_graphics_card_it_refuses_and_a_licence_is_said_first():
    model = next(
        each for each in hub.known().values() if each.stage == "scene" and each.commercial == "no"
    )
    asked = Backend(model=model.ref, device="cuda:99")
    heard: list[events.Event] = []
    with events.listening(heard.append), pytest.raises(ModelError, match=r"scene\.device"):
        asked.paint([request()])
    assert any("not licensed for commercial use" in each.message for each in heard)


def test_a_scene_records_how_it_came_about():
    made = paint(request((128, 128), seed=9), ocr="on")
    kept = Scene(
        id="s", channel="c", style="fresh", slots=STANDING, seed=made.seed, prompt=made.prompt,
        negative=made.negative, repainted=made.repainted, image=made.pixels,
    )  # fmt: skip
    assert "pastel" in kept.prompt
    assert "watermark" in kept.negative
    assert kept.seed == 9
