"""The language model's engine: repeatable, and the same alone or in company."""

import subprocess
import sys

import pytest

from aigc._engines import lm

PROMPT = "A short line about a blue mug: "
OTHER = "A short line about running shoes: "


def test_result_depends_on_own_prompt_and_seed_only() -> None:
    options = {"n": 4, "max_tokens": 12}
    together = lm.generate([PROMPT, OTHER], seed=[5, 6], **options)
    assert lm.generate([OTHER], seed=6, **options) == together[1:]
    assert lm.generate([PROMPT], seed=[5], **options) == together[:1]
    assert lm.generate([PROMPT], seed=6, **options) != together[:1]
    assert len(set(together[0])) == 4


def test_stops_and_avoids() -> None:
    lines = lm.generate(
        ["1 one\n2 two\n3 three\n"], n=4, seed=0, max_tokens=20, stop=["\n", "x"], avoid="04e"
    )[0]
    assert not set("\nx04e") & set("".join(lines))
    assert any(lines)


def test_one_seed_a_prompt_or_one_for_all() -> None:
    with pytest.raises(ValueError, match="zip"):
        lm.generate([PROMPT], seed=[1, 2], n=1, max_tokens=4)


def test_score_prefers_english_to_word_salad() -> None:
    good, salad, empty = lm.score(
        ["A warm cup of tea on a cold morning.", "Cup cold a morning tea of a on warm.", ""]
    )
    assert salad < good < 0
    assert empty == 0


def test_score_is_the_same_in_company_of_any_order() -> None:
    texts = ["A mug.", "Sip slow and stay warm.", "你好，茶杯。", "x " * 40, "Run far."] * 5
    together = lm.score(texts)
    assert together == lm.score(texts[:5]) * 5
    assert together == lm.score(texts[::-1])[::-1]
    assert together[:5] == pytest.approx([lm.score([text])[0] for text in texts[:5]], abs=1e-5)


def test_chat_asks_and_waits_for_the_answer() -> None:
    asked = lm.chat("Say hi.")
    assert asked.index("Say hi.") < asked.index("assistant\n")
    assert asked.endswith("<|im_start|>assistant\n")


def test_decoding_imports_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from aigc._engines import lm; lm.score(['hi']);"
        "lm.generate(['hi'], n=1, seed=0, max_tokens=2);"
        "print([m for m in ('torch', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
