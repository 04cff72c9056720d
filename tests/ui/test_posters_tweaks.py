"""What the posters' controls change in a campaign's corrections."""

from typing import Any

import pytest
from posters_kit import finished

from aigc.campaign import Edits, Tweak
from aigc.errors import BriefError
from aigc.revise import layouts
from ui.review.tweaks import change
from ui.review.work import Work

POSTER, OTHER = "instagram-square", "iab-leaderboard"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """A finished campaign of two posters."""
    return finished(tmp_path_factory.mktemp("campaign"), channels=[POSTER, OTHER], style="fresh")


def told(do: str, **more: Any) -> dict[str, Any]:
    """What an event of a poster says."""
    return {"do": do, "poster": POSTER, "value": "", **more}


def tweaked(work: Work, edits: Edits = Edits(), **fields: Any) -> Tweak:  # noqa: B008
    """The poster's tweak after its form was sent with these fields."""
    after = change(work, edits, told("tweak", fields=fields))
    assert after is not None
    return after.posters.get(POSTER, Tweak())


def _layout(work: Work) -> str:
    """The layout that the poster has."""
    return next(each.layout for each in work.campaign.posters if each.id == POSTER)


def test_a_form_says_percent_and_a_tweak_fractions(work: Work) -> None:
    tweak = tweaked(work, product_x="6", product_y="-2.5", text_y="10", scale="120")
    assert tweak.model_copy(update={"layout": ""}) == Tweak(
        product=(0.06, -0.025), text=(0.0, 0.1), scale=1.2
    )


def test_what_is_moved_keeps_its_layout(work: Work) -> None:
    own = _layout(work)
    assert tweaked(work, product_x="6").layout == own
    other = next(name for name in layouts(work.campaign, POSTER) if name != own)
    assert tweaked(work, product_x="6", layout=other).layout == other
    assert tweaked(work, copy_id="c2").layout == ""


def test_what_a_form_does_not_say_stays(work: Work) -> None:
    had = Tweak(product=(0.1, 0.2), seed=9, layout=_layout(work))
    edits = Edits(posters={POSTER: had, OTHER: Tweak(scale=1.5)})
    after = change(work, edits, told("tweak", fields={"product_y": "0", "copy_id": "c2"}))
    assert after is not None
    assert after.posters == {
        POSTER: had.model_copy(update={"product": (0.1, 0.0), "copy_id": "c2"}),
        OTHER: Tweak(scale=1.5),
    }


def test_a_poster_that_is_as_the_others_leaves_no_trace(work: Work) -> None:
    edits = Edits(posters={POSTER: Tweak(product=(0.1, 0.0))})
    after = change(work, edits, told("tweak", fields={"product_x": ""}))
    assert after == Edits()
    assert change(work, edits, told("reset")) == Edits()


@pytest.mark.parametrize(
    "fields",
    [
        {"product_x": "nan"},
        {"product_x": "inf"},
        {"product_x": "1e309"},
        {"product_x": "100.1"},
        {"text_y": "-9" * 5000},
        {"product_y": "left"},
        {"product_y": None},
        {"product_y": True},
        {"product_y": ["1"]},
        {"scale": "0"},
        {"scale": 10**400},
        {"copy_id": "c99"},
        {"copy_id": 1},
        {"layout": "../../etc/passwd"},
        {"style": "<b>"},
        {"style": ["fresh"]},
        {"locked": "1"},
        {"seed": "1"},
    ],
)
def test_fields_that_no_form_of_ours_sends_change_nothing(
    work: Work, fields: dict[str, Any]
) -> None:
    with pytest.raises(BriefError) as raised:
        change(work, Edits(), told("tweak", fields=fields))
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    "poster", [None, "", "amazon-main", "../x", 7, ["x"], {"a": 1}, "x" * 9999]
)
@pytest.mark.parametrize("do", ["tweak", "again", "reset", "keep"])
def test_a_poster_that_the_campaign_has_not_is_refused(work: Work, do: str, poster: Any) -> None:
    with pytest.raises(BriefError, match="this campaign has none") as raised:
        change(work, Edits(), {"do": do, "poster": poster, "value": "1", "fields": {}})
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize("fields", [None, "x", 3, []])
def test_a_form_without_fields_is_refused(work: Work, fields: Any) -> None:
    with pytest.raises(BriefError, match="nothing is said"):
        change(work, Edits(), told("tweak", fields=fields))


@pytest.mark.parametrize("do", [None, "", "undo", 3, ["tweak"], "__class__"])
def test_other_events_are_none_of_the_posters(work: Work, do: Any) -> None:
    assert change(work, Edits(), {"do": do, "poster": POSTER}) is None


def test_another_backdrop_has_a_seed_that_no_poster_had(work: Work) -> None:
    first = change(work, Edits(), told("again"))
    assert first is not None
    assert first.posters == {POSTER: Tweak(seed=4)}
    second = change(work, first, {**told("again"), "poster": OTHER})
    assert second is not None
    assert second.posters[OTHER].seed == 5
    assert change(work, second, told("backdrops")) == Edits(seed=6)


def test_the_seed_after_the_last_is_the_first(work: Work) -> None:
    after = change(work, Edits(seed=2**32 - 1), told("backdrops"))
    assert after is not None
    assert after.seed == 0


def test_a_kept_poster_stays_while_the_others_change(work: Work) -> None:
    kept = change(work, Edits(), told("keep", value="1"))
    assert kept is not None
    poster = next(each for each in work.campaign.posters if each.id == POSTER)
    tweak = kept.posters[POSTER]
    assert (tweak.locked, tweak.copy_id, tweak.seed) == (True, poster.copy_id, 3)
    edits = kept.model_copy(update={"posters": {**kept.posters, OTHER: Tweak(style="promo")}})
    styled = change(work, edits, told("style", value="luxury-dark"))
    assert styled == Edits(style="luxury-dark", posters={POSTER: tweak})
    moved = change(work, styled, told("backdrops"))
    assert moved is not None
    assert (moved.posters, moved.seed) == ({POSTER: tweak}, 4)
    free = change(work, moved, told("keep", value="0"))
    assert free is not None
    assert free.posters[POSTER] == tweak.model_copy(update={"locked": False})
    followed = change(work, free, told("style", value="fresh"))
    assert followed is not None
    assert followed.posters[POSTER].style == ""


@pytest.mark.parametrize("style", [None, 1, "no-such", ["fresh"], "x" * 9999])
def test_a_style_that_there_is_not_is_refused(work: Work, style: Any) -> None:
    with pytest.raises(BriefError, match="cannot take it"):
        change(work, Edits(), told("style", value=style))
