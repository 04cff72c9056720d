"""Sentences: what they may say, in which words, in which order."""

import pytest

from aigc import prompts
from aigc.campaign import Brief, Swatch, Tag
from aigc.caption.facts import Facts, article, colours_in, gather
from aigc.caption.sentences import allowed, features, request, rerank, templates

GREY = (Swatch(hex="#808080", name="grey", share=1.0),)
RED = (Swatch(hex="#cc1122", name="red", share=1.0),)
BAG = Facts("en", "Fusion Duffel Bag", "duffel bag", ("grey",), "white", True)
SHOES = Facts("en", "RunX", "sneakers", ("black", "white"), "scene", False)


def facts(name, tags=(), swatches=GREY, language="en", product="", **more):
    brief = Brief(name=name, product=product, photo="p.jpg", language=language)
    found = tuple(Tag(word=word, probability=p) for word, p in tags)
    return gather(brief, found, swatches, background="white", **more)


def test_the_brief_names_the_product_against_the_classifier():
    known = facts("Celadon teapot", [("vase", 0.95)])
    assert (known.noun, known.colours, known.from_brief) == ("teapot", ("celadon",), True)
    lines = templates(known)
    assert all("teapot" in line.lower() for line in lines)
    assert not any("vase" in line or "grey" in line for line in lines)


def test_a_colour_in_the_brief_beats_a_measured_one():
    assert facts("Starter Yoga Bag, Iron Grey", swatches=RED).colours == ("grey",)
    assert facts("Mug", swatches=RED).colours == ("red",)
    assert facts("藏青色背包", swatches=RED, language="zh-CN").colours == ("藏蓝色",)


def test_a_product_that_is_named_by_its_colour_gets_no_other():
    assert facts("Red wine", swatches=GREY).thing == "red wine"
    assert facts("Green tea", swatches=RED).colours == ()
    assert facts("X", product="blue mug", swatches=RED).thing == "a blue mug"


def test_a_fruit_is_no_colour_and_a_carton_is_not_milk():
    assert facts("Orange juice", swatches=RED).colours == ()
    assert facts("Rose soap", swatches=RED).colours == ()
    assert facts("Rose backpack", swatches=RED).colours == ("pink",)


def test_the_classifier_names_it_only_where_it_is_sure_and_the_brief_is_silent():
    assert facts("Model X1", [("mug", 0.9)]).thing == "a grey mug"
    assert facts("Model X1", [("mug", 0.55)]).noun == ""
    assert facts("Model X1").thing == "Model X1 in grey"


def test_colours_of_a_doubtful_cut_out_are_not_told():
    assert facts("Mug", confidence=0.1).thing == "a mug"


@pytest.mark.parametrize(
    ("noun", "thing"),
    [
        ("sneakers", "a pair of grey sneakers"),
        ("plates", "grey plates"),
        ("furniture", "grey furniture"),
        ("dress", "a grey dress"),
        ("lens", "a grey lens"),
        ("running shoes", "a pair of grey running shoes"),
    ],
)
def test_articles_follow_the_number(noun, thing):
    assert Facts("en", "X", noun, ("grey",), "white", True).thing == thing


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("orange bag", "an"),
        ("bag", "a"),
        ("hourglass", "an"),
        ("unicycle", "a"),
        ("umbrella", "an"),
    ],
)
def test_article(word, expected):
    assert article(word) == expected


def test_colours_in_text():
    assert colours_in("Navy blue and off-white rug") == ("navy", "off-white")
    assert colours_in("Gray sofa") == ("grey",)
    assert colours_in("红茶") == ()
    assert colours_in("铁灰背包") == ("grey",)
    assert colours_in("Reddish blackboard") == ()


def test_chinese_translates_noun_and_colour():
    known = facts("Celadon teapot", language="zh-CN")
    assert "青瓷色茶壶" in templates(known)[0]
    assert "白色背景上的灰色马克杯。" in templates(facts("马克杯", language="zh-CN"))
    named = facts("Model X1", [("backpack", 0.9)], language="zh-CN")
    assert named.thing == "灰色背包"
    assert facts("背包").thing == "a grey backpack"


def test_every_background_has_its_words():
    for language in ("en", "zh-CN"):
        for background in ("white", "plain", "scene", "transparent"):
            known = Facts(language, "X", "mug", ("grey",), background, True)
            assert all("mug" in line or "X" in line for line in templates(known))
            assert sum(known.thing.lower() in line.lower() for line in templates(known)) >= 5
            assert not any("{" in line for line in templates(known))


