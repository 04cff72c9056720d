"""A photo to drop on the page."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A teal jar with a lid on a warm ground, as PNG."""
    image = Image.new("RGB", (480, 480), (226, 216, 200))
    draw = ImageDraw.Draw(image)
    draw.ellipse((120, 375, 370, 425), fill=(190, 178, 160))
    image = image.filter(ImageFilter.GaussianBlur(6))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((140, 150, 340, 405), 34, fill=(38, 116, 112))
    draw.rounded_rectangle((158, 170, 178, 385), 10, fill=(96, 170, 164))
    draw.rounded_rectangle((165, 90, 315, 160), 16, fill=(120, 84, 52))
    path = tmp_path / "my jar.png"
    image.save(path)
    return path
