"""The picker of channels, and what else is chosen by picture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from aigc.channels import all_channels
from aigc.styles import all_styles
from ui import names
from ui.product import channels, form, looks
from ui.words import LANGUAGES, all_words, speaker


class _Stand:
    """As much of a page as the pickers need."""

    def __init__(self, language: str) -> None:
        self.language, self.say = language, speaker(language)


@pytest.fixture(params=sorted(LANGUAGES))
def picker(request: pytest.FixtureRequest) -> Any:
    """The picker in each language."""
    return channels.picker(_Stand(request.param))  # type: ignore[arg-type]


def test_every_channel_has_a_checkbox(picker: Any) -> None:
    """Once each, with a name that is read out, and a drawing."""
    html = picker.html_template
    boxes = re.findall(r'<input type="checkbox" value="([\w-]+)" aria-label="([^"]+)"', html)
    assert sorted(name for name, _ in boxes) == sorted(all_channels())
    assert len({label for _, label in boxes}) == len(boxes)
    assert html.count("<svg") == len(boxes)


def test_the_browser_takes_the_tiles_for_no_template(picker: Any) -> None:
    """Gradio evaluates `${` and `{{` in a template, and backticks end it."""
    assert not re.search(r"\$\{|\{\{|`|\\", picker.html_template)


def test_drawings_have_the_formats_shape() -> None:
    """A strip is a strip, and a story stands."""
    tiles = {row.name: channels._tile(speaker("en"), row, []) for row in all_channels().values()}
    assert tiles["instagram-square"].width == tiles["instagram-square"].height == 50
    assert tiles["instagram-story"].width / tiles["instagram-story"].height == pytest.approx(
        9 / 16, abs=0.02
    )
    assert (tiles["iab-mobile"].width, tiles["iab-mobile"].height) == (50, 8)
    assert tiles["roll-up"].width / tiles["roll-up"].height == pytest.approx(0.4, abs=0.02)


def test_what_is_offered_first_exists() -> None:
    """Popular tiles, first ticks and ready-made sets name channels, in every language."""
    table = channels.table()
    known = set(all_channels())
    for language in LANGUAGES:
        popular, first = table["popular"][language], table["first"][language]
        assert set(first) <= set(popular) <= known
        assert first
        for name in table["sets"]:
            assert speaker(language)(f"product.set_{name}")
    for chosen in table["sets"].values():
        assert len(set(chosen)) == len(chosen)
        assert set(chosen) <= known


def test_channels_and_styles_have_words() -> None:
    """Both languages name each; a new one goes by its own title until they do."""
    for language in LANGUAGES:
        words = all_words(language)
        assert all(f"channels.{name}" in words for name in all_channels())
        assert all(f"styles.{name}" in words for name in all_styles())
    say = speaker("zh")
    assert names.channel(say, "xiaohongshu") == "小红书 · 笔记封面"
    assert names.size("poster-a3") == "297 × 420 mm"
    assert names.style(say, "brand-new") == "brand-new"
    assert names.channel(say, "brand-new") == "brand-new"


def test_styles_are_shown_by_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every pack of ours has one of its own; another is drawn in its colours."""
    html = looks.chooser(_Stand("en")).html_template  # type: ignore[arg-type]
    assert html.count("data:image/webp") == len(all_styles()) + 1
    monkeypatch.setattr(looks, "PICTURES", tmp_path)
    drawn = looks.look(speaker("en"), "promo")
    assert not drawn.picture
    assert drawn.wall.startswith("oklch(")


def test_copy_can_be_asked_for_in_any_language_known() -> None:
    """Those with a grammar first, each as its readers call it."""
    offered = form.tongues()
    assert offered[:2] == [("English", "en"), ("简体中文", "zh-CN")]
    assert ("日本語", "ja") in offered
    assert len({tag for _, tag in offered}) == len(offered) > 50
