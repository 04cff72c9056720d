"""Captions by any vision-language model: what is asked of a photo, and what is kept of an answer.

What a model sees becomes what copy may say, so it is held to what a photo can show: a claim of
another kind (an award, a size, health, praise) stays only where the brief makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field, ValidationError

from aigc import events, prompts
from aigc.campaign import Attributes, Brief, Caption, Line, Pixels, Tag
from aigc.caption import CaptionRequest, product
from aigc.caption.product import Product
from aigc.chat import Answerer, Question, ask, json_in
from aigc.copywrite import asked, tongues
from aigc.copywrite.faithful import unsupported
from aigc.errors import AigcError, settled
from aigc.photo import on_white

SURE = 0.9  # of the category: no model says how sure it is, and one that is not leaves it empty
LIKELY = 0.6  # of a noun in a plain caption
AROUND = 0.08  # margin of the product alone, of its longer side
TASK = "<MORE_DETAILED_CAPTION>"  # what models without conversation are asked
_SEEN = ("material", "colour")  # kinds of claims that a photo proves


class Way(NamedTuple):
    """How the product is cut out, and how a model is asked."""

    matte: str
    min_confidence: float
    max_tokens: int
    temperature: float
    plain: bool = False  # whether the model only captions, in English, and knows no JSON


class _Told(Attributes):
    """The form of an answer; the sentence comes last, when the rest is thought of."""

    sentence: Line = Field(min_length=1, max_length=200)


def describe(requests: Sequence[CaptionRequest], answer: Answerer, way: Way) -> list[Caption]:
    """Cut out all products and ask for all photos at once; a caption depends on its own request.

    Raises what `settled` raises for those whose answers, twice over, could not be used.
    """
    found: dict[int, Caption | AigcError] = {}
    readings: dict[int, _Reading] = {}
    for number, request in enumerate(requests):
        try:
            (one,) = product.find([request.photo], way.matte, way.min_confidence)
        except AigcError as error:
            found[number] = error
        else:
            readings[number] = _Reading(request, one, way)
    captions = ask(
        [reading.question() for reading in readings.values()],
        list(readings.values()),
        answer,
        [reading.request.brief.name for reading in readings.values()],
    )
    found |= dict(zip(readings, captions, strict=True))
    return settled([found[number] for number in range(len(requests))])


def schema() -> dict[str, Any]:
    """The JSON schema of an answer."""
    texts = {
        name: {"type": "string", "maxLength": 120 if name == "use" else 60}
        for name in ("category", "material", "colour", "pattern", "use")
    }
    point = {"type": "string", "minLength": 1, "maxLength": 120}
    properties = texts | {
        "selling_points": {"type": "array", "items": point, "maxItems": 4},
        "sentence": {"type": "string", "minLength": 1, "maxLength": 200},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class _Reading:
    """One photo: its question, and its caption out of the first answer that can be used."""

    def __init__(self, request: CaptionRequest, found: Product, way: Way) -> None:
        self.request, self.product, self.way = request, found, way
        self.tongue = tongues.find(request.brief.language)
        chinese = asked.table(request.brief.language) is asked.table("zh-CN")
        self.words = prompts.table("caption/vlm.toml")["zh-CN" if chinese else "en"]
        self.bare = found.caption("")
        self.tries = 0

    def question(self) -> Question:
        """Ask for what is in the photo; the product alone is shown too where much else is."""
        photo, way = self.request.photo.pixels, self.way
        alone = _alone(self.product)
        shown, pictures = "photo", [photo]
        if self.bare.background == "transparent":
            shown, pictures = "alone", [alone]
        elif self.bare.background == "scene" and not self.product.note:
            shown, pictures = "both", [photo, alone]
        if way.plain:
            return Question("", TASK, (pictures[0],), None, self.request.seed, way.max_tokens)
        return Question(
            system=self.words["system"].format(language=self.tongue.name).strip(),
            user=self.words["user"].format(facts=self._facts(), pictures=self.words[shown]).strip(),
            images=tuple(pictures),
            schema=schema(),
            seed=self.request.seed,
            max_tokens=way.max_tokens,
            temperature=way.temperature,
        )

    def __call__(self, said: str) -> Caption:
        """Read an answer; raises ValueError with the reason where it cannot be used.

        What the second answer still claims is left out, and said.
        """
        self.tries += 1
        if self.way.plain:
            return self._plainly(said)
        told = self._read(said)
        seen = self._seen(told)
        wrong = self._claims(told.sentence)
        if self.tries == 1 and wrong:
            raise ValueError(self.words["claim"].format(words=", ".join(wrong)))
        if self.tries == 1 and not self._is_written(told.sentence):
            raise ValueError(self.words["language"].format(language=self.tongue.name))
        text = told.sentence if not wrong else self._instead(seen.category, wrong)
        tags = (Tag(word=seen.category.lower(), probability=SURE),) if seen.category else ()
        return self.product.caption(text, tags, seen)

    def _plainly(self, said: str) -> Caption:
        from aigc.caption.words import mentioned

        wrong = self._claims(said)
        sentences = [each.strip() for each in said.replace(". ", ".\n").splitlines()]
        kept = [each for each in sentences if each and not self._claims(each)]
        nouns = [noun.word for noun in mentioned(" ".join(kept[:1]))][:1]
        text = kept[0] if kept else self._instead("", wrong or ["nothing"])
        return self.product.caption(
            text[:200], tuple(Tag(word=noun, probability=LIKELY) for noun in nouns)
        )

    def _read(self, said: str) -> _Told:
        try:
            return _Told.model_validate(json_in(said))
        except ValidationError as error:
            first = error.errors()[0]
            reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise ValueError(self.words["form"].format(reason=reason)) from error

    def _seen(self, told: _Told) -> Attributes:
        """The attributes without those that claim what a photo cannot show."""
        fields = {
            name: "" if self._claims(getattr(told, name)) else getattr(told, name)
            for name in ("category", "material", "colour", "pattern", "use")
        }
        points = dict.fromkeys(each for each in told.selling_points if not self._claims(each))
        return Attributes(**fields, selling_points=tuple(points))

    def _claims(self, text: str) -> list[str]:
        return unsupported(text, self.request.brief, self.bare, but=_SEEN)

    def _is_written(self, sentence: str) -> bool:
        brief = self.request.brief
        return tongues.is_written(sentence, self.tongue, f"{brief.name} {brief.brand.name}")

    def _instead(self, category: str, wrong: list[str]) -> str:
        brief = self.request.brief
        words = ", ".join(wrong)
        told = f"{brief.name}: the model's sentence says {words}, which no photo shows; left out"
        events.report("caption", 0, 0, told)
        return (category or brief.product or brief.name).capitalize() + "."

    def _facts(self) -> str:
        names = self.words["facts"]
        lines = [
            f"{names[kind]}: {asked.quoted(value)}" for kind, value in _facts(self.request.brief)
        ]
        return "\n".join(lines)


def _facts(brief: Brief) -> list[tuple[str, str]]:
    rows = [("name", brief.name), ("product", brief.product), ("brand", brief.brand.name)]
    rows += [("feature", each) for each in brief.features]
    return [(kind, value) for kind, value in rows if value]


def _alone(found: Product) -> Pixels:
    """The product on white with a little room around it, (H, W, 3)."""
    cutout = product.cropped(found.shown)[1]
    room = round(AROUND * max(cutout.shape[:2]))
    return on_white(np.pad(cutout, ((room, room), (room, room), (0, 0))))
