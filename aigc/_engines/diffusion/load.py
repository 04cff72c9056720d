"""Finds a painter's weights and makes its pipelines of them; one model is kept a process."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from aigc import events
from aigc._engines import device, hub, store
from aigc._engines.diffusion import Settings, fetch, memory, presets, schedulers, speed
from aigc._engines.diffusion.presets import Preset
from aigc.errors import AigcError, ModelError


@dataclass
class Painter:
    """A loaded model: its pipelines share their weights."""

    backdrop: Any  # text → picture; for an inpainting UNet the same as `in_place`
    in_place: Any  # picture, mask, text → picture; None where the family has none
    controlled: Any  # the same with a ControlNet; None where none was asked for
    preset: Preset
    memory: memory.Memory

    @property
    def needs_mask(self) -> bool:
        """Whether it paints nothing without a mask."""
        return self.backdrop is self.in_place


_kept: dict[Settings, Painter] = {}


def painter(settings: Settings) -> Painter:
    """Load a model, or give it where it is loaded; another one is dropped first."""
    key = replace(settings, steps=None, guidance=None, strength=1.0, batch=1, attention="auto")
    if key not in _kept:
        forget()
        _kept[key] = _load(settings)
    return _kept[key]


def forget() -> None:
    """Drop the model that is loaded, and give its memory back."""
    for kept in _kept.values():
        kept.memory.release()
        where = kept.memory.device
    if _kept:
        _kept.clear()
        memory.empty(where)


def _load(settings: Settings) -> Painter:
    where = device.choose(settings.device, option="scene.device", instead="use --scene builtin")
    dtype = _dtype(settings.dtype, where)
    with _quietly():
        pipe = _pipeline(settings, dtype)
        preset = presets.preset(settings.model, type(pipe).__name__, settings.lora, _side(pipe))
        if preset.lora:
            _add_lora(pipe, preset)
        name = preset.scheduler if settings.scheduler is None else settings.scheduler
        pipe.scheduler = schedulers.named(name, pipe.scheduler)
        made = _variants(pipe, settings, dtype)
        pipes = [each for each in made if each is not None]
        device.make_room(where, memory.needed(pipes), "scene", forget)
        kept = memory.Memory(pipes, where, settings.max_vram)
        if not kept.resident:  # neither graphs nor float8 go with weights that come and go
            if settings.compile:
                events.report("scene", 0, 0, "memory: not compiled, as weights come and go")
            settings = replace(settings, compile=False, fp8=False)
            _prepare(kept.pipes, settings, torch.device("cpu"))
        kept.place()
        if kept.resident:
            _prepare(kept.pipes, settings, where)
    return Painter(*made, preset=preset, memory=kept)


def _prepare(pipes: Sequence[Any], settings: Settings, where: torch.device) -> None:
    for pipe in pipes:
        speed.prepare(pipe, settings, where)


def _pipeline(settings: Settings, dtype: torch.dtype) -> Any:
    """The pipeline that the model was saved as, with its weights in main memory."""
    import diffusers

    ref = settings.model
    parts: dict[str, Any] = {}
    if settings.tiny_vae:
        parts["vae"] = _part("tiny_vae", settings.tiny_vae, dtype)
    path = store.resolve(ref, lambda repo, revision: fetch.model(repo, revision, dtype, parts))
    with _explained(f"scene.model = '{ref}'", path):
        if path.is_file():
            kind = _kind_of_file(path)
            pipe = kind.from_single_file(str(path), dtype=dtype, **parts)
        else:
            index = _index(path, ref)
            parts |= {name: None for name in fetch.LEFT_OUT if name in index}
            if "requires_safety_checker" in index:
                parts["requires_safety_checker"] = False
            if "XL" in index["_class_name"]:
                parts["add_watermarker"] = False
            pipe = diffusers.DiffusionPipeline.from_pretrained(
                path,
                dtype=dtype,
                variant=fetch.variant(path, dtype),
                local_files_only=True,
                **parts,
            )
        _whole(pipe)
    if not hasattr(pipe, "vae"):
        raise ModelError(
            f"scene.model = '{ref}': a {type(pipe).__name__} is made of several models, which "
            "aigc does not run; `aigc models list` names others"
        )
    if dtype != torch.float16 and getattr(pipe.vae.config, "force_upcast", False):
        pipe.vae.register_to_config(force_upcast=False)  # only float16 overflows
    return pipe


def _variants(pipe: Any, settings: Settings, dtype: torch.dtype) -> tuple[Any, Any, Any]:
    """The pipelines for a backdrop, in place, and in place with a ControlNet, of one model."""
    import diffusers

    in_place = controlled = None
    try:
        in_place = diffusers.AutoPipelineForInpainting.from_pipe(pipe, **_marks(pipe))
    except ValueError:
        if settings.control:
            raise ModelError(
                f"scene.control: {type(pipe).__name__} cannot paint in place; leave it out"
            ) from None
    if settings.control:
        network = _part("control", settings.control, dtype)
        try:
            controlled = diffusers.AutoPipelineForInpainting.from_pipe(
                pipe, controlnet=network, **_marks(pipe)
            )
        except ValueError as error:
            raise ModelError(
                f"scene.control = '{settings.control}': diffusers paints in place with no "
                f"{type(network).__name__} for {type(pipe).__name__}; leave it out"
            ) from error
    if _sees_mask(pipe):
        return in_place, in_place, controlled
    backdrop = diffusers.AutoPipelineForText2Image.from_pipe(pipe, **_marks(pipe))
    return backdrop, in_place, controlled


def _marks(pipe: Any) -> dict[str, Any]:
    return {"add_watermarker": False} if "XL" in type(pipe).__name__ else {}


def _sees_mask(pipe: Any) -> bool:
    """Whether the mask is among the UNet's inputs: it paints nothing without one."""
    unet = getattr(pipe, "unet", None)
    return unet is not None and bool(unet.config.in_channels != pipe.vae.config.latent_channels)


