"""Photos are looked at as they arrive."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from aigc.errors import BriefError
from ui.product import photos
from ui.words import speaker


def _picture(shown: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(shown.split(",")[1])))


@pytest.mark.parametrize("suffix", ["heic", "tiff", "webp", "jpg"])
def test_any_picture_is_shown(photo: Path, tmp_path: Path, suffix: str) -> None:
    """As one that every browser knows, small."""
    file = tmp_path / f"it.{suffix}"
    Image.open(photo).save(file)
    shown = photos.shown(str(file), "Jar")
    assert (shown["path"], shown["name"]) == (str(file), "Jar")
    assert _picture(shown["shown"]).size == (360, 360)


def test_a_photo_is_shown_upright(tmp_path: Path) -> None:
    """As its EXIF orientation says."""
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.new("RGB", (400, 200), "teal").save(tmp_path / "side.jpg", exif=exif)
    assert _picture(photos.shown(str(tmp_path / "side.jpg"))["shown"]).size == (180, 360)


def test_transparency_is_kept(tmp_path: Path) -> None:
    """A cut-out is shown as one."""
    image = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    image.paste((38, 116, 112, 255), (50, 50, 150, 150))
    image.save(tmp_path / "cut.png")
    assert _picture(photos.shown(str(tmp_path / "cut.png"))["shown"]).mode == "RGBA"


@pytest.mark.parametrize(
    ("name", "data", "english", "chinese"),
    [
        ("it.jpg", b"hello", "not a picture", "这不是图片"),
        ("cut.png", None, "damaged or cut off", "已损坏"),
        ("small.png", (20, 20), "too small", "太小"),
    ],
)
def test_what_is_wrong_is_said_plainly(
    photo: Path,
    tmp_path: Path,
    name: str,
    data: bytes | tuple[int, int] | None,
    english: str,
    chinese: str,
) -> None:
    """In the page's language, by the file's own name, with a way out."""
    file = tmp_path / name
    if isinstance(data, tuple):
        Image.new("RGB", data).save(file)
    else:
        file.write_bytes(photo.read_bytes()[:900] if data is None else data)
    with pytest.raises(BriefError) as wrong:
        photos.shown(str(file))
    for language, says in {"en": english, "zh": chinese}.items():
        text = photos.plain(speaker(language), wrong.value, name)
        assert text.startswith(f"{name}: ")
        assert says in text
        assert str(tmp_path) not in text


def test_names_come_from_files_that_people_named() -> None:
    """A camera's number is no name."""
    named = {
        "blue_cup.jpg": "blue cup",
        "青瓷茶壶.png": "青瓷茶壶",
        "x/y/tea-jar 2.webp": "tea jar 2",
    }
    assert {file: photos.called(file) for file in named} == named
    for file in ("IMG_2041.HEIC", "DSC00012.jpg", "20260101_120000.jpg", "mmexport1712.jpg"):
        assert photos.called(file) == ""
