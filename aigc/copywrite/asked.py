"""What a language model is asked for copy with: a record of facts, quoted, and an assignment."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from aigc import prompts
from aigc.campaign import Brief, Caption
from aigc.channels import TextLimits
from aigc.chat import Question
from aigc.copywrite import CopyRequest, tongues, words
from aigc.copywrite.faithful import unsupported
from aigc.copywrite.own import LONGEST_TAG, MOST_TAGS
from aigc.seasons import festivals, seasons

_SURE = 0.3  # probability from which on a word of the photo says what the product is
_WORD = 6  # characters, with its space
_FIELDS = ("headline", "body", "cta")
_NEEDS = {"audience": "audience", "look": "colours", "season": "season"}  # angle: kind of fact


class Draw(NamedTuple):
    """One candidate to ask for: its place among those of its request, and how long it may be."""

    number: int
    limits: TextLimits


def table(language: str) -> dict[str, Any]:
    """The words of prompts/copywrite/llm.toml for a language: English but for Chinese."""
    tongue = words.language(language) if words.is_known(language) else "en"
    found: dict[str, Any] = prompts.table("copywrite/llm.toml")[tongue]
    return found


def question(
    request: CopyRequest,
    draw: Draw,
    taken: Sequence[str],
    *,
    max_tokens: int,
    temperature: float,
) -> Question:
    """Ask for one candidate, from an angle and with a seed of its own."""
    brief = request.brief
    said = table(brief.language)
    language = said.get("language") or tongues.find(brief.language).name
    limits = {name: length(getattr(draw.limits, name), brief.language) for name in _FIELDS}
    headlines = ", ".join(quoted(each) for each in taken)
    return Question(
        system=said["system"].format(language=language).strip(),
        user=said["user"]
        .format(
            record=record(brief, request.caption),
            tone=said["tones"][brief.voice],
            angle=angle(request, draw.number),
            taken=said["taken"].format(headlines=headlines) if taken else "",
            **limits,
        )
        .strip(),
        schema=schema(draw.limits),
        seed=_seed(request, draw.number),
        max_tokens=max_tokens,
        temperature=temperature,
    )


def record(brief: Brief, caption: Caption) -> str:
    """All that copy may say, a line a fact, each as a JSON string."""
    names = table(brief.language)["record"]
    return "\n".join(
        f"{names[kind].format(number=number)}: {quoted(value)}"
        for kind, number, value in _facts(brief, caption)
    )


def quoted(text: str) -> str:
    """A text as a JSON string in which no control word of a chat template can stand."""
    plain = json.dumps(text, ensure_ascii=False)
    return plain.replace("<", "\\u003c").replace("[", "\\u005b")


def angle(request: CopyRequest, number: int) -> str:
    """The point of view of candidate `number`: every one that the facts allow takes its turn."""
    said = table(request.brief.language)["angles"]
    facts = list(_facts(request.brief, request.caption))
    kinds = {kind for kind, _, _ in facts}
    priced = bool(kinds & {"price", "was", "discount", "coupon"})
    closed = {name for name, kind in _NEEDS.items() if kind not in kinds}
    closed |= {"feature"} if priced else {"feature", "price"}
    views = [text for name, text in said.items() if name not in closed]
    views += [said["feature"].format(number=n) for kind, n, _ in facts if kind == "feature"]
    random.Random(f"{request.seed}/angles").shuffle(views)
    return str(views[number % len(views)])


def length(columns: int, language: str) -> str:
    """A limit as a model is told it: models count words better than characters."""
    count = room(columns, language)
    words_of = max(1, count // _WORD)
    said = table(language)["wide" if _is_wide(language) else "length"]
    return str(said.format(count=count, words=words_of))


def room(columns: int, language: str) -> int:
    """Columns in characters of a language: Chinese, Japanese and Korean ones take two."""
    return columns // 2 if _is_wide(language) else columns


def schema(limits: TextLimits) -> dict[str, Any]:
    """The JSON schema of an answer.

    Its lengths are twice the limits: they end a text that runs on, and one that is a little too
    long is not cut in the middle of a word but sent back.
    """
    texts = {name: {"type": "string", "maxLength": longest(limits, name)} for name in _FIELDS}
    tag = {"type": "string", "maxLength": LONGEST_TAG}
    return {
        "type": "object",
        "properties": texts | {"hashtags": {"type": "array", "items": tag, "maxItems": MOST_TAGS}},
        "required": [*_FIELDS, "hashtags"],
        "additionalProperties": False,
    }


def longest(limits: TextLimits, field: str) -> int:
    """Characters at which the schema ends a text."""
    return 2 * int(getattr(limits, field))


def _is_wide(language: str) -> bool:
    return bool({"CJK", "HANGUL"} & set(tongues.find(language).scripts))


def _facts(brief: Brief, caption: Caption) -> Iterator[tuple[str, int, str]]:
    """Kind, number and words of everything known, what is empty left out."""
    noun = [tag.word for tag in caption.tags[:1] if tag.probability >= _SURE]
    colours = list(dict.fromkeys(each.name for each in caption.colours))
    if words.is_known(brief.language) and words.language(brief.language) == "zh-CN":
        noun = [words.find_noun(brief, caption, "zh-CN").word]
        colours = [words.colour_names().get(name, name) for name in colours]
    near = [festivals()[each.festival].title for each in seasons(brief) if each.away >= 0]
    rows: list[tuple[str, Sequence[str]]] = [
        ("name", (brief.name,)),
        ("product", (brief.product,) if brief.product else noun),
        ("brand", (brief.brand.name,)),
        ("feature", brief.features),
        ("price", (brief.price,)),
        ("was", (brief.was,)),
        ("discount", (brief.discount,)),
        ("coupon", (brief.coupon,)),
        ("badge", brief.badges),
        ("audience", (brief.audience,)),
        ("market", (brief.market,)),
        ("season", near[:1]),
        ("photo", (caption.text,)),
        ("seen", _seen(brief, caption)),
        ("colours", (", ".join(colours),)),
        ("avoid", brief.brand.avoid),
    ]
    for kind, values in rows:
        yield from ((kind, number, value) for number, value in enumerate(values, 1) if value)


def _seen(brief: Brief, caption: Caption) -> list[str]:
    """What a vision-language model says of pattern, use and merits, but for what is no fact."""
    told = caption.attributes
    if told is None:
        return []
    said = (told.pattern, told.use, *told.selling_points)
    return [each for each in said if each and not unsupported(each, brief, caption)]


def _seed(request: CopyRequest, number: int) -> int:
    key = f"{request.seed}/{number}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:4], "big")
