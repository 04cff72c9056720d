"""Takes off what models put around a text, and ends it at a sentence."""

from __future__ import annotations

import re
import unicodedata

from aigc.channels import columns

_SENTENCE = re.compile(r"(?:[.!?…][\"”’)]*(?=\s+[^\sa-z\d])|[。！？।؟۔])")
_ENDED = re.compile(r"[.!?…。！？।؟۔~～][\"'”’」』)）]*$")
_BROKEN = re.compile(r"[,;:，、；：—–\-(（/&]$")
_QUOTED = re.compile(r"^[\"“'‘「『](.*)[\"”'’」』]$")
_MARKUP = re.compile(r"\*+|`+|(?<!\w)_(?=\w)|(?<=\w)_(?!\w)|^#+ ")
_SIGNS = "°®™©℃№"  # symbols that are no emoji
_SHORTEST = 0.4  # share of the room that a body shortened at a sentence still fills


def line(text: str) -> str:
    """A headline or a call to action: plain, and without a full stop but where it has several."""
    plain = _plain(text)
    several = plain.endswith(("..", "…")) or _SENTENCE.search(plain[:-1])
    return plain if several else plain.rstrip(".。।۔ ")


def sentences(text: str, limit: int) -> str:
    """A body: plain, without hashtags, ended as its script ends a sentence.

    One that is too long is shortened to its first whole sentences, where they say enough.
    """
    return _ending(_fitting(_plain(_no_tags(text)), limit), limit)


def breaks_off(body: str) -> bool:
    """Whether a text ends where no sentence does."""
    return _BROKEN.search(body) is not None


def _plain(text: str) -> str:
    """Take off markup, emoji, what cannot be seen, and quotation marks around the whole."""
    kept, joined = [], False
    for each in text:
        drawn = _is_emoji(each)
        hidden = unicodedata.category(each) == "Cf" and each not in "\u200c\u200d"
        if not (drawn or hidden or (joined and each == "\u200d")):
            kept.append(each)
        joined = drawn
    plain = " ".join(_MARKUP.sub("", "".join(kept)).split())
    within = _QUOTED.match(plain)
    return within[1].strip() if within and not re.search('["“”「」『』]', within[1]) else plain


def _no_tags(body: str) -> str:
    return re.sub(r"(?:\s*#\w+)+$", "", body)


def _fitting(body: str, limit: int) -> str:
    """Shorten a body that is too long to its first whole sentences, where they say enough."""
    if columns(body) <= limit:
        return body
    ends = [match.end() for match in _SENTENCE.finditer(body)]
    fitting = [body[:end] for end in ends if _SHORTEST * limit <= columns(body[:end]) <= limit]
    return fitting[-1] if fitting else body


def _ending(body: str, limit: int) -> str:
    """End the last sentence as its script does, where there is room; Thai ends with nothing."""
    if not body or _ENDED.search(body) or _BROKEN.search(body):
        return body
    script = unicodedata.name(body[-1], "").split(" ")[0]
    stop = {"CJK": "。", "HIRAGANA": "。", "KATAKANA": "。", "DEVANAGARI": "।", "BENGALI": "।"}
    if script in ("THAI", "LAO", "KHMER", "MYANMAR", "ETHIOPIC"):
        return body
    ended = body + stop.get(script, ".")
    return ended if columns(ended) <= limit else body


def _is_emoji(character: str) -> bool:
    kind = unicodedata.category(character)
    return (
        (kind == "So" and character not in _SIGNS)
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or character in "\ufe0f\u20e3"
    )
