"""Style packs: a small TOML file each in prompts/styles/, which a designer can write."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from aigc import prompts
from aigc.campaign import Unit, Value
from aigc.errors import BriefError

SetName = Literal["studio", "window", "spotlight", "podium", "bokeh", "papercut", "fabric", "rays"]
Harmony = Literal["product", "analogous", "complement", "fixed"]
Hue = Annotated[float, Field(ge=0, le=360)]


class Style(Value):
    """How a campaign looks: colours relative to the product's, type, sets and light."""

    name: str
    title: str
    tones: tuple[str, ...] = Field(description="Tones of copy that it suits")
    sets: tuple[SetName, ...] = Field(min_length=1, description="Studio sets, the best first")
    mode: Literal["light", "dark"] = Field(description="Dark text on light walls, or the reverse")
    hue: Harmony = Field("product", description="The wall's hue, relative to the product's")
    hues: tuple[Hue, ...] = Field(
        (60.0,),
        min_length=1,
        description="OKLCH hues of the style's own, for `fixed` and for products without colour",
    )
    chroma: float = Field(0.04, ge=0, le=0.4, description="OKLCH chroma of wall and floor")
    lightness: Unit = Field(0.9, description="OKLCH lightness of the wall")
    accent: Harmony = Field("product", description="Hue of badge and button, as `hue`")
    accent_hue: Hue = Field(30.0, description="OKLCH hue where accent is `fixed`")
    accent_chroma: float = Field(0.16, ge=0, le=0.4, description="OKLCH chroma of badge, button")
    gloss: Unit = Field(0.0, description="How far the floor mirrors the product")
    display: Literal["sans", "serif"] = Field("sans", description="Type of the headline")
    weight: int = Field(700, ge=100, le=900, description="Weight of the headline")
    scene: str = Field(description="What a diffusion model is asked to paint")
    negative: str = Field("", description="What a diffusion model must not paint")


@cache
def all_styles() -> dict[str, Style]:
    """Every style pack by its file's name."""
    found = sorted(prompts.path("styles").glob("*.toml"))
    return {
        file.stem: Style.model_validate({"name": file.stem, **prompts.table(f"styles/{file.name}")})
        for file in found
    }


def style(name: str, tone: str, seed: int) -> Style:
    """Find a style pack; `auto` takes one that suits the tone, by the seed.

    Raises BriefError naming the choices.
    """
    packs = all_styles()
    if name == "auto":
        fitting = [pack for pack in packs.values() if tone in pack.tones] or list(packs.values())
        return fitting[seed % len(fitting)]
    if name not in packs:
        raise BriefError(f"style: no style '{name}'; choose from auto, {', '.join(packs)}")
    return packs[name]
