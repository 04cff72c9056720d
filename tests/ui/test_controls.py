"""Controls made of a backend's options, and the recipe made of what they hold."""

from __future__ import annotations

import sys
from typing import Any, Literal

import gradio as gr
import pytest
from plain import PlainCaptioner
from pydantic import Field

from aigc.errors import BriefError
from aigc.recipe import Recipe
from aigc.stage import STAGES, FilePath, backend_class, backends
from ui import controls


class Novel(PlainCaptioner):
    """A backend that nobody has seen before, with an option of every kind."""

    __module__ = "aigc.caption.novel"
    quick: bool = Field(True, description="Whether it hurries")
    mood: Literal["calm", "loud"] = Field("calm", description="How it speaks")
    share: float = Field(0.5, ge=0, le=1, description="How much")
    steps: int | None = Field(None, ge=1, le=50, description="How often")
    address: str = Field("", description="Where it asks")
    base_url: str = Field("", description="Whom it asks")
    api_key_env: str = Field("", description="What it shows at the door")
    weights: FilePath = Field("", description="What it learned")


def _made(field: dict[str, Any], value: Any = None) -> Any:
    return controls.control(field, value, "It")


@pytest.fixture
def novel(plain_recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """A recipe of plain stages, where `novel` is a captioner that was just dropped in."""
    from aigc import stage

    known = stage.backends
    more = lambda name: (*known(name), *["novel"] * (name == "caption"))  # noqa: E731
    monkeypatch.setattr(stage, "backends", more)
    monkeypatch.setattr(controls, "backends", more)
    monkeypatch.setitem(sys.modules, "aigc.caption.novel", sys.modules[__name__])
    monkeypatch.setattr(sys.modules[__name__], "Backend", Novel, raising=False)
    return plain_recipe


def test_a_new_backend_brings_its_controls(novel: Recipe) -> None:
    """Every option of it gets a control of its kind, with its words, and no line of the page's."""
    fields = controls.fields(backend_class("caption", "novel"))
    kinds = {name: type(_made(field, field.get("default"))) for name, field in fields.items()}
    assert kinds["quick"] is gr.Checkbox
    assert kinds["mood"] is gr.Dropdown
    assert kinds["share"] is gr.Slider
    assert kinds["words"] is gr.Slider
    assert kinds["steps"] is gr.Number
    assert kinds["address"] is gr.Textbox
    assert kinds["weights"] is gr.File
    share = _made(fields["share"], 0.5)
    assert (share.minimum, share.maximum, share.info) == (0, 1, "How much")


def test_every_backend_of_ours_has_controls() -> None:
    """No option of any backend is of a kind that cannot be shown."""
    for stage in STAGES:
        for name in backends(stage):
            for field in controls.fields(backend_class(stage, name)).values():
                assert _made(field, field.get("default")).label == "It"


def test_choices_of_two_kinds_are_joined() -> None:
    """`auto` beside the names of sets is one dropdown."""
    fields = controls.fields(backend_class("scene", "builtin"))
    assert fields["set"]["enum"][:2] == ["auto", "studio"]


def test_what_is_chosen_becomes_the_recipe(novel: Recipe) -> None:
    """Options are set over the server's own; an emptied one is as if it was never touched."""
    chosen = controls.first(novel)
    assert chosen["caption"].items() >= {"backend": "plain", "words": 1}.items()
    chosen = controls.changed("caption", "words", chosen, 4.0)
    assert controls.recipe(novel, chosen)["caption"].words == 4  # type: ignore[attr-defined]
    chosen["caption"] = {"backend": "novel", "steps": "", "mood": "loud", "share": 0.25}
    made: Any = controls.recipe(novel, chosen)["caption"]
    assert (made.backend, made.steps, made.mood, made.share) == ("novel", None, "loud", 0.25)
    with pytest.raises(BriefError, match=r"caption\.share"):
        controls.recipe(novel, {"caption": {"backend": "novel", "share": 3}})


def test_a_visitor_cannot_send_the_servers_secrets_away(novel: Recipe) -> None:
    """Which variable holds a key is not theirs to say, and no key goes to an address of theirs."""
    assert "api_key_env" not in controls.fields(Novel)
    table = novel.table() | {
        "caption": {"backend": "novel", "base_url": "http://own", "api_key_env": "OWN_KEY"}
    }
    base = Recipe.of(table)
    kept: Any = controls.recipe(base, {"caption": {"backend": "novel", "words": 2}})["caption"]
    assert (kept.base_url, kept.api_key_env) == ("http://own", "OWN_KEY")
    asked = {"backend": "novel", "base_url": "http://theirs", "api_key_env": "HOME"}
    moved: Any = controls.recipe(base, {"caption": asked})["caption"]
    assert (moved.base_url, moved.api_key_env) == ("http://theirs", "")


def test_backends_are_offered_by_what_they_are() -> None:
    """The dropdown names each backend and says what it is, and imports none."""
    offered = {name: title for title, name in controls.choices("scene")}
    assert offered["builtin"].startswith("builtin · Lit studio sets")
    assert {"diffusion", "endpoint"} <= set(offered)
