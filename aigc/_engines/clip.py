"""Pictures and texts as points of one space: CLIP, SigLIP, ALIGN, Chinese-CLIP and relatives."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import normalize

from aigc import events
from aigc._engines import device, hub, store
from aigc.campaign import Pixels
from aigc.errors import ModelError

Vectors = NDArray[np.float32]
Item = TypeVar("Item")

_LONGEST = 77  # tokens; CLIP's own limit, and more than the others were trained on
_BATCH = 64  # on a graphics card
_WORK = 1.0  # GB beside the weights
_WIDE = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")  # scripts of which a letter says as much
_SAYS = 4  # as these many of others
_TOKENS_WIDE, _TOKENS = 1.3, 0.7  # most tokens a letter, where the tokenizer knows the script


class Encoder:
    """A model that gives pictures and texts points: the likelier a pair, the larger its cosine.

    Every batch has the same shape, so that a point does not depend on what else is encoded.
    """

    def __init__(self, ref: str, model: Any, processor: Any, place: torch.device) -> None:
        self.ref, self._device = ref, place
        self.scale = _scale(model)  # makes log odds of cosines
        # Of half precisions, the finer: bfloat16 rounds a cosine of 0.3 by a log odd of 0.1.
        kind = torch.float32 if place.type == "cpu" else torch.float16
        self._model = model.to(place, kind).eval()
        self.identity = f"{store.version_of(ref)} {kind}"  # where it is the same, so are the points
        self._look, self._tokenizer = processor.image_processor, processor.tokenizer
        self._sigmoid = hasattr(model, "logit_bias")  # SigLIP
        text = getattr(model.config, "text_config", model.config)
        limits = (text.max_position_embeddings, self._tokenizer.model_max_length)
        self._longest = int(min(_LONGEST, *limits))
        # On a processor a batch gains nothing.
        self._batch = 1 if place.type == "cpu" else _BATCH

    def images(self, pictures: Sequence[Pixels]) -> Vectors:
        """Give each picture (h, w, 3), of any size, its unit vector: (n, d)."""
        with ThreadPoolExecutor() as pool:  # Pillow scales outside the interpreter's lock

            def prepare(part: Sequence[Pixels]) -> dict[str, Tensor]:
                return _joined(list(pool.map(self._seen, part)))

            return self._encode("pictures", pictures, prepare, self._model.get_image_features)

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Give each text its unit vector: (n, d); what the model cannot hold is cut off its end."""
        return self._encode("texts", texts, self._read, self._model.get_text_features)

    def reads(self, text: str) -> bool:
        """Whether the model was taught the script of a text, going by its tokenizer.

        One that knows a script has tokens for its words, or at least its syllables; to one that
        does not, a letter is unknown, or a few bytes.
        """
        letters = [c for c in text if unicodedata.category(c)[0] in "LM"]
        wide = [c for c in letters if _is_wide(c)]
        mostly_wide = _SAYS * len(wide) > len(letters) - len(wide)
        # A foreign name or two does not make a text foreign.
        kept = {c for c in letters if _is_wide(c) == mostly_wide}
        said = " ".join("".join(c if c in kept else " " for c in text).split())
        if not said:
            return False
        ids = self._ids([said], special=False)["input_ids"][0]
        most = _TOKENS_WIDE if mostly_wide else _TOKENS
        known = self._tokenizer.unk_token_id not in ids
        return known and len(ids) <= most * len(said.replace(" ", "")) + 1

    def _ids(self, texts: Sequence[str], *, special: bool, longest: int | None = None) -> Any:
        # SigLIP learned from lower-case texts, and not all of its tokenizers see to that.
        return self._tokenizer(
            [text.lower() for text in texts] if self._sigmoid else list(texts),
            add_special_tokens=special,
            truncation=longest is not None,
            max_length=longest,
            padding="max_length" if special else False,
            verbose=False,
        )

    def _seen(self, picture: Pixels) -> dict[str, Tensor]:
        return dict(self._look(images=Image.fromarray(picture), return_tensors="pt"))

    def _read(self, texts: Sequence[str]) -> dict[str, Tensor]:
        if not self._sigmoid:
            found = self._ids(texts, special=True, longest=self._longest)
            return {key: torch.tensor(rows) for key, rows in found.items()}
        # SigLIP learned from texts of one length, that end in one mark and are filled up with
        # nothing masked; its tokenizers differ in what of this they do by themselves.
        end, fill = self._tokenizer.eos_token_id, self._tokenizer.pad_token_id
        found = self._ids(texts, special=False, longest=self._longest - 1)["input_ids"]
        rows = [[*row, end, *[fill] * (self._longest - 1 - len(row))] for row in found]
        return {"input_ids": torch.tensor(rows)}

    def _encode(
        self,
        name: str,
        items: Sequence[Item],
        prepare: Callable[[Sequence[Item]], dict[str, Tensor]],
        features: Callable[..., Any],
    ) -> Vectors:
        found = []
        for start in range(0, len(items), self._batch):
            events.report("rank", start, len(items), name)
            part = items[start : start + self._batch]
            rows = torch.arange(self._batch).clamp(max=len(part) - 1)  # the last one fills up
            with torch.inference_mode(), _room(self.ref, self._device):
                inputs = {key: self._placed(value[rows]) for key, value in prepare(part).items()}
                points = features(**inputs).pooler_output[: len(part)]
                found.append(normalize(points.float(), dim=1).cpu().numpy())
        vectors = np.concatenate(found) if found else np.empty((0, 0), np.float32)
        if not np.isfinite(vectors).all():
            raise ModelError(
                f"'{self.ref}': its numbers overflow on {self._device}; choose another model, "
                "or set device=cpu"
            )
        return vectors

    def _placed(self, value: Tensor) -> Tensor:
        kind = self._model.dtype if value.is_floating_point() else value.dtype
        return value.to(self._device, kind)


