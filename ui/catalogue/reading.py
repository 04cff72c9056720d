"""How a draft's table is understood, row by row; and the same rows as the batch will read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from aigc import catalogue
from aigc.catalogue.shops import Mapped
from aigc.disk import write

from .drafts import PHOTOS

ROWS = "rows.jsonl"  # in a draft: what the batch is given
WHERES = "wheres.json"  # in a draft: which row of the merchant's own table each of them is
_SHOWN = 200  # errors
_FILES = ("logo", "logo_on_dark", "font")  # of a brand


class Fault(NamedTuple):
    """What is wrong with a cell."""

    where: str  # catalogue.csv, line 7
    column: str
    says: str
    missing: str = ""  # the photo that is not among those that were brought


class Understood(NamedTuple):
    """What a table says."""

    mapping: Mapped
    total: int
    wrong: int  # rows that do not hold
    faults: tuple[Fault, ...]  # the first of them
    all_faults: int
    remarks: tuple[str, ...]


def understand(
    folder: Path,
    table: Path,
    *,
    defaults: Mapping[str, Any],
    columns: Mapping[str, str] | None = None,
    currency: str = "",
) -> Understood:
    """Read all rows of a draft's table and write them down for the batch; raises BriefError.

    Only files of the draft itself are meant by a row: a table must not reach into the machine.
    """
    found = catalogue.read(
        table,
        columns=columns,
        defaults=defaults,
        photos=folder / PHOTOS,
        currency=currency,
    )
    pictures = found.mapping.fields.get("photo", ("photo",))
    faults: list[Fault] = []
    lines, wheres = [], []
    wrong = count = 0
    for entry in found.entries():
        fields, strays = _within(folder, entry.fields)
        own = [
            Fault(entry.where, each.column, each.says)
            for each in entry.wrong
            if "photo" not in strays or each.column not in pictures
        ]
        own += [
            Fault(entry.where, pictures[0] if name == "photo" else name, "", missing)
            for name, missing in strays.items()
        ]
        wrong += bool(own)
        count += len(own)
        faults += own[: max(0, _SHOWN - len(faults))]
        lines.append(json.dumps(_flat(fields), ensure_ascii=False, default=str))
        wheres.append(entry.where)
    write(folder / ROWS, "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    write(folder / WHERES, json.dumps(wheres, ensure_ascii=False).encode())
    return Understood(found.mapping, len(lines), wrong, tuple(faults), count, found.remarks)


def _within(folder: Path, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields with files named as they lie in the draft, and those that name other files."""
    fields = {name: value for name, value in given.items() if name != "edits"}
    strays = {}
    named = fields.get("photo", "")
    fields["photo"], there = _inside(folder, named)
    if named and not there:
        strays["photo"] = fields["photo"]
    if isinstance(fields.get("brand"), Mapping):
        brand = dict(fields["brand"])
        for name in _FILES:
            if brand.get(name):
                brand[name], there = _inside(folder, brand[name])
                strays |= {} if there else {f"brand.{name}": brand[name]}
        fields["brand"] = brand
    return fields, strays


def _inside(folder: Path, named: Any) -> tuple[str, bool]:
    """A file by its name in the draft, and whether it is there."""
    try:
        path = Path(str(named)).resolve()
        if path.is_file() and path.is_relative_to((folder / PHOTOS).resolve()):
            return str(path.relative_to(folder.resolve())), True
    except (OSError, ValueError):  # too long; a NUL
        return "?", False
    return str(named).replace("\\", "/").rpartition("/")[2] or "?", False


def _flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a row as columns: `brand.name`."""
    brand = fields.get("brand")
    rest = {name: value for name, value in fields.items() if name != "brand"}
    named = brand.items() if isinstance(brand, Mapping) else ()
    return {"name": "", **rest, **{f"brand.{name}": value for name, value in named}}


def where(folder: Path, number: int) -> str:
    """Which row of the merchant's table the batch's product of this number is."""
    try:
        return str(json.loads((folder / WHERES).read_text("utf-8"))[number - 1])
    except (OSError, ValueError, LookupError, TypeError):
        return str(number)
