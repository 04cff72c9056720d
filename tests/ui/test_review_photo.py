"""The photo's part: what was seen is put right, the cut-out is painted, bad events do nothing."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from aigc import pipeline
from aigc.campaign import Edits
from aigc.disk import as_png
from aigc.errors import BriefError
from aigc.recipe import Recipe
from aigc.revise import revise
from ui.review import matte, photo
from ui.review.work import Work, read

SIZE = (60, 40)


@pytest.fixture
def work(fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path) -> Work:
    campaign = pipeline.run(fields, plain_recipe, outputs=tmp_path / "outputs")
    return read(Path(campaign.folder))


def told(caption: str, tags: Any) -> dict[str, Any]:
    return {"do": "caption", "fields": {"caption": caption, "tags": json.dumps(tags)}}


def test_a_sentence_and_its_tags_are_put_right(work: Work) -> None:
    edits = photo.change(work, Edits(), told(" A  mug ", ["mug", " tea  cup ", "mug", ""]))
    assert edits == Edits(caption="A mug", tags=("mug", "tea cup"))
    assert photo.change(work, Edits(caption="A mug"), {"do": "as-seen"}) == Edits()


def test_what_was_seen_stays_where_it_is_not_changed(work: Work) -> None:
    assert work.campaign.caption is not None
    seen = work.campaign.caption.text
    assert photo.change(work, Edits(), told(seen.strip() + "s", ["thing"])) == Edits(
        caption=seen.strip() + "s"
    )
    assert photo.change(work, Edits(), told("New", [])) == Edits(caption="New", tags=())


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (told(" ", []), "caption: it is empty"),
        (told("x", "mug"), "tags: not a list"),
        (told("x", [1]), "tags: not a list"),
        ({"do": "caption", "fields": {"caption": "x", "tags": "["}}, "tags: not a list"),
        (told("x" * 301, []), "300"),
        (told("x", ["y" * 41]), "40"),
        (told("x", [str(number) for number in range(21)]), "20"),
    ],
)
def test_what_cannot_be_taken_is_refused(work: Work, event: dict[str, Any], why: str) -> None:
    with pytest.raises((BriefError, ValueError), match=why):
        photo.change(work, Edits(), event)


@pytest.mark.parametrize("event", [{}, {"do": "caption"}, {"do": "caption", "fields": "x"}])
def test_events_that_no_form_sends_do_nothing(work: Work, event: dict[str, Any]) -> None:
    assert photo.change(work, Edits(), event) is None


def drawn(size: tuple[int, int] = SIZE, value: int = 255) -> NDArray[np.uint8]:
    """A browser's canvas: opaque, with a white box of the product."""
    pixels = np.zeros((size[1], size[0], 4), np.uint8)
    pixels[..., 3] = 255
    pixels[10:30, 15:45, :3] = value
    return pixels


def url(pixels: NDArray[np.uint8]) -> str:
    return "data:image/png;base64," + base64.b64encode(as_png(pixels)).decode()


def test_what_was_painted_is_read_as_grey() -> None:
    found = matte.painted(url(drawn(value=128)), SIZE)
    assert found.shape == (40, 60)
    assert (found[20, 30], found[0, 0]) == (128, 0)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "not a picture as this page paints it"),
        ("data:image/svg+xml;base64,AAAA", "not a picture as this page paints it"),
        ("data:image/png;base64,....", "cannot be read"),
        ("data:image/png;base64," + base64.b64encode(b"GIF89a").decode(), "cannot be read"),
        (url(drawn())[:120], "cannot be read"),
        (url(drawn((61, 40))), "61×40 px, but the photo has 60×40"),
        (url(drawn(value=0)), "nothing of the photo is kept"),
        ("data:image/png;base64," + "A" * matte.LARGEST, "not a picture as this page paints it"),
    ],
)
def test_what_no_brush_painted_is_refused(said: object, why: str) -> None:
    with pytest.raises(BriefError, match=why):
        matte.painted(said, SIZE)


def test_a_painted_cut_out_is_the_campaign_s_and_can_be_taken_off(
    work: Work, tmp_path: Path
) -> None:
    pixels = np.zeros((*work.photo[::-1], 4), np.uint8)
    pixels[..., 3] = 255
    pixels[: work.photo[1] // 2, :, :3] = 255
    event = {"do": "matte", "campaign": work.name, "mask": url(pixels)}
    edits = matte.change(tmp_path / "mattes", work, Edits(), event)
    assert edits is not None
    revise(work.folder, edits)
    there = read(work.folder)
    assert there.campaign.caption is not None
    assert there.campaign.caption.subject[3] == pytest.approx(0.5, abs=0.02)
    assert matte.change(tmp_path, there, there.edits, {"do": "automatic"}) == Edits()


def test_a_cut_out_of_another_campaign_is_not_taken(work: Work, tmp_path: Path) -> None:
    event = {"do": "matte", "campaign": "another", "mask": url(drawn(work.photo))}
    assert matte.change(tmp_path, work, Edits(), event) is None
    assert [path.name for path in tmp_path.glob("*.png")] == ["mug.png"]  # the photo alone