@pytest.mark.parametrize(
    "sentence",
    [
        "A grey duffel bag on a white background.",
        "This is a grey duffel bag, photographed on a white background.",
        "The grey duffel bag stands against a white background.",
    ],
)
def test_plain_sentences_pass(sentence):
    assert allowed(sentence, BAG)


@pytest.mark.parametrize(
    "sentence",
    [
        "A grey leather duffel bag on a white background.",
        "A grey duffel bag on a white wooden table.",
        "A grey duffel bag with two pockets on a white background.",
        "A red duffel bag on a white background.",
        "A grey duffel bag on a red background.",
        "A white duffel bag on a grey background.",
        "A grey backpack on a white background.",
        "A grey duffel bag and a vase on a white background.",
        "A grey duffel bag from Paris on a white background.",
        "2 grey duffel bags on a white background.",
        "A durable grey duffel bag on a white background.",
        "An grey duffel bag on a white background.",
        "Grey duffel bag, on a white background.",
        "A grey duffel bag, on a white background.",
        "A grey duffel bag shown shown on a white background.",
        "A grey duffel bag on a white background",
        "a grey duffel bag on a white background.",
        "On a white background.",
        "",
    ],
)
def test_inventions_are_dropped(sentence):
    assert not allowed(sentence, BAG)


def test_a_plural_takes_a_plural_verb():
    plates = Facts("en", "X", "plates", (), "white", True)
    assert allowed("The plates stand on a white background.", plates)
    assert not allowed("The plates stands on a white background.", plates)
    assert not allowed("A plates on a white background.", plates)
    assert allowed("This is a pair of black and white sneakers in a real-life setting.", SHOES)


def test_features_say_what_they_are():
    full = features("A grey duffel bag on a white background.", BAG, -2.5)
    assert full == {
        "fluency": -2.5,
        "coverage": 1.0,
        "length": pytest.approx(-1 / 9),
        "agreement": 1,
        "name": 0,
        "colour": 1,
        "words": pytest.approx(8 / 9),
    }
    assert features("Fusion Duffel Bag: a bag.", BAG, 0)["name"] == 1
    bare = features("A bag.", BAG, 0)
    assert bare["coverage"] == 0
    assert bare["agreement"] == 0
    assert bare["length"] < full["length"]


def test_weights_decide_the_order():
    lines = ["A grey duffel bag.", "A grey duffel bag on a white background."]
    assert rerank(lines, BAG, [-1.0, -3.0], {**_zero(), "coverage": 1})[0] == lines[1]
    assert rerank(lines, BAG, [-1.0, -3.0], {**_zero(), "fluency": 1})[0] == lines[0]
    assert rerank(lines[::-1], BAG, [-3.0, -1.0], _zero()) == rerank(
        lines, BAG, [-1.0, -3.0], _zero()
    )


def test_the_size_of_the_weights_does_not_matter_and_text_breaks_ties():
    lines = ["A grey duffel bag.", "A grey duffel bag on a white background."]
    weights = prompts.table("caption/weights.toml")
    scaled = {name: 1e5 * value for name, value in weights.items()}
    assert rerank(lines, BAG, [-1.0, -3.0], scaled) == rerank(lines, BAG, [-1.0, -3.0], weights)
    nearly = {**_zero(), "fluency": 1}
    assert rerank(["B.", "A."], BAG, [0.1 + 0.2, 0.3], nearly) == ["A.", "B."]


def test_shorter_sentences_are_offered_but_not_shipped():
    lines = templates(BAG)
    assert {"A duffel bag.", "A grey duffel bag.", "Fusion Duffel Bag: a duffel bag."} <= {*lines}
    assert len(set(lines)) == len(lines)
    for known in (BAG, SHOES):
        best = rerank(templates(known), known, [-4.0] * len(templates(known)))[0]
        assert known.place in best
        assert known.thing.lower() in best.lower()


def test_the_shipped_weights_cover_every_feature():
    assert set(prompts.table("caption/weights.toml")) == set(features("A.", BAG, 0))


def test_the_model_is_asked_for_what_is_known():
    assert "a grey duffel bag; on a white background" in request(BAG)


def _zero():
    return dict.fromkeys(features("A.", BAG, 0), 0.0)
