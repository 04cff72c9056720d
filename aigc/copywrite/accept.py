"""What is made of a model's answer: a text that may be used, or the reason why it may not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from aigc import prompts
from aigc.brandkit import avoided
from aigc.campaign import Brief, Line
from aigc.channels import columns
from aigc.chat import json_in
from aigc.copywrite import CopyRequest, asked, own, tidy, tongues
from aigc.copywrite.asked import Draw
from aigc.copywrite.faithful import unsupported
from aigc.copywrite.grammar import Text
from aigc.rank.language import words

_BLANK = re.compile(r"\[[^\]]*\]|\{[^}]*\}|<[^>]*>|[\[\]{}<>|\\]|_{2,}|\b[Xx]{2,3}\b|[×✕]{2,}")
_ADDRESS = re.compile(
    r"https?://\S+|\bwww\.\S+|\b[\w-]+\.(?:com|cn|net|org|shop|store|io)\b|\S*@\S+", re.IGNORECASE
)
_FEWEST = 3  # words of a body; of Chinese, pairs of characters
_ECHO = 5  # words in a row that are no accident


class Rejected(ValueError):  # noqa: N818
    """An answer that cannot be used; `kind` is its reason's name in prompts/copywrite/llm.toml."""

    def __init__(self, kind: str, tag: str, **said: object) -> None:
        said_of = prompts.table("copywrite/llm.toml")
        tongue = "zh-CN" if asked.table(tag) is asked.table("zh-CN") else "en"
        reason = said_of["wrong"][kind][tongue].format(**said)
        super().__init__(f"{reason} {said_of['again'][tongue]}")
        self.kind = kind

    @property
    def why(self) -> str:
        """The reason in three words, for a person."""
        return str(prompts.table("copywrite/llm.toml")["wrong"][self.kind]["why"])


class _Answer(BaseModel):
    """The form that an answer has."""

    headline: Line
    body: Line
    cta: Line
    hashtags: Annotated[list[Line], Field(default_factory=list)]


def accept(said: str, request: CopyRequest, draw: Draw) -> Text:
    """Read an answer and tidy it; raises Rejected, with the reason, where it cannot be used.

    It keeps to the limits, is written in the brief's language, and claims nothing that brief and
    caption do not hold, as far as `faithful.unsupported` can tell: of languages other than English
    and Chinese it reads the numbers, the currencies and the words that the brand avoids.
    """
    brief = request.brief
    try:
        answer = _Answer.model_validate(json_in(said))
    except (ValueError, ValidationError) as error:
        raise Rejected("json", brief.language) from error
    for field in ("headline", "body", "cta"):
        # The schema ended it there, whatever it was about to say.
        if len(getattr(answer, field)) >= asked.longest(draw.limits, field):
            raise _too_long(field, getattr(answer, field), request, draw)
    text = Text(
        headline=tidy.line(answer.headline),
        body=tidy.sentences(answer.body, draw.limits.body),
        cta=tidy.line(answer.cta),
        hashtags=_tags(answer.hashtags, request),
    )
    _check(text, request, draw)
    return text


def alike(one: Text, other: Text) -> bool:
    """Whether two candidates say the same: one headline, or nearly the same words."""
    if _letters(one.headline) == _letters(other.headline):
        return True
    first, second = (set(words(f"{each.headline} {each.body}")) for each in (one, other))
    return len(first & second) > 0.8 * len(first | second)


