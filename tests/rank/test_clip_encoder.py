"""Dual encoders: the real loading path, batches, what is read, what is refused."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tiny
import tiny_clip
import torch
from numpy.testing import assert_equal
from PIL import Image

from aigc._engines import store
from aigc._engines.clip import Encoder
from aigc.errors import ModelError

load = tiny_clip.encoder
MODELS = {
    make.__name__: make
    for make in (tiny_clip.clip, tiny_clip.siglip, tiny_clip.chinese, tiny_clip.align)
}
TEXTS = ["a green mug to keep", "sweet and juicy oranges", "airy running shoes for your road"]


@pytest.fixture(params=list(MODELS))
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """Give each tiny model in turn."""
    return load(MODELS[request.param]())


def pictures(count: int) -> list[np.ndarray]:
    """Give noise in different sizes."""
    rng = np.random.default_rng(1)
    return [rng.integers(0, 255, (40 + 7 * i, 60, 3), np.uint8) for i in range(count)]


@pytest.mark.parametrize("name", ["clip", "chinese", "align"])
def test_points_are_those_of_the_model_itself(name: str) -> None:
    from transformers import AutoModel, AutoProcessor

    folder = MODELS[name]()
    model, processor = AutoModel.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
    inputs = processor(
        images=[Image.fromarray(each) for each in pictures(3)],
        text=TEXTS,
        return_tensors="pt",
        padding="max_length",
        max_length=tiny_clip.LONGEST,
        truncation=True,
    )
    with torch.inference_mode():
        theirs = model(**inputs).logits_per_image.numpy()
    ours = load(folder)
    found = ours.scale * ours.images(pictures(3)) @ ours.texts(TEXTS).T
    assert np.ptp(theirs) > 0.01
    np.testing.assert_allclose(found, theirs, atol=1e-4)


def test_siglip_reads_as_it_was_taught() -> None:
    from transformers import AutoTokenizer, SiglipModel

    folder = tiny_clip.siglip()
    model, tokenizer = SiglipModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    ids = tokenizer("a green mug")["input_ids"]
    filled = [*ids, tokenizer.eos_token_id]
    filled += [tokenizer.pad_token_id] * (tiny_clip.LONGEST - len(filled))
    with torch.inference_mode():
        point = model.get_text_features(torch.tensor([filled])).pooler_output
    wanted = torch.nn.functional.normalize(point).numpy()
    np.testing.assert_allclose(load(folder).texts(["A Green MUG"]), wanted, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_batch_equals_its_items_one_by_one(
    encoder: Encoder, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "_batch", batch)  # 4 as on a graphics card: all of one shape
    same = partial(np.testing.assert_allclose, atol=1e-6) if batch > 1 else assert_equal
    shown = pictures(6)
    texts = [*TEXTS, "a mug", "shoes " * 40, "run"]
    together, singly = encoder.images(shown), [encoder.images([each])[0] for each in shown]
    same(together, np.stack(singly))
    read, alone = encoder.texts(texts), [encoder.texts([each])[0] for each in texts]
    same(read, np.stack(alone))
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 0.01


def test_what_is_too_long_is_cut_off_its_end(encoder: Encoder) -> None:
    words = "airy running shoes for every mile of your road " * 9
    same, other = encoder.texts([words + "oranges", words + "mug"])
    assert np.array_equal(same, other)
    start, _ = encoder.texts(["oranges " + words, words])
    assert np.abs(start - same).max() > 0.001


def test_nothing_to_encode_is_no_error(encoder: Encoder) -> None:
    assert len(encoder.images([])) == len(encoder.texts([])) == 0


@pytest.mark.parametrize(
    ("text", "by_clip", "by_siglip"),
    [
        ("A green mug, 400 ml!", True, True),
        ("Sweet & juicy 🍊 oranges", True, True),
        ("红色马克杯，陪你喝咖啡", False, True),
        ("A green mug by 早安 to keep", True, True),
        ("红色马克杯，Green Mug", False, True),
        ("Кружка для кофе", False, False),
        ("แก้วกาแฟสีเขียว", False, False),
        ("123 🎉", False, False),
        ("", False, False),
    ],
)
def test_a_model_reads_the_scripts_that_its_tokenizer_knows(
    text: str, by_clip: bool, by_siglip: bool
) -> None:
    assert load(tiny_clip.clip()).reads(text) is by_clip
    assert load(tiny_clip.siglip()).reads(text) is by_siglip


def test_weights_are_loaded_once() -> None:
    assert load(tiny_clip.clip()) is load(tiny_clip.clip())


def test_what_is_no_dual_encoder_is_refused_before_its_weights_are_read() -> None:
    folder = tiny_clip.language_model()
    (folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError, match=r"LlamaModel does not put pictures and texts.*siglip2"):
        load(folder)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model that transformers loads"):
        load(tmp_path)
    with pytest.raises(ModelError, match="is no model reference"):
        load("no such thing")


def without(weight: str, name: str, value: float | None = None) -> Path:
    """Copy the tiny CLIP, one weight left out or spoiled."""
    import shutil

    from safetensors.torch import load_file, save_file

    folder = tiny.home() / name
    shutil.copytree(tiny_clip.clip(), folder)
    weights = load_file(folder / "model.safetensors")
    if value is None:
        del weights[weight]
    else:
        weights[weight].fill_(value)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_weights_that_are_missing_are_not_made_up() -> None:
    folder = without("visual_projection.weight", "headless")
    with pytest.raises(ModelError, match=r"lacks the weights of visual_projection\.weight"):
        load(folder)


def test_numbers_that_overflow_are_no_scores() -> None:
    folder = without("text_projection.weight", "spoiled", float("nan"))
    with pytest.raises(ModelError, match="overflow on cpu"):
        load(folder).texts(["a mug"])


def test_a_damaged_file_is_a_model_error() -> None:
    folder = without("visual_projection.weight", "damaged")
    (folder / "model.safetensors").write_bytes(os.urandom(64))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(folder)


def test_a_full_card_is_a_model_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def allocate(**inputs: torch.Tensor) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    encoder = load(tiny_clip.clip())
    monkeypatch.setattr(encoder._model, "get_image_features", allocate)
    with pytest.raises(ModelError, match="not enough memory on cpu; choose a smaller model"):
        encoder.images(pictures(1))


def test_without_a_graphics_card_the_default_says_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"rank\.device = 'auto'.*use --rank builtin"):
        load(tiny_clip.clip(), "auto")


def test_the_version_is_the_hubs_commit_or_the_files_own(tmp_path: Path) -> None:
    commit = tmp_path / "models--o--n" / "snapshots" / "0123abcd"
    commit.mkdir(parents=True)
    assert store.version_of(str(commit)) == "0123abcd"
    assert len(store.version_of(str(tiny_clip.clip()))) == 64
    assert store.version_of(str(tiny_clip.clip())) != store.version_of(str(tiny_clip.siglip()))
