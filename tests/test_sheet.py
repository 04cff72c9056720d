"""The contact sheet: a page that stands alone and shows merchants' words as words."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from aigc import export, pipeline, sheet
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
        "language": 'en"><script>',
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


def test_page_needs_no_server_and_no_network(
    fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path
) -> None:
    shown, folder = page(fields, plain_recipe, tmp_path / "o")
    links = [row.get("src") or row.get("href") for _, row in shown.tags]
    for link in filter(None, links):
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
