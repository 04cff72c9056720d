"""Language and vision-language models of transformers, from a reference to questions they read."""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jinja2 import TemplateError
from llguidance import LLTokenizer
from PIL import Image

from aigc._engines import decoding, hub, store
from aigc.campaign import Pixels
from aigc.chat import Question
from aigc.errors import ModelError

SIDE = 1024  # px; a larger picture costs memory and time, and shows a captioner nothing more
_TASKS = ("florence2",)  # told what to do by a task's name, and nothing else
_loading = threading.Lock()


class Talker(NamedTuple):
    """A model that is ready to answer."""

    model: Any
    processor: Any  # of words and pictures; of a model without eyes, its tokenizer
    tokenizer: Any
    grammar: LLTokenizer | None
    ends: tuple[int, ...]  # tokens that end an answer
    sees: bool
    kind: str  # the architecture, as transformers names it

    @property
    def by_task(self) -> bool:
        """Whether it knows tasks instead of conversations."""
        return self.kind in _TASKS


def load(ref: str, device: torch.device, dtype: str, stage: str) -> Talker:
    """The model of a reference, loaded once a process; raises ModelError where it cannot be."""
    with _loading:
        _licence(ref, stage)
        try:
            return _load(ref, str(device), dtype)
        except ModelError as error:
            raise ModelError(f"{stage}.model = '{ref}': {error}") from error


@cache
def _licence(ref: str, stage: str) -> None:
    hub.warn(ref, stage)


def kind(ref: str) -> str:
    """The architecture of a model, as transformers names it, without its weights."""
    from transformers import AutoConfig

    path = store.resolve(ref)
    try:
        if path.suffix == ".gguf":
            return "gguf"
        return str(AutoConfig.from_pretrained(path).model_type)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"'{ref}' cannot be read: {_first_line(error)}") from error


def is_by_task(ref: str) -> bool:
    """Whether a model knows tasks, such as captioning, instead of conversations."""
    return kind(ref) in _TASKS


@cache
def _load(ref: str, device: str, dtype: str) -> Talker:
    path, model_type = store.resolve(ref), kind(ref)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bars
            model, processor, sees = _from_files(path, model_type, device, dtype)
    except torch.OutOfMemoryError as error:
        raise ModelError(f"it does not fit on {device}; take a smaller model") from error
    except (ImportError, OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ModelError(f"it cannot be loaded: {_first_line(error)}") from error
    if model_type not in _TASKS and not _template(processor):
        raise ModelError("it has no chat template; take an instruct model")
    return ready(model, processor, sees)


def ready(model: Any, processor: Any, sees: bool) -> Talker:
    """A model and its processor (without eyes: its tokenizer), set to answer."""
    from transformers import GenerationConfig

    given = model.generation_config.to_dict() if model.generation_config else {}
    kept = {  # its tokens' numbers, and none of its makers' ways to draw them
        key: value
        for key, value in given.items()
        if value is not None and (key.endswith("_token_id") or key == "no_repeat_ngram_size")
    }
    model.generation_config = GenerationConfig(**kept)
    kind = model.config.model_type
    tokenizer = getattr(processor, "tokenizer", processor)
    tokenizer.padding_side = "right" if kind in _TASKS else "left"
    ends = _ends(model, tokenizer)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token_id = ends[0]
    width = model.get_output_embeddings().weight.shape[0]
    grammar = None if kind in _TASKS else decoding.grammar(tokenizer, width, ends)
    return Talker(model.eval(), processor, tokenizer, grammar, ends, sees, kind)


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
    asks = "enable_thinking" in str(_template(talker.processor))
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


def _from_files(path: Path, model_type: str, device: str, dtype: str) -> tuple[Any, Any, bool]:
    """Model, processor, and whether it sees; from a folder or a GGUF file."""
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoTokenizer
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    numbers = _numbers(dtype, torch.device(device))
    if path.suffix == ".gguf":
        path = _unpacked(path)
    sees = model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    auto = AutoModelForImageTextToText if sees else AutoModelForCausalLM
    model = auto.from_pretrained(path, dtype=numbers, device_map={"": device})
    made = _processor(path) if sees else AutoTokenizer.from_pretrained(path)
    return model, made, sees


def _unpacked(gguf: Path) -> Path:
    """The folder of a GGUF file's model; made once, for reading one takes minutes."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    about = gguf.stat()
    key = hashlib.sha256(f"{gguf.resolve()} {about.st_size} {about.st_mtime_ns}".encode())

    def unpack(folder: Path) -> None:
        packed = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            dtype=torch.float16,
            quantization_config=GgufConfig(dequantize=True),
        )
        config = packed.config.to_dict()
        config.pop("quantization_config", None)  # which would refuse to be saved
        with torch.device("meta"):
            plain = type(packed)(type(packed.config).from_dict(config))
        plain.load_state_dict(packed.state_dict(), assign=True)
        plain.generation_config = packed.generation_config
        plain.save_pretrained(folder)
        AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)

    return store.derived(f"gguf-{gguf.stem}-{key.hexdigest()[:16]}", unpack)


def _processor(path: Path) -> Any:
    """The processor of words and pictures; where torchvision is missing, without films."""
    from transformers import AutoConfig, AutoProcessor
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING
    from transformers.utils import is_torchvision_available

    if is_torchvision_available():
        return AutoProcessor.from_pretrained(path)
    cls = PROCESSOR_MAPPING.get(type(AutoConfig.from_pretrained(path)), None)
    if cls is None or "video_processor" not in cls.get_attributes():
        return AutoProcessor.from_pretrained(path)
    return without_films(cls).from_pretrained(path)


def without_films(cls: Any) -> Any:
    """A processor class that reads pictures only: reading films takes torchvision."""
    stills = [each for each in cls.get_attributes() if each != "video_processor"]
    named = {"get_attributes": classmethod(lambda _: stills), "__module__": cls.__module__}
    return type(cls.__name__, (cls,), named)


def _numbers(dtype: str, device: torch.device) -> Any:
    """What weights are kept as; `auto` is bfloat16 where it is fast, float32 on the processor."""
    if dtype != "auto":
        found = getattr(torch, dtype, None)
        if not isinstance(found, torch.dtype) or not found.is_floating_point:
            raise ValueError(f"dtype = '{dtype}': choose auto, bfloat16, float16 or float32")
        return found
    if device.type == "cpu":
        return torch.float32
    old = device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.float16 if old or device.type == "mps" else torch.bfloat16


def _ends(model: Any, tokenizer: Any) -> tuple[int, ...]:
    """Tokens that end an answer, by the model and by its tokenizer."""
    told = model.generation_config.eos_token_id
    found = [*(told if isinstance(told, list) else [told]), tokenizer.eos_token_id]
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _template(processor: Any) -> Any:
    tokenizer = getattr(processor, "tokenizer", processor)
    return getattr(processor, "chat_template", None) or tokenizer.chat_template


def _first_line(error: BaseException) -> str:
    told = str(error).strip() or type(error).__name__
    return told.splitlines()[0][:300]
