"""What a diffusion model is asked for: from style, product, market, day and slots.

The words are in prompts/scene/painter.toml and in the styles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from coloraide import Color

from aigc import prompts, seasons
from aigc.campaign import Slots
from aigc.scene import SceneRequest
from aigc.scene.light import Shot

Way = Literal["backdrop", "in-place"]

ROOM = 75  # tokens that CLIP's text encoder reads, without the two around them
_TOKEN = re.compile(r"[a-z]+|\d|[^\sa-z\d]+")
_LETTERS = 6  # of a word a token, at the least: common long words are one


class Asked(NamedTuple):
    """A prompt and what it forbids."""

    prompt: str
    negative: str


def asked(request: SceneRequest, shot: Shot, way: Way) -> Asked:
    """Word one request, the weightiest first; both texts fit CLIP's 77 tokens."""
    words = prompts.table("scene/painter.toml")
    noun, category = _product(request)
    thing = noun or words["subject"]["unknown"]
    forbidden = list(words["negative"]["always"])
    forbidden += [each.format(product=thing) for each in words["negative"][way]]
    own = (each.strip() for each in request.style.negative.split(","))
    if way == "backdrop":
        said = _backdrop(request, shot, words)
        forbidden += [noun, *own]
    else:
        said = _in_place(request, shot, words, noun)
        forbidden += [each for each in own if each != "product"]
    mood = words["mood"].get(category, "") if not request.style.occasions else ""
    said += [mood, *_place_and_time(request, words)]
    return Asked(_fitted(said), _fitted(forbidden))


def tokens(text: str) -> int:
    """At least as many tokens as CLIP's tokenizer makes of a text, but for rare words."""
    found = _TOKEN.findall(text.lower())
    return sum(1 + (len(each) - 1) // _LETTERS if each.isalpha() else len(each) for each in found)


def _backdrop(request: SceneRequest, shot: Shot, words: dict[str, dict[str, str]]) -> list[str]:
    surface = words["surface"][_surface(shot)]
    scene = request.style.scene
    first = [surface, scene] if shot.floor is None else [scene, surface]
    return [*first, _quiet(request.slots, words), *_setting(request, shot, words, "backdrop")]


def _in_place(
    request: SceneRequest, shot: Shot, words: dict[str, dict[str, str]], noun: str
) -> list[str]:
    subject = words["subject"]["lying" if shot.floor is None else "standing"]
    colours = _own_colours(request) if noun else ()
    thing = " ".join([*colours, noun or words["subject"]["unknown"]])
    scene = request.style.scene.removeprefix("empty ")
    quiet = _quiet(request.slots, words)
    return [
        subject.format(product=thing), scene, quiet, *_setting(request, shot, words, "in-place"),
    ]  # fmt: skip


def _setting(
    request: SceneRequest, shot: Shot, words: dict[str, dict[str, str]], way: Way
) -> list[str]:
    wall = ""
    if request.style.hue != "fixed":  # a style that fixes its hue names it
        wall = words["wall"]["colour"].format(colour=_named(shot.colours.wall))
    light = words["light"]["left" if shot.side < 0 else "right"]
    return [wall, light, words["closing"][way]]


def _surface(shot: Shot) -> str:
    if shot.floor is None:
        return "lying"
    at = shot.floor / shot.height
    return "low" if at > 0.88 else "middle" if at > 0.62 else "high"


def _quiet(slots: Slots, words: dict[str, dict[str, str]]) -> str:
    sides = quiet_sides(slots)
    if not sides:
        return ""
    where = " and ".join(words["quiet"][side] for side in sides)
    return words["quiet"]["area"].format(where=where)


def quiet_sides(slots: Slots) -> list[str]:
    """Where the texts stand beside the product: one or two of top, bottom, left, right."""
    left, top, right, bottom = slots.product
    across, down = 0.1 * (right - left), 0.1 * (bottom - top)
    areas = dict.fromkeys(("top", "bottom", "left", "right"), 0.0)
    for x0, y0, x1, y1 in slots.quiet:
        area = max(x1 - x0, 0.0) * max(y1 - y0, 0.0)
        apart = {
            "top": top + down - y1,
            "bottom": y0 - bottom + down,
            "left": left + across - x1,
            "right": x0 - right + across,
        }
        areas[max(apart, key=lambda side: apart[side])] += area
    most = max(areas.values())
    telling = [side for side, area in areas.items() if area > 0.4 * most]
    return sorted(telling, key=lambda side: -areas[side])[:2]


def _product(request: SceneRequest) -> tuple[str, str]:
    """The product's common noun, and its category; never a name, which would be lettered."""
    from aigc.copywrite.words import find_noun

    brief, caption = request.brief, request.caption
    noun = find_noun(brief, caption, "en")
    seen = {tag.word for tag in caption.tags}
    known = noun.category != "generic" or noun.word in brief.product.lower() or noun.word in seen
    told = caption.attributes.category.lower() if caption.attributes else ""
    word = told or (noun.word if known else "")
    brand = set(brief.brand.name.lower().split())
    if not word.isascii() or brand & set(word.split()):
        word = ""
    return word, noun.category


def _own_colours(request: SceneRequest) -> tuple[str, ...]:
    from aigc.caption.palette import main_colours

    return main_colours(request.caption.colours)[:1]


def _named(colour: str) -> str:
    from aigc.caption.palette import colour_name

    lightness, a, b = (float(part) for part in Color(colour).convert("lab-d65").coords())
    return colour_name((lightness, a, b))


def _place_and_time(request: SceneRequest, words: dict[str, dict[str, str]]) -> list[str]:
    """The season's light and a touch of the market, where a bright style leaves it open."""
    if request.style.occasions or request.style.mode == "dark":
        return []
    markets = [market.name for market in seasons.markets(request.brief)]
    one = request.brief.market and len(markets) == 1  # a guess by the language is none
    place = words["market"].get(markets[0], "") if one else ""
    return [_season(request, markets, words["season"]), place]


def _season(request: SceneRequest, markets: list[str], words: dict[str, str]) -> str:
    opens = seasons.day(request.brief)
    if opens is None or set(markets) & set(words["none"]):
        return ""
    shifts = {6 if market in words["south"] else 0 for market in markets} or {0}
    if len(shifts) > 1:
        return ""
    quarter = (opens.month + shifts.pop()) % 12 // 3
    return words[("winter", "spring", "summer", "autumn")[quarter]]


def _fitted(parts: Iterable[str]) -> str:
    """Join parts, each once, as far as there is room; a later, shorter one may still fit."""
    kept: list[str] = []
    for part in dict.fromkeys(filter(None, parts)):
        if tokens(", ".join([*kept, part])) <= ROOM:
            kept.append(part)
    return ", ".join(kept)
