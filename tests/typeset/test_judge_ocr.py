"""Posters read back: what agrees, what does not, and what cannot be read."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from typeset_kit import finished, plan, request

from aigc._engines import ocr as engine
from aigc.errors import MissingExtra
from aigc.typeset.judge import Case, judge, ocr


def case(name: str, language: str) -> Case:
    return finished(request(plan(name, language)))


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("name", ["instagram-portrait", "iab-rectangle"])
def test_reads_what_was_set(name: str, language: str) -> None:
    agreed = ocr.agreement(case(name, language))
    assert agreed is not None
    assert agreed[0] >= 0.99, agreed


def test_finds_what_the_poster_does_not_say() -> None:
    made = case("instagram-square", "en")
    told = {**(made.poster.texts or {}), "headline": "Carry more. Go further."}
    other = made._replace(poster=made.poster.model_copy(update={"texts": told}))
    agreed = ocr.agreement(other)
    assert agreed is not None
    assert 0.8 < agreed[0] < 0.99
    assert agreed[1].startswith("headline reads 'carryless")
    (verdict,) = ocr.read_back([other], [judge(other)])
    assert verdict.marks[-1].check == "ocr"
    assert verdict.marks[-1].level == "warn"


def test_small_and_foreign_type_is_left_out() -> None:
    made = case("instagram-square", "en")
    tiny = made.poster.model_copy(update={"sizes": dict.fromkeys(made.poster.sizes, 15.9)})
    assert ocr.agreement(made._replace(poster=tiny)) is None
    arabic = made.poster.model_copy(update={"texts": {"headline": "حقيبة"}})
    assert ocr.agreement(made._replace(poster=arabic)) is None
    (verdict,) = ocr.read_back([made._replace(poster=arabic)], [judge(made)])
    assert verdict == judge(made)


def test_knows_its_scripts() -> None:
    assert ocr.readable("carryless199轻装")
    assert ocr.readable("ひらカナ")
    for foreign in ("สวัสดี", "한국", "привет", "αβγ", "हिन्दी"):
        assert not ocr.readable(foreign)


def test_reads_lines_in_order() -> None:
    image = Image.new("RGB", (600, 200), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(40)
    draw.text((20, 20), "first line left", "black", font)
    draw.text((20, 100), "second", "black", font)
    draw.text((400, 102), "right", "black", font)
    assert engine.read(np.asarray(image), 40).split() == [
        "first",
        "line",
        "left",
        "second",
        "right",
    ]


def test_nothing_there_reads_as_nothing() -> None:
    assert engine.read(np.full((80, 300, 3), 255, np.uint8), 30) == ""


def test_distance() -> None:
    assert ocr.distance("kitten", "sitting") == 3
    assert ocr.distance("", "abc") == ocr.distance("abc", "") == 3
    assert ocr.distance("same", "same") == 0


def test_names_the_extra_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    engine._session.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r"pip install 'aigc\[ocr\]'"):
        engine.read(np.full((80, 300, 3), 255, np.uint8), 30)
    engine._session.cache_clear()
