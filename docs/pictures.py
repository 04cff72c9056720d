"""Remakes the pictures in docs/images from the examples: python docs/pictures.py."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

import aigc
from aigc import catalogue, styles

ROOT = Path(__file__).parent.parent
WIDTH, GAP = 1400, 10

# Brief and channel of each poster of the first picture, row by row.
FIRST = [
    [("coffee.yaml", "instagram-square"), ("teapot.yaml", "xiaohongshu"),
     ("speaker.json", "instagram-square")],
    [("speaker.json", "google-landscape"), ("teapot.yaml", "taobao-main"),
     ("lamp.toml", "instagram-portrait")],
]  # fmt: skip
# Style, language, price, headline, body, button.
TONGUES = [
    (
        "ramadan",
        "ar",
        "219 ر.س",
        "صوت يملأ المطبخ",
        "12 ساعة من التشغيل، وغطاء منسوج.",
        "تسوّق الآن",
    ),
    ("diwali", "hi", "₹4,999", "रसोई भर संगीत", "12 घंटे तक चले, बुना हुआ आवरण।", "अभी खरीदें"),
    ("playful-kids", "th", "฿1,990", "เสียงเพลงเต็มห้องครัว", "เล่นได้นาน 12 ชั่วโมง หุ้มผ้าทอ", "ซื้อเลย"),
    (
        "minimal",
        "ja",
        "¥8,900",
        "台所に、音楽を。",
        "12時間の連続再生。織り布のカバー。",
        "詳しく見る",
    ),
    ("fresh", "ko", "₩79,000", "주방을 채우는 음악", "12시간 연속 재생, 직물 커버.", "지금 구매"),
    ("mid-autumn", "zh-TW", "NT$1,790", "讓廚房有音樂", "連續播放 12 小時，織布外罩。", "立即選購"),
    (
        "tech",
        "de",
        "59 €",
        "Musik für die Küche",
        "12 Stunden Spielzeit, gewebter Bezug.",
        "Jetzt ansehen",
    ),
    ("retro", "el", "59 €", "Μουσική στην κουζίνα", "12 ώρες ήχου, υφαντό κάλυμμα.", "Δείτε το"),
]


def main() -> None:
    """Make the campaigns, and the pictures from their posters."""
    images = Path(__file__).parent / "images"
    speaker = aigc.load_brief(ROOT / "examples" / "speaker.json")
    plain = {"date": "", "market": "", "variants": 1, "channels": ("instagram-square",)}
    with tempfile.TemporaryDirectory() as outputs:

        def posters(brief: aigc.Brief, **changes: Any) -> dict[str, Image.Image]:
            made = aigc.run(brief.model_copy(update=changes), outputs=outputs)
            read: dict[str, Image.Image] = {}
            for poster in made.posters:
                if poster.file.endswith("jpg"):
                    picture = Image.open(Path(made.folder) / poster.file)
                    read.setdefault(poster.channel, picture.convert("RGB"))
            return read

        names = sorted({name for row in FIRST for name, _ in row})
        made = {name: posters(aigc.load_brief(ROOT / "examples" / name)) for name in names}
        rows = [[made[name][channel] for name, channel in row] for row in FIRST]
        _save(rows, images / "campaign.jpg")

        looks = [
            posters(speaker, style=name, **plain)["instagram-square"]
            for name in sorted(styles.all_styles())
        ]
        _save(_rows(looks, 6), images / "styles.jpg")

        told = [
            posters(
                speaker.model_copy(update=plain),
                style=style,
                language=language,
                price=price,
                was="",
                discount="",
                texts=(aigc.OwnCopy(headline=headline, body=body, cta=cta),),
            )["instagram-square"]
            for style, language, price, headline, body, cta in TONGUES
        ]
        _save(_rows(told, 4), images / "languages.jpg")

        products = catalogue.read(ROOT / "examples" / "catalogue.csv")
        for _ in aigc.batch(products.entries(), outputs=f"{outputs}/batch"):
            pass
        _photograph(Path(outputs) / "batch" / "index.html", images / "batch.jpg")


def _photograph(page: Path, path: Path) -> None:
    """Take a picture of a page, once all of its pictures are there."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
        view = browser.new_page(viewport={"width": 1400, "height": 1280})
        view.goto(page.resolve().as_uri())
        view.wait_for_function("[...document.images].every(each => each.complete)")
        path.write_bytes(view.screenshot(type="jpeg", quality=88))
        browser.close()


def _rows(pictures: Sequence[Image.Image], count: int) -> list[Sequence[Image.Image]]:
    return [pictures[at : at + count] for at in range(0, len(pictures), count)]


def _save(rows: Iterable[Sequence[Image.Image]], path: Path) -> None:
    """Lay pictures in rows of the same width, each row's pictures of one height."""
    laid = []
    for row in rows:
        height = round(
            (WIDTH - GAP * (len(row) - 1)) / sum(each.width / each.height for each in row)
        )
        laid.append(
            [each.resize((round(each.width / each.height * height), height)) for each in row]
        )
    tall = sum(row[0].height for row in laid) + GAP * (len(laid) - 1)
    sheet = Image.new("RGB", (WIDTH, tall), "white")
    top = 0
    for row in laid:
        left = 0
        for each in row:
            sheet.paste(each, (left, top))
            left += each.width + GAP
        top += row[0].height + GAP
    sheet.save(path, quality=88)


if __name__ == "__main__":
    main()
