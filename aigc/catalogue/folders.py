"""Products from a folder: a photo each, a brief file beside it, or brief files alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aigc import brief
from aigc.batches import Wrong
from aigc.catalogue import photos, shops
from aigc.catalogue.tabular import Raw
from aigc.errors import BriefError

# What cameras and messengers call a file: it says nothing of the product.
_CAMERA = re.compile(
    r"(img|dscn?|dscf|pxl|mvi|gopr|p|photo|image|picture|screenshot|untitled|mmexport|wx|"
    r"微信图片|微信截图|截图|图片|照片|屏幕截图|wechat ?img)?[\d\s()]*",
    re.IGNORECASE,
)
# Numbers of an archive before the name, as s002 or 100234.
_CODE = re.compile(r"^[a-z]{0,3}(0\d+|\d{5,})\s+(?=\S*[^\W\d])", re.IGNORECASE)
_LIST = "; briefs in a list are read as JSONL: one brief a line"
_COUNTER = re.compile(r"\s*\(\d+\)$|\s+0\d+$|\s+copy$", re.IGNORECASE)


class Folder:
    """A folder of products, or one brief file."""

    def __init__(self, path: Path, defaults: Mapping[str, Any]) -> None:
        """List its files; raises BriefError where none is a photo or a brief."""
        self.home = path if path.is_dir() else path.parent
        self.folders: list[Path] = []
        self.defaults = dict(defaults)
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        files = [each for each in files if not each.name.startswith(".")]
        pictures = [each for each in files if each.suffix.lower() in photos.SUFFIXES]
        briefs = {each.stem: each for each in files if each.suffix.lower() in brief.SUFFIXES}
        shown = {each.stem for each in pictures}
        products = pictures + [each for stem, each in briefs.items() if stem not in shown]
        if not products:
            raise BriefError(
                f"'{path}': holds no photo and no brief; give a folder of photos, of brief files, "
                "or a table of briefs"
            )
        self._briefs = briefs
        self._products = sorted(products)
        self.total = len(products)
        kinds = [
            f"{len(pictures)} photos" * bool(pictures),
            f"{len(briefs)} brief files" * bool(briefs),
        ]
        used = {*pictures, *briefs.values()}
        self.mapped = shops.Mapped(
            kind="folder",
            title=" and ".join(each for each in kinds if each),
            fields={"name": ("the photo's file name",)} if pictures else {},
            defaults=self.defaults,
            left_out=tuple(
                f"{each.name}{'/' * each.is_dir()}" for each in files if each not in used
            ),
        )

    def __iter__(self) -> Iterator[Raw]:
        """Go through the products, by file name."""
        for file in self._products:
            yield self._raw(file)

    def _raw(self, file: Path) -> Raw:
        is_photo = file.suffix.lower() in photos.SUFFIXES
        said = self._briefs.get(file.stem)
        fields: dict[str, Any] = {}
        wrong: list[Wrong] = []
        if said is not None:
            try:
                fields = dict(brief.read(said))
            except BriefError as error:
                remedy = _LIST if "holds a list" in str(error) else ""
                wrong.append(Wrong(column="", says=f"{error}{remedy}"))
        ref = fields.pop("photo", None)
        pictures = [ref] if isinstance(ref, str) and ref else [file.name] if is_photo else []
        if is_photo and said is None:
            if name := product_name(file.stem):
                fields["name"] = name
            else:
                says = (
                    f"the file's name says no product; rename it, or write {file.stem}.yaml "
                    "beside it"
                )
                wrong.append(Wrong(column="name", says=says))
        elif is_photo and not wrong and (name := product_name(file.stem)):
            fields.setdefault("name", name)
        return Raw(said.name if said and not is_photo else file.name, fields, pictures, wrong, {})


def product_name(stem: str) -> str:
    """The product that a file's name says, `blue_mug-01` being Blue mug; empty if it says none."""
    text = " ".join(re.split(r"[\s_\-.+]+", stem)).strip()
    if _CAMERA.fullmatch(text):
        return ""
    text = _COUNTER.sub("", _CODE.sub("", text)) or text
    return text[:1].upper() + text[1:]
