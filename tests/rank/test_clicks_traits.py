"""Traits: what each counts, in English and Chinese."""

from __future__ import annotations

import numpy as np
import pytest

from aigc.rank.clicks import traits

NAMES = list(traits.labels())


def _has(text: str) -> dict[str, float]:
    return dict(zip(NAMES, traits.measure([text])[0], strict=True))


@pytest.mark.parametrize(
    ("trait", "with_it", "without"),
    [
        ("length", "A much longer text than that one", "A short text"),
        ("sentences", "One. Two.", "One and two."),
        ("word_length", "Extraordinary circumstances", "The cat sat on it"),
        ("question", "Is it?", "It is."),
        ("exclamation", "现在就买！", "现在就买。"),
        ("number", "Holds 400 ml", "Holds a lot"),
        ("number_first", "5 ways to pour", "Pour in 5 ways"),
        ("quotes", "The ‘best’ cup", "The best cup, don’t you think"),
        ("colon", "Tea: how to", "Tea, how to"),
        ("dash", "Tea — at last", "Tea at-last"),
        ("ellipsis", "And then...", "And then."),
        ("shouting", "This is HUGE", "This is Huge"),
        ("capitals", "All The Words", "All the words"),
        ("you", "For you", "For youth"),
        ("you", "给你的杯子", "给她的杯子"),
        ("she", "Her cup", "Here is a cup"),
        ("he", "He’s back", "The back"),
        ("curiosity", "You won't believe it", "A cup of tea"),
        ("superlatives", "The Best cup", "The bestowed cup"),
        ("negation", "Don’t wait", "Do wait"),
        ("negation", "不再等待", "马上拥有"),
        ("question_words", "Why it works", "It works"),
        ("offer", "免费包邮", "慢慢喝茶"),
    ],
)
def test_a_trait_is_seen_where_it_is(trait: str, with_it: str, without: str) -> None:
    assert _has(with_it)[trait] > _has(without)[trait]


def test_every_trait_has_its_own_words_and_one_column() -> None:
    labels = traits.labels()
    assert 25 <= len(labels) <= 35
    assert len(set(labels.values())) == len(labels)
    assert traits.measure(["a", "b"]).shape == (2, len(labels))
    assert traits.measure([]).shape == (0, len(labels))


def test_odd_texts_have_finite_traits() -> None:
    odd = ["", " ", "\n", "🙂🙂", "ภาษาไทย", "12345", "…", "a" * 5000, "ＡＢＣ？", "'"]
    found = traits.measure(odd)
    assert np.isfinite(found).all()
    assert (found >= 0).all()


def test_a_text_is_measured_alone() -> None:
    texts = ["Why 5 cups?", "一杯茶，慢慢来", "HE SAID: “no”"]
    np.testing.assert_array_equal(
        traits.measure(texts), np.vstack([traits.measure([text]) for text in texts])
    )
