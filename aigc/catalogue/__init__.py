"""Reads a catalogue of any kind, and says all that is wrong with it before anything is made."""

from __future__ import annotations

import contextlib
import hashlib
import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from aigc import brief, photo
from aigc.batches import Entry, Wrong
from aigc.catalogue import photos
from aigc.catalogue.folders import Folder
from aigc.catalogue.shops import Mapped
from aigc.catalogue.tabular import Raw, Table
from aigc.errors import BriefError

if TYPE_CHECKING:
    from aigc._engines.fetching import Fetcher

_TOGETHER = 64  # products whose photos are fetched at a time
_SHOWN = 5  # rows that a remark names


class Source(Protocol):
    """Where products come from: a folder, a table, a list of what failed."""

    @property
    def home(self) -> Path:
        """What paths in it start from."""

    @property
    def folders(self) -> Sequence[Path]:
        """Where else photos may be."""

    @property
    def defaults(self) -> Mapping[str, Any]:
        """What every product is that does not say."""

    @property
    def mapped(self) -> Mapped:
        """What was recognised in it."""

    @property
    def total(self) -> int:
        """How many products it has."""

    def __iter__(self) -> Iterator[Raw]:
        """Go through them."""


class Catalogue:
    """Products as briefs, which can be gone through again and again; made by `read`."""

    def __init__(
        self,
        source: Source,
        folders: list[Path],
        *,
        fetch: Path | None,
        private: bool,
        check_photos: bool,
    ) -> None:
        """Use `read` instead."""
        self._fetch, self._private = fetch, private
        self._fetcher: Fetcher | None = None
        self._source = source
        self._finder = photos.Finder(source.home, [*folders, *source.folders])
        self._check_photos = check_photos
        self.mapping: Mapped = source.mapped
        self.remarks: tuple[str, ...] = ()  # what the last whole pass noticed

    @property
    def total(self) -> int:
        """How many products it has; the first time, a table is gone through for it."""
        return self._source.total

    def entries(self) -> Iterator[Entry]:
        """Every product, checked, in the catalogue's order and in bounded memory.

        Raises BriefError where the file itself cannot be read on.
        """
        repeats = _Repeats()
        numbered = enumerate(self._source, 1)
        while ahead := list(islice(numbered, _TOGETHER if self._fetch else 1)):
            refused = self._download([raw for _, raw in ahead])
            for number, raw in ahead:
                entry = self._entry(number, raw, refused)
                repeats.add(entry)
                yield entry
        self.remarks = repeats.remarks()

    def _download(self, ahead: list[Raw]) -> dict[str, str]:
        """Fetch the photos of the web that are not here yet; says why not, by address."""
        if self._fetch is None or not self._check_photos:
            return {}
        wanted = {}
        for raw in ahead:
            address = next(filter(photos.is_address, raw.photos), None)
            if address is None:
                continue
            with contextlib.suppress(BriefError):  # said with the entry
                if not self._here(raw.photos):
                    wanted[address] = photos.saved_as(address, self._fetch)
        if not wanted:
            return {}
        if self._fetcher is None:
            from aigc._engines.fetching import Fetcher

            self._fetcher = Fetcher(private=self._private)
        return self._fetcher.fetch(wanted)

    def _here(self, refs: list[str]) -> str | None:
        """The first of these photos that is on this machine; raises BriefError where unclear."""
        return next((path for each in refs if (path := self._finder.find(each))), None)

    def _entry(self, number: int, raw: Raw, refused: Mapping[str, str]) -> Entry:
        wrong = list(raw.wrong)
        said = brief.given(_nested(raw.fields), self._source.home)
        fields = _filled(said, self._source.defaults)
        unread = any(not each.column for each in wrong)  # the row itself, all of it
        bad = {each.column for each in wrong}
        if not unread:
            fields, missed = self._with_photo(fields, raw, refused)
            wrong += missed
            for found in brief.wrongs(fields):
                root = found.field.split(".")[0]
                column = raw.at.get(_dotted(found.field), raw.at.get(root, root))
                if column in bad or (root == "photo" and missed):
                    continue
                wrong.append(Wrong(column=column, says=_says(found)))
        return Entry(number=number, where=raw.where, fields=fields, wrong=tuple(wrong))

    def _with_photo(
        self, fields: dict[str, Any], raw: Raw, refused: Mapping[str, str]
    ) -> tuple[dict[str, Any], list[Wrong]]:
        """The fields with the photo's file, and what is wrong with it."""
        path, says = fields.get("photo"), ""  # of the defaults: a path from here
        if raw.photos:
            path, says = self._found(raw.photos, refused)
        if path is None:
            return fields, []
        if self._check_photos and not says and isinstance(path, str):
            try:
                photo.check(path)
            except BriefError as error:
                says = brief.problem(str(error)).says
        wrong = [Wrong(column=raw.at.get("photo", "photo"), says=says)] if says else []
        return fields | {"photo": path}, wrong

    def _found(self, refs: list[str], refused: Mapping[str, str]) -> tuple[str, str]:
        """Where a product's photo is, or is to be, and why it is not."""
        try:
            here = self._here(refs)
        except BriefError as error:
            return refs[0], brief.problem(str(error)).says
        if here is not None:
            return here, ""
        address = next(filter(photos.is_address, refs), None)
        if address is None:
            return str(brief.beside(self._source.home, refs[0])), _missing(refs)
        if self._fetch is None:
            return address, _missing(refs)
        if address in refused:
            return address, f"'{address}': {refused[address]}"
        return str(photos.saved_as(address, self._fetch)), ""