def _check(text: Text, request: CopyRequest, draw: Draw) -> None:
    brief, language = request.brief, request.brief.language
    parts = {"headline": text.headline, "body": text.body, "cta": text.cta}
    held = asked.record(brief, request.caption)
    tongue = tongues.find(language)
    names = " ".join((brief.name, brief.product, brief.brand.name, brief.coupon, *brief.badges))
    for field, part in parts.items():
        if not any(each.isalnum() for each in part):
            raise Rejected("empty", language, field=field)
        if columns(part) > getattr(draw.limits, field):
            raise _too_long(field, part, request, draw)
        if not tongues.is_written(part, tongue, names):
            raise Rejected("language", language, field=field, language=_name(language))
        if _shouts(part, brief):
            raise Rejected("loud", language, field=field)
    if tongues.needs_more(text.body, tongue):
        raise Rejected("language", language, field="body", language=_name(language))
    if tidy.breaks_off(text.body):
        raise Rejected("unfinished", language)
    said = words(text.body)
    if len(said) < _FEWEST:
        raise Rejected("little", language)
    if len(said) > 2 * _FEWEST and 2 * len(set(said)) < len(said):
        raise Rejected("stammer", language)
    for field in ("body", "cta"):
        if _letters(text.headline) == _letters(parts[field]):
            raise Rejected("twice", language, field=field)
    whole = "\n".join(parts.values())
    for kind, found in (
        ("address", [each for each in _ADDRESS.findall(whole) if each not in held]),
        ("echo", _echoes(whole, held, request, draw)),
        ("claim", [*unsupported(whole, brief, request.caption), *_currencies(whole, held)]),
    ):
        if found:
            raise Rejected(kind, language, words=", ".join(found))


def _name(language: str) -> str:
    return str(asked.table(language).get("language") or tongues.find(language).name)


def _too_long(field: str, text: str, request: CopyRequest, draw: Draw) -> Rejected:
    language = request.brief.language
    return Rejected(
        "long",
        language,
        field=field,
        width=-asked.room(-columns(text), language),  # rounded up
        most=asked.length(getattr(draw.limits, field), language),
    )


def _tags(given: Iterable[str], request: CopyRequest) -> tuple[str, ...]:
    """The model's hashtags that claim nothing, filled up with the product's own names."""
    brief = request.brief
    held = asked.record(brief, request.caption).casefold()
    terms = [
        term for terms in prompts.table("copywrite/claims.toml")["en"].values() for term in terms
    ]
    claims = [term.rstrip("*").replace(" ", "") for term in terms if len(term) > 3]
    sound = []
    for tag in given:
        name = tag.strip().lstrip("#＃")
        parted = re.sub(r"(?<=[a-z\d])(?=[A-Z])", " ", name).replace("_", " ")
        run = name.casefold()
        hidden = any(term in run and term not in held for term in claims)
        if not hidden and not unsupported(parted, brief, request.caption):
            sound.append(name)
    names = own.hashtags([*sound, brief.product, brief.name, brief.brand.name])
    return tuple(tag for tag in names if not avoided(tag[1:], brief.brand.avoid))


def _echoes(text: str, held: str, request: CopyRequest, draw: Draw) -> list[str]:
    """Blanks to fill in, words of the form, and runs of the instructions' own words."""
    lower, known = text.casefold(), held.casefold()
    found = [each for each in _BLANK.findall(text) if each.casefold() not in known]
    for word in prompts.table("copywrite/llm.toml")["blanks"]["words"]:
        whole = rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word)
        if re.search(whole, lower) and word not in known:
            found.append(word)
    said = asked.table(request.brief.language)
    ours = [said["system"], said["tones"][request.brief.voice], asked.angle(request, draw.number)]
    spoken = {run for each in ours for run in _runs(each)}
    return found + [" ".join(run) for run in _runs(text) if run in spoken]


def _runs(text: str) -> list[tuple[str, ...]]:
    each = words(text)
    return [tuple(each[i : i + _ECHO]) for i in range(len(each) - _ECHO + 1)]


def _currencies(text: str, held: str) -> list[str]:
    """Signs of currencies in which the brief gives no price."""
    signs = (
        each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) == "Sc"
    )
    known = unicodedata.normalize("NFKC", held)
    return [each for each in dict.fromkeys(signs) if each not in known]


def _shouts(text: str, brief: Brief) -> bool:
    """Whether a text is all capitals, and longer than a name or two words."""
    letters = [each for each in text if each.isalpha()]
    loud = len(letters) > 12 and all(each.isupper() for each in letters)
    return loud and text.casefold() not in brief.name.casefold()


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())
