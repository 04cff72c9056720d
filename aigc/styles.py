"""Style packs: a small TOML file each in prompts/styles/, which a designer can write."""

from __future__ import annotations

import math
import zlib
from functools import cache
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from aigc import prompts, seasons
from aigc.campaign import Brief, Caption, Tone, Unit, Value
from aigc.errors import BriefError

SetName = Literal[
    "studio", "window", "spotlight", "podium", "bokeh", "papercut", "fabric", "rays",
    "arcs", "burst", "concrete", "gate", "grid", "halftone", "hearts", "moon", "niche",
    "rangoli", "ring", "snow",
]  # fmt: skip
Kind = Literal[
    "bag", "balloon", "bauble", "bolt", "cloud", "coin", "confetti", "crescent", "diya", "dust",
    "fanoos", "fir", "flower", "garland", "gift", "heart", "lantern", "leaf", "mooncake", "orange",
    "osmanthus", "petal", "plum", "rabbit", "rose", "snow", "star",
]  # fmt: skip
Harmony = Literal["product", "analogous", "complement", "fixed"]
Hue = Annotated[float, Field(ge=0, le=360)]
Chroma = Annotated[float, Field(ge=0, le=0.4)]
Tint = Literal["accent", "wall"] | tuple[Unit, Chroma, Hue]

_OTHER_HARMONY: dict[Harmony, tuple[Harmony, ...]] = {
    "product": ("product", "analogous", "complement"),
    "analogous": ("analogous", "product", "complement"),
    "complement": ("complement", "analogous", "product"),
    "fixed": ("fixed",),
}


class Decoration(Value):
    """One group of ornaments: what they are, how many, how large, and where they belong."""

    kind: Kind = Field(description="The shape that is drawn")
    object: str = Field(
        "",
        pattern=r"^[0-9a-f-]*$",
        description="Code point of a 3D object that stands for it where there is one, e.g. 1f381",
    )
    place: Literal["hanging", "floor", "corner", "falling"] = Field(
        description="From the upper edge, on the floor beside the product, large and out of focus "
        "in the corners, or scattered in the air"
    )
    count: int = Field(1, ge=1, le=60, description="How many at most, where there is room")
    size: float = Field(0.16, gt=0, le=1, description="Height, of the picture's shorter side")
    colours: tuple[Tint, ...] = Field(
        ("accent",),
        min_length=1,
        description="`accent`, `wall`, or OKLCH lightness, chroma and hue; ornaments take turns",
    )


class Style(Value):
    """How a campaign looks: colours relative to the product's, type, sets, light, ornaments."""

    name: str = Field(description="The file's name")
    title: str = Field(description="As a merchant reads it")
    tones: tuple[Tone, ...] = Field(description="Tones of copy that it suits, the best first")
    categories: tuple[str, ...] = Field(
        (), description="Product categories that it suits best, as copywrite/categories.toml has"
    )
    never: tuple[str, ...] = Field(
        (), description="Product categories that `auto` never gives it, for custom forbids them"
    )
    occasions: tuple[str, ...] = Field(
        (), description="Festivals that it is for, as scene/festivals.toml has; none: all year"
    )
    markets: tuple[str, ...] = Field(
        (), description="Markets that keep them, as scene/markets.toml has; none: all"
    )
    sets: tuple[SetName, ...] = Field(min_length=1, description="Studio sets, the best first")
    mode: Literal["light", "dark"] = Field(description="Dark text on light walls, or the reverse")
    hue: Harmony = Field("product", description="The wall's hue, relative to the product's")
    hues: tuple[Hue, ...] = Field(
        (60.0,),
        min_length=1,
        description="OKLCH hues of the style's own, for `fixed` and for products without colour",
    )
    chroma: Chroma = Field(0.04, description="OKLCH chroma of wall and floor")
    lightness: Unit = Field(0.9, description="OKLCH lightness of the wall")
    accent: Harmony = Field("product", description="Hue of badge and button, as `hue`")
    accent_hue: Hue = Field(30.0, description="OKLCH hue where accent is `fixed`")
    accent_chroma: Chroma = Field(0.16, description="OKLCH chroma of badge and button")
    accent_lightness: Unit | None = Field(
        None, description="OKLCH lightness to look for theirs from; none: by the mode"
    )
    gloss: Unit = Field(0.0, description="How far the floor mirrors the product")
    warmth: float = Field(
        0.0, ge=-1, le=1, description="Light of candles (1), of day (0), or of the moon (-1)"
    )
    display: Literal["sans", "serif"] = Field("sans", description="Type of the headline")
    weight: int = Field(700, ge=100, le=900, description="Weight of the headline")
    decoration: tuple[Decoration, ...] = Field(
        (), description="Ornaments, the most telling first: what has no room is left out"
    )
    scene: str = Field(description="What a diffusion model is asked to paint")
    negative: str = Field(description="What a diffusion model must not paint")


