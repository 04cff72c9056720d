"""Templates of the page's own HTML; every word of a merchant or a model is escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from .house import House
from .words import LANGUAGES, Say


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def render(template: str, say: Say, **values: object) -> str:
    """Fill a template, by its path in this folder such as `review/copies.html.j2`."""
    return _environment().get_template(template).render(say=say, **values).strip()


def masthead(say: Say, language: str, house: House) -> str:
    """The page's heading, with the way to the other language and, for who logged in, out."""
    other = next(each for each in LANGUAGES if each != language)
    at = house.root if language == "en" else f"{house.root}/{language}"
    return render(
        "masthead.html.j2",
        say,
        address=f"{house.root}/language/{other}",
        other=other,
        leave=f"{at}/logout" if house.guests == "names" else "",
        icon=f"{house.root}/shell/icon.svg",
    )
