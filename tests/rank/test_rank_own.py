"""A merchant's own text leads, unless it may not be published or fits nowhere."""

from __future__ import annotations

import numpy as np
import pytest

from aigc.campaign import Brief, Caption, Copy, Photo, Score
from aigc.channels import TextLimits
from aigc.rank import RankRequest
from aigc.rank.builtin import Backend
from aigc.rank.own import leading

LIMITS = TextLimits(headline=30, body=60, cta=12)


def copy(number: int, headline: str, source: str = "builtin:grammar", body: str = "Fine.") -> Copy:
    return Copy(id=f"c{number}", headline=headline, body=body, cta="Go", hashtags=(), source=source)


def score(number: int, total: float, compliance: float = 1.0) -> Score:
    return Score(
        candidate_id=f"c{number}", total=total, parts={"compliance": compliance}, reason="So."
    )


def test_own_texts_lead_in_the_order_of_their_scores() -> None:
    copies = (copy(0, "A"), copy(1, "B", "own"), copy(2, "C", "own"), copy(3, "D"))
    found = leading([score(0, 0.7), score(1, 0.2), score(2, 0.4), score(3, 0.9)], copies, LIMITS)
    ranked = sorted(found, key=lambda each: -each.total)
    assert [each.candidate_id for each in ranked] == ["c2", "c1", "c3", "c0"]
    assert ranked[0].reason.startswith("Your own text leads")
    assert all(0 <= each.total <= 1 for each in ranked)
    assert [each.total for each in ranked[2:]] == [0.9, 0.7]


@pytest.mark.parametrize(
    ("own", "compliance", "why"),
    [
        (copy(1, "最佳", "own"), 0.0, "not in the lead"),
        (copy(1, "long " * 9, "own"), 1.0, "its headline is too long"),
        (copy(1, "B", "own", "long " * 20), 1.0, "its body is too long"),
    ],
)
def test_one_that_breaks_a_rule_does_not(own: Copy, compliance: float, why: str) -> None:
    found = leading([score(0, 0.7), score(1, 0.2, compliance)], (copy(0, "A"), own), LIMITS)
    assert [each.total for each in found] == [0.7, 0.2]
    assert why in found[1].reason


def request(language: str, copies: tuple[Copy, ...], **brief: object) -> RankRequest:
    fields = {"name": "Mug", "photo": "x", "language": language, "features": ("holds 400 ml",)}
    return RankRequest(
        photo=Photo(pixels=np.full((64, 64, 3), 200, np.uint8)),
        caption=Caption(
            text="A mug.",
            tags=({"word": "mug", "probability": 0.9},),
            palette=(),
            background="white",
            subject=(0.1, 0.1, 0.9, 0.9),
            cutout=np.full((32, 32, 4), 255, np.uint8),
        ),
        brief=Brief(**(fields | brief)),
        copies=copies,
        limits=LIMITS,
    )


def test_leaves_out_what_it_cannot_read_and_ranks_all_the_same() -> None:
    thai = (copy(0, "เดินทางเบาสบาย", "own"), copy(1, "ไปได้ไกลกว่าเดิม", "own"))
    (ranked,) = Backend().score([request("th", thai)])
    assert {each.candidate_id for each in ranked} == {"c0", "c1"}
    for each in ranked:
        assert set(each.parts) == {"length", "distinctness", "compliance"}
        assert each.total > 0.3


def test_an_own_text_may_say_what_the_brief_does_not_and_a_written_one_may_not() -> None:
    own = copy(0, "Now 650 ml", "own", "Waterproof.")
    written = copy(1, "Now 950 ml")
    texts = ({"headline": own.headline, "body": own.body},)
    (ranked,) = Backend().score([request("en", (own, written), texts=texts)])
    parts = {each.candidate_id: each.parts["compliance"] for each in ranked}
    assert parts == {"c0": 1.0, "c1": 0.0}
    assert ranked[0].candidate_id == "c0"


def test_blocks_a_word_that_the_brand_avoids() -> None:
    (ranked,) = Backend().score(
        [request("en", (copy(0, "A Cheap mug"), copy(1, "A mug")), brand={"avoid": ("cheap",)})]
    )
    assert [each.candidate_id for each in ranked] == ["c1", "c0"]
    assert ranked[1].parts["compliance"] == 0
    assert "'cheap' is a word that the brand avoids" in ranked[1].reason
