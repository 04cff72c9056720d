"""The copy on the page: shown as text, changed where it stands, its reasons in two languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.campaign import Brief, Campaign, Copy, EditedCopy, Edits, Score, Tweak
from aigc.errors import BriefError
from aigc.rank.compliance import compliance, facts
from ui.review import copies, reasons
from ui.review.work import Work
from ui.words import all_words, speaker

EN, ZH = speaker("en"), speaker("zh")
TAGS = ("#Jar", "#TealJar")
GAINS = "Gains most by relevance (0.90), loses most by tone (0.40)."


def work(edits: Edits | None = None, reason: str = GAINS, **said: str) -> Work:
    brief = Brief(
        name="Jar",
        photo="jar.png",
        channels=("iab-leaderboard", "instagram-square", "taobao-white"),
        edits=edits or Edits(),
    )
    texts = [
        Copy(
            id=f"c{number}",
            headline=f"Headline {number}",
            body="Body",
            cta="Buy",
            hashtags=TAGS,
            source="builtin:grammar",
        )
        for number in range(5)
    ]
    texts[0] = texts[0].model_copy(update=said)
    ranking = [
        Score(candidate_id=text.id, total=0.9, parts={"relevance": 0.9, "own": 0.2}, reason=reason)
        for text in texts
    ]
    campaign = Campaign(id="jar", brief=brief, copies=tuple(texts), ranking=tuple(ranking))
    return Work("jar-1", Path("jar-1"), campaign)


def told(do: str, copy: Any = "c0", **fields: Any) -> dict[str, Any]:
    given = {"headline": "Headline 0", "body": "Body", "cta": "Buy", "hashtags": "#Jar #TealJar"}
    return {"do": do, "copy": copy, "fields": given | fields}


def test_words_of_a_merchant_are_shown_as_text() -> None:
    html = copies.draw(EN, work(headline='<img src=x onerror="x">', body="</textarea><b>"))
    assert "<img" not in html
    assert "</textarea>&lt;b&gt;" not in html
    assert "&lt;/textarea&gt;&lt;b&gt;" in html


def test_the_best_are_shown_first_and_what_was_edited_never_hides() -> None:
    hidden = [card.hidden for card in copies.cards(EN, work())]
    assert hidden == [False, False, False, False, True]
    edited = Edits(texts={"c4": EditedCopy(headline="Mine")})
    hidden = [card.hidden for card in copies.cards(EN, work(edited))]
    assert hidden == [False, False, False, False, False]


def test_the_text_to_lead_with_is_the_best_or_the_chosen_one() -> None:
    assert [card.leads for card in copies.cards(EN, work())].index(True) == 0
    assert [card.leads for card in copies.cards(EN, work(Edits(lead="c3")))].index(True) == 3


def test_a_changed_text_becomes_a_correction() -> None:
    edits = copies.change(work(), Edits(), told("text", headline="  Mine,\n all mine "))
    assert edits == Edits(
        texts={"c0": EditedCopy(headline="Mine, all mine", body="Body", cta="Buy", hashtags=None)},
        lead="c0",
    )


def test_hashtags_are_told_apart_and_kept() -> None:
    edits = copies.change(work(), Edits(), told("text", hashtags="one  #two ＃two #"))
    assert edits is not None
    assert edits.texts["c0"].hashtags == ("#one", "#two")
    # They stay, where only the headline is changed after that.
    now = work(edits)
    texts = (now.campaign.copies[0].model_copy(update={"hashtags": ("#one", "#two")}),)
    now = now._replace(campaign=now.campaign.model_copy(update={"copies": texts}))
    again = copies.change(now, edits, told("text", headline="Mine", hashtags="#one #two"))
    assert again is not None
    assert again.texts["c0"].hashtags == ("#one", "#two")
    assert again.texts["c0"].headline == "Mine"


def test_a_text_that_says_what_it_said_is_no_correction() -> None:
    assert copies.change(work(), Edits(), told("text")) == Edits()


def test_a_text_goes_back_to_how_it_was_written() -> None:
    edits = Edits(texts={"c0": EditedCopy(headline="A"), "c1": EditedCopy(headline="B")})
    assert copies.change(work(edits), edits, told("restore")) == Edits(
        texts={"c1": EditedCopy(headline="B")}
    )


def test_another_text_leads_and_the_best_leads_again() -> None:
    led = copies.change(work(), Edits(), told("lead", "c2"))
    assert led == Edits(lead="c2")
    assert copies.change(work(led), led, told("best")) == Edits()


@pytest.mark.parametrize(
    "event",
    [
        {},
        told("lead", "nobody"),
        told("lead", ["c0"]),
        told("text", {"c0": 1}),
        told("sing"),
        {"do": "text", "copy": "c0", "fields": "x"},
        {"do": "text", "copy": "c0"},
    ],
)
def test_events_that_no_card_sends_do_nothing(event: dict[str, Any]) -> None:
    assert copies.change(work(), Edits(), event) is None


def test_an_empty_headline_and_a_long_one_are_refused() -> None:
    with pytest.raises(BriefError, match="headline: it is empty"):
        copies.change(work(), Edits(), told("text", headline=" "))
    with pytest.raises(ValueError, match="at most 120"):
        copies.change(work(), Edits(), told("text", headline="x" * 121))


def test_limits_are_those_of_channels_that_show_texts() -> None:
    limits = copies.limits(work())
    assert len(limits["headline"]) == 2  # a white picture shows none
    assert limits["headline"] == sorted(limits["headline"])


def test_the_balance_is_said_in_the_page_s_language() -> None:
    assert "Strongest: Fits the product. Weakest: Tone of voice." in copies.draw(EN, work())
    assert "强项：贴合商品；弱项：语气。" in copies.draw(ZH, work())
    assert "own" in copies.draw(ZH, work())  # a part that the page has no word for


@pytest.mark.parametrize(
    ("text", "avoid", "says"),
    [
        ("最佳之选", (), "《广告法》"),
        ("holds 900 ml", (), "“900”"),
        ("hand-made of silk", (), "材质"),
        ("a cheap jar", ("cheap",), "品牌不用"),
    ],
)
def test_what_the_law_and_the_brand_say_is_said_in_chinese(
    text: str, avoid: tuple[str, ...], says: str
) -> None:
    verdict = compliance(text, facts(Brief(name="Jar", photo="jar.png"), None), avoid)
    assert verdict.value == 0
    score = Score(candidate_id="c0", total=0, parts={}, reason=f"Blocked: {verdict.why}. {GAINS}")
    reason = reasons.reason(ZH, score)
    assert reason.warning.startswith("不可发布：")
    assert says in reason.warning
    assert reason.balance == "强项：贴合商品；弱项：语气。"


def test_a_judge_s_own_reason_stays_as_it_is() -> None:
    said = "Warm. It names what the photo shows."
    score = Score(candidate_id="c0", total=0, parts={}, reason=said)
    assert reasons.reason(ZH, score) == reasons.Reason(said)


def test_the_review_has_the_same_words_in_both_languages() -> None:
    keys = [
        {key for key in all_words(language) if key.startswith("review.")}
        for language in ("en", "zh")
    ]
    assert keys[0] == keys[1]


def test_a_leading_text_that_is_corrected_stays_on_the_posters() -> None:
    now = work()
    best = now.campaign.ranking[0].candidate_id
    other = now.campaign.ranking[1].candidate_id
    corrected = copies.change(now, Edits(), told("text", best, headline="Mine"))
    assert corrected is not None
    assert corrected.lead == best
    corrected = copies.change(now, Edits(), told("text", other, headline="Mine"))
    assert corrected is not None
    assert corrected.lead == ""


def test_another_lead_takes_the_place_of_what_unlocked_posters_had() -> None:
    had = {"one": Tweak(copy_id="c1"), "two": Tweak(copy_id="c1", locked=True)}
    led = copies.change(work(), Edits(posters=had), told("lead", "c2"))
    assert led == Edits(lead="c2", posters={"two": had["two"]})
