"""The grammars: enough patterns, none that claims anything, none twice, none too long."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from aigc import prompts
from aigc.campaign import Tone
from aigc.channels import columns
from aigc.copywrite.faithful import unsupported
from tests.copywrite.test_copywrite_builtin import request

CATEGORIES = set(prompts.table("copywrite/categories.toml")["tags"]["en"])


def patterns(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    else:
        for inner in part.values() if isinstance(part, dict) else part:
            yield from patterns(inner)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_grammar(language: str) -> None:
    grammar = {k: v for k, v in prompts.table(f"copywrite/{language}.toml").items() if k != "forms"}
    one = request(name="Zzz", colour="none")
    claims = {
        pattern: found
        for pattern in patterns(grammar)
        if (found := unsupported(re.sub(r"{\w+}", "zzz", pattern), one.brief, one.caption))
    }
    assert not claims
    everywhere = [
        h for tone in grammar["headlines"].values() for h in patterns(tone) if "{" not in h
    ]
    assert len(set(everywhere)) == len(everywhere)
    assert not [h for h in everywhere if columns(h) > 30]
    assert not [c for c in patterns(grammar["cta"]) if columns(c) > 15]
    for tone in get_args(Tone):
        headlines = grammar["headlines"][tone]
        assert set(headlines) == CATEGORIES | {"any"}
        assert min(len(headlines["any"]) + len(headlines[c]) for c in CATEGORIES) >= 25
        scenes, codas = grammar["scenes"][tone], grammar["codas"][tone]
        general = len(scenes.get("any", scenes.get("facts", ())))
        assert (general + 2) * len(codas) >= 25
        assert set(scenes) - {"any", "facts", "generic"} == CATEGORIES - {"generic"}
