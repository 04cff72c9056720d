"""The gallery: what it says of each poster, and that a merchant's words stay words."""

import html
import json
import re
from typing import Any

import pytest
from posters_kit import desk, finished

from aigc.campaign import Edits, Mark, Tweak, Verdict
from aigc.typeset import layouts
from aigc.typeset.judge.rules import mark, rules
from ui.review import marks, posters, zoom
from ui.review.work import Work
from ui.words import LANGUAGES, all_words, speaker

EVIL = "<img src=x onerror=alert(1)>\"'&{{7*7}}${alert(1)}"
CHANNELS = ["instagram-story", "iab-leaderboard", "instagram-square", "jd-main"]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """A finished campaign whose words are markup."""
    fields = {"channels": CHANNELS, "name": EVIL, "style": "fresh", "price": "<b>1</b>"}
    return finished(tmp_path_factory.mktemp("campaign"), **fields)


def corrected(work: Work, **update: Any) -> Work:
    """The campaign with its first poster changed."""
    first, *others = work.campaign.posters
    changed = (first.model_copy(update=update), *others)
    return work._replace(campaign=work.campaign.model_copy(update={"posters": changed}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_poster_has_its_place_before_its_picture_comes(work: Work, language: str) -> None:
    drawn = posters.gallery(desk(work, language), work)
    images = re.findall(r"<img [^>]*>", drawn)
    assert len(images) == len(CHANNELS)
    for image in images:
        assert 'loading="lazy"' in image
        assert re.search(r'width="\d+" height="\d+"', image)
    assert 'width="728" height="90"' in drawn


def test_a_banner_across_the_page_comes_after_the_others(work: Work) -> None:
    hung = posters.hung(posters.shown(desk(work), work))
    assert [one.poster.id for one in hung] == [
        "instagram-square", "jd-main", "instagram-story", "iab-leaderboard",
    ]  # fmt: skip


def test_words_of_a_merchant_are_shown_as_words(work: Work) -> None:
    drawn = posters.gallery(desk(work), corrected(work, texts={"headline": EVIL}))
    assert EVIL not in drawn
    assert "<img src=x" not in drawn
    assert "<b>1</b>" not in drawn
    assert html.escape(EVIL, quote=False)[:20] in drawn


def test_a_poster_made_again_has_another_address(work: Work) -> None:
    def address() -> str:
        return posters.shown(desk(work), work)[0].url

    before, file = address(), work.folder / work.campaign.posters[0].shown
    assert before == address()
    file.write_bytes(file.read_bytes() + b"\0")
    assert before != address()
    assert before.split("?")[0] == address().split("?")[0]


def test_a_download_is_named_after_the_product(work: Work) -> None:
    one = posters.shown(desk(work), work)[0]
    assert re.fullmatch(r"/work/[^/]+/typeset/[\w.-]+\?v=[0-9a-f]+&download=1", one.download)
    assert one.saved_as.endswith(f"-{one.poster.id}.jpg")
    assert "<" not in one.saved_as


def test_what_is_offered_fits_the_poster(work: Work) -> None:
    by_id = {one.poster.id: one for one in posters.shown(desk(work), work)}
    white = by_id["jd-main"]
    assert white.alone
    assert not white.painted
    assert by_id["instagram-square"].painted
    assert {each.name for each in by_id["instagram-square"].layouts} > {"crown", "sale"}


def test_a_kept_poster_is_marked_and_one_that_was_changed_can_be_reset(work: Work) -> None:
    edits = Edits(posters={"instagram-square": Tweak(locked=True), "jd-main": Tweak(scale=1.1)})
    brief = work.campaign.brief.model_copy(update={"edits": edits})
    changed = work._replace(campaign=work.campaign.model_copy(update={"brief": brief}))
    drawn = html.unescape(posters.gallery(desk(changed), changed))
    assert drawn.count('class="posters-kept"') == 1
    assert re.findall(r'data-do="reset" data-poster="([\w-]+)"', drawn) == ["jd-main"]
    assert (
        '<input id="zoom-scale" type="number" inputmode="decimal" name="scale" value="110"' in drawn
    )


def test_texts_move_as_one_and_what_stands_at_the_edge_stays(work: Work) -> None:
    boxes = {
        "product": (0.2, 0.2, 0.8, 0.8),
        "panel": (0.0, 0.7, 1.0, 1.0),
        "panel-2": (0.1, 0.1, 0.9, 0.3),
        "headline": (0.2, 0.1, 0.8, 0.2),
    }
    found = posters.grips(work.campaign.posters[0].model_copy(update={"boxes": boxes}))
    assert found == {"product": [boxes["product"]], "text": [boxes["panel-2"], boxes["headline"]]}


def test_where_parts_stand_reaches_the_script_whole(work: Work) -> None:
    drawn = posters.gallery(desk(work), work)
    found = re.findall(r'data-grips="([^"]*)"', drawn)
    assert [list(json.loads(html.unescape(each))) for each in found] == [["product"]] * len(found)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("check", rules())
def test_each_check_has_a_sentence(work: Work, language: str, check: str) -> None:
    found = Mark(check=check, level="warn", value=0, threshold=1, remedy=f"cta: {check} 0; do it")
    verdict = Verdict(metrics={}, marks=(found,))
    poster = work.campaign.posters[0].model_copy(update={"verdict": verdict})
    (said,) = marks.said(speaker(language), poster)
    assert said.level == "warn"
    assert found.remedy not in said.text
    assert "{" not in said.text


def test_marks_name_the_parts_that_they_are_about_the_worst_first(work: Work) -> None:
    verdict = Verdict(
        metrics={},
        marks=(
            mark("margin", 0.018, "cta"),
            mark("overlay", 0.4, "headline and price"),
            mark("contrast", 9.0, "body"),
        ),
    )
    poster = work.campaign.posters[0].model_copy(update={"verdict": verdict})
    said = marks.said(speaker("zh"), poster)
    assert [each.level for each in said] == ["fail", "warn"]
    assert "（标题、价格）" in said[0].text
    assert "（按钮）" in said[1].text
    unknown = Verdict(
        metrics={}, marks=(mark("margin", 0.01, "cta").model_copy(update={"check": "new"}),)
    )
    assert (
        "margin"
        in marks.said(speaker("zh"), poster.model_copy(update={"verdict": unknown}))[0].text
    )


def test_every_layout_has_a_drawing_and_a_name_in_each_language() -> None:
    assert posters.plans().keys() == layouts.all_layouts().keys()
    for language in LANGUAGES:
        words = all_words(language)
        assert {f"posters.layout_{name}" for name in layouts.all_layouts()} <= words.keys()
    for sides in posters.plans().values():
        assert sides.keys() == {"tall", "broad"}
        for part in (part for parts in sides.values() for part in parts):
            assert 0 <= part.x <= part.x + part.width <= 100
            assert 0 <= part.y <= part.y + part.height <= 100


def test_every_style_can_be_chosen_for_all(work: Work) -> None:
    view = zoom.view(desk(work).page)
    offered = re.findall(r'data-do="style" value="([\w-]+)"', view.value)
    assert offered == ["auto", *zoom.styles()]


def test_sizes_are_said_as_people_say_them() -> None:
    said = [posters.as_bytes(count) for count in (0, 1499, 999_499, 999_500, 1_900_000)]
    assert said == ["1 kB", "1 kB", "999 kB", "1.0 MB", "1.9 MB"]
