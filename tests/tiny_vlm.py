"""Tiny vision-language models of other families than tests/tiny_language.py has."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from tiny_language import WIDE, kept, places, text, tokenizer

from aigc._engines.chat_model import without_films

_QWEN = "<|vision_start|><|image_pad|><|vision_end|>"


@cache
def qwen2_5_vl() -> Path:
    """A Qwen2.5-VL, whose eyes look through windows."""
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessorPil,
    )

    words = tokenizer(_QWEN)
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 2, 2]}
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_heads": 2,
        "patch_size": 8,
        "window_size": 32,
        "out_hidden_size": WIDE,
        "fullatt_block_indexes": [1],
        "initializer_range": 0.2,
    }
    config = Qwen2_5_VLConfig(
        text_config=text(words) | {"rope_parameters": rope},
        vision_config=vision,
        tie_word_embeddings=False,
        **places(words),
    )
    look = Qwen2VLImageProcessorPil(
        patch_size=8, merge_size=2, size={"shortest_edge": 32 * 32, "longest_edge": 64 * 64}
    )
    return kept(
        "qwen2.5-vl",
        lambda: Qwen2_5_VLForConditionalGeneration(config),
        words,
        lambda: without_films(Qwen2_5_VLProcessor)(look, words, chat_template=words.chat_template),
    )


@cache
def idefics3() -> Path:
    """An Idefics3, as the first SmolVLM is: pictures in tiles, each of as many tokens."""
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessorPil,
        Idefics3Processor,
    )

    words = tokenizer("<image>")
    vision = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
        "initializer_range": 0.2,
    }
    look = Idefics3ImageProcessorPil(
        size={"longest_edge": 64}, max_image_size={"longest_edge": 32}, do_image_splitting=True
    )
    processor = Idefics3Processor(look, words, image_seq_len=4, chat_template=words.chat_template)
    config = Idefics3Config(
        text_config=text(words) | {"model_type": "llama", "vocab_size": len(words)},
        vision_config=vision,
        scale_factor=2,
        image_token_id=words.convert_tokens_to_ids("<image>"),
        tie_word_embeddings=False,
    )
    return kept(
        "idefics3", lambda: Idefics3ForConditionalGeneration(config), words, lambda: processor
    )


@cache
def llava() -> Path:
    """A LLaVA whose template refuses a system's voice, as Gemma's does."""
    from transformers import (
        CLIPImageProcessorPil,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    words = tokenizer("<image>")
    refused = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    vision = {
        "model_type": "clip_vision_model",
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
        "projection_dim": WIDE,
    }
    look = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=32)
    processor = LlavaProcessor(
        look,
        words,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=refused + words.chat_template,
    )
    config = LlavaConfig(
        text_config=text(words) | {"model_type": "llama"},
        vision_config=vision,
        image_token_index=words.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    return kept("llava", lambda: LlavaForConditionalGeneration(config), words, lambda: processor)


@cache
def florence2() -> Path:
    """A Florence-2, which knows tasks and no conversation."""
    from transformers import (
        CLIPImageProcessorPil,
        Florence2Config,
        Florence2ForConditionalGeneration,
        Florence2Processor,
    )

    words: Any = tokenizer(bos_token="<|im_start|>", extra={"image_token": "<image>"})
    words.chat_template = None
    common = {"dropout": 0.0, "d_model": WIDE, "vocab_size": len(words), "init_std": 0.2}
    ids = {"bos_token_id": words.bos_token_id, "eos_token_id": words.eos_token_id}
    body = {
        f"{part}_{name}": number
        for part in ("encoder", "decoder")
        for name, number in (("layers", 2), ("attention_heads", 4), ("ffn_dim", 64))
    }
    config = Florence2Config(
        text_config={"model_type": "bart", **common, **ids, **body}
        | {"pad_token_id": words.pad_token_id, "decoder_start_token_id": words.eos_token_id}
        | {"forced_eos_token_id": None, "max_position_embeddings": 512},
        vision_config={
            "depths": [1, 1],
            "patch_size": [7, 3],
            "patch_stride": [4, 2],
            "patch_padding": [3, 1],
            "patch_prenorm": [False, True],
            "embed_dim": [16, 32],
            "num_heads": [2, 2],
            "num_groups": [2, 2],
            "window_size": 4,
            "projection_dim": WIDE,
            "drop_path_rate": 0.0,
        },
        image_token_id=words.convert_tokens_to_ids("<image>"),
    )
    look = CLIPImageProcessorPil(size={"height": 64, "width": 64}, do_center_crop=False)
    look.image_seq_length = 65
    return kept(
        "florence2",
        lambda: Florence2ForConditionalGeneration(config),
        words,
        lambda: Florence2Processor(look, words),
    )
