"""The judge's checks: each finds what it is for in a finished file, and lets good posters be."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from typeset_kit import backdrop, caption, cutout, finished, plan, request

from aigc.campaign import Box, Mark, Pixels, Poster, Verdict
from aigc.channels import Channel, channel
from aigc.typeset.judge import Case, ground, judge
from aigc.typeset.judge.parts import canvas, parts
from aigc.typeset.judge.rules import Rule, mark, rules

DOCS = Path(__file__).parents[2] / "docs" / "judge.md"


def case(name: str = "instagram-square", kind: str = "light", layout: str = "auto") -> Case:
    """A poster as it is typeset, its pixels read from its file."""
    return finished(request(plan(name), kind, layout))


def changed(made: Case, **poster: Any) -> Verdict:
    """The verdict on a poster of which something is different."""
    return judge(made._replace(poster=made.poster.model_copy(update=poster)))


def found(verdict: Verdict, check: str) -> Mark:
    return next(each for each in verdict.marks if each.check == check)


@pytest.fixture(scope="module")
def good() -> Case:
    return case()


@pytest.mark.parametrize("name", ["instagram-square", "instagram-story", "iab-leaderboard"])
def test_passes_what_is_typeset_on_a_calm_ground(name: str) -> None:
    verdict = judge(case(name))
    assert verdict.passed, [each.remedy for each in verdict.at("fail")]
    assert verdict.metrics["overlay"] == 0
    assert verdict.metrics["underlay_strict"] == 1
    assert verdict.metrics["occlusion"] == 0


def test_says_the_same_of_pixels_at_hand_and_of_the_file(good: Case) -> None:
    with Image.open(io.BytesIO(good.poster.data)) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert changed(good, picture=pixels) == judge(good)


def moved(good: Case, **boxes: Box) -> Verdict:
    return changed(good, boxes={**good.poster.boxes, **boxes})


def test_finds_elements_on_each_other_and_on_the_product(good: Case) -> None:
    body, product = good.poster.boxes["body"], good.poster.boxes["product"]
    over = found(moved(good, headline=body), "overlay")
    assert over.level == "fail"
    assert "headline and body" in over.remedy
    middle = [(product[i] + product[i + 2]) / 2 for i in (0, 1)]
    there = (middle[0] - 0.1, middle[1] - 0.05, middle[0] + 0.1, middle[1] + 0.05)
    verdict = moved(good, headline=there)
    assert found(verdict, "covering").level == "fail"
    assert verdict.metrics["occlusion"] > 0.2


def test_what_covers_is_the_cut_outs_alpha_not_its_box() -> None:
    made = case()
    left, top = made.poster.boxes["product"][:2]
    corner = (left, top, left + 0.04, top + 0.03)  # of an ellipse's box nothing is there
    assert found(moved(made, headline=corner), "covering").value < 0.01
    solid = caption(cutout=np.dstack([cutout()[..., :3], np.full((320, 240), 255, np.uint8)]))
    there = made.poster.model_copy(update={"boxes": {**made.poster.boxes, "headline": corner}})
    verdict = judge(made._replace(caption=solid, poster=there))
    assert found(verdict, "covering").value > 0.9


def test_finds_a_panel_that_ends_within_a_text_and_one_without_any(good: Case) -> None:
    left, top, right, bottom = good.poster.boxes["headline"]
    half = moved(good, panel=(left, top, (left + right) / 2, bottom))
    assert found(half, "straddling").level == "fail"
    empty = moved(good, panel=(0.9, 0.9, 0.99, 0.99))
    assert found(empty, "underlay").level == "fail"
    assert empty.metrics["underlay_strict"] == 0.5  # the button's own is the other


def test_finds_a_rough_ground_but_not_under_a_panel(good: Case) -> None:
    rough = good._replace(backdrop=backdrop("stripes", good.poster.size))
    assert found(judge(rough), "readability").level == "fail"
    covered = rough._replace(
        poster=rough.poster.model_copy(
            update={"boxes": {**rough.poster.boxes, "panel": (0.0, 0.0, 1.0, 1.0)}}
        )
    )
    assert found(judge(covered), "readability").value == 0


def test_finds_text_at_the_edge_and_under_an_apps_buttons() -> None:
    story = case("instagram-story")
    left, _, right, _ = story.poster.boxes["headline"]
    high = moved(story, headline=(left, 0.02, right, 0.1))
    assert found(high, "safe-area").level == "fail"
    edge = moved(story, headline=(0.0, 0.3, right, 0.35))
    assert found(edge, "margin").level == "fail"


def test_sizes_are_judged_as_they_are_seen(good: Case) -> None:
    sizes = {**good.poster.sizes, "body": 18.0}
    verdict = changed(good, sizes=sizes)
    size = found(verdict, "text-size")
    assert size.value == pytest.approx(18 * good.channel.seen / 1080, abs=0.01)
    assert size.level == "fail"
    near = good._replace(
        channel=good.channel.model_copy(update={"seen": 0}),
        poster=good.poster.model_copy(update={"sizes": sizes}),
    )
    assert found(judge(near), "text-size").level == "pass"


def test_finds_what_the_poster_does_not_say(good: Case) -> None:
    said = good.poster.texts or {}
    assert "body" in said
    without = {name: text for name, text in said.items() if name != "body"}
    dropped = found(changed(good, texts=without), "missing")
    assert dropped.level == "fail"
    assert dropped.remedy.startswith("body:")
    cut = found(changed(good, texts={**said, "headline": said["headline"][:-4] + "…"}), "missing")
    assert cut.remedy.startswith("headline:")
    respaced = {**said, "headline": said["headline"].replace(" ", "\u00a0")}
    assert found(changed(good, texts=respaced), "missing").level == "pass"


def test_a_small_banner_may_leave_the_body_out_but_not_the_price() -> None:
    small = case("iab-rectangle")
    said = small.poster.texts or {}
    less = {name: text for name, text in said.items() if name != "body"}
    verdict = changed(small, texts=less)
    assert (found(verdict, "missing").level, found(verdict, "left-out").level) == ("pass", "warn")
    less.pop("price")
    assert found(changed(small, texts=less), "missing").level == "fail"


def test_a_typesetter_that_does_not_tell_is_not_blamed(good: Case) -> None:
    checks = {each.check for each in changed(good, texts=None).marks}
    assert not checks & {"missing", "left-out", "forbidden"}


def test_finds_files_that_the_channel_refuses(good: Case) -> None:
    small = good.channel.model_copy(update={"max_bytes": 1000})
    assert found(judge(good._replace(channel=small)), "bytes").level == "fail"
    png = good.channel.model_copy(update={"format": "png"})
    assert "not 1080×1080 png" in found(judge(good._replace(channel=png)), "file").remedy
    other = channel("instagram-portrait")
    assert found(judge(good._replace(channel=other)), "file").level == "fail"


def white(grey: int = 255) -> Case:
    row = channel("amazon-main")
    size = (400, 400)
    row = row.model_copy(update={"size": size})
    picture = np.full((400, 400, 3), grey, np.uint8)
    poster = Poster(
        id="p",
        channel=row.name,
        file="typeset/p.jpg",
        size=size,
        copy_id="",
        scene_id="s",
        layout="plain",
        boxes={"product": (0.05, 0.05, 0.95, 0.95)},
        contrast={},
        texts={},
        picture=picture,
        data=b"x",
    )
    made = plan()
    return Case(poster, row, made.brief, caption(), made.copies[0], picture)


def test_white_channels_want_white_a_large_product_and_no_word() -> None:
    assert judge(white()).passed
    assert found(judge(white(254)), "white-ground").level == "fail"
    small = moved(white(), product=(0.3, 0.3, 0.7, 0.7))
    assert found(small, "fill").level == "fail"
    lettered = moved(white(), headline=(0.1, 0.01, 0.9, 0.04))
    assert found(lettered, "forbidden").remedy.startswith("headline:")


def test_a_slender_product_is_not_small_but_a_speck_is() -> None:
    strap = np.zeros((300, 300, 4), np.uint8)
    strap[np.abs(np.subtract.outer(np.arange(300), np.arange(300))) < 12] = 255
    made = case()
    long = judge(made._replace(caption=caption(cutout=strap)))
    assert found(long, "product-share").level == "pass"
    speck = moved(made, product=(0.45, 0.45, 0.55, 0.55))
    assert found(speck, "product-share").level == "fail"


def test_a_doubtful_cut_out_is_worth_a_look(good: Case) -> None:
    doubtful = judge(good._replace(caption=caption(confidence=0.84)))
    assert found(doubtful, "cut-out").level == "warn"
    assert doubtful.passed


def test_a_poster_of_nothing_is_judged_all_the_same(good: Case) -> None:
    verdict = changed(good, boxes={}, contrast={}, texts={}, sizes={})
    assert verdict.metrics["validity"] is None
    assert verdict.metrics["occlusion"] is None
    assert not verdict.passed  # no product, no headline


def test_the_whole_photos_focus_is_what_counts() -> None:
    photo = caption(
        cutout=np.full((300, 300, 4), 255, np.uint8),
        subject=(0.0, 0.0, 1.0, 1.0),
        focus=(0.25, 0.25, 0.75, 0.75),
    )
    made = case()
    boxes = {"product": (0.0, 0.0, 1.0, 1.0), "subject": (0.25, 0.25, 0.75, 0.75)}
    poster = made.poster.model_copy(update={"boxes": boxes})
    _, saliency = canvas(poster, made.channel, photo, made.backdrop)
    assert saliency.mean() == pytest.approx(0.25, abs=0.01)


def test_a_button_is_an_underlay_with_its_words_within(good: Case) -> None:
    sorted_out = parts(good.poster)
    assert sorted_out.panels["panel-cta"] == good.poster.boxes["cta"]
    left, top, right, bottom = sorted_out.texts["cta"]
    outer = good.poster.boxes["cta"]
    assert outer[0] < left < right < outer[2]
    assert outer[1] < top < bottom < outer[3]


# Contrast in pixels --------------------------------------------------------------------------


def lettered(paper: Any, ink: Any, size: int, text: str = "Read me, please") -> tuple[Pixels, Box]:
    """Text drawn on a paper (h, w, 3) or of one colour, and its box."""
    picture = np.empty((160, 700, 3), np.uint8)
    picture[:] = paper
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    left, top, right, bottom = draw.textbbox((40, 40), text, font)
    draw.text((40, 40), text, ink, font)
    box = (left / 700, top / 160, right / 700, bottom / 160)
    return np.asarray(image), box


PAIRS = [((255, 255, 255), "#000000", 21.0), ((255, 255, 255), "#767676", 4.54)]


@pytest.mark.parametrize(("paper", "ink", "wanted"), [*PAIRS, ((20, 20, 20), "#eeeeee", 15.9)])
@pytest.mark.parametrize("size", [12, 24, 60])
def test_measures_contrast_in_the_picture(paper: Any, ink: str, wanted: float, size: int) -> None:
    picture, box = lettered(paper, ink, size)
    assert ground.reached(picture, box, size, ink) == pytest.approx(wanted, rel=0.08)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert ground.reached(decoded, box, size, ink) == pytest.approx(wanted, rel=0.2)


@pytest.mark.parametrize("size", [24, 60])
def test_finds_the_ink_where_none_is_told(size: int) -> None:
    picture, box = lettered((255, 255, 255), "#767676", size)
    assert ground.reached(picture, box, size) == pytest.approx(4.54, rel=0.15)


def test_finds_where_the_ink_is_lost_on_part_of_the_ground() -> None:
    """White on black is easy; a white patch behind some of the letters is not."""
    paper = np.zeros((160, 700, 3), np.uint8)
    paper[:, 200:320] = 255
    picture, box = lettered(paper, "#ffffff", 40)
    assert ground.reached(picture, box, 40, "#ffffff") < 1.5


def test_no_letters_are_no_contrast() -> None:
    picture = np.full((160, 700, 3), 200, np.uint8)
    assert ground.reached(picture, (0.1, 0.2, 0.9, 0.8), 40, "#000000") == 1
    assert ground.reached(picture, (1.5, 1.5, 1.6, 1.6), 40, "#000000") == 1


def test_the_poster_whose_text_is_lost_fails(good: Case) -> None:
    """Typeset recorded a good contrast; the file says otherwise."""
    faint = changed(good, inks=dict.fromkeys(good.poster.inks, "#e8e8e8"))
    assert good.poster.contrast["headline"] > 4.5
    assert found(faint, "contrast-large").level == "fail"


# The table -----------------------------------------------------------------------------------


def test_every_rule_has_a_reason_and_stands_in_the_docs() -> None:
    text = DOCS.read_text("utf-8")
    for name, rule in rules().items():
        assert rule.reason.endswith(".")
        assert rule.warn is not None or rule.fail is not None
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        for threshold in (rule.warn, rule.fail):
            assert threshold is None or f"{threshold:g}" in row, name


def test_marks_say_what_is_wrong_and_what_was_wanted() -> None:
    worse = mark("contrast", 2.0, "body")
    assert (worse.level, worse.threshold) == ("fail", rules()["contrast"].fail)
    assert worse.remedy.startswith("body: contrast 2, at least")
    assert mark("contrast", 9.0, "body") == Mark(
        check="contrast", level="pass", value=9.0, threshold=4.3
    )
    assert mark("covering", 0.05).level == "warn"
    assert isinstance(rules()["file"], Rule)
    assert not rules()["file"].layout


def test_print_is_seen_from_afar() -> None:
    from aigc.channels import all_channels
    from aigc.typeset.judge.checks import seen

    prints = [row for row in all_channels().values() if row.print is not None]
    assert prints
    for row in prints:
        assert seen(row) > 0
    far = _viewed(prints[0], 10.0)
    assert seen(far) == pytest.approx(seen(_viewed(prints[0], 1.0)) / 10)


def _viewed(row: Channel, view: float) -> Channel:
    assert row.print is not None
    return row.model_copy(update={"print": row.print.model_copy(update={"view": view})})
