"""The ranker as a whole: order, parts, reasons, and independence of the batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aigc._engines import encoder, vision
from aigc.campaign import Brief, Caption, Copy, Photo, Score
from aigc.channels import TextLimits
from aigc.errors import BriefError
from aigc.rank import RankRequest
from aigc.rank.builtin import Backend, rank_texts
from aigc.rank.relevance import Seen, phrases, relevance

LIMITS = TextLimits(headline=30, body=90, cta=16)
SHOE = "Airy mesh shoes for every mile of your run."
MUG = "A cup of coffee tastes better from this mug."
JACKET = "A hooded jacket that keeps the wind out."


def _seen(*classes: str, name: str | None = None) -> Seen:
    """What a sure classifier would see."""
    rows = np.zeros((1, 1000), np.float32)
    for label in classes:
        rows[0, vision.class_names().index(label)] = 1 / len(classes)
    return Seen(rows, {}, name)


def _relevance(seen: Seen, texts: list[str]) -> list[float]:
    needed = phrases([seen], [texts])
    points = dict(zip(needed, encoder.encode(needed), strict=True))
    return relevance([seen], [texts], points)[0]


@pytest.mark.parametrize(
    ("label", "right"),
    [("running shoe", SHOE), ("coffee mug", MUG), ("trench coat", JACKET)],
)
def test_a_text_about_the_product_beats_texts_about_others(label: str, right: str) -> None:
    texts = [SHOE, MUG, JACKET]
    found = _relevance(_seen(label), texts)
    assert texts[int(np.argmax(found))] == right
    assert max(found) > 0.5
    assert sorted(found)[1] < 0.5


def test_goods_that_the_classifier_has_no_class_for_are_found() -> None:
    texts = ["A duffel bag for long weekends.", "A skirt for the summer.", MUG]
    bag, skirt, mug = _relevance(_seen("mail bag"), texts)
    assert bag > max(skirt, mug)
    bag, skirt, mug = _relevance(_seen("overskirt"), texts)
    assert skirt > max(bag, mug)


def test_chinese_texts_are_read_through_the_lexicon() -> None:
    texts = ["轻便的跑步鞋，每一步都自在", "一只马克杯，陪你喝咖啡", "清晨的光，慢慢来"]
    shoe, mug, neither = _relevance(_seen("running shoe"), texts)
    assert shoe > neither > mug
    assert neither == pytest.approx(0.5)


def test_the_merchants_word_stands_against_a_wrong_class() -> None:
    texts = ["A fountain pen that writes like silk.", "Balls for table tennis."]
    seen = _seen("ping-pong ball")
    pen, ball = _relevance(seen, texts)
    named, _ = _relevance(seen._replace(name="Fountain pen"), texts)
    assert ball > 0.5 > pen
    assert named > 0.5


def _photo(colour: tuple[int, int, int]) -> Photo:
    y, x = np.mgrid[:240, :240]
    pixels = np.full((240, 240, 3), 245, np.uint8)
    pixels[(x - 120) ** 2 + (y - 120) ** 2 < 80**2] = colour
    return Photo(pixels=pixels)


def _request(colour: tuple[int, int, int], *copies: Copy, **brief: object) -> RankRequest:
    photo = _photo(colour)
    product = photo.pixels[40:200, 40:200]
    alpha = np.where((product == 245).all(2), 0, 255).astype(np.uint8)
    caption = Caption(
        text="a round orange",
        tags=(),
        palette=(),
        background="white",
        subject=(1 / 6, 1 / 6, 5 / 6, 5 / 6),
        cutout=np.dstack([product, alpha]),
    )
    fields = {"name": "Navel orange", "photo": "x.jpg", "features": ("sweet and juicy",)} | brief
    return RankRequest(
        photo=photo,
        caption=caption,
        brief=Brief.model_validate(fields),
        copies=copies,
        limits=LIMITS,
    )


def _copy(name: str, headline: str, body: str) -> Copy:
    return Copy(id=name, headline=headline, body=body, cta="Shop now", hashtags=(), source="test")


GOOD = _copy("good", "Oranges, ripe today", "Sweet and juicy oranges for your fruit bowl.")
OTHER = _copy("other", "Run lighter today", "Airy running shoes for every mile of your road.")
FALSE = _copy("false", "Oranges, 50 a box", "Sweet and juicy oranges for your fruit bowl.")
ORANGE, GREEN = (235, 130, 20), (60, 150, 60)


def test_order_parts_and_reasons() -> None:
    (found,) = Backend().score([_request(ORANGE, OTHER, FALSE, GOOD)])
    assert [score.candidate_id for score in found] == ["good", "other", "false"]
    best, _, blocked = found
    assert set(best.parts) == {
        "relevance",
        "coverage",
        "fluency",
        "length",
        "tone",
        "distinctness",
        "compliance",
    }
    assert best.parts["coverage"] == 1
    assert blocked.parts["compliance"] == 0
    assert blocked.total < 0.03
    assert blocked.reason.startswith("Blocked: '50'")
    assert "relevance" in found[1].reason
    assert Score.model_validate_json(best.model_dump_json()) == best


def test_a_batch_equals_its_requests_one_by_one() -> None:
    requests = [
        _request(ORANGE, GOOD, OTHER),
        _request(GREEN, OTHER, FALSE, name="绿苹果", language="zh-CN"),
        _request(ORANGE),
    ]
    backend = Backend()
    assert backend.score(requests) == [backend.score([each])[0] for each in requests]
    assert backend.score([]) == []


def test_weights_can_be_replaced(tmp_path: Path) -> None:
    learned = tmp_path / "weights.toml"
    names = ("relevance", "coverage", "fluency", "length", "tone", "distinctness")
    lines = [f"{name} = {int(name == 'length')}" for name in names]
    learned.write_text("\n".join(["[weights.en]", *lines]))
    (found,) = Backend(weights=str(learned)).score([_request(ORANGE, GOOD, OTHER)])
    assert [score.total for score in found] == [score.parts["length"] for score in found]
    with pytest.raises(BriefError, match=r"rank\.weights"):
        Backend(weights=str(tmp_path / "none.toml")).score([])


def test_any_texts_against_any_photo() -> None:
    texts = ["国家级橙子", "这颗橙子，又香又甜", "跑步鞋，轻便舒适", "", "🍊🍊", "a " * 3000]
    found = rank_texts(_photo(ORANGE), texts)
    assert sorted(int(score.candidate_id) for score in found) == list(range(6))
    assert set(found[0].parts) == {"relevance", "fluency", "distinctness", "compliance"}
    place = {score.candidate_id: index for index, score in enumerate(found)}
    assert place["1"] < place["2"]
    assert place["0"] == 5


def test_texts_without_a_brief_are_warned_about_not_struck() -> None:
    texts = ["A sweet new classic, the best orange", "A sweet new classic orange"]
    best, plain = sorted(rank_texts(_photo(ORANGE), texts), key=lambda score: score.candidate_id)
    assert "Check: 'the best'" in best.reason
    assert "Check" not in plain.reason
    assert best.parts["compliance"] == plain.parts["compliance"] == 1
    assert min(best.total, plain.total) > 0.2
