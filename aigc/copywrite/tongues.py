"""Languages as a model is asked for them, and whether a text is written in one."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from aigc import prompts

_ENOUGH = 0.6  # share of a text's letters in the language's own scripts; the others are names
_ENGLISH = 2  # different English words that make a text in Latin letters an English one


class Tongue(NamedTuple):
    """A language's name, and what is known of its writing; no scripts: nothing is known."""

    name: str
    scripts: tuple[str, ...] = ()
    needs: str = ""
    chinese: tuple[str, ...] = ()  # encodings: of its own characters, and of its other form's
    latin: bool = False  # written in Latin letters, and not English


def find(tag: str) -> Tongue:
    """The language of a tag: its own line, else that of its first part, else only its tag."""
    table = prompts.table("copywrite/languages.toml")
    lines = {name.casefold(): line for name, line in table.items()}
    wanted = tag.casefold().replace("_", "-")
    first = wanted.split("-")[0]
    if first == "zh" and wanted not in lines:
        traditional = {"zh-hant", "zh-mo", "zh-hant-tw", "zh-hant-hk", "zh-hant-mo"}
        home = "zh-hk" if wanted[-2:] in ("hk", "mo") else "zh-tw"
        line = lines[home if wanted in traditional else "zh-cn"]
    else:
        line = lines.get(wanted) or lines.get(first)
    if line is None:
        return Tongue(f"the language with the tag {tag}")
    chinese = ("gb2312", "big5") if line["scripts"] == ["CJK"] else ()
    return Tongue(
        name=line["name"],
        scripts=tuple(line["scripts"]),
        needs=line.get("needs", ""),
        chinese=chinese if line["name"].startswith("Simplified") else chinese[::-1],
        latin=line["scripts"] == ["LATIN"] and first != "en",
    )


def is_written(text: str, tongue: Tongue, names: str = "") -> bool:
    """Whether a text is in a language, as far as its letters tell; words of `names` do not count.

    Simplified and traditional Chinese are told apart, and English from other languages in Latin
    letters; French from Spanish is not.
    """
    own = set(re.findall(r"[^\W\d_]+", names.casefold()))
    words = [word for word in re.findall(r"[^\W\d_]+", text) if word.casefold() not in own]
    letters = [each for word in words for each in word]
    if not tongue.scripts or not letters:
        return True
    scripts = [_script(each) for each in letters]
    if sum(each in tongue.scripts for each in scripts) < _ENOUGH * len(letters):
        return False
    if set(scripts) & _scripts() - {"LATIN", *tongue.scripts}:
        return False
    if tongue.chinese and ("HIRAGANA" in scripts or _is_other(letters, *tongue.chinese)):
        return False
    if tongue.latin:
        english = prompts.table("copywrite/llm.toml")["english"]["words"]
        found = set(re.findall(r"[\w'’]+", text.casefold().replace("’", "'"))) - own
        return len(found & set(english)) < _ENGLISH
    return True


def needs_more(text: str, tongue: Tongue) -> bool:
    """Whether whole sentences lack the script that no sentence of the language goes without."""
    return bool(tongue.needs) and tongue.needs not in {_script(each) for each in text}


def _is_other(letters: list[str], own: str, other: str) -> bool:
    """Whether Chinese is in its other form: characters that the other's old encoding alone has."""
    han = [each for each in letters if _script(each) == "CJK"]
    found = [each for each in han if _holds(other, each) and not _holds(own, each)]
    return len(found) > max(1, len(han) // 10)


def _holds(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _scripts() -> set[str]:
    lines = prompts.table("copywrite/languages.toml").values()
    return {script for line in lines for script in line["scripts"]}


@cache
def _script(character: str) -> str:
    return unicodedata.name(character, "").split(" ")[0]
