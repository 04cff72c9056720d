"""Visual words: the arithmetic, the tables, and what the brief has to say on them."""

import numpy as np
import pytest

from aigc import prompts
from aigc.campaign import Brief
from aigc.caption import words
from aigc.caption.words import Evidence, evidence, head, mentioned, named_product, noisy_or, tags

SHOP = {"drinkware", "food", "clothing", "shoes", "bags", "electronics", "furniture", "toys"} | {
    *("beauty", "sport", "home", "kitchen", "plants", "tools", "jewellery", "stationery"),
    *("vehicle", "animal", "place", "other"),
}


def brief(name, product=""):
    return Brief(name=name, product=product, photo="p.jpg")


def classes(**shares):
    """One region in which these nouns have these probabilities, the rest spread evenly."""
    names = [noun.word for noun in words.nouns()]
    found = np.full(1000, (1 - sum(shares.values())) / 1000, np.float32)
    for word, share in shares.items():
        found[names.index(word.replace("_", " "))] += share
    return found


def test_nouns_cover_every_class_in_both_languages():
    rows = words._rows("nouns.tsv")
    assert [row[0] for row in rows] == [str(i) for i in range(1000)]
    assert all(len(row) == 4 and all(cell.strip() for cell in row) for row in rows)
    assert {noun.category for noun in words.nouns()} <= SHOP


def test_a_noun_means_one_thing():
    known = {}
    for noun in {*words.nouns(), *words.lexicon().values()}:
        assert known.setdefault(noun.word, noun) == noun


def test_goods_are_complete():
    rows = words._rows("goods.tsv")
    assert all(len(row) == 4 and all(row[:3]) for row in rows)
    assert {row[2] for row in rows} <= SHOP


def test_category_words_are_nouns():
    table = prompts.table("caption/categories.toml")
    assert set(table) == SHOP
    assert all(row["word"] in words.lexicon() for row in table.values() if "word" in row)


def test_one_region_keeps_its_probability():
    found = noisy_or(np.array([[0.3, 0.9, 0.0]]), np.ones(1))
    np.testing.assert_allclose(found, [0.3, 0.9, 0.0])


def test_two_equal_regions_share_the_reach():
    found = noisy_or(np.array([[0.5], [0.5]]), np.ones(2))
    assert found[0] == pytest.approx(1 - 0.5**words.REACH)


def test_many_weak_regions_do_not_make_a_sure_word():
    found = noisy_or(np.full((50, 1), 0.1), np.ones(50))
    assert found[0] < 0.15


def test_a_region_weighs_by_its_weight():
    seen = np.array([[0.9], [0.0], [0.0]])
    assert noisy_or(seen, np.array([3.0, 1, 1])) > noisy_or(seen, np.array([1.0, 1, 1]))


def test_certainty_and_impossibility_stay_finite():
    found = noisy_or(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([1.0, 1.0]))
    assert 0.999 < found[0] <= 1
    assert found[1] == 0


def test_classes_of_one_noun_add_up():
    names = [noun.word for noun in words.nouns()]
    both = [i for i, word in enumerate(names) if word == "bottle" or word == "laptop"]
    laptops = [i for i in both if names[i] == "laptop"]
    assert len(laptops) == 2
    seen = np.zeros((1, 1000), np.float32)
    seen[0, laptops] = 0.5
    assert evidence(seen, [1]).nouns["laptop"] == pytest.approx(1, abs=1e-4)


def test_animals_are_doubted():
    seen = evidence(classes(dog=0.45, mug=0.45)[None], [1])
    assert seen.nouns["mug"] > seen.nouns["dog"]


def test_tags_are_sure_words_best_first():
    seen = evidence(np.stack([classes(mug=0.95), classes(backpack=0.9)]), [1, 1.2])
    found = tags(seen, brief("Model X1"), 8)
    assert [tag.word for tag in found] == ["mug", "backpack"]
    assert found[0].probability > found[1].probability >= words.LIKELY


def test_tags_are_at_most_as_many_as_asked():
    seen = Evidence({f"w{i}": 0.9 for i in range(20)}, {"other": 0.5})
    assert len(tags(seen, brief("Model X1"), 8)) == 8


def test_no_tags_where_nothing_is_sure():
    seen = evidence(np.full((3, 1000), 1e-3, np.float32), [1, 1, 1])
    assert tags(seen, brief("Model X1"), 8) == ()


def test_a_category_stands_in_for_words_that_split_it():
    seen = evidence(classes(sneakers=0.3, sandals=0.3, clogs=0.3)[None], [1])
    assert [tag.word for tag in tags(seen, brief("Model X1"), 8)] == ["shoes"]


def test_a_tag_never_contradicts_the_brief():
    seen = evidence(classes(vase=0.8, teapot=0.1)[None], [1])
    assert "vase" in [tag.word for tag in tags(seen, brief("Model X1"), 8)]
    for told in (brief("Celadon teapot"), brief("Model X1", "teapot"), brief("青瓷茶壶")):
        assert "vase" not in [tag.word for tag in tags(seen, told, 8)]


def test_the_briefs_word_leads_where_the_photo_supports_it():
    seen = evidence(classes(mug=0.5, cup=0.4)[None], [1])
    assert tags(seen, brief("Sunday mug"), 8)[0].word == "mug"


@pytest.mark.parametrize(
    ("name", "word", "spelt"),
    [
        ("Celadon teapot", "teapot", "teapot"),
        ("Starter Yoga Bag, Iron Grey", "yoga bag", "yoga bag"),
        ("RunX Running Shoe", "sneakers", "running shoe"),
        ("Manager’s Desk Chair", "chair", "desk chair"),
        ("Teapot with strainer", "teapot", "teapot"),
        ("Water bottle 500ml", "water bottle", "water bottle"),
        ("Backpack Navy XL", "backpack", "backpack"),
        ("Kit Metal Casseroles", "casserole", "casseroles"),
        ("ORGANIC T-SHIRT", "T-shirt", "T-shirt"),
        ("青瓷茶壶", "teapot", "茶壶"),
        ("手冲咖啡壶 400ml", None, None),
        ("Milk Frother", None, None),
        ("Model X1", None, None),
        ("🎁🎁", None, None),
        ("", None, None),
    ],
)
def test_the_head_of_a_name(name, word, spelt):
    found = head(name)
    assert (found and (found.noun.word, found.words)) == (word and (word, spelt))


def test_a_noun_elsewhere_in_the_name_needs_the_photos_support():
    seen = evidence(classes(teapot=0.9)[None], [1])
    assert named_product(brief("Teapot Luna")) is None
    assert named_product(brief("Teapot Luna"), seen).noun.word == "teapot"
    assert named_product(brief("Mug Luna"), seen) is None


def test_the_product_field_beats_the_name():
    assert named_product(brief("Vase Collection Mug", "teapot")).noun.word == "teapot"


def test_mentioned_finds_nouns_in_order():
    found = [noun.word for noun in mentioned("A mug, two teapots and 背包")]
    assert found == ["mug", "teapot", "backpack"]
