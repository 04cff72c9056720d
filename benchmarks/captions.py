"""Pictures described a second: batches of our chat engine against transformers, one at a time.

A vision-language model in the shape of Qwen3-VL-2B with random weights, made on the card in
bfloat16: nothing is downloaded and nothing is said of quality. Every answer has the same number of
tokens. Both sides begin with pixels and end with words, preparing pictures included; ours follows
a JSON schema over a vocabulary of full size, draws by seed, and checks each token, theirs takes
the likeliest token. Each side is warmed up, then the best of --repeat runs counts.
"""

from __future__ import annotations

import itertools
import json
import re
import string
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _report import emit, graphics, machine, parser, versions

from aigc._engines import chat, chat_model, chat_prompt
from aigc._engines.chat_model import Talker
from aigc.chat import Question

RESULTS = Path(__file__).parent / "results"
_MARKS = ["<|pad|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"]
_MARKS += ["<|image_pad|>", "<|video_pad|>"]
_TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% for part in message.content -%}
{%- if part.type == 'image' -%}<|vision_start|><|image_pad|><|vision_end|>
{%- else -%}{{ part.text }}{%- endif -%}
{%- endfor -%}<|im_end|>
{% endfor -%}<|im_start|>assistant
"""
# Free text that never ends: the number of tokens ends it.
_SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 5000}},
    "required": ["text"],
    "additionalProperties": False,
}
_TEXT = {
    "vocab_size": 151_936,
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
}
_EYES = {
    "depth": 24,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_heads": 16,
    "patch_size": 16,
    "deepstack_visual_indexes": [5, 11, 17],
}
_TINY_TEXT = {
    "vocab_size": 2000,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
}
_TINY_EYES = {
    "depth": 2,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_heads": 2,
    "patch_size": 16,
    "deepstack_visual_indexes": [0],
}


def main(given: list[str] | None = None) -> None:
    """Measure both sides, print the result and keep it."""
    options = parser(__doc__)
    options.add_argument("--batch", type=int, nargs="+", default=[8, 32], help="ours at once")
    options.add_argument("--images", type=int, default=32, help="pictures a run of ours")
    options.add_argument("--alone", type=int, default=4, help="pictures a run of theirs")
    options.add_argument("--side", type=int, default=768, help="width and height of a picture, px")
    options.add_argument("--tokens", type=int, default=128, help="new tokens an answer")
    options.add_argument("--repeat", type=int, default=2, help="runs a side")
    options.add_argument("--compiled", action="store_true", help="ours with compiled decoding, too")
    options.add_argument("--out", type=Path, help="where the result is written")
    options.add_argument("--tiny", action="store_true", help="a tiny model on the processor")
    args = options.parse_args(given)
    if not args.tiny and not torch.cuda.is_available():
        sys.exit("captions.py: torch sees no NVIDIA card; run it where one is, or pass --tiny")
    if args.tiny:
        args.side, args.tokens, args.images, args.alone, args.repeat = 64, 8, 4, 2, 1
        args.batch = [min(each, 4) for each in args.batch[:1]]

    talker = _talker(tiny=args.tiny)
    asked = [_question(number, args.side, args.tokens) for number in range(args.images)]
    sides: dict[str, tuple[int, Callable[[], None]]] = {
        "transformers, one at a time": (
            args.alone,
            _theirs(talker, asked[: args.alone], args.tokens),
        )
    }
    for batch in args.batch:
        sides[f"ours, {batch} at once"] = (args.images, _ours(talker, asked, batch))
        if args.compiled:
            run = _ours(talker, asked, batch, compiled=True)
            sides[f"ours, {batch} at once, compiled"] = (args.images, run)

    rows = [_measured(name, count, run, args.repeat) for name, (count, run) in sides.items()]
    best = max(rows[1:], key=lambda row: row["images_per_second"])
    shape = chat_prompt.prepare(talker, asked[:1])["input_ids"].shape[1]
    result: dict[str, Any] = {
        "unit": "images/s",
        "tiny": args.tiny,
        "parameters": sum(each.numel() for each in talker.model.parameters()),
        "prompt_tokens": shape,
        "new_tokens": args.tokens,
        "side": args.side,
        "sides": rows,
        "ratio": best["images_per_second"] / rows[0]["images_per_second"],
        "gpu": {"name": "none"} if args.tiny else graphics(),
        "machine": machine(),
        "versions": versions("torch", "transformers", "llguidance"),
    }
    if not args.tiny or args.out:
        slug = re.sub(r"[^a-z0-9]+", "-", result["gpu"]["name"].lower()).strip("-")
        out = args.out or RESULTS / f"captions-{slug}.json"
        out.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    table = [
        f"{row['side']:32s} {row['images_per_second']:8.2f} images/s  {row['memory_gb']:6.1f} GB"
        for row in rows
    ]
    emit(args.json, result, [*table, f"ratio {result['ratio']:.1f}"])


def _measured(name: str, images: int, run: Callable[[], None], repeat: int) -> dict[str, Any]:
    cuda = torch.cuda.is_available()
    run()  # warm
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        if cuda:
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    peak = torch.cuda.max_memory_allocated() / 1e9 if cuda else 0.0
    return {"side": name, "images_per_second": images / best, "memory_gb": peak}


def _ours(
    talker: Talker, asked: list[Question], batch: int, compiled: bool = False
) -> Callable[[], None]:
    def run() -> None:
        said = chat.replies(talker, asked, "caption", batch, compiled)
        failed = [each for each in said if not isinstance(each, str)]
        if failed:
            raise failed[0]

    return run


def _theirs(talker: Talker, asked: list[Question], tokens: int) -> Callable[[], None]:
    from PIL import Image

    def run() -> None:
        for question in asked:
            picture = {"type": "image", "image": Image.fromarray(question.images[0])}
            turn = {"role": "user", "content": [picture, {"type": "text", "text": question.user}]}
            inputs = talker.processor.apply_chat_template(
                [turn], tokenize=True, return_dict=True, return_tensors="pt"
            ).to(talker.model.device, talker.model.dtype)
            made = talker.model.generate(
                **inputs, do_sample=False, min_new_tokens=tokens, max_new_tokens=tokens
            )
            new = made[:, inputs["input_ids"].shape[1] :]
            assert new.shape[1] == tokens
            talker.processor.batch_decode(new)

    return run


def _question(number: int, side: int, tokens: int) -> Question:
    pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)
    words = "Say what the photo shows, as it is, for people who cannot see it. " * 6
    return Question(
        system="",
        user=words,
        images=(pixels,),
        schema=_SCHEMA,
        seed=number,
        max_tokens=tokens,
        temperature=0.7,
    )


def _talker(*, tiny: bool) -> Talker:
    from transformers import (
        AutoModelForImageTextToText,
        Qwen2VLImageProcessorPil,
        Qwen3VLConfig,
        Qwen3VLProcessor,
    )

    text, eyes = (_TINY_TEXT, _TINY_EYES) if tiny else (_TEXT, _EYES)
    words = _tokenizer(int(text["vocab_size"]))
    sections = [4, 2, 2] if tiny else [24, 20, 20]
    rope = {"rope_type": "default", "rope_theta": 5e6, "mrope_section": sections}
    config = Qwen3VLConfig(
        text_config=text
        | {"rope_parameters": rope | {"mrope_interleaved": True}, "tie_word_embeddings": True},
        vision_config=eyes | {"out_hidden_size": text["hidden_size"]},
        tie_word_embeddings=True,
        image_token_id=words.convert_tokens_to_ids("<|image_pad|>"),
        video_token_id=words.convert_tokens_to_ids("<|video_pad|>"),
        vision_start_token_id=words.convert_tokens_to_ids("<|vision_start|>"),
        vision_end_token_id=words.convert_tokens_to_ids("<|vision_end|>"),
    )
    device, dtype = ("cpu", torch.float32) if tiny else ("cuda", torch.bfloat16)
    torch.manual_seed(0)
    with torch.device(device):  # billions of numbers are drawn where they are needed
        model = AutoModelForImageTextToText.from_config(config, dtype=dtype)
    model.generation_config.eos_token_id = words.eos_token_id
    look = Qwen2VLImageProcessorPil(patch_size=16)
    cls = chat_model.without_films(Qwen3VLProcessor)
    return chat_model.ready(model, cls(look, words, chat_template=_TEMPLATE), sees=True)


def _tokenizer(size: int) -> Any:
    """Bytes and made-up words: a vocabulary of full size, for a grammar to go through."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = (
        f"Ġ{''.join(each)}"
        for length in range(2, 6)
        for each in itertools.product(string.ascii_lowercase, repeat=length)
    )
    rest = itertools.islice(made, size - len(_MARKS) - len(letters))
    vocabulary = {token: number for number, token in enumerate([*_MARKS, *letters, *rest])}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(_MARKS)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<|pad|>",
        eos_token="<|im_end|>",
        chat_template=_TEMPLATE,
    )


if __name__ == "__main__":
    main()