class Choice(NamedTuple):
    """A style for a campaign, and why it was taken."""

    style: Style
    why: str


@cache
def all_styles() -> dict[str, Style]:
    """Every style pack by its file's name."""
    found = sorted(prompts.path("styles").glob("*.toml"))
    return {
        file.stem: Style.model_validate({"name": file.stem, **prompts.table(f"styles/{file.name}")})
        for file in found
    }


def named(name: str) -> Style:
    """Find a style pack; raises BriefError naming the choices."""
    packs = all_styles()
    if name not in packs:
        raise BriefError(f"style: no style '{name}'; choose from auto, {', '.join(packs)}")
    return packs[name]


def check(brief: Brief) -> None:
    """Raise BriefError for a style that does not exist."""
    if brief.style != "auto":
        named(brief.style)


def choose(brief: Brief, caption: Caption) -> tuple[Choice, ...]:
    """Rank the styles for a product, the best first, each with its reason.

    A style that the brief names is the only one. `auto` looks at the market's festivals on the
    day the campaign opens, nearest first, then at the product's category and the tone; equals
    take turns by the seed. A festival's style out of its season is left out.
    """
    if brief.style != "auto":
        return (Choice(named(brief.style), "named in the brief"),)
    from aigc.copywrite.words import find_noun

    category = find_noun(brief, caption, "en").category
    tone = brief.brand.tone or brief.tone
    ranked: list[tuple[float, Choice]] = []
    season = seasons.seasons(brief)
    for pack in all_styles().values():
        if category in pack.never:
            continue
        if pack.occasions:
            nearest = next(
                (
                    at
                    for at in season
                    if at.festival in pack.occasions and at.market in pack.markets
                ),
                None,
            )
            if nearest is not None:
                ranked.append((1000.0 - abs(nearest.away), Choice(pack, nearest.why)))
            continue
        suits = category in pack.categories
        points = 3.0 * suits
        if tone in pack.tones:
            points += 2.0 - 0.4 * pack.tones.index(tone)
        points += zlib.crc32(f"{brief.seed}/{brief.name}/{pack.name}".encode()) / 2**32
        ranked.append((points, Choice(pack, _why(category, suits, tone, tone in pack.tones))))
    ranked.sort(key=lambda pair: -pair[0])
    return tuple(choice for _, choice in ranked)


def look(choices: tuple[Choice, ...], variant: int, seed: int) -> Choice:
    """The style of a campaign's variant, counted from 0: the ranking's next one each time.

    Past its end the variants go through it again with another set, and other hues.
    """
    turn, place = divmod(variant, len(choices))
    pack, why = choices[place]
    own = _shuffled(pack.sets, seed)
    again = turn % len(own)
    by = (turn + turn // math.lcm(len(own), len(pack.hues))) % len(pack.hues)  # no pair twice
    harmonies = _OTHER_HARMONY[pack.hue]
    changed = {
        "sets": (*own[again:], *own[:again]),
        "hues": (*pack.hues[by:], *pack.hues[:by]),
        "hue": harmonies[turn % len(harmonies)],
    }
    return Choice(pack.model_copy(update=changed), why)


def _shuffled(sets: tuple[SetName, ...], seed: int) -> tuple[SetName, ...]:
    """Another order for each seed; the first ones tend to stay in front."""

    def place(at: int) -> float:
        return at + 1.4 * zlib.crc32(f"{seed}/{sets[at]}".encode()) / 2**32

    return tuple(sets[at] for at in sorted(range(len(sets)), key=place))


def _why(category: str, suits: bool, tone: str, in_tone: bool) -> str:
    reasons = [category] * suits + [f"a {tone} tone"] * in_tone
    return f"suits {' and '.join(reasons)}" if reasons else "goes with any product"
