"""English lines by the small instruct model, and the strict filter that few of them pass."""

from __future__ import annotations

import re

from aigc import prompts
from aigc.campaign import Brief, Caption
from aigc.copywrite import CopyRequest
from aigc.copywrite.faithful import unsupported
from aigc.copywrite.words import Noun, with_article

_PLAIN = re.compile(r"[A-Z][a-zA-Z ,’'-]+[.]")


def lines(request: CopyRequest, noun: Noun, draws: int) -> list[str]:
    """Draw lines about the product by the request's seed; give the usable ones, best first."""
    from aigc._engines import lm

    table = prompts.table("copywrite/instruct.toml")
    named = with_article(noun.word) if noun.number == "singular" else noun.word
    shown = [
        table["line"].format(a_noun=about, line=line)
        for about, line in table["examples"][request.brief.voice]
    ]
    asked = table["line"].format(a_noun=named, line="").rstrip()
    drawn = lm.generate(
        ["\n".join([table["intro"], "", *shown, asked])],
        n=draws,
        seed=request.seed,
        max_tokens=20,
        temperature=0.6,
        stop=["\n"],
        avoid='0123456789$%#:;"',
    )[0]
    usable = [
        line
        for line in dict.fromkeys(drawn)
        if line not in "\n".join(shown) and not problems(line, noun, request.brief, request.caption)
    ]
    scores = lm.score([table["line"].format(a_noun=named, line=line) for line in usable])
    best = sorted(zip(scores, usable, strict=True), reverse=True)
    chosen = [line for score, line in best if score >= table["filter"]["floor"]]
    return chosen[: table["filter"]["most"]]


def problems(line: str, noun: Noun, brief: Brief, caption: Caption) -> list[str]:
    """Say why a drawn line cannot be used; empty if it can.

    A usable line is one whole sentence in the imperative, of four to twelve plain words, that
    speaks of the product, repeats nothing, and claims nothing that is not known.
    """
    rules = prompts.table("copywrite/instruct.toml")["filter"]
    words = re.findall(r"[a-z]+(?:['’-][a-z]+)*", line.lower())
    found = unsupported(line, brief, caption)
    if not _PLAIN.fullmatch(line):
        found.append("not one plain sentence")
    if not 4 <= len(words) <= 12:
        found.append(f"{len(words)} words")
    if not words or words[0] not in rules["begin"]:
        found.append("does not begin with a verb that invites")
    if len(words) - len(set(words)) > 1:
        found.append("repeats itself")
    pronoun = "them" if noun.number == "plural" else "it"
    if pronoun not in words and noun.word.split()[-1] not in words:
        found.append("does not speak of the product")
    text = f" {' '.join(words)} "
    return found + [word for word in rules["never"] if f" {word} " in text]
