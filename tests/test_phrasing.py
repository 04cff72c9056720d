"""The encoder whose vectors tell how a text is put."""

import numpy as np
import pytest

from aigc._engines import phrasing, store

TEXTS = (
    "What Happens When You Pour Tea Into It",
    "a teapot of celadon, 600 ml",
    "You won't believe what this little teapot does!",
    "青瓷茶壶，一壶春水",
)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrasing, "_known", {})


def test_a_vector_does_not_depend_on_its_neighbours(forgetful: None) -> None:
    together = phrasing.encode(TEXTS)
    phrasing._known.clear()
    alone = np.concatenate([phrasing.encode([text]) for text in TEXTS])
    assert together.shape == (4, 768)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_what_is_remembered_is_what_was_encoded(
    forgetful: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = phrasing.encode(TEXTS)
    monkeypatch.setattr(phrasing.encoder, "pooled", None)  # nothing may be encoded again
    np.testing.assert_array_equal(phrasing.encode(TEXTS[::-1]), fresh[::-1])


def test_it_forgets_the_oldest(forgetful: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrasing, "_REMEMBERED", 2)
    found = phrasing.encode(TEXTS)
    assert len(phrasing._known) == 2
    assert TEXTS[0] not in phrasing._known
    np.testing.assert_array_equal(found[3], phrasing._known[TEXTS[3]])


def test_no_texts_no_vectors(forgetful: None) -> None:
    assert len(phrasing.encode([])) == 0


def test_the_same_words_put_otherwise_lie_apart(forgetful: None) -> None:
    plain, asked, shouted = phrasing.encode(
        ["This teapot pours well.", "Does this teapot pour well?", "THIS TEAPOT POURS WELL!!!"]
    )
    assert np.linalg.norm(plain - asked) > 0.1 * np.linalg.norm(plain)
    assert np.linalg.norm(plain - shouted) > 0.1 * np.linalg.norm(plain)


def test_only_the_layers_in_use_are_kept() -> None:
    phrasing.encode(TEXTS[:1])
    made = (store.cache_folder() / "derived").glob("phrase-encoder-7-*/*")
    sizes = {each.name: each.stat().st_size for each in made}
    assert "all.zip" not in sizes
    assert sizes["model.safetensors"] < 160_000_000  # all twelve layers in float32 take 438 MB
