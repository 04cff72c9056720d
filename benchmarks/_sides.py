"""The ways of painting that diffusion.py compares, each built and run in a process of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import diffusers
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from aigc._engines.diffusion import Settings, loop, pixels, speed

_CONFIGS = Path(__file__).parent / "diffusion_configs"
# Laid over a real configuration, so that the script itself can be tried on a processor.
_TINY: dict[str, dict[str, Any]] = {
    "unet": {
        "block_out_channels": (32, 64, 64, 64),
        "norm_num_groups": 8,
        "layers_per_block": 1,
        "attention_head_dim": 8,
        "cross_attention_dim": 32,
    },
    "vae": {"block_out_channels": (8, 8, 16, 16), "norm_num_groups": 8, "layers_per_block": 1},
    "tiny_vae": {},
}


class Case(NamedTuple):
    """A model and how it is asked to paint."""

    config: str  # a file of diffusion_configs
    size: int  # px
    steps: int
    guidance: float
    batch: int
    batches: int  # a repetition
    scheduler: str = "EulerDiscreteScheduler"


CASES = {
    "sdxl-4": Case("sdxl", 1024, 4, 0.0, 4, 4, "EulerAncestralDiscreteScheduler"),
    "turbo-1": Case("sd21", 512, 1, 0.0, 32, 8),
    "sdxl-30": Case("sdxl", 1024, 30, 5.0, 4, 1),
    "sd15-50": Case("sd15", 512, 50, 7.5, 8, 1),
}


class Side(NamedTuple):
    """A way of painting; `ours` None is diffusers as it comes."""

    ours: Settings | None
    alone: bool = False  # one picture a call
    tiny_vae: bool = False
    search: bool = False  # max-autotune, and cuDNN's own trials


_EAGER = Settings(model="")
_OURS = Settings(model="", compile=True)
_FLOAT8 = Settings(model="", compile=True, fp8=True)
SIDES = {
    "stock-alone": Side(None, alone=True),  # what a user writes first
    "stock": Side(None),
    "eager": Side(_EAGER),
    "compiled": Side(_OURS),
    "compiled-tiny": Side(_OURS, tiny_vae=True),
    "fp8": Side(_FLOAT8),
    "fp8-tiny": Side(_FLOAT8, tiny_vae=True),
    "search": Side(_OURS, search=True),
    "cudnn-attention": Side(Settings(model="", compile=True, attention="cudnn")),
}


def serve(pipe: Connection, case: str, side: str, tiny: bool) -> None:
    """Build a side, then paint one repetition for each line asked; what goes wrong is sent too."""
    try:
        built = Painting(CASES[case], SIDES[side], tiny=tiny)
        pipe.send(built.warm())
        while pipe.recv():
            pipe.send(built.repetition())
    except EOFError:  # the parent is gone
        return
    except Exception as error:  # noqa: BLE001 - a side that fails is a result
        pipe.send({"error": f"{type(error).__name__}: {error}"[:500]})


class Painting:
    """A pipeline of random weights on the card, ready to paint."""

    def __init__(self, case: Case, side: Side, *, tiny: bool) -> None:
        self.device = torch.device("cpu" if tiny else "cuda")
        self.case = shrunk(case) if tiny else case
        self.side = side
        self.count = 1 if side.alone else self.case.batch
        self.pipe = _pipeline(self.case, side, self.device, tiny=tiny)
        if tiny:
            speed.BACKEND = "eager"  # no compiler is on trial there
        if side.search:
            torch.backends.cudnn.benchmark = True
        if side.ours:
            mode = "max-autotune" if side.search else speed.MODE
            speed.prepare(self.pipe, side.ours, self.device, mode)
        self.given = _embeddings(self.pipe, self.count, self.device, guided=self.case.guidance > 1)

    def warm(self) -> dict[str, Any]:
        """Paint until nothing is compiled or recorded any more; give what that took."""
        start = time.perf_counter()
        first = self._paint(0)()
        compiling = time.perf_counter() - start
        for _ in range(3):  # CUDA graphs are recorded at the second and replayed from the third
            self._paint(1)()
        return {"first_seconds": compiling, "flat": bool(first.std() < 1), "batch": self.count}

    def repetition(self) -> dict[str, Any]:
        """Paint some batches, all the way to bytes on the host."""
        batches = 2 if self.side.alone else self.case.batches
        self._paint(0)()  # takes back the memory that the last repetition gave up
        start = time.perf_counter()
        waiting: list[Callable[[], Any]] = []
        for number in range(batches):
            waiting.append(self._paint(number))
            if len(waiting) > 1:  # the card has the next batch already
                waiting.pop(0)()
        waiting.pop()()
        seconds = time.perf_counter() - start
        if self.device.type == "cuda":
            torch.cuda.empty_cache()  # seven sides share one card
        return {"rate": batches * self.count / seconds, "peak_gb": self._peak()}

    def _paint(self, number: int) -> Callable[[], Any]:
        seeds = range(number * self.count, (number + 1) * self.count)
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        case, pipe, size = self.case, self.pipe, (self.case.size, self.case.size)
        if not self.side.ours:
            pictures = pipe(
                **self.given,
                height=case.size,
                width=case.size,
                num_inference_steps=case.steps,
                guidance_scale=case.guidance,
                generator=generators,
            ).images
            return lambda: np.stack([np.asarray(picture) for picture in pictures])
        with speed.attention(self.side.ours):
            assert loop.fits(pipe, case.steps)
            latents = loop.paint(pipe, self.given, generators, size, case.steps, case.guidance)
        lot = max(1, min(self.count, 2 * (1024 // case.size) ** 2))  # some 5 GB of a decoder
        return pixels.fetch(pixels.decode(pipe, latents, size, at_once=lot))

    def _peak(self) -> float | None:
        if self.device.type != "cuda":
            return None
        return float(torch.cuda.max_memory_reserved()) / 1e9


def shrunk(case: Case) -> Case:
    """The same case at a size for a processor."""
    return case._replace(size=64, steps=min(case.steps, 2), batch=2, batches=1)


def teraflops(case: Case) -> dict[str, float]:
    """Count a picture's arithmetic on meta tensors, in 1e12 operations, with either decoder.

    A multiplication and an addition are two operations.
    """
    device = torch.device("meta")
    models = {name: _model(name, case, device, tiny=False) for name in ("unet", "vae", "tiny_vae")}
    latents = torch.empty(1, 4, case.size // 8, case.size // 8, device=device)
    config = models["unet"].config
    text = {"encoder_hidden_states": torch.empty(1, 77, config.cross_attention_dim, device=device)}
    if pooled := _pooled_width(config):
        added = {"text_embeds": (1, pooled), "time_ids": (1, 6)}
        text["added_cond_kwargs"] = {
            name: torch.empty(shape, device=device) for name, shape in added.items()
        }
    step = _count(models["unet"], latents, torch.empty(1, device=device), **text)
    steps = case.steps * (2 if case.guidance > 1 else 1)
    return {
        name: steps * step + _count(models[name].decode, latents) for name in ("vae", "tiny_vae")
    }


def _count(run: Callable[..., Any], *args: Any, **options: Any) -> float:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        run(*args, **options)
    return float(counter.get_total_flops()) / 1e12


def matmul_rate(device: torch.device, dtype: torch.dtype, side: int) -> float:
    """Measure TFLOP/s of a square matrix product, the median of 20: what a card really gives."""
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    rates = []
    for _ in range(25):
        wait()
        start = time.perf_counter()
        torch.mm(left, right)
        wait()
        rates.append(2 * side**3 / (time.perf_counter() - start) / 1e12)
    return float(np.median(rates[5:]))


def _pipeline(case: Case, side: Side, device: torch.device, *, tiny: bool) -> Any:
    parts = {
        "unet": _model("unet", case, device, tiny=tiny),
        "vae": _model("tiny_vae" if side.tiny_vae else "vae", case, device, tiny=tiny),
        "scheduler": _scheduler(case),
        "text_encoder": None,
        "tokenizer": None,
    }
    if _pooled_width(parts["unet"].config):
        made = diffusers.StableDiffusionXLPipeline(
            **parts, text_encoder_2=None, tokenizer_2=None, add_watermarker=False
        )
    else:
        made = diffusers.StableDiffusionPipeline(
            **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )
    made.set_progress_bar_config(disable=True)
    return made


def _model(name: str, case: Case, device: torch.device, *, tiny: bool) -> Any:
    """Make a model of random weights on the device itself, in the type it runs in there."""
    config = json.loads((_CONFIGS / f"{case.config}.json").read_text("utf-8"))[name]
    if tiny:
        config |= _TINY[name]
        if name == "unet":
            blocks = len(config["down_block_types"])
            config["block_out_channels"] = config["block_out_channels"][:blocks]
            if "transformer_layers_per_block" in config:
                config["transformer_layers_per_block"] = 1
    kinds = {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL", "tiny_vae": "AutoencoderTiny"}
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16 if device.type == "cuda" else torch.float32)
    try:
        with device:
            torch.manual_seed(0)
            return getattr(diffusers, kinds[name]).from_config(config).eval()
    finally:
        torch.set_default_dtype(before)


def _scheduler(case: Case) -> Any:
    config = json.loads((_CONFIGS / f"{case.config}.json").read_text("utf-8"))["scheduler"]
    spacing = "trailing" if case.steps <= 8 else "leading"  # as distilled models have it
    return getattr(diffusers, case.scheduler)(**config, timestep_spacing=spacing, steps_offset=1)


def _pooled_width(config: Any) -> int:
    """How wide SDXL's pooled text is, beside its six sizes; 0 for models that have none."""
    if config.addition_embed_type != "text_time":
        return 0
    return int(config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim)


def _embeddings(
    pipe: Any, count: int, device: torch.device, *, guided: bool
) -> dict[str, torch.Tensor]:
    config, dtype = pipe.unet.config, pipe.unet.dtype
    shapes: dict[str, tuple[int, ...]] = {"prompt_embeds": (count, 77, config.cross_attention_dim)}
    if pooled := _pooled_width(config):
        shapes["pooled_prompt_embeds"] = (count, pooled)
    if guided:
        shapes |= {f"negative_{name}": shape for name, shape in shapes.items()}
    generator = torch.Generator("cpu").manual_seed(0)
    return {
        name: torch.randn(shape, generator=generator).to(device, dtype)
        for name, shape in shapes.items()
    }


def quiet() -> None:
    """Keep children from filling stderr with notes that are not about speed."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
