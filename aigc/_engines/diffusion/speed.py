"""What makes a loaded pipeline fast, rung by rung; every rung is a field of Settings.

How it is called, in this order:
    prepare(pipe, settings, device)                once, when the model is loaded
    embeddings.of(pipe, prompts, negatives, ...)   in place of `prompt=`; encodes each prompt once
    with attention(settings):
        loop.paint(...) if loop.fits(pipe, steps) else pipe(..., output_type="latent").images
    pixels.decode(pipe, latents, size)             (N, H, W, 3) uint8, still on the device
    pixels.fetch(...)()                            to the host, while the next batch is computed

The gains in the comments are published ones, most of them on an A100 or an H100, not ours: what
this code reaches on a card, benchmarks/diffusion.py measures rung by rung.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any
from weakref import WeakSet

import torch
from torch import nn
from torch._inductor import list_mode_options
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import _pytree as pytree

from aigc import events
from aigc._engines.diffusion import Settings
from aigc.errors import MissingExtra, ModelError

# "max-autotune" also tries many kernels for each product and convolution: published gains over this
# are a few per cent, for several times the minutes of compiling. The benchmark can ask for it.
MODE = "reduce-overhead"
BACKEND = "inductor"

# Preferred, not forced: what a kernel cannot do (cross-attention with a mask, heads of 512 in the
# VAE) goes to the next in the list.
_KERNELS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
}
_prepared: WeakSet[nn.Module] = WeakSet()
_compiled: WeakSet[nn.Module] = WeakSet()


def prepare(pipe: Any, settings: Settings, device: torch.device, mode: str = MODE) -> None:
    """Make a loaded pipeline fast, in place: what `settings` turns on, in the order that works.

    The weights are on `device` already. Pipelines that share a model (`from_pipe`) may each be
    handed in: a model is done once. Raises ModelError or MissingExtra for a rung that this model,
    card or installation does not have.
    """
    pipe.set_progress_bar_config(disable=True)
    _melt(pipe)
    for model in models(pipe):
        if model in _prepared:
            continue
        _prepared.add(model)
        if settings.channels_last and _has_convolutions(model):
            # Tensor cores read NHWC: without it every convolution is transposed there and back.
            # With compiling, SDXL on an A100 went from 3.31 to 2.54 s (30 steps).
            model.to(memory_format=torch.channels_last)
        if settings.fuse_qkv and hasattr(model, "fuse_qkv_projections"):
            # One product for query, key and value: SDXL 2.54 → 2.52 s; more where fp8 follows,
            # whose products want to be large.
            model.fuse_qkv_projections()
        if model is denoiser(pipe):
            if settings.fp8:
                _to_float8(model, settings)
            if settings.cache:
                _cache_steps(model, settings)
        if settings.compile:
            for module in _graphs(model, settings):
                _compile(module, device, mode)
    _widen(pipe.vae, device)
    if settings.compile:
        events.report("scene", 0, 0, "compiling: the first picture of each size takes minutes")


def models(pipe: Any) -> list[nn.Module]:
    """The models of a pipeline that do the work; text encoders run once a prompt."""
    found = [getattr(pipe, name, None) for name in ("unet", "transformer", "controlnet", "vae")]
    return [model for model in found if isinstance(model, nn.Module)]


def denoiser(pipe: Any) -> nn.Module:
    """The UNet or transformer of a pipeline."""
    unet = getattr(pipe, "unet", None)
    found: nn.Module = pipe.transformer if unet is None else unet
    return found


def batch(settings: Settings) -> int:
    """How many pictures may be painted at once.

    One with a cache between steps: it decides by the mean change over the whole batch, so a
    picture would depend on its neighbours. The transformers that have one hardly gain by batches.
    """
    return 1 if settings.cache else settings.batch


def attention(settings: Settings) -> AbstractContextManager[Any]:
    """Choose the attention kernel for what runs inside; `auto` leaves it to torch.

    `set_attention_backend` of diffusers does nothing on the UNets of SD and SDXL, whose processor
    calls torch's scaled_dot_product_attention directly.
    """
    if settings.attention == "auto":
        return nullcontext()
    if settings.attention not in _KERNELS:
        raise ModelError(
            f"scene.attention = '{settings.attention}': choose auto, {', '.join(_KERNELS)}"
        )
    first = _KERNELS[settings.attention]
    rest = [kernel for kernel in _KERNELS.values() if kernel is not first]
    chosen: AbstractContextManager[Any] = sdpa_kernel([first, *rest], set_priority=True)
    return chosen


def plain(pipe: Any) -> None:
    """Undo compiling, before what cannot live with it (offloading), and free its graphs' memory."""
    undone = [part for model in models(pipe) for part in model.modules() if part in _compiled]
    for module in undone:
        del module.forward  # the class's own shows again
        _compiled.discard(module)
    if undone:
        torch.compiler.reset()


def _melt(pipe: Any) -> None:
    """Add loaded LoRAs into the weights: then they cost nothing, and survive the fused QKV."""
    adapters: list[str] = getattr(pipe, "get_active_adapters", list)()
    if adapters:
        pipe.fuse_lora(adapter_names=adapters)
        pipe.unload_lora_weights()


