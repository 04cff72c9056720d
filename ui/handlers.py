"""What the page does, without Gradio: form → brief, run → views, folder → zip."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from aigc import brief as briefs
from aigc import channels, photo, pipeline
from aigc.campaign import Brief, Campaign, Photo
from aigc.errors import AigcError, BriefError

from . import views
from .follow import Stopped, Tick, follow
from .progress import Progress

BROWSERS_SHOW = (".jpg", ".jpeg", ".png", ".webp", ".avif")
EXAMPLES = Path(__file__).parent.parent / "examples"  # beside ui/ in a checkout, not in a wheel
THUMBNAIL = (160, 160)  # px

log = logging.getLogger(__name__)


class Form(NamedTuple):
    """The page's fields, in the order in which it sends them."""

    photo: str | None
    name: str
    channels: list[str]
    price: str
    features: str  # one a line
    tone: str
    language: str
    style: str
    variants: int
    seed: int | None
    # None of a field that stands in an accordion which was never opened.
    was: str | None = None
    discount: str | None = None
    coupon: str | None = None
    link: str | None = None
    badges: str | None = None  # one a line
    date: str | None = None


class View(NamedTuple):
    """What the right half of the page shows at one moment."""

    progress: str  # HTML, as caption and copies are
    running: bool = False
    caption: str = ""
    posters: tuple[tuple[str, str], ...] = ()  # (file, title)
    copies: str = ""
    archive: str = ""  # path of the zip


def brief_of(form: Form) -> Brief:
    """Turn the form into a brief; raises BriefError in words that fit the page."""
    if not form.photo:
        raise BriefError("Drop a photo of the product first.")
    if not form.name.strip():
        raise BriefError("Give the product's name.")
    if not form.channels:
        raise BriefError("Choose at least one channel.")
    lists = {"features": _lines(form.features), "badges": _lines(form.badges)}
    trimmed = {"link": (form.link or "").strip(), "date": (form.date or "").strip()}
    return briefs.make({**form._asdict(), **lists, **trimmed})


def form_of(brief: Brief, scratch: Path) -> Form:
    """Turn a brief into a filled form; its photo is copied to `scratch`, which the page serves."""
    source = photo.locate(brief.photo)
    copied = shutil.copy(source, _own_folder(scratch) / source.name)
    return Form(
        photo=readable(str(copied), scratch),
        name=brief.name,
        channels=list(brief.channels),
        price=brief.price,
        features="\n".join(brief.features),
        tone=brief.tone,
        language=brief.language,
        style=brief.style,
        variants=brief.variants,
        seed=brief.seed,
        was=brief.was,
        discount=brief.discount,
        coupon=brief.coupon,
        link=brief.link,
        badges="\n".join(brief.badges),
        date=brief.date,
    )


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def examples(folder: Path = EXAMPLES) -> list[Brief]:
    """Read the example briefs that come with a checkout and whose photo can be had."""
    paths = sorted(path for path in folder.glob("*") if path.suffix in briefs.SUFFIXES)
    read = [briefs.load(path) for path in paths]
    return [each for each in read if each.photo.startswith("pypi:") or Path(each.photo).exists()]


def thumbnail(brief: Brief, scratch: Path) -> str | None:
    """A small picture of a brief's photo, where that lies on this disk already."""
    source = Path(brief.photo)
    if not source.exists():
        return None
    image = _image(photo.load(brief.photo))
    image.thumbnail(THUMBNAIL)
    target = _own_folder(scratch) / "thumbnail.webp"
    image.save(target)
    return str(target)


def readable(path: str, scratch: Path) -> str:
    """Check a photo, and give a file of it that every browser shows: of HEIC and TIFF, a PNG.

    Raises BriefError where it is no picture.
    """
    source = Path(path)
    try:
        picture = photo.load(path)
    except BriefError as error:
        raise BriefError(_plain(error, path)) from error
    if source.suffix.lower() in BROWSERS_SHOW:
        return path
    target = _own_folder(scratch) / f"{source.stem}.png"
    _image(picture).save(target)
    return str(target)


def make(form: Form, outputs: Path, scratch: Path, stop: threading.Event) -> Iterator[View]:
    """Run the pipeline on a form and give a view after each thing that happens.

    Whatever goes wrong becomes a view that says so: the page stays as usable as before.
    """
    progress = Progress()
    view = View(views.progress(progress.rows()), running=True)
    try:
        brief = brief_of(form)
        yield view
        for seen in follow(lambda tell: pipeline.run(brief, outputs=outputs, listener=tell), stop):
            if isinstance(seen, Campaign):
                view = _seen(view, seen)._replace(archive=archive(seen, scratch))
                notice, failed = f"{len(seen.posters)} pictures are ready.", False
                break
            if not isinstance(seen, Tick):
                progress.see(seen)
                view = _seen(view, progress.campaign)
            elif seen.before:
                yield view._replace(progress=views.queue(progress.rows(ended=True), seen.before))
                continue
            yield view._replace(progress=views.progress(progress.rows()))
    except Stopped:
        notice, failed = "Stopped. Press the button again and it goes on from here.", False
    except AigcError as error:
        notice, failed = _plain(error, form.photo), True
    except Exception:
        log.exception("the campaign could not be made")
        notice, failed = "Something broke inside; the window that runs aigc shows what.", True
    rows = progress.rows(ended=True) if progress.campaign else []  # none was begun
    yield view._replace(progress=views.progress(rows, notice, failed=failed), running=False)


def archive(campaign: Campaign, scratch: Path) -> str:
    """Pack the campaign folder into `scratch`, never into the folder itself."""
    folder = Path(campaign.folder).resolve()
    return shutil.make_archive(str(scratch / folder.name), "zip", folder.parent, folder.name)


def _seen(view: View, campaign: Campaign | None) -> View:
    if campaign is None:
        return view
    titles = {name: row.title for name, row in channels.all_channels().items()}
    strips_last = sorted(campaign.posters, key=lambda each: each.size[0] > 3 * each.size[1])
    posters = tuple(
        (
            str(Path(campaign.folder).resolve() / each.shown),
            f"{titles[each.channel]} · {each.size[0]} × {each.size[1]}",
        )
        for each in strips_last
    )
    return view._replace(
        caption=views.caption(campaign), copies=views.copies(campaign), posters=posters
    )


def _image(picture: Photo) -> Image.Image:
    image = Image.fromarray(picture.pixels)
    if picture.alpha is not None:
        image.putalpha(Image.fromarray(picture.alpha))
    return image


def _own_folder(scratch: Path) -> Path:
    """A new folder, for two photos may have the same name."""
    return Path(tempfile.mkdtemp(prefix="photo-", dir=scratch))


def _plain(error: AigcError, path: str | None) -> str:
    """An error in the merchant's terms: the photo by its name, not by where the page put it."""
    return str(error).replace(path, Path(path).name) if path else str(error)
