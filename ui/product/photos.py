"""The drop zone: photos are checked by content at once, and shown upright in any browser."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from aigc import photo
from aigc.campaign import Photo
from aigc.errors import AigcError, BriefError

from .. import views
from ..house import House, Page
from ..shell.guard import LARGEST_FILE, MB
from ..words import Say

HERE = Path(__file__).parent
MOST = 24  # photos at once; a table is the way for more
UPLOADS = "uploads"  # in the scratch folder: where Gradio keeps them
_SHOWN = (360, 360)  # px
# What the core says of a photo, and what the page says in its place.
_WRONGS = {
    "not a picture": "not_picture",
    "too large": "too_many_pixels",
    "too small": "too_small",
    "transparent": "transparent",
    "truncated": "truncated",
}
_PLAIN_NAME = re.compile(r"[^\W\d_]{2,}")
_CAMERA = re.compile(
    r"^(img|dsc|dscn|dscf|pxl|wechat|mmexport|photo|image|screenshot|wx|p)[\W\d_]", re.IGNORECASE
)


def zone(page: Page, wrong: Any) -> Any:
    """Lay out the drop zone; what is wrong with a photo is said in `wrong`.

    Its value is a list of {path, shown, name}: an upload, a small picture of it as a data: URL,
    and what the product is to be called.
    """
    html = views.render("product/photos.html.j2", page.say, most=MOST, size=LARGEST_FILE // MB)
    dropped = gr.HTML(
        [],
        html_template=html,
        js_on_load=(HERE / "photos.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id="photo",
    )

    def take(before: Any, event: gr.EventData) -> tuple[Any, str]:
        return _dropped(page, before, event)

    dropped.dropped(
        take,
        dropped,
        [dropped, wrong],
        show_progress="hidden",
        api_visibility="private",
    )
    return dropped


def shown(path: str, name: str = "") -> dict[str, str]:
    """One photo as the zone holds it; raises BriefError where it cannot be used."""
    return {"path": path, "shown": small(photo.load(path)), "name": name}


def small(picture: Photo, size: tuple[int, int] = _SHOWN) -> str:
    """A small picture of a photo, as a data: URL."""
    image = Image.fromarray(picture.pixels)
    if picture.alpha is not None:
        image.putalpha(Image.fromarray(picture.alpha))
    image.thumbnail(size)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=82)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"


def own(house: House, path: object) -> str:
    """An upload's path, as the browser gave it; raises BriefError where it is no upload.

    Uploads lie in a folder each that is named by their content: who has a path has the file.
    """
    if isinstance(path, str):
        lies = Path(path).resolve()
        named = re.fullmatch(r"[0-9a-f]{64}", lies.parent.name)
        uploads = (house.scratch / UPLOADS).resolve()
        if named and lies.parent.parent == uploads and lies.is_file():
            return str(lies)
    raise BriefError("photo = '?': no such file")


def plain(say: Say, error: AigcError, name: str) -> str:
    """What is wrong with a photo, in the page's language, by the name that the merchant knows."""
    text = str(error)
    for sign, key in _WRONGS.items():
        if sign in text:
            return f"{name}: {say(f'product.{key}')}"
    return text


def called(file: str) -> str:
    """A product's name out of a file's, such as `blue_cup.jpg`; empty where a camera gave it."""
    stem = " ".join(re.sub(r"[_\-]+", " ", Path(file).stem).split())
    return stem[:120] if _PLAIN_NAME.search(stem) and not _CAMERA.match(f"{stem} ") else ""


def _dropped(page: Page, before: Any, event: gr.EventData) -> tuple[Any, str]:
    """Take in what was uploaded; several photos are named by their files."""
    sent = event._data.get("photos") if isinstance(event._data, dict) else None
    photos = [each for each in before or [] if isinstance(each, dict)]
    wrong = []
    for each in sent if isinstance(sent, list) else []:
        name = Path(str(each.get("name", ""))).name[:120]
        try:
            path = own(page.house, each.get("path"))
            if len(photos) < MOST and path not in [one.get("path") for one in photos]:
                photos.append(shown(path, called(name)))
        except AigcError as error:
            wrong.append(plain(page.say, error, name))
    return photos, views.render("product/wrong.html.j2", page.say, lines=wrong)
