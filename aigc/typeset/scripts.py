"""What sets one script apart from another on a poster: direction, reach, joined letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

HAN = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_ARABIC = re.compile(r"[\u0600-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")
_DEVANAGARI, _THAI = re.compile(r"[\u0900-\u097f]"), re.compile(r"[\u0e00-\u0e7f]")
# How far the letters of a script reach above and below the baseline, in em, marks included:
# measured on the fonts that set them.
_REACH = (
    (re.compile(r"[\u064d\u0650]"), (1.1, -0.72)),  # Arabic with vowels beneath
    (re.compile(r"[\u064b-\u0652]"), (1.1, -0.42)),  # and above
    (_ARABIC, (1.0, -0.42)),
    (re.compile(r"[ญฎฏฐ][\u0e38-\u0e3a]"), (1.06, -0.46)),
    (_THAI, (1.06, -0.28)),
    (_DEVANAGARI, (0.93, -0.42)),
    (re.compile(r"[\u0590-\u05ff]"), (0.8, -0.24)),
    (CJK, (0.86, -0.1)),
)
# The same without marks, for a word in a button or a tag: what looks centred is its body.
_BODY = ((_ARABIC, (0.76, -0.24)), (_DEVANAGARI, (0.74, -0.08)), (_THAI, (0.7, 0.0)))


def edges(texts: Iterable[str]) -> tuple[float, float]:
    """How far lines of these texts reach above and below their baseline, in em."""
    text = "".join(texts)
    found = [reach for pattern, reach in _REACH if pattern.search(text)]
    top, bottom = max([0.77, *(up for up, _ in found)]), min([-0.1, *(down for _, down in found)])
    if re.search(r"[^\W\d_]", CJK.sub("", text)):
        bottom = min(bottom, -0.23)
    marks = max((len(unicodedata.normalize("NFD", each)) for each in text), default=1) - 1
    if marks and not re.fullmatch(r"[\uac00-\ud7af\s\W\d]*", text):
        top = max(top, 0.98 if marks == 1 else 1.06)
    return top, bottom


def label_edges(text: str) -> tuple[float, float]:
    """The same for a short text in a shape of its own, by what looks centred there."""
    for pattern, reach in _BODY:
        if pattern.search(text):
            return reach
    return (0.86, -0.1) if is_cjk(text) else (0.7, 0.0)


def is_traditional(language: str) -> bool:
    """Whether a language tag asks for traditional Chinese characters."""
    return language.lower().replace("_", "-").startswith(("zh-tw", "zh-hk", "zh-mo", "zh-hant"))


def region(language: str) -> str | None:
    """The region whose shapes of shared characters a language is set in, as typesetters name it."""
    first, *rest = language.lower().replace("_", "-").split("-")
    if first == "zh" and is_traditional(language):
        return "hk" if "hk" in rest or "mo" in rest else "tw"
    return {"zh": "cn", "ja": "jp", "ko": "kr"}.get(first)


def is_rtl(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    strong = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L"


def is_cjk(text: str) -> bool:
    """Whether a text holds Chinese, Japanese or Korean characters."""
    return CJK.search(text) is not None


def is_joined(text: str) -> bool:
    """Whether letters or their marks hang together, so that no space may be put between them."""
    return any(pattern.search(text) for pattern in (_ARABIC, _DEVANAGARI, _THAI))


def is_shaped(character: str) -> bool:
    """Whether it belongs to a script in which an invisible joiner changes what is read."""
    return bool(_ARABIC.match(character)) or "\u0900" <= character <= "\u0dff"