def load(ref: str, asked: str, *, option: str, instead: str) -> Encoder:
    """The encoder of a model reference, loaded once a process.

    `option` names the device's option in errors. Raises ModelError where there is no such device,
    or the model encodes no pictures and texts into one space.
    """
    place = device.choose(asked, option=option, instead=instead)
    hub.warn(ref, "rank")
    return _loaded(ref, place)


@cache
def _folder(ref: str) -> Path:
    return store.resolve(ref)


@cache
def _loaded(ref: str, place: torch.device) -> Encoder:
    folder = _folder(ref)
    device.make_room(place, device.gigabytes(folder) + _WORK, "clip", _loaded.cache_clear)
    events.report("rank", 0, 1, f"loading {ref}")
    from transformers import AutoModel, AutoProcessor

    with _quiet():
        _check(folder, ref)
        try:
            processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
            model, report = AutoModel.from_pretrained(
                folder, local_files_only=True, dtype=torch.float32, output_loading_info=True
            )
        except Exception as error:  # every format of weights and tokenizers has its own errors
            raise ModelError(f"'{ref}': cannot be loaded ({_line(error)})") from error
    if missing := sorted(report["missing_keys"]):
        raise ModelError(f"'{ref}': lacks the weights of {missing[0]} and {len(missing) - 1} more")
    with _room(ref, place):
        return Encoder(ref, model, processor, place)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from warning of SigLIP's own defaults, and from drawing bars."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


@contextmanager
def _room(ref: str, place: torch.device) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise ModelError(
            f"'{ref}': not enough memory on {place}; choose a smaller model, or set device=cpu"
        ) from error


def _check(folder: Path, ref: str) -> None:
    """Raise ModelError unless the folder's model is a dual encoder; reads its config only."""
    from transformers import MODEL_MAPPING, AutoConfig

    wanted = "choose a model of CLIP's family, such as google/siglip2-base-patch16-224"
    try:
        kind = MODEL_MAPPING[type(AutoConfig.from_pretrained(folder, local_files_only=True))]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"'{ref}': no model that transformers loads ({_line(error)}); {wanted}"
        ) from error
    if not all(hasattr(kind, f"get_{what}_features") for what in ("image", "text")):
        name = getattr(kind, "__name__", "it")
        raise ModelError(
            f"'{ref}': {name} does not put pictures and texts into one space; {wanted}"
        )


def _is_wide(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(_WIDE)


def _scale(model: Any) -> float:
    with torch.inference_mode():
        if hasattr(model, "temperature"):  # ALIGN
            return 1 / float(model.temperature)
        return float(model.logit_scale.exp())


def _joined(rows: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {key: torch.cat([row[key] for row in rows]) for key in rows[0]}


def _line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