def read(
    source: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    defaults: Mapping[str, Any] | None = None,
    photos: str | Path | None = None,
    currency: str = "",
    fetch: str | Path | None = None,
    private: bool = False,
    check_photos: bool = True,
) -> Catalogue:
    """Read a catalogue: a folder of photos or briefs, a table of briefs, or a shop's own export.

    `columns` says which column holds a field, as {"brand.name": "Maker"}, where the name does not;
    `defaults` are fields of every product that says none; `photos` is a folder that pictures are
    looked for in, by file name; `currency` is put to prices that are bare numbers, as `$`, `EUR`
    or `{} kr`. Photos on the web are downloaded into the folder `fetch` as `entries` comes to
    them, and only if it is given; from addresses of this network only if `private`. Photos are
    opened as far as their headers, and fetched, unless `check_photos` is false.
    Raises BriefError where it cannot be read, or no column says the name or the photo.
    """
    path = Path(source).expanduser()
    for problem in brief.wrongs({"name": "Product", "photo": "a.jpg"} | dict(defaults or {})):
        if problem.field.split(".")[0] in (defaults or {}):  # not of the name that stands in
            raise BriefError(problem.line)
    given = brief.given(defaults or {}, Path())
    folders = [Path(photos).expanduser()] if photos else []
    for folder in folders:
        if not folder.is_dir():
            raise BriefError(f"photos = '{folder}': no such folder")
    if not path.exists():
        raise BriefError(f"'{path}': no such file or folder")
    made: Folder | Table
    if path.is_dir() or path.suffix.lower() in brief.SUFFIXES:
        if columns:
            raise BriefError(f"'{path}': briefs have fields of their own; --column is for tables")
        made = Folder(path, given)
    else:
        made = Table(path, columns or {}, given, currency)
    return Catalogue(
        made,
        folders,
        fetch=Path(fetch).expanduser() if fetch is not None else None,
        private=private,
        check_photos=check_photos,
    )


class _Repeats:
    """Notices rows that say the same: sixteen bytes a row."""

    def __init__(self) -> None:
        self._seen, self._numbers = array("Q"), array("Q")

    def add(self, entry: Entry) -> None:
        """Take note of a row, if it holds."""
        if entry.wrong:
            return
        self._numbers.append(entry.number)
        said = json.dumps(entry.fields, sort_keys=True, default=str).encode("utf-8", "replace")
        self._seen.append(int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "big"))

    def remarks(self) -> tuple[str, ...]:
        """Say which rows repeat an earlier one."""
        if not self._seen:
            return ()
        seen = np.frombuffer(self._seen, dtype=np.uint64)
        _, first = np.unique(seen, return_index=True)
        again = np.setdiff1d(np.arange(len(seen)), first)
        if not len(again):
            return ()
        named = ", ".join(str(self._numbers[each]) for each in again[:_SHOWN])
        named += " …" * (len(again) > _SHOWN)
        count = f"{len(again)} products say" if len(again) > 1 else "1 product says"
        return (f"{count} the same as an earlier one, which is made once: no. {named}",)


def _filled(fields: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults, and over them what a row says; of `brand` field by field."""
    filled = {**defaults, **fields}
    if isinstance(filled.get("brand"), Mapping):
        filled["brand"] = {**_mapping(defaults.get("brand")), **filled["brand"]}
    return filled


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`brand.name` as a table in a table."""
    nested: dict[str, Any] = {}
    for name, value in fields.items():
        head, dot, tail = str(name).partition(".")
        nested[head] = {**_mapping(nested.get(head)), tail: value} if dot else value
    return nested


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _dotted(field: str) -> str:
    """`brand.colours` of `brand.colours.2`."""
    return ".".join(part for part in field.split(".") if not part.isdigit())


def _says(found: brief.Problem) -> str:
    """With the number of the item that is wrong in a list."""
    place = next((part for part in found.field.split(".") if part.isdigit()), "")
    return f"no. {int(place) + 1}: {found.says}" if place else found.says


def _missing(refs: list[str]) -> str:
    address = next((each for each in refs if photos.is_address(each)), None)
    if address is not None:
        return (
            f"'{address}': not on this machine; --fetch-photos downloads it, --photos DIR takes "
            f"{photos.last_part(address) or 'it'} from a folder"
        )
    return f"'{refs[0]}': no such file; put it beside the catalogue, or name its folder by --photos"
