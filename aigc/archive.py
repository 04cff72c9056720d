"""Zips to take away: of one channel, or of all, with the pictures and the words on them."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from slugify import slugify

from aigc import adtexts, portable
from aigc.campaign import Campaign, Poster
from aigc.channels import channel
from aigc.disk import as_png
from aigc.recipe import Recipe

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip knows: the same bytes on every day


def of_channel(campaign: Campaign, name: str) -> bytes:
    """Pack a channel's pictures, all variants, and `copy.txt` with the words on each.

    The same campaign gives the same bytes.
    """
    return _zip(dict(_files(campaign, name)))


def of_all(campaign: Campaign) -> bytes:
    """Pack every channel, each in a folder of its own, and the brief with the files it names.

    `aigc run` on that brief gives the campaign again.
    """
    names = dict.fromkeys(poster.channel for poster in campaign.posters)
    made = {f"{n}/{file}": data for n in names for file, data in _files(campaign, n)}
    return _zip(made | _brief(campaign))


def _brief(campaign: Campaign) -> dict[str, bytes]:
    rows = {step.stage: {"backend": step.backend, **step.options} for step in campaign.steps}
    files = portable.files(campaign.brief, Recipe.of(rows))
    del files["brief.json"]  # the same for programs
    assert campaign.photo is not None  # a finished campaign has all
    return files | {portable.PHOTO: as_png(campaign.photo.pixels, campaign.photo.alpha)}


def file_name(campaign: Campaign, poster: Poster) -> str:
    """Name a picture for those who get it alone: product, channel, number of the variant."""
    product = slugify(campaign.brief.name, max_length=40) or "campaign"
    return f"{product}-{poster.id}{PurePosixPath(poster.file).suffix}"


def _files(campaign: Campaign, name: str) -> Iterator[tuple[str, bytes]]:
    posters = [poster for poster in campaign.posters if poster.channel == name]
    for poster in posters:
        yield file_name(campaign, poster), poster.data
    yield "copy.txt", "\n".join(_words(campaign, poster) for poster in posters).encode()
    ads = adtexts.google(campaign)
    if ads is not None and channel(name).platform == "Google":
        yield adtexts.GOOGLE, ads


def _words(campaign: Campaign, poster: Poster) -> str:
    copy = next(copy for copy in campaign.copies if copy.id == poster.copy_id)
    row, brief = channel(poster.channel), campaign.brief
    bare = "" if row.texts else "  (nothing is set on it; for the listing)"
    linked = row.allows("link") or not row.forbids
    rows = {
        "Headline": copy.headline,
        "Body": copy.body,
        "Button": copy.cta,
        "Price": brief.price,
        "Before": brief.was,
        "Discount": brief.discount,
        "Coupon": brief.coupon,
        "Link": brief.link if linked else "",
        "Hashtags": " ".join(f"#{tag.lstrip('#')}" for tag in copy.hashtags),
    }
    said = [f"{label:<10}{text}" for label, text in rows.items() if text]
    return "\n".join([f"{file_name(campaign, poster)}{bare}", *said, ""])


def _zip(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:  # stored: pictures pack no smaller
        for name in sorted(files):
            row = zipfile.ZipInfo(unicodedata.normalize("NFC", name), _EPOCH)
            row.create_system, row.external_attr = 3, 0o644 << 16  # wherever it is made
            packed.writestr(row, files[name])
    return stream.getvalue()