def _has_convolutions(model: nn.Module) -> bool:
    return sum(isinstance(module, nn.Conv2d) for module in model.modules()) > 1


def _to_float8(model: nn.Module, settings: Settings) -> None:
    """Row-wise float8 products: FLUX on an H100 4.21 → 2.97 s. UNets gain less.

    Counted: of SDXL's 6.76 TFLOP a step 3.66 are in such layers, of SD 1.5's 0.80 only 0.08; the
    rest are convolutions, attention and small layers, which stay as they are. A scale a row, not a
    tensor: a picture must not depend on its neighbours in the batch.
    """
    if not settings.compile:
        raise ModelError(
            "scene.fp8 without scene.compile is slower than bf16: set both, or neither"
        )
    try:
        from torchao.quantization import (
            Float8DynamicActivationFloat8WeightConfig,
            PerRow,
            quantize_,
        )
    except ImportError as error:
        raise MissingExtra("scene.fp8 needs torchao: pip install 'aigc[gpu]'") from error
    first = next(model.parameters())
    if first.device.type != "cuda" or torch.cuda.get_device_capability(first.device) < (8, 9):
        raise ModelError(
            f"scene.fp8 on {first.device}: needs an NVIDIA card of compute capability 8.9 or later "
            "(Ada, Hopper, Blackwell); leave it off"
        )
    if first.dtype != torch.bfloat16:
        raise ModelError(f"scene.fp8 with {first.dtype}: needs scene.dtype=bfloat16")
    quantize_(model, Float8DynamicActivationFloat8WeightConfig(granularity=PerRow()), is_large)


def is_large(module: nn.Module, name: str) -> bool:
    """Tell which Linear layers float8 is worth its scaling for: large ones that see every pixel.

    Keys and values of the text see 77 rows; embeddings of time see one.
    """
    if not isinstance(module, nn.Linear) or "attn2.to_k" in name or "attn2.to_v" in name:
        return False
    smallest = min(module.in_features, module.out_features)
    aligned = module.in_features % 16 == 0 and module.out_features % 16 == 0
    return aligned and smallest >= 1024 and ("attn" in name or "ff" in name or "blocks" in name)


def _widen(vae: nn.Module, device: torch.device) -> None:
    """Keep a float16 VAE from overflowing: bfloat16 has float32's range at half its bytes."""
    if vae.dtype == torch.float16 and getattr(vae.config, "force_upcast", False):
        bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        vae.to(torch.bfloat16 if bf16 else torch.float32)


def _cache_steps(model: nn.Module, settings: Settings) -> None:
    """Skip a transformer's later blocks while its first one's output hardly changes.

    Published ×1.5 and more at 28 steps and over; a model of few steps changes too much.
    """
    from diffusers.hooks import FirstBlockCacheConfig

    if not hasattr(model, "enable_cache"):
        raise ModelError(
            f"scene.cache: {type(model).__name__} cannot cache between steps (UNets and SD3 have "
            "no such cache); leave it off"
        )
    model.enable_cache(FirstBlockCacheConfig(threshold=0.05))
    if settings.compile:  # the cache decides on the host which blocks run: only blocks are graphs
        model.compile_repeated_blocks(dynamic=False, backend=BACKEND)


def _compile(module: nn.Module, device: torch.device, mode: str) -> None:
    """Compile `forward` as one graph for each shape, on CUDA replayed without launches.

    SD 1.5 on an H100 54.5 → 66 steps/s, SDXL 14.9 → 18.5 (×1.2); up to ×1.9 at batch 1, where
    launches rule. Whole, not block by block: FLUX compiles in 67 s against 10 s, and is compiled
    once for a campaign of many pictures.
    """
    # Every size and batch is a graph of its own: torch's 8 would end a campaign of many sizes.
    torch._dynamo.config.recompile_limit = max(64, torch._dynamo.config.recompile_limit)
    cuda = device.type == "cuda"
    options = {"conv_1x1_as_mm": True, **list_mode_options(mode if cuda else "default")}
    compiled = torch.compile(
        module.forward,
        fullgraph=True,
        dynamic=False,
        backend=BACKEND,
        options=options if BACKEND == "inductor" else None,
    )

    @wraps(module.forward)
    def forward(*args: Any, **kwargs: Any) -> Any:
        if cuda:
            torch.compiler.cudagraph_mark_step_begin()
        # A CUDA graph writes to the same memory each time: solvers keep what they were given.
        return pytree.tree_map_only(torch.Tensor, torch.clone, compiled(*args, **kwargs))

    module.forward = forward
    _compiled.add(module)


def _graphs(model: nn.Module, settings: Settings) -> list[nn.Module]:
    """What is compiled whole: a VAE's halves, which are called in several ways, or the model."""
    if hasattr(model, "decoder") and hasattr(model, "encoder"):
        return [model.encoder, model.decoder]
    return [] if settings.cache and hasattr(model, "enable_cache") else [model]
