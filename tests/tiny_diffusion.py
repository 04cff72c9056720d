"""Tiny painters of random weights: the families' real classes, with tokenizers made here.

Each is saved once a process, under tiny.home(), and loaded by its path. Pictures come out as
noise. Their own size is 64 px.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import diffusers
import tiny
import torch
import transformers

_START, _END = "<|startoftext|>", "<|endoftext|>"
_SEED = 7


def options(_stage: str, _backend: str) -> dict[str, Any]:
    """Give the options with which scene.diffusion runs here."""
    return {"model": ref("sd15"), "device": "cpu", "dtype": "float32", "steps": 2}


def ref(family: str) -> str:
    """Give the reference of a tiny model: sd15, sdxl, inpaint, sd3, flux, control15, controlxl."""
    return f"file:{folder(family)}"


@cache
def folder(family: str) -> Path:
    """Where a tiny model of that family is saved; made on first use."""
    path = tiny.home() / "diffusion" / family
    with torch.random.fork_rng(devices=[]):  # the tests' own random numbers stay as they are
        torch.manual_seed(_SEED)
        _MAKERS[family]().save_pretrained(path)
    return path


def _sd15(channels: int = 4) -> dict[str, Any]:
    return {
        "vae": _vae(),
        "text_encoder": _clip(),
        "tokenizer": _clip_tokenizer(),
        "unet": _unet(channels, cross=32),
        "scheduler": diffusers.PNDMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            skip_prk_steps=True,
            steps_offset=1,
        ),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }


def _sdxl() -> diffusers.StableDiffusionXLPipeline:
    return diffusers.StableDiffusionXLPipeline(
        vae=_vae(),
        text_encoder=_clip(),
        text_encoder_2=_clip(projected=True),
        tokenizer=_clip_tokenizer(),
        tokenizer_2=_clip_tokenizer(pad="!"),
        unet=_unet(4, cross=64, extra=True),
        scheduler=_euler(),
    )


def _sd3() -> diffusers.StableDiffusion3Pipeline:
    return diffusers.StableDiffusion3Pipeline(
        transformer=diffusers.SD3Transformer2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=16,
            num_layers=2,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=64,
            caption_projection_dim=32,
            pooled_projection_dim=64,
            out_channels=16,
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_vae(16, quant=False),
        text_encoder=_clip(projected=True),
        tokenizer=_clip_tokenizer(),
        text_encoder_2=_clip(projected=True),
        tokenizer_2=_clip_tokenizer(pad="!"),
        text_encoder_3=_t5(64),
        tokenizer_3=_t5_tokenizer(),
    )


def _flux() -> diffusers.FluxPipeline:
    return diffusers.FluxPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=_vae(quant=False),
        text_encoder=_clip(),
        tokenizer=_clip_tokenizer(),
        text_encoder_2=_t5(32),
        tokenizer_2=_t5_tokenizer(),
        transformer=diffusers.FluxTransformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            axes_dims_rope=(4, 4, 8),
        ),
    )


def _unet(channels: int, cross: int, *, extra: bool = False) -> diffusers.UNet2DConditionModel:
    return diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=channels, out_channels=4, **_unet_shape(cross, extra=extra)
    )


def _unet_shape(cross: int, *, extra: bool) -> dict[str, Any]:
    shape = {
        "block_out_channels": (32, 64),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": cross,
        "attention_head_dim": (2, 4),
        "norm_num_groups": 8,
    }
    if extra:  # what SDXL adds: sizes and the pooled text
        shape |= {
            "use_linear_projection": True,
            "transformer_layers_per_block": (1, 2),
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 6 * 8 + 32,
        }
    return shape


def _control(cross: int, *, extra: bool) -> diffusers.ControlNetModel:
    shape = _unet_shape(cross, extra=extra)
    del shape["up_block_types"]
    made = diffusers.ControlNetModel(
        in_channels=4, conditioning_embedding_out_channels=(8, 8, 8, 16), **shape
    )
    for name, weights in made.named_parameters():
        if name.startswith(("controlnet_down", "controlnet_mid", "controlnet_cond")):
            torch.nn.init.normal_(weights, std=0.3)  # untrained ones are zero: no effect to see
    return made


def _vae(channels: int = 4, *, quant: bool = True) -> diffusers.AutoencoderKL:
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8, 16),  # halves thrice: 8 px a latent, as the real ones
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=channels,
        norm_num_groups=4,
        sample_size=64,
        use_quant_conv=quant,
        use_post_quant_conv=quant,
        shift_factor=None if quant else 0.06,
        scaling_factor=0.18215 if quant else 1.5,
    )


def _clip(*, projected: bool = False) -> Any:
    config = transformers.CLIPTextConfig(
        vocab_size=len(_vocabulary()),
        hidden_size=32,
        intermediate_size=37,
        projection_dim=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        hidden_act="gelu" if projected else "quick_gelu",
    )
    kind = transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel
    return kind(config).eval()


def _t5(width: int) -> transformers.T5EncoderModel:
    return transformers.T5EncoderModel(
        transformers.T5Config(
            vocab_size=len(_pieces()), d_model=width, d_kv=8, d_ff=37, num_layers=2, num_heads=4
        )
    ).eval()


def _letters() -> list[str]:
    """The 256 bytes as byte-level tokenizers write them."""
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def _vocabulary() -> dict[str, int]:
    pieces = [_START, _END, *_letters(), *(f"{each}</w>" for each in _letters())]
    return {piece: number for number, piece in enumerate(pieces)}


def _clip_tokenizer(pad: str = _END) -> transformers.CLIPTokenizer:
    return transformers.CLIPTokenizer(
        vocab=_vocabulary(), merges=[], pad_token=pad, model_max_length=77
    )


def _pieces() -> list[tuple[str, float]]:
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    return special + [(chr(code), -4.0) for code in range(33, 127)]


def _t5_tokenizer() -> transformers.T5Tokenizer:
    return transformers.T5Tokenizer(vocab=_pieces(), extra_ids=0, model_max_length=512)


def _euler() -> diffusers.EulerDiscreteScheduler:
    return diffusers.EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        timestep_spacing="leading",
        steps_offset=1,
    )


_MAKERS: dict[str, Callable[[], Any]] = {
    "sd15": lambda: diffusers.StableDiffusionPipeline(**_sd15()),
    "inpaint": lambda: diffusers.StableDiffusionInpaintPipeline(**_sd15(channels=9)),
    "sdxl": _sdxl,
    "sd3": _sd3,
    "flux": _flux,
    "control15": lambda: _control(32, extra=False),
    "controlxl": lambda: _control(64, extra=True),
}