def _add_lora(pipe: Any, preset: Preset) -> None:
    """Load a LoRA; speed.prepare melts it into the weights."""
    repo, name = presets.lora_file(preset.lora)
    hub.warn(repo, "scene")
    path = store.resolve(repo, lambda repo, revision: fetch.file(repo, revision, name))
    folder, file = (path.parent, path.name) if path.is_file() else (path, name)
    with _explained(f"scene.lora = '{preset.lora}'", path):
        if not (folder / file).is_file():
            raise OSError(f"no {file} there")
        pipe.load_lora_weights(folder, weight_name=file, local_files_only=True)
        if not pipe.get_active_adapters():
            raise ValueError(f"none of its weights fits {type(pipe).__name__}")


def _part(option: str, ref: str, dtype: torch.dtype) -> Any:
    """Load a single model, of the class that its config names."""
    import diffusers

    path = store.resolve(ref, lambda repo, revision: fetch.part(repo, revision, dtype))
    with _explained(f"scene.{option} = '{ref}'", path):
        config = json.loads((path / "config.json").read_text("utf-8"))
        kind = getattr(diffusers, config["_class_name"])
        part = kind.from_pretrained(
            path, dtype=dtype, variant=fetch.variant(path, dtype), local_files_only=True
        )
    return part.eval()


def _index(path: Path, ref: str) -> dict[str, Any]:
    from diffusers.pipelines import auto_pipeline

    try:
        index: dict[str, Any] = json.loads((path / "model_index.json").read_text("utf-8"))
        kind = index["_class_name"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"scene.model = '{ref}': no diffusers model there (no model_index.json); give a folder "
            "that diffusers saved, a .safetensors checkpoint, or a model of the hub"
        ) from error
    known = (
        auto_pipeline.AUTO_TEXT2IMAGE_PIPELINES_MAPPING,
        auto_pipeline.AUTO_INPAINT_PIPELINES_MAPPING,
    )
    if kind not in {each.__name__ for table in known for each in table.values()}:
        raise ModelError(
            f"scene.model = '{ref}': a {kind} does not paint pictures from words; "
            "`aigc models list` names models that do"
        )
    return index


def _kind_of_file(path: Path) -> Any:
    """The pipeline class of a single-file checkpoint."""
    import diffusers
    from diffusers.loaders import single_file_utils

    found = single_file_utils.infer_diffusers_model_type(
        single_file_utils.load_single_file_checkpoint(str(path))
    )
    kinds = {
        "v1": diffusers.StableDiffusionPipeline,
        "v2": diffusers.StableDiffusionPipeline,
        "inpainting": diffusers.StableDiffusionInpaintPipeline,
        "inpainting_v2": diffusers.StableDiffusionInpaintPipeline,
        "xl_base": diffusers.StableDiffusionXLPipeline,
        "xl_inpaint": diffusers.StableDiffusionXLInpaintPipeline,
        "sd3": diffusers.StableDiffusion3Pipeline,
        "sd35_medium": diffusers.StableDiffusion3Pipeline,
        "sd35_large": diffusers.StableDiffusion3Pipeline,
        "flux-dev": diffusers.FluxPipeline,
        "flux-schnell": diffusers.FluxPipeline,
    }
    if found not in kinds:
        raise ValueError(f"a checkpoint of kind {found}; a folder that diffusers saved may do")
    return kinds[found]


def _whole(pipe: Any) -> None:
    """Refuse a model with weights that its files did not hold."""
    for name, part in pipe.components.items():
        if isinstance(part, torch.nn.Module):
            for weight, values in part.named_parameters():
                if values.is_meta:
                    raise ValueError(f"{name} lacks {weight}")


@contextmanager
def _explained(what: str, path: Path) -> Iterator[None]:
    """Turn what goes wrong in loading into one line with a remedy."""
    try:
        yield
    except (AigcError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # diffusers, transformers, safetensors: dozens of types
        reason = next((line for line in str(error).splitlines() if line.strip()), "no reason given")
        remedy = "delete what is there and fetch it again, or give another"
        if path.is_file() and what.startswith("scene.model"):
            remedy = "its configuration comes from the hub; or give a folder that diffusers saved"
        raise ModelError(
            f"{what}: cannot be loaded from {path} ({reason.strip()}); {remedy}"
        ) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep the libraries' own bars, remarks and warnings off the screen; ours say what matters."""
    import diffusers
    import transformers

    logs = (diffusers.utils.logging, transformers.utils.logging)
    before = [(log.get_verbosity(), log.is_progress_bar_enabled()) for log in logs]
    for log in logs:
        log.set_verbosity_error()
        log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old scheduler files, of torch.jit in Kolors
            yield
    finally:
        for log, (level, bars) in zip(logs, before, strict=True):
            log.set_verbosity(level)
            if bars:
                log.enable_progress_bar()


def _dtype(asked: str, where: torch.device) -> torch.dtype:
    if asked != "auto":
        found: torch.dtype = getattr(torch, asked)
        return found
    if where.type == "cpu":
        return torch.float32
    if where.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.bfloat16 if where.type == "xpu" else torch.float16


def _side(pipe: Any) -> int | None:
    """The side of the squares that a pipeline was trained on, in px, where it tells."""
    size = getattr(speed.denoiser(pipe).config, "sample_size", None)
    if isinstance(size, int):
        return size * int(getattr(pipe, "vae_scale_factor", 8))
    size = getattr(pipe.vae.config, "sample_size", None)
    return size if isinstance(size, int) else None
