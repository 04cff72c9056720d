"""Language and vision-language models of transformers, from a reference to one that is ready."""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from llguidance import LLTokenizer

from aigc import events
from aigc._engines import decoding, hub, store
from aigc._engines import device as devices
from aigc.errors import ModelError

_TASKS = ("florence2",)  # told what to do by a task's name, and nothing else
_WORK = 2.0  # GB beside the weights, for what is read and written
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


_loaded: dict[tuple[str, str, str], Talker] = {}  # by reference, device, and number format


def load(ref: str, device: torch.device, dtype: str, stage: str) -> Talker:
    """The model of a reference, loaded once a process; raises ModelError where it cannot be."""
    with _loading:
        _licence(ref, stage)
        key = (ref, str(device), dtype)
        try:
            if key not in _loaded:
                _make_room(key, device)
                _loaded[key] = _load(*key)
        except ModelError as error:
            raise ModelError(f"{stage}.model = '{ref}': {error}") from error
        return _loaded[key]


def _make_room(key: tuple[str, str, str], device: torch.device) -> None:
    need = devices.gigabytes(store.resolve(key[0])) + _WORK
    devices.make_room(device, need, f"chat {key}", lambda: forget(key))


def forget(key: tuple[str, str, str]) -> None:
    """Drop a model that is loaded."""
    _loaded.pop(key, None)


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


def _load(ref: str, device: str, dtype: str) -> Talker:
    path, model_type = store.resolve(ref), kind(ref)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bars
            model, processor, sees = _from_files(path, model_type, device, dtype)
    except torch.OutOfMemoryError as error:
        raise ModelError(f"it does not fit on {device}; take a smaller model") from error
    except (ImportError, OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ModelError(f"it cannot be loaded: {_first_line(error)}") from error
    if model_type not in _TASKS and not template(processor):
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
    if grammar is None and kind not in _TASKS:
        told = f"{kind}: the tokenizer hides its bytes, so JSON is asked for and not enforced"
        events.report("models", 0, 0, told)
    return Talker(model.eval(), processor, tokenizer, grammar, ends, sees, kind)


def _from_files(path: Path, model_type: str, device: str, dtype: str) -> tuple[Any, Any, bool]:
    """Model, processor, and whether it sees; from a folder or a GGUF file."""
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoTokenizer
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    numbers = _numbers(dtype, torch.device(device))
    if path.suffix == ".gguf":
        path = _unpacked(path)
    sees = model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    auto = AutoModelForImageTextToText if sees else AutoModelForCausalLM
    # First what is small: if that cannot be read, no gigabytes need to be.
    made = _processor(path) if sees else AutoTokenizer.from_pretrained(path)
    model = auto.from_pretrained(path, dtype=numbers, device_map={"": device})
    return model, made, sees


def _unpacked(gguf: Path) -> Path:
    """The folder of a GGUF file's model; made once, for reading one takes minutes."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    about = gguf.stat()
    key = hashlib.sha256(f"{gguf.resolve()} {about.st_size} {about.st_mtime_ns}".encode())

    def unpack(folder: Path) -> None:
        events.report("models", 0, 1, f"unpacking {gguf.name}, once")
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
        events.report("models", 1, 1, f"{gguf.name} unpacked")

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
    if "apply_chat_template" in vars(cls):  # SmolVLM2's asks for the film reader at every turn
        raise ImportError(f"{cls.__name__} needs torchvision: pip install torchvision num2words")
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


def template(processor: Any) -> Any:
    """The chat template of a processor or tokenizer, if it has one."""
    tokenizer = getattr(processor, "tokenizer", processor)
    return getattr(processor, "chat_template", None) or tokenizer.chat_template


def _first_line(error: BaseException) -> str:
    told = str(error).strip() or type(error).__name__
    return told.splitlines()[0][:300]
