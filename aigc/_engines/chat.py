"""Answers by models of transformers on this machine: any instruct model, with eyes or without.

On the processor questions are answered one at a time, for the last bits of a sum depend on how
many rows are summed at once, and a word now and then on the last bits. On a graphics card they
are answered in batches: there a question's neighbours may change a word, its seed being the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from aigc import events
from aigc._engines import chat_model, chat_prompt
from aigc._engines import device as devices
from aigc._engines.chat_model import Talker
from aigc._engines.decoding import Rules
from aigc.chat import Answer, Question
from aigc.errors import ModelError

STEP = 256  # tokens; prompts are padded to multiples of it where shapes are to be few


def answer(
    model: str,
    questions: Sequence[Question],
    *,
    stage: str,
    device: str = "auto",
    dtype: str = "auto",
    batch: int = 8,
    compiled: bool = False,
) -> list[Answer]:
    """Answer each question, in their order; those with a schema in JSON that keeps to it.

    model: a reference to a folder of transformers, or to a .gguf file. Raises ModelError where it
    cannot be loaded or sees no pictures and is shown one; an answer that does not fit into memory
    is that question's error.
    """
    if not questions:
        return []
    where = _device(device, stage)
    talker = chat_model.load(model, where, dtype, stage)
    if not talker.sees and any(question.images for question in questions):
        raise ModelError(
            f"{stage}.model = '{model}': a {talker.kind} model sees no pictures; take one that "
            "does, e.g. Qwen/Qwen3-VL-4B-Instruct"
        )
    return replies(talker, questions, stage, 1 if where.type == "cpu" else batch, compiled)


def only_captions(model: str, *, stage: str, device: str = "auto") -> bool:
    """Whether a model knows tasks, captioning among them, and no conversation (Florence-2).

    Raises ModelError for a device that is not there before anything is fetched.
    """
    _device(device, stage)
    return chat_model.is_by_task(model)


def _device(asked: str, stage: str) -> torch.device:
    instead = f"take --{stage} builtin or --{stage} endpoint"
    return devices.choose(asked, option=f"{stage}.device", instead=instead)


def replies(
    talker: Talker, questions: Sequence[Question], stage: str, batch: int, compiled: bool = False
) -> list[Answer]:
    """Answer in batches of questions alike in pictures and length; out of memory, in smaller ones.

    compiled: decode by a graph of fixed shapes, which takes a minute to make for each of them.
    """
    answers: dict[int, Answer] = {}
    waiting = sorted(range(len(questions)), key=lambda number: _bulk(questions[number]))
    while waiting:
        count = len(questions[waiting[0]].images)
        now = [n for n in waiting[:batch] if len(questions[n].images) == count]
        said = _batch(talker, [questions[number] for number in now], compiled)
        if said is None and len(now) > 1:
            batch = len(now) // 2
            events.report(stage, 0, 0, f"out of memory with {len(now)} at once: now {batch}")
            continue
        if said is None:
            told = "the graphics card is out of memory with one question; take a smaller model"
            said = [f"{told}, or a lower max_tokens"]
            answers[now[0]] = ModelError(said[0])
        else:
            answers |= dict(zip(now, said, strict=True))
        waiting = [number for number in waiting if number not in answers]
        events.report(stage, len(answers), len(questions), "answered")
    return [answers[number] for number in range(len(questions))]


def _bulk(question: Question) -> tuple[int, int]:
    return len(question.images), len(question.system) + len(question.user)


def _batch(talker: Talker, questions: Sequence[Question], compiled: bool) -> list[str] | None:
    """Answer questions at once; None where memory does not suffice."""
    try:
        return _generate(talker, questions, compiled)
    except torch.OutOfMemoryError:
        pass  # leave the frames that hold tensors before freeing what they held
    if talker.model.device.type == "cuda":
        torch.cuda.empty_cache()
    return None


def _generate(talker: Talker, questions: Sequence[Question], compiled: bool) -> list[str]:
    from transformers import LogitsProcessorList

    fixed = compiled and not talker.by_task
    inputs = chat_prompt.prepare(talker, questions, STEP if fixed else 1)
    rules = Rules(questions, talker.grammar, talker.ends)
    made = talker.model.generate(
        **inputs,
        do_sample=False,  # the rules have drawn already
        max_new_tokens=max(question.max_tokens for question in questions),
        eos_token_id=list(talker.ends),
        pad_token_id=talker.tokenizer.pad_token_id,
        logits_processor=LogitsProcessorList([rules]),
        cache_implementation="static" if fixed else None,  # which transformers compiles by itself
    )
    new = made[:, rules.start :]
    return [each.strip() for each in talker.tokenizer.batch_decode(new, skip_special_tokens=True)]
