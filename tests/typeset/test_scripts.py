"""Every script a merchant may write in: its glyphs, its lines, its marks, its direction."""

from __future__ import annotations

import json
import re

import numpy as np
import pypdfium2
import pytest
import typst
from typeset_kit import caption, copy, plan, request

from aigc.campaign import pixel_box
from aigc.errors import BriefError
from aigc.scene.colours import theme
from aigc.typeset import breaks, choose, content, scripts, sheet
from aigc.typeset.builtin import composed
from aigc.typeset.layouts import FOLDER

COPIES = {
    "en": ("Carry less. Go further.", "Two roomy compartments and padded straps.", "Shop now"),
    "zh-CN": ("轻装出发，随心远行", "双层大容量收纳，透气肩带久背不累。", "立即抢购"),
    "zh-TW": ("輕裝出發，隨心遠行", "雙層大容量收納，透氣肩帶久背不累。", "立即選購"),
    "ja": ("毎日をもっと軽やかに。", "「ちょうどいい」を毎日に、コーヒーメーカー。", "今すぐ購入"),
    "ko": ("가볍게 떠나는 매일의 여행", "넉넉한 수납공간과 편안한 어깨끈으로", "지금 구매"),
    "th": ("เดินทางเบาสบาย ไปได้ไกลกว่าเดิม", "ช่องเก็บของกว้างสองชั้น ใช้ได้ทุกวัน", "ช้อปเลย"),
    "hi": ("हल्का सफ़र, लंबी दूरी", "दो बड़े खाने और मुलायम पट्टियाँ।", "अभी ख़रीदें"),
    "ar": ("سافر بخفّة وانطلق أبعد", "جيبان واسعان وأحزمة مريحة.", "تسوّق الآن"),
    "he": ("פחות משקל, יותר דרך", "שני תאים מרווחים ורצועות.", "לקנייה"),
    "el": ("Ταξίδεψε ελαφριά, πιο μακριά", "Δύο ευρύχωρες θήκες.", "Αγορά"),
    "ru": ("Меньше груза — дальше путь", "Два вместительных отделения.", "Купить"),
    "vi": ("Nhẹ hơn. Đi xa hơn.", "Hai ngăn rộng rãi, quai đệm êm ái.", "Mua ngay"),
}
WIDTHS = (90, 130, 170, 220, 300)


def page(text: str, language: str, width: float, size: float = 30) -> bytes:
    """A headline in a column, as a PDF."""
    planned = plan(language=language, copies=(copy(text),), price="")
    colours = theme(planned.style, planned.caption)
    data = content.sheet_data(planned, planned.copies[0], colours)
    data |= choose.placing(planned, "crown", data["rtl"])
    source = (
        f'#import "/kit.typ": *\n#show: poster\n#context place(top + left, para("headline", '
        f'{size}pt, {width}pt, left, black, wording("headline", "flow", {size}pt, {width}pt).it))'
    )
    return typst.compile(
        source.encode(),
        root=str(FOLDER),
        font_paths=sheet._found(()),
        sys_inputs={"poster": json.dumps(data)},
        format="pdf",
    )


def lines(text: str, language: str, width: float) -> list[str]:
    """Its lines, as a reader of the PDF finds them."""
    with pypdfium2.PdfDocument(page(text, language, width)) as document:
        found = document[0].get_textpage().get_text_range()
    hidden = f"[{breaks.JOINER}{breaks.BREAK}\ufffe]"
    return [each for each in re.sub(hidden, "", found).replace("\r", "").split("\n") if each]


@pytest.mark.parametrize("language", COPIES)
@pytest.mark.parametrize("name", ["instagram-square", "iab-rectangle"])
def test_sets_every_script(language: str, name: str) -> None:
    asked = request(plan(name, language, (copy(*COPIES[language]),), price="199"), "light", "split")
    made = composed(asked.plan, asked.scene)
    assert {"headline", "price", "cta", "product"} <= set(made.boxes)
    headline, product = made.boxes["headline"], made.boxes["product"]
    assert (headline[0] > product[0]) == (language in ("ar", "he"))  # a mirror image
    left, top, right, bottom = pixel_box(headline, asked.plan.channel.size)
    dark = made.pixels[top:bottom, left:right].max(axis=2) < 128
    assert 0.05 < dark.mean() < 0.6  # letters, neither nothing nor boxes


@pytest.mark.parametrize("language", COPIES)
def test_no_mark_reaches_out_of_its_box(language: str) -> None:
    asked = request(
        plan("instagram-square", language, (copy(*COPIES[language]),)), "light", "crown"
    )
    made = composed(asked.plan, asked.scene)
    left, top, right, bottom = pixel_box(made.boxes["headline"], asked.plan.channel.size)
    around = made.pixels[top - 12 : bottom + 12, left - 4 : right + 4].max(axis=2) < 128
    assert not around[:11].any()
    assert not around[-11:].any()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh-CN", "夏日新品，（限时）特惠：双层大容量收纳！透气肩带“久背不累”，风雨无阻。"),
        ("zh-TW", "夏日新品，「限時」特惠：雙層大容量收納！透氣肩帶久背不累。"),
        ("ja", "毎日をもっと軽やかに、ずっと使えるコーヒーメーカー。「いつも」をちょっと特別に！"),
        ("ja", "スーパーコンピューターアーキテクチャーッ"),
    ],
)
def test_no_line_begins_or_ends_as_it_must_not(language: str, text: str) -> None:
    for width in WIDTHS:
        found = lines(text, language, width)
        assert len(found) > 1 or width > 200
        assert "".join(found).replace(" ", "") == text
        for line in found:
            assert line[0] not in "，。：！）”」、・ーァィゥェォッャュョぁぃぅぇぉっゃゅょ", found
            assert line[-1] not in "（“「", found


