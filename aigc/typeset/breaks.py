"""Where the lines of a text may end, language by language, said with invisible characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise
from typing import Any

import budoux

from aigc.channels import columns
from aigc.typeset.scripts import CJK, HAN, is_cjk, is_joined, is_rtl, is_traditional

JOINER, BREAK, STICKY_SPACE, LEFT_TO_RIGHT = "\u2060", "\u200b", "\u00a0", "\u200e"
LONGEST_WORD = 18  # columns; a longer one may break anywhere
LONGEST_NAME = 8  # characters; a Chinese name up to this long does not break
LONGEST_CLAUSE = 12  # characters; so with its comma does a clause, where there is room
MOST_CLAUSES = 4
SHORT_WORD = 4  # columns
LITTLE_WORD_COSTS = 3  # columns of unevenness, where an English line ends on one of these
_LITTLE = re.compile(
    "an?|the|and|or|but|of|for|to|in|on|at|by|with|from|my|your|our|their|its|is|are", re.IGNORECASE
)
_SPACED = r"[\u0e00-\u0e7f]"  # Thai, which parts clauses by a space and words by nothing
_CLAUSE = re.compile(
    rf"(?<=[。！？；，、：])(?!$)|(?<=[.!?;:,،؛؟।])\s+|\s+[—–|·]\s+"
    rf"|(?<={HAN})\s+(?={HAN})|(?<={_SPACED})\s+(?={_SPACED})"
)
_WEAK_END = "，。、；：،"  # left out where a clause ends its own line, as posters do
# What no line may begin with, and what none may end with (kinsoku, 避头尾).
_NO_START = "、。，．：；？！‥…・ー～〜）］｝〕〉》」』】’”)]}%％℃°々ゝゞヽヾ"
_NO_START += "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
_NO_END = "（［｛〔〈《「『【‘“([{¥￥$＄"
_LEADS = "เแโใไ\u094d"  # written before the consonant that they belong to, or joining two
_KANA = re.compile(r"[\u3041-\u30ff]")
_THAI = re.compile(rf"({_SPACED}+)")
# Before a Thai letter that begins a syllable's writing: no mark, no lead vowel's consonant.
_THAI_JOINT = re.compile(
    r"(?<=[\u0e00-\u0e7f])(?<![\u0e40-\u0e44])(?=[\u0e00-\u0e2f\u0e3f-\u0e46])"
)


def flowing(text: str, whole: Iterable[str] = (), language: str = "") -> dict[str, Any]:
    """Say where a text may break: anywhere the language allows (`flow`), or between clauses.

    `kept` holds Chinese clauses of up to 12 characters together, and `clauses` is what may stand
    on lines of its own. In all of them the names in `whole` and a short last word with its
    neighbour stay together, Korean breaks between words only, Chinese, Japanese and Thai between
    phrases, and a word of more than 18 columns may break anywhere. `tokens` and `kept-tokens`
    are the widest stretches without a break; `joined` says that letters hang together. A text
    without clauses is `halved` where its two parts make lines of much the same length.
    """
    names = [name for name in whole if 1 < len(name) <= LONGEST_NAME and name in text]
    flow = _kinsoku(_phrased(text, names, language)) if is_cjk(text) else text
    flow = _THAI.sub(lambda run: _by_words(run[0]), flow)
    if not re.search(HAN, text):
        flow = re.sub(r" (\S+)$", _beside_its_neighbour, flow)
        flow = re.sub(r"(?<=\d)-(?=\w)", f"-{JOINER}", flow)  # 20-litre
    flow = flow.replace(" ।", f"{STICKY_SPACE}।")
    flow = " ".join(_loosened(word) for word in flow.split(" "))
    pieces = re.split(rf"(?<=[。！？；，、：])|(?<={HAN}) (?={HAN})", flow)
    kept = "".join(
        _joined(part) if len(part.replace(JOINER, "")) <= LONGEST_CLAUSE else part
        for part in pieces
    )
    clauses = [part.strip().rstrip(_WEAK_END) for part in _CLAUSE.split(text)]
    clauses = [part for part in clauses if part] if len(clauses) <= MOST_CLAUSES else []
    halves = _halves(text) if len(clauses) == 1 or _lopsided(clauses) else []
    clauses = halves or clauses
    if is_rtl(text):
        flow, kept, *clauses = (_with_signs(part) for part in (flow, kept, *clauses))
    return {
        "flow": flow,
        "tokens": _tokens(flow),
        "kept": kept,
        "kept-tokens": _tokens(kept),
        "clauses": clauses,
        "halved": bool(halves),
        "joined": is_joined(text),
    }


def _lopsided(clauses: list[str]) -> bool:
    """Whether a comma parts off a word or so, which looks lost on a line of its own."""
    wide = [columns(part) for part in clauses]
    return len(wide) == 2 and clauses[0].endswith(",") and min(wide) < 0.3 * max(wide)


def _halves(text: str) -> list[str]:
    """Part one clause in two lines as even as may be, the first not ending on a little word."""
    words = text.split(" ")
    if len(words) < 3 or is_cjk(text) or _THAI.search(text):
        return []

    def longest(cut: int) -> int:
        first, second = " ".join(words[:cut]), " ".join(words[cut:])
        weak = bool(_LITTLE.fullmatch(words[cut - 1]))
        return max(columns(first), columns(second)) + LITTLE_WORD_COSTS * weak

    cut = min(range(1, len(words)), key=longest)
    return [" ".join(words[:cut]), " ".join(words[cut:])]


def _joined(part: str) -> str:
    """Forbid breaks between Chinese characters; other places keep their own rules."""
    return re.sub(rf"(?<={HAN})(?={HAN})", JOINER, part)


@cache
def _phrases(tongue: str) -> Callable[[str], list[str]]:
    load = {
        "ja": budoux.load_default_japanese_parser,
        "th": budoux.load_default_thai_parser,
        "zh-hant": budoux.load_default_traditional_chinese_parser,
        "zh-hans": budoux.load_default_simplified_chinese_parser,
    }[tongue]
    parse: Callable[[str], list[str]] = load().parse
    return parse


def _phrased(text: str, names: list[str], language: str) -> str:
    """Keep a word together, a particle with what it follows, a figure with its unit."""
    tongue = language.lower()
    traditional = is_traditional(tongue)
    japanese = tongue.startswith("ja") or _KANA.search(text)
    phrases = _phrases("ja" if japanese else "zh-hant" if traditional else "zh-hans")(text)
    joined = "".join(_joined(phrase) for phrase in _together(phrases, 0 if japanese else 4))
    for name in names:
        joined = re.sub(f"{JOINER}?".join(map(re.escape, name)), _joined(name), joined)
    joined = re.sub(r"(?<=[\uac00-\ud7af])(?=[\uac00-\ud7af])", JOINER, joined)
    joined = re.sub(rf"(?<=\d)(?={HAN})", JOINER, joined)
    if not japanese:
        joined = re.sub(rf"(?<={HAN})(?=[的了着著过過吗嗎呢吧啊])", JOINER, joined)
    return joined


def _together(phrases: Iterable[str], most: int) -> list[str]:
    """Add a phrase of one character to what follows, where both make `most` characters."""
    made: list[str] = []
    for phrase in phrases:
        if made and len(made[-1]) == 1 and re.match(HAN, made[-1]) and len(phrase) < most:
            made[-1] += phrase
        else:
            made.append(phrase)
    return made


def _kinsoku(text: str) -> str:
    """Forbid what ends a phrase to begin a line, and what opens one to end it."""
    start, end = re.escape(_NO_START), re.escape(_NO_END)
    return re.sub(rf"(?<=[^\s{JOINER}])(?=[{start}])|(?<=[{end}])(?=[^\s{JOINER}])", JOINER, text)


def _by_words(run: str) -> str:
    """Let Thai break between the words that a model finds, and nowhere else."""
    return BREAK.join(_THAI_JOINT.sub(JOINER, word) for word in _phrases("th")(run))


def _beside_its_neighbour(last: re.Match[str]) -> str:
    """Keep a short last word from standing alone."""
    return f"{STICKY_SPACE if columns(last[1]) <= SHORT_WORD else ' '}{last[1]}"


def _loosened(word: str) -> str:
    """Let a word that no column could hold break after any character, but for its marks."""
    longest = max(_tokens(word), key=columns, default="")
    if columns(longest) <= LONGEST_WORD:
        return word
    bare = re.sub(f"[{JOINER}{BREAK}]", "", word).replace(STICKY_SPACE, " ")
    made = bare[:1]
    for before, after in pairwise(bare):
        if unicodedata.category(after)[0] != "M" and before not in _LEADS:
            made += JOINER if after in _NO_START or before in _NO_END else BREAK
        made += after
    return made


def _with_signs(text: str) -> str:
    """Keep a sign or a currency before its figure where the text runs from right to left."""
    return re.sub(r"(?<![\w.,])(?=[-+−$€£¥₹]\s?\d)", LEFT_TO_RIGHT, text)


def _tokens(flow: str) -> list[str]:
    """The few widest stretches that cannot break."""
    apart = re.sub(rf"({CJK.pattern})(?!{JOINER})(?!{STICKY_SPACE})", r"\1 ", flow)
    tokens = re.split(rf"[ {BREAK}]+", apart)
    return sorted({token for token in tokens if token}, key=lambda t: (-columns(t), t))[:4]
