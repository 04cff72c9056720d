"""From the form to the line: a brief a photo, and a job a brief."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from aigc import brandkit, brief, photo, pipeline
from aigc.campaign import Brand, Brief
from aigc.errors import AigcError, BriefError
from aigc.recipe import Recipe

from .. import controls
from ..feedback.weights import with_weights
from ..house import House
from ..words import Say
from . import brand as brands
from . import photos
from .form import COLOURS, OWN_TEXTS

Form = dict[str, Any]  # what the controls hold, by their names
_PLAIN = ("price", "was", "discount", "coupon", "link", "product", "audience", "market", "date")
_LISTS = ("features", "badges")
_BRAND_FILES = ("logo", "logo_on_dark", "font")


class FormError(AigcError):
    """What must be put right in the form; `field` is photo, name, channels, or empty."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class Order(NamedTuple):
    """A campaign that is asked for."""

    brief: Brief
    recipe: Recipe

    @property
    def key(self) -> str:
        """The same for the same campaign: a second press of the button asks for no second one."""
        said = [self.brief.model_dump(mode="json"), self.recipe.table()]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def orders(house: House, home: Path, form: Form, say: Say) -> list[Order]:
    """Read the form: an order for each photo; raises FormError where it cannot be."""
    dropped = [each for each in form["photos"] or [] if isinstance(each, dict)]
    if not dropped:
        raise FormError("photo", say("product.no_photo"))
    named = [form["name"]] if len(dropped) == 1 else [each.get("name") for each in dropped]
    names = [" ".join(str(name or "").split()) for name in named]
    if not all(names):
        raise FormError("name", say("product.no_name" if len(names) == 1 else "product.no_names"))
    if not form["channels"]:
        raise FormError("channels", say("product.no_channel"))
    try:
        options = form.get("options") if house.trusts else None
        recipe = with_weights(controls.recipe(house.recipe, options), home)
    except AigcError as error:
        raise FormError("", str(error)) from error
    fields = _fields(form)
    found = []
    for name, each in zip(names, dropped, strict=True):
        try:
            path = photos.own(house, each.get("path"))
            photo.check(path)
        except BriefError as error:
            raise FormError("photo", photos.plain(say, error, name)) from error
        found.append(_brief(fields | {"name": name, "photo": path}, say))
    kept = _kept(home, found[0].brand)
    return [Order(each.model_copy(update={"brand": kept}), recipe) for each in found]


def put(house: House, owner: str, home: Path, order: Order) -> str:
    """Line up one campaign, or find the job that makes it already; gives the job's id."""
    known = _lined.get((owner, order.key))
    if known is not None and any(
        job.job == known and job.state in ("waiting", "running") for job in house.line.jobs(owner)
    ):
        return known
    work = partial(pipeline.run, outputs=str(home))
    job = house.line.put(owner, order.brief.name, work, order.brief, order.recipe)
    _lined[owner, order.key] = job
    while len(_lined) > _REMEMBERED:
        _lined.pop(next(iter(_lined)))
    return job


_lined: dict[tuple[str, str], str] = {}
_REMEMBERED = 1000


def _brief(fields: dict[str, Any], say: Say) -> Brief:
    try:
        made = brief.make(fields)
        brandkit.check_files(made)
    except BriefError as error:
        problem = brief.problem(str(error)) if ": " in str(error) else None
        field = problem.field.split(".") if problem else [""]
        if field[0] in ("photo", "name", "channels"):
            raise FormError(field[0], str(error)) from error
        raise FormError("", _labelled(str(error), field, say)) from error
    return made


def _labelled(text: str, field: list[str], say: Say) -> str:
    """An error with the field as the form calls it before it."""
    for key in ("_".join(field[:2]), field[-1], field[0]):
        try:
            return f"{say(f'product.{key}')}: {text}"
        except (KeyError, IndexError):
            continue
    return text


def _fields(form: Form) -> dict[str, Any]:
    """The form's fields as a brief's; those of a fold that never opened may be None."""
    fields: dict[str, Any] = {name: str(form.get(name) or "").strip() for name in _PLAIN}
    fields |= {name: _split(form.get(name)) for name in _LISTS}
    fields["channels"] = form["channels"]
    for name in ("tone", "language", "style", "variants", "seed"):
        if form.get(name) not in (None, ""):
            fields[name] = form[name]
    rows = [
        {part: str(form.get(f"{part}_{n}") or "").strip() for part in ("headline", "body", "cta")}
        for n in range(OWN_TEXTS)
    ]
    fields["texts"] = [row for row in rows if any(row.values())]
    brand = {name: form.get(name) or "" for name in _BRAND_FILES}
    brand |= {
        "name": str(form.get("brand_name") or ""),
        "colours": [
            _hex(form.get(f"colour_{n}")) for n in range(COLOURS) if form.get(f"colour_{n}")
        ],
        "tone": form.get("brand_tone") or None,
        "avoid": _split(form.get("avoid")),
    }
    fields["brand"] = brand
    return fields


def _kept(home: Path, brand: Brand) -> Brand:
    """A brand that has a name is kept for the next time."""
    if not brand.name:
        return brand
    try:
        return brands.keep(home, brand)
    except (AigcError, OSError) as error:
        raise FormError("", str(error)) from error


def _split(text: Any) -> list[str]:
    return [line.strip() for line in str(text or "").splitlines() if line.strip()]


def _hex(colour: Any) -> str:
    """A colour as #rrggbb: a picker may also say rgb(…) or rgba(…)."""
    text = str(colour).strip()
    if text.startswith("rgb"):
        parts = text[text.index("(") + 1 : text.rindex(")")].split(",")[:3]
        return "#" + "".join(f"{min(255, max(0, round(float(part)))):02x}" for part in parts)
    return text
