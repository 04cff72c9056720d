"""Tiny language and vision-language models, with tokenizers and chat templates made here.

They lean towards the end of a string and of a list, so that their JSON, which a grammar holds in
form, comes to an end in a few dozen tokens as a trained model's does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import tiny
import torch

from aigc._engines.chat_model import without_films

# Their words: what random answers are made of, and nothing that would claim anything.
_WORDS = (
    "a mug for tea on the table by a window and one more at home in the evening with friends "
    "good morning to you have a look take it along every day now and then how about it shop here "
    "The small things That we like You will see Find yours Today is a day "
    "早安 杯子 喝茶 日常 生活 你好 时光 一起 看看 回家 去逛逛 了解一下"
)
_MARKS = ["<|pad|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"]
_PICTURES = [
    "<|image_pad|>",
    "<|video_pad|>",
    "<image>",
    "<fake_token_around_image>",
    "<global-img>",
]
_TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% else %}
{%- for part in message.content -%}
{%- if part.type == 'image' -%}PICTURE{%- else -%}{{ part.text }}{%- endif -%}
{%- endfor -%}
{%- endif %}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}
"""
WIDE, LAYERS = 48, 2


def options(name: str, backend: str) -> dict[str, Any]:
    """Options with which caption/vlm and copywrite/llm run here."""
    if backend == "vlm":
        return {"model": str(qwen3_vl()), "device": "cpu"}
    return {"model": str(language_model()), "device": "cpu", "candidates": 8, "rounds": 1}


@cache
def language_model() -> Path:
    """A Llama."""
    from transformers import LlamaConfig, LlamaForCausalLM

    words = tokenizer()
    config = LlamaConfig(**text(words), max_position_embeddings=8192)
    return kept("llama", lambda: LlamaForCausalLM(config), words)


@cache
def qwen3_vl() -> Path:
    """A Qwen3-VL, which takes pictures of any shape."""
    from transformers import (
        Qwen2VLImageProcessorPil,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
    )

    words = tokenizer("<|vision_start|><|image_pad|><|vision_end|>")
    body = text(words) | {
        "head_dim": 16,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [4, 2, 2],
            "mrope_interleaved": True,
        },
    }
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_heads": 2,
        "patch_size": 8,
        "out_hidden_size": WIDE,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0],
        "initializer_range": 0.2,
    }
    config = Qwen3VLConfig(text_config=body, vision_config=vision, **places(words))
    look = Qwen2VLImageProcessorPil(
        patch_size=8, merge_size=2, size={"shortest_edge": 32 * 32, "longest_edge": 64 * 64}
    )
    return kept(
        "qwen3-vl",
        lambda: Qwen3VLForConditionalGeneration(config),
        words,
        lambda: without_films(Qwen3VLProcessor)(look, words, chat_template=words.chat_template),
    )


def tokenizer(picture: str = "", bos_token: str | None = None, extra: Any = None) -> Any:
    """Bytes, and the words above; any text comes back as it was."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    learned = trainers.BpeTrainer(
        vocab_size=600,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[*_MARKS, *_PICTURES],
        show_progress=False,
    )
    inner.train_from_iterator([_WORDS] * 3, learned)
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<|pad|>",
        eos_token="<|im_end|>",
        bos_token=bos_token,
        extra_special_tokens=extra or {},
    )
    made.chat_template = _TEMPLATE.replace("PICTURE", picture)
    return made


def kept(name: str, model: Callable[[], Any], words: Any, processor: Any = None) -> Path:
    """Save a model of fixed random weights, as its makers would."""
    folder = tiny.home() / name
    torch.manual_seed(7)
    made = model()
    lean(made, words)
    made.generation_config.eos_token_id = words.eos_token_id
    made.save_pretrained(folder)
    (processor() if processor else words).save_pretrained(folder)
    return folder


def lean(model: Any, words: Any) -> None:
    """Make what ends a string, a list or an answer likely, and whole words likelier than bytes."""
    into, out = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    whole = [ids[0] for word in _WORDS.split() if len(ids := words.encode(f" {word}")) == 1]
    with torch.no_grad():
        into.normal_()
        into[:, 0] = 4.0
        out.normal_(std=0.3)
        out[:, 0] = 0.0
        out[whole, 0] = 1.2
        out[[*words.encode('"'), words.eos_token_id], 0] = 2.2
        out[words.encode("]"), 0] = 0.9


def text(words: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(words),
        "hidden_size": WIDE,
        "intermediate_size": 64,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "initializer_range": 0.1,
        "pad_token_id": words.pad_token_id,
        "eos_token_id": words.eos_token_id,
        "bos_token_id": None,
        "tie_word_embeddings": False,
    }


def places(words: Any) -> dict[str, Any]:
    names = {
        "image_token_id": "<|image_pad|>",
        "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>",
        "vision_end_token_id": "<|vision_end|>",
    }
    return {key: words.convert_tokens_to_ids(name) for key, name in names.items()}
