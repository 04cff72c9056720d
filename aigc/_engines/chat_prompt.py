"""Questions as a model reads them: in its own template, with pictures, all data tamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jinja2 import TemplateError
from PIL import Image

from aigc._engines.chat_model import Talker, template
from aigc.campaign import Pixels
from aigc.chat import Question

SIDE = 1024  # px; a larger picture costs memory and time, and shows a captioner nothing more


def prepare(
    talker: Talker, questions: Sequence[Question], step: int = 1
) -> dict[str, torch.Tensor]:
    """Tokens and pictures of a batch as the model takes them, padded on the left.

    step: what the number of tokens is a multiple of.
    """
    pictures = [[_picture(each) for each in question.images] for question in questions]
    if talker.by_task:
        texts = [question.user for question in questions]
        found = talker.processor(
            text=texts, images=[each[0] for each in pictures], padding=True, return_tensors="pt"
        )
    else:
        try:
            found = _templated(talker, questions, pictures, step, apart=True)
        except TemplateError:  # Gemma's first template and others know no system's voice
            found = _templated(talker, questions, pictures, step, apart=False)
    model = talker.model
    return {
        name: each.to(model.device, model.dtype if each.is_floating_point() else None)
        for name, each in found.items()
    }


def _templated(
    talker: Talker,
    questions: Sequence[Question],
    pictures: list[list[Any]],
    step: int,
    *,
    apart: bool,
) -> Any:
    said = [
        _conversation(talker, question, own, apart)
        for question, own in zip(questions, pictures, strict=True)
    ]
    padded = {"padding": True} | ({"pad_to_multiple_of": step} if step > 1 else {})
    return (talker.processor if talker.sees else talker.tokenizer).apply_chat_template(
        said,
        tokenize=True,
        add_generation_prompt=True,
        return_dict=True,
        return_tensors="pt",
        **_silent(talker),
        **({"processor_kwargs": padded} if talker.sees else padded),
    )


def _silent(talker: Talker) -> dict[str, bool]:
    """What keeps a model from thinking aloud, where its template asks."""
    asks = "enable_thinking" in str(template(talker.processor))
    return {"enable_thinking": False} if asks else {}


def _conversation(
    talker: Talker, question: Question, pictures: list[Any], apart: bool
) -> list[dict[str, Any]]:
    """The messages of a question; a model without eyes takes plain words."""
    system, user = question.system, question.user
    if not apart:
        system, user = "", f"{system}\n\n{user}".strip()
    turns = [("system", system)] if system else []
    turns.append(("user", user))
    for said, wrong in question.so_far:
        turns += [("assistant", said), ("user", wrong)]
    messages: list[dict[str, Any]] = []
    for role, raw in turns:
        text = _tame(talker.tokenizer, raw)
        parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if role == "user" and pictures:
            parts = [*({"type": "image", "image": each} for each in pictures), *parts]
            pictures = []
        messages.append({"role": role, "content": parts if talker.sees else text})
    return messages


def _tame(tokenizer: Any, text: str) -> str:
    """Text in which nothing is read as a token of control, such as the end of a turn."""
    for token in tokenizer.added_tokens_decoder.values():
        mark = str(token)
        if len(mark) > 1 and mark[0] in "<[" and mark in text:
            text = text.replace(mark, f"{mark[0]} {mark[1:]}")
    return text


def _picture(pixels: Pixels) -> Any:
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    return image
