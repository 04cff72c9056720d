"""The contact sheet: a page that stands alone and shows merchants' words as words."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from aigc import export, pipeline, sheet
from aigc.campaign import Mark, Verdict
from aigc.recipe import Recipe

HOSTILE = "<script>alert(1)</script> & \"quotes\" 'too' <b>"


class Page(HTMLParser):
    """Collects what a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.words.append(data)


def page(fields: dict[str, Any], recipe: Recipe, outputs: Path) -> tuple[Page, Path]:
    """Make a campaign and read its page."""
    folder = Path(pipeline.run(fields, recipe, outputs=outputs).folder)
    return Page((folder / "index.html").read_text("utf-8")), folder


def test_words_are_words(fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path) -> None:
    hostile = fields | {
        "name": HOSTILE,
        "features": [HOSTILE],
        "price": "<i>1</i>",
        "brand": {"name": HOSTILE},
    }
    shown, _ = page(hostile, plain_recipe, tmp_path / "o")
    assert not {"script", "b", "i"} & {tag for tag, row in shown.tags if not row.get("style")}
    assert not any(name.startswith("on") for _, row in shown.tags for name in row)
    text = " ".join(shown.words)
    assert text.count(HOSTILE) >= 3
    assert "<i>1</i>" in text


def test_everything_is_shown(fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path) -> None:
    shown, folder = page(fields, plain_recipe, tmp_path / "o")
    made = export.load(folder)
    sources = {row["src"] for tag, row in shown.tags if tag == "img"}
    assert sources == {"photo.png", "cutout.png", *(poster.file for poster in made.posters)}
    text = " ".join(shown.words)
    for copy in made.copies:
        assert copy.headline in text
    for score in made.ranking:
        assert all(name in text for name in score.parts)
    assert made.caption is not None
    assert made.caption.text in text


def test_posters_stand_by_platform_with_their_bytes_and_their_limit(
    fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path
) -> None:
    asked = fields | {
        "channels": ["jd-main", "iab-rectangle", "jd-scene", "iab-mobile", "google-square-600"],
        "variants": 2,
    }
    shown, folder = page(asked, plain_recipe, tmp_path / "o")
    made = export.load(folder)
    platforms = [row["id"] for tag, row in shown.tags if tag == "h3" and "id" in row]
    assert platforms == ["jd", "iab", "google"]
    jumps = [row["href"] for tag, row in shown.tags if row.get("href", "").startswith("#")]
    assert jumps == [f"#{each}" for each in platforms]
    pictures = [row for tag, row in shown.tags if tag == "img" and "typeset" in row["src"]]
    assert [row["loading"] for row in pictures] == ["lazy"] * (2 * 5 - 1)
    assert [row["src"].split("/")[1].split(".")[0] for row in pictures[:3]] == [
        "jd-main",  # the product alone is the same every time
        "jd-scene-1",
        "jd-scene-2",
    ]
    text = " ".join(" ".join(shown.words).split())
    for poster in made.posters:
        most = {"jd": "1 MB", "ia": "150 kB", "go": "5.1 MB"}[poster.channel[:2]]
        most = "50 kB" if poster.channel == "iab-mobile" else most
        assert f"{max(1, round(len(poster.data) / 1000))} kB of {most}" in text
    assert "JD refuses text, border and collage" in text
    assert "2 of 2" in text


def test_a_whole_photo_is_no_product_on_white(
    fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path
) -> None:
    asked = fields | {"channels": ["amazon-main", "instagram-square"]}
    made = pipeline.run(asked, plain_recipe, outputs=tmp_path / "o")
    assert made.caption is not None
    whole = made.caption.model_copy(update={"subject": (0.0, 0.0, 1.0, 1.0), "note": "unsure"})
    assert whole.whole
    said = " ".join(Page(sheet.render(made.model_copy(update={"caption": whole}))).words)
    assert said.count("not the product on white: Amazon may refuse it") == 1
    assert "not the product on white" not in sheet.render(made)


def test_what_the_judge_found_is_said(
    fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path
) -> None:
    made = pipeline.run(fields, plain_recipe, outputs=tmp_path / "o")
    marks = [
        Mark(check="margin", level="pass", value=1, threshold=0),
        Mark(check="contrast", level="fail", value=2, threshold=4.5, remedy=HOSTILE),
    ]
    verdicts = [
        Verdict(metrics={}, marks=tuple(marks[:1])),
        Verdict(metrics={}, marks=tuple(marks)),
    ]
    posters = [
        poster.model_copy(update={"verdict": verdict})
        for poster, verdict in zip(made.posters, verdicts, strict=True)
    ]
    shown = Page(sheet.render(made.model_copy(update={"posters": tuple(posters)})))
    assert "✓ passes 1 check" in shown.words
    assert HOSTILE in shown.words
    assert [row["class"] for tag, row in shown.tags if tag == "li" and "class" in row] == ["fails"]


def test_page_needs_no_server_and_no_network(
    fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path
) -> None:
    shown, folder = page(fields, plain_recipe, tmp_path / "o")
    links = [row.get("src") or row.get("href") for _, row in shown.tags]
    for link in filter(None, links):
        if link.startswith("#"):
            continue
        assert not re.match(r"[a-z]+:|/", link)
        assert (folder / link).exists()
    assert not re.search(r"https?:", (folder / "index.html").read_text())


def test_right_to_left(fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path) -> None:
    shown, _ = page(fields | {"name": "إبريق شاي"}, plain_recipe, tmp_path / "o")
    assert any(tag == "h1" and row.get("dir") == "auto" for tag, row in shown.tags)


def test_why_a_photo_is_shown_whole_is_said_as_words(
    fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path
) -> None:
    made = pipeline.run(fields, plain_recipe, outputs=tmp_path / "o")
    assert made.caption is not None
    noted = made.caption.model_copy(update={"note": HOSTILE})
    shown = Page(sheet.render(made.model_copy(update={"caption": noted})))
    assert HOSTILE in shown.words
    assert "script" not in {tag for tag, _ in shown.tags}
    notes = [row for _, row in shown.tags if row.get("role") == "note"]
    assert len(notes) == 1
    assert "cutout.png" not in {row.get("src") for _, row in shown.tags}  # it would be the photo
    plain = Page(sheet.render(made))
    assert not any(row.get("role") == "note" for _, row in plain.tags)
