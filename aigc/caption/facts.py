"""What a sentence about a photo may say: the brief's own words first, then what was seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from aigc import prompts
from aigc.campaign import Brief, Swatch, Tag
from aigc.caption import palette, words

SURE = 0.6  # probability from which a tag names the product where the brief does not
TRUSTED = 0.8  # confidence of a cut-out below which its colours may be the background's
FLAVOURED = ("food", "beauty", "plants", "")  # where "orange" and "rose" are no colours

_HAN = re.compile(r"[\u4e00-\u9fff]")
_LIKE_A = re.compile(r"(?:one|once|uni(?!n)|us[aei]|eu|ukulele)", re.IGNORECASE)
_SINGULAR_ENDS = ("ss", "us", "is", "lens")


class Facts(NamedTuple):
    """All that a caption may hold, in the caption's language."""

    language: str
    name: str
    noun: str  # empty where neither the brief nor the photo says what it is
    colours: tuple[str, ...]
    background: str
    from_brief: bool  # the noun is the brief's, not the classifier's

    @property
    def chinese(self) -> bool:
        """Whether the caption is to be Chinese."""
        return self.language.lower().startswith("zh")

    @property
    def wording(self) -> dict[str, Any]:
        """Templates and vocabulary of the language."""
        return prompts.table(f"caption/{'zh-CN' if self.chinese else 'en'}.toml")

    @property
    def place(self) -> str:
        """Where the product is seen: "on a white background"."""
        return str(self.wording["place"][self.background])

    @property
    def core(self) -> str:
        """The product with its colour, without an article: "grey bag"."""
        noun = self.noun or self.name
        if self.chinese:
            colours = "和".join(self.colours)
            if not self.noun:
                return f"{colours}款{noun}" if colours else noun
            return colours + noun
        if not self.noun:
            return f"{noun} in {' and '.join(self.colours)}" if self.colours else noun
        return f"{' and '.join(self.colours)} {noun}".strip()

    @property
    def thing(self) -> str:
        """The product with its colour and article: "a grey bag", "a pair of red sneakers"."""
        if self.chinese or not self.noun or self.mass:
            return self.core
        if self.pair:
            return f"a pair of {self.core}"
        return self.core if self.plural else f"{article(self.core)} {self.core}"

    @property
    def bare(self) -> str:
        """The product with its article, without its colour: "a bag"."""
        return self._replace(colours=()).thing

    @property
    def pair(self) -> bool:
        """Whether the English noun is sold by the pair."""
        return self._listed("pairs")

    @property
    def mass(self) -> bool:
        """Whether the English noun cannot be counted."""
        return self._listed("mass")

    @property
    def plural(self) -> bool:
        """Whether the English noun is a plural."""
        last = self.noun.lower().split(" ")[-1]
        return self.pair or (last.endswith("s") and not last.endswith(_SINGULAR_ENDS))

    def _listed(self, key: str) -> bool:
        noun = self.noun.lower()
        return any(noun == word or noun.endswith(f" {word}") for word in self.wording[key])


def gather(
    brief: Brief,
    tags: Sequence[Tag],
    swatches: Sequence[Swatch],
    *,
    background: str,
    confidence: float = 1.0,
    seen: words.Evidence | None = None,
) -> Facts:
    """Collect what a caption may say; where brief and photo disagree, the brief is right."""
    chinese = brief.language.lower().startswith("zh")
    named = words.named_product(brief, seen)
    likely = words.lexicon()[tags[0].word.lower()] if _sure(tags) else None
    kind = named.noun if named else likely
    if brief.product and bool(_HAN.search(brief.product)) == chinese:
        noun = brief.product.strip()
    elif named and bool(_HAN.search(named.words)) == chinese:
        noun = named.words
    elif kind:
        noun = kind.word_zh if chinese else kind.word
    else:
        noun = ""
    said = named.words if named else ""
    rest = f"{brief.name} {brief.product}".replace(said, " ") if said else brief.name
    if colours_in(f"{noun} {said}"):
        colours: tuple[str, ...] = ()  # "red wine": its colour is part of what it is
    elif told := colours_in(rest, flavoured=(kind.category if kind else "") in FLAVOURED):
        colours = told
    elif confidence < TRUSTED or (kind and (_packaged(kind) or kind.category == "plants")):
        colours = ()  # a pack's print, a plant's pot
    else:
        colours = palette.main_colours(swatches)
    if chinese:
        colours = tuple(palette.chinese(colour) for colour in colours)
    from_brief = bool(brief.product) or named is not None
    return Facts(brief.language, brief.name.strip(), noun, colours, background, from_brief)


def colours_in(text: str, *, flavoured: bool = False) -> tuple[str, ...]:
    """Find up to two colours that a text names, by their names in the table, in its order.

    Flavoured: words such as "orange" or "rose" are not taken for colours.
    """
    flavours = prompts.table("caption/en.toml")["flavours"] if flavoured else ()
    spoken = {
        word: colour.name
        for colour in palette.colours()
        for word in (colour.name, colour.name_zh, *colour.aliases)
        if word not in flavours
    }
    spoken |= {f"{word}色": name for word, name in spoken.items() if _HAN.search(word)}
    found: dict[int, str] = {}
    rest = text.lower()
    for word in sorted(spoken, key=len, reverse=True):
        if word not in rest:
            continue
        edge = "" if _HAN.search(word) else r"\b"
        for hit in re.finditer(f"{edge}{re.escape(word)}{edge}", rest):
            found[hit.start()] = spoken[word]
            rest = rest[: hit.start()] + " " * len(word) + rest[hit.end() :]
    return tuple(dict.fromkeys(found[place] for place in sorted(found)))[:2]


def article(words_: str) -> str:
    """The English indefinite article that words take."""
    vowel = words_[:1].lower() in "aeiou" or words_.lower().startswith("hour")
    return "an" if vowel and not _LIKE_A.match(words_) else "a"


def _packaged(kind: words.Noun) -> bool:
    """Whether the colours seen are those of a carton or a tube, not of what is in it."""
    contents = kind.word in prompts.table("caption/en.toml")["mass"]
    return contents and kind.category in ("food", "beauty")


def _sure(tags: Sequence[Tag]) -> bool:
    return bool(tags) and tags[0].probability >= SURE
