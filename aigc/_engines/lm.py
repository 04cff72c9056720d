"""The small language model: sentences and their probability, on the processor, repeatably.

SmolLM2-135M-Instruct comes as GGUF; it is converted once to CTranslate2 with int8 weights and
kept in the cache, so that decoding imports neither torch nor transformers.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import ctranslate2
from tokenizers import Tokenizer

from aigc import events
from aigc._engines import store

_NAME = "smollm2-135m-instruct-ct2-int8"
_START, _END, _TEXT = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
# One thread a worker: two threads on one matrix of this size wait for each other more than they
# work (measured 58 tokens/s with two, 119 with one); two workers share the samples instead. Always
# two, for which worker draws a sample decides what it says.
_WORKERS = 2
_TOGETHER = 4  # texts scored in one pass; 16 are hardly faster
_seeding = threading.Lock()  # the seed is global to the process


def folder() -> Path:
    """Where the converted model is; converted on first use, which takes about a minute."""
    return store.derived(_NAME, _convert)


def chat(user: str, system: str = "You are a helpful assistant.") -> str:
    """Wrap a request in the instruct template, up to where the model begins to answer."""
    return f"{_START}system\n{system}{_END}\n{_START}user\n{user}{_END}\n{_START}assistant\n"


def generate(
    prompts: Sequence[str],
    *,
    n: int,
    seed: int | Sequence[int],
    max_tokens: int,
    min_tokens: int = 0,
    temperature: float = 0.8,
    top_k: int = 40,
    stop: Sequence[str] = (),
    avoid: str = "",
) -> list[list[str]]:
    """Continue each prompt n times; result i depends on prompt i and seed i alone.

    One seed serves every prompt, or there is one a prompt (uint32). Decoding ends at the end of
    the text, after `max_tokens`, or before the first of the `stop` strings. No token holding a
    character of `avoid` is ever drawn.
    """
    seeds = [seed] * len(prompts) if isinstance(seed, int) else list(seed)
    ends = [_END, _TEXT, *_tokens_with(tuple(stop))]
    barred = [[token] for token in _tokens_with(tuple(avoid))] or None
    shares = [len(range(worker, n, _WORKERS)) for worker in range(_WORKERS)]
    results = []
    for prompt, own_seed in zip(prompts, seeds, strict=True):
        workers = _seeded(own_seed, [share for share in shares if share])
        # n hypotheses of one prompt read it once and then decode as a batch of n.
        running = [
            worker.generate_batch(
                [_tokenizer().encode(prompt).tokens],
                num_hypotheses=share,
                max_length=max_tokens,
                min_length=min_tokens,
                sampling_topk=top_k,
                sampling_temperature=temperature,
                end_token=ends,
                suppress_sequences=barred,
                include_prompt_in_result=False,
                asynchronous=True,
            )[0]
            for worker, share in workers
        ]
        found = [ids for each in running for ids in each.result().sequences_ids]
        results.append([_cut(_tokenizer().decode(ids), stop) for ids in found])
    return results


def _seeded(seed: int, shares: Sequence[int]) -> list[tuple[Any, int]]:
    """Start a worker for each share of the samples, with a seed of its own."""
    made = []
    for number, share in enumerate(shares):
        worker = _load("int8")
        with _seeding:
            # A worker takes the process's seed once, when it first draws: so let it draw now.
            ctranslate2.set_random_seed((seed + number) % 2**32)
            worker.generate_batch([[_START]], max_length=1, sampling_topk=2)
        made.append((worker, share))
    return made


def score(texts: Sequence[str], *, most: int | None = None) -> list[float]:
    """Give each text's mean natural-log probability per token; an empty text scores 0.

    With `most`, only that many tokens of each text are read, and time falls in proportion. The
    last bits of a score depend on which other texts it is asked with: ask for one product's only.
    """
    tokens = [tuple(e.tokens[:most]) for e in _tokenizer().encode_batch(list(texts))]
    # Few of like length at a time, which reads the weights once for all of them: a third faster
    # than one by one. In one order, so that the order in which they are given changes no bit.
    each = sorted({text for text in tokens if text}, key=lambda text: (len(text), text))
    found = _scorer().score_batch([[_TEXT, *text] for text in each], max_batch_size=_TOGETHER)
    means = {text: sum(own.log_probs) / len(text) for text, own in zip(each, found, strict=True)}
    return [means.get(text, 0.0) for text in tokens]


def load_float32() -> tuple[Any, Any]:
    """Load the same weights as plain float32 transformers objects: (model, tokenizer)."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

    gguf = store.builtin("language-model")
    with contextlib.redirect_stderr(io.StringIO()):  # its progress bars; ours is the event
        packed = AutoModelForCausalLM.from_pretrained(
            gguf.parent, gguf_file=gguf.name, dtype=torch.float32
        )
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    config = packed.config.to_dict()
    config.pop("quantization_config")  # which would refuse to be saved or converted
    model = LlamaForCausalLM(type(packed.config).from_dict(config))
    model.load_state_dict(packed.state_dict())
    return model.eval(), tokenizer


def _convert(target: Path) -> None:
    from ctranslate2.converters import TransformersConverter

    events.report("models", 0, 1, "converting the language model, once")
    model, tokenizer = load_float32()
    with tempfile.TemporaryDirectory() as plain, contextlib.redirect_stderr(io.StringIO()):
        model.save_pretrained(plain)
        tokenizer.save_pretrained(plain)
        TransformersConverter(plain, copy_files=["tokenizer.json"]).convert(
            str(target), quantization="int8", force=True
        )
    events.report("models", 1, 1, "language model converted")


def _load(compute_type: str, workers: int = 1) -> Any:
    return ctranslate2.Generator(
        str(folder()), compute_type=compute_type, inter_threads=workers, intra_threads=1
    )


@cache
def _scorer() -> Any:
    # Rounding the activations to int8 too, as fast decoding does, costs up to 0.6 nats a token on
    # this model; int8 weights with float32 arithmetic cost under 0.04.
    return _load("float32", _WORKERS)


@cache
def _tokenizer() -> Any:
    return Tokenizer.from_file(str(folder() / "tokenizer.json"))


@cache
def _tokens_with(strings: tuple[str, ...]) -> list[str]:
    tokenizer = _tokenizer()
    texts = ((i, tokenizer.decode([i])) for i in range(tokenizer.get_vocab_size()))
    return [tokenizer.id_to_token(i) for i, text in texts if any(s in text for s in strings)]


def _cut(text: str, stop: Iterable[str]) -> str:
    for mark in stop:
        text = text.split(mark, 1)[0]
    return text.strip()
