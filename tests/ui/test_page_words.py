"""The page's words: the same in both languages, all used, none missing."""

import re
import string
from pathlib import Path

import pytest

from ui.words import LANGUAGES, all_words, speaker

UI = Path(__file__).parents[2] / "ui"
SOURCES = [
    path
    for ending in ("py", "j2", "js", "toml")
    for path in sorted(UI.rglob(f"*.{ending}"))
    if "words" not in path.relative_to(UI).parts
]
EN = all_words("en")


def blanks(text: str) -> set[str]:
    """The names of a sentence's blanks."""
    return {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_words_and_blanks() -> None:
    for language in LANGUAGES:
        words = all_words(language)
        assert set(words) == set(EN), language
        for key, text in words.items():
            assert blanks(text) == blanks(EN[key]), f"{language}: {key}"


def test_chinese_is_chinese() -> None:
    plain = {key: text for key, text in all_words("zh").items() if text == EN[key]}
    name = re.compile(r"\{.*?\}|\S*[./]\S*")  # blanks, addresses and names of files
    same = {key for key, text in plain.items() if re.search(r"[a-z]{3}", name.sub("", text))}
    assert same <= {"page.title"}, "not translated"
    for key, text in all_words("zh").items():
        assert not re.search(r"[一-鿿] ?[,:!?] ", text), f"{key}: half-width punctuation"


def test_every_word_that_is_asked_for_exists() -> None:
    for path in SOURCES:
        text = path.read_text("utf-8")
        for key in re.findall(r"""\bsay\(\s*["']([a-z_]+\.[a-z0-9_]*[a-z0-9])["']""", text):
            assert key in EN, f"{path.relative_to(UI)} says {key}"


def test_no_word_is_left_over() -> None:
    said = "\n".join(path.read_text("utf-8") for path in SOURCES)
    made = {
        found[1]
        for found in re.finditer(r"""["'`]([a-z]+\.(?:[a-z0-9_]*_)?)(?:\{|["'`]\s*~|\$\{)""", said)
    }
    left = [
        key
        for key in EN
        if not re.search(rf"""["'`]{re.escape(key)}["'`]""", said)
        and not any(key.startswith(start) for start in made)
    ]
    assert not left


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_takes_its_blanks_and_no_other(language: str) -> None:
    say = speaker(language)
    key = next(key for key, text in EN.items() if len(blanks(text)) == 1)
    (blank,) = blanks(EN[key])
    assert "{" not in say(key, **{blank: "<b>"})
    with pytest.raises(KeyError):
        say("page.there_is_no_such_word")