def test_thai_breaks_between_words() -> None:
    flow = breaks.flowing("สายสะพายนุ่มสบายไม่ปวดไหล่", language="th")["flow"]
    words = [word.replace(breaks.JOINER, "") for word in flow.split(breaks.BREAK)]
    assert "".join(words) == "สายสะพายนุ่มสบายไม่ปวดไหล่"
    assert {"นุ่ม", "ไม่", "ปวด"} <= set(words)
    for word in words:  # no vowel or tone mark without the letter that bears it
        assert not re.match(r"[\u0e30-\u0e3a\u0e45\u0e47-\u0e4e]", word)
    assert breaks.JOINER not in re.findall(r"..(?=[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])", flow)


def test_korean_breaks_at_spaces_while_there_is_room() -> None:
    text = "매일 함께하는 가볍고 튼튼한 백팩, 어디서나 편안하게"
    for width in WIDTHS[1:]:
        assert " ".join(line.strip() for line in lines(text, "ko", width)) == text
    assert len(lines("가나다라마바사아자차카타", "ko", 120)) > 1  # but no word runs out of sight


def test_hindi_keeps_its_full_stop_and_its_conjuncts() -> None:
    text = "हर दिन के लिए हल्का और मज़बूत बैग ।"
    flow = breaks.flowing(text, language="hi")["flow"]
    assert flow.endswith(f"बैग{breaks.STICKY_SPACE}।")
    long = breaks.flowing("क्ष" * 20, language="hi")["flow"]
    assert not re.search(f"\u094d{breaks.BREAK}|{breaks.BREAK}\u094d", long)


def test_signs_stay_before_their_figures_from_right_to_left() -> None:
    flow = breaks.flowing("خصم -30% على Trail Pack بسعر $59", language="ar")["flow"]
    assert f"{breaks.LEFT_TO_RIGHT}-30%" in flow
    assert f"{breaks.LEFT_TO_RIGHT}$59" in flow
    with pypdfium2.PdfDocument(page("خصم -30%", "ar", 400)) as document:
        found = document[0].get_textpage()
        text = found.get_text_range()
        left = {sign: found.get_charbox(text.index(sign))[0] for sign in "-3%خ"}
    assert left["-"] < left["3"] < left["%"] < left["خ"]


def test_joined_letters_are_not_spaced() -> None:
    for language in ("ar", "hi", "th"):
        planned = plan(language=language, copies=(copy(*COPIES[language]),))
        data = content.sheet_data(planned, planned.copies[0], theme(planned.style, caption()))
        assert data["tracking"] == 0
        assert data["text"]["headline"]["joined"]
        assert not data["text"]["brand"]["joined"]


@pytest.mark.parametrize(
    ("text", "letter"), [("မြန်မာ", "MYANMAR LETTER MA"), ("தமிழ்", "TAMIL LETTER TA")]
)
def test_names_the_letter_that_cannot_be_set(text: str, letter: str) -> None:
    with pytest.raises(BriefError, match=rf"copy\.body = .*U\+.*{letter}.*Thai"):
        request(plan(language="my", copies=(copy("Tea", text),)))


def test_joiners_stay_where_they_change_a_word_and_go_with_emoji() -> None:
    from aigc.typeset import faces, words

    known = faces.glyphs()
    assert words.clean("می\u200cخواهم", "x", known) == "می\u200cخواهم"
    assert words.clean("क\u094d\u200dष", "x", known) == "क\u094d\u200dष"
    assert words.clean("tea\u200d👩\u200d👧", "x", known) == "tea"


@pytest.mark.parametrize("weight", [600, 800])
def test_headlines_of_every_script_are_bold(weight: int) -> None:
    from pathlib import Path

    from fontTools.ttLib import TTFont

    from aigc._engines import fonts

    cut = list(Path(fonts.folders()[0]).glob("*.ttf"))
    for family in set(fonts.FAMILIES) - {fonts.CJK}:
        own = [path for path in cut if path.stem.rsplit("-", 1)[0] == family.replace(" ", "")]
        weights = set()
        for path in own:
            with TTFont(path, lazy=True) as font:
                weights.add(font["OS/2"].usWeightClass)
        assert min(weights, key=lambda each: abs(each - weight)) in (700, 800), family


def test_reach_grows_with_the_marks() -> None:
    plain, viet, thai = (scripts.edges([text]) for text in ("ace", "Ổ", "ปั๊ม"))
    assert plain[0] < viet[0] <= thai[0]
    assert scripts.edges(["ญู"])[1] < thai[1]
    assert np.ptp(scripts.edges(["汉字"])) < 1


@pytest.mark.parametrize(
    ("language", "region"),
    [
        ("zh", "cn"),
        ("zh_TW", "tw"),
        ("zh-Hant-HK", "hk"),
        ("ja-JP", "jp"),
        ("ko", "kr"),
        ("th", None),
    ],
)
def test_shared_characters_have_their_own_shapes(language: str, region: str | None) -> None:
    assert scripts.region(language) == region
    drawn = []
    for tongue in (language, "zh-CN"):
        asked = request(plan(language=tongue, copies=(copy("直骨角"),), price=""), "light", "crown")
        made = composed(asked.plan, asked.scene)
        left, top, right, bottom = pixel_box(made.boxes["headline"], (1080, 1080))
        drawn.append(made.pixels[top:bottom, left:right])
    same = drawn[0].shape == drawn[1].shape and np.array_equal(*drawn)
    assert same == (region in ("cn", None) and language != "th")
