"""What a layout is given: the texts of one copy, ready to set, with fonts and colours."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from aigc import prompts
from aigc.campaign import Caption, Copy
from aigc.channels import Channel, columns
from aigc.scene.colours import Theme
from aigc.typeset import PlanRequest, breaks, faces, logos, qr, scripts, whole, words
from aigc.typeset.paper import printed

_LEAST = 8.6  # CSS px: the smallest type that is read where the picture is seen
CUT_OFF = 0.985  # a subject that reaches so far down the photo was cut off by its edge
_ROOMY = 480  # px: the shortest side of a poster that a code or seals can stand on
_LABELS = ("was", "discount", "coupon")  # set in one line, in a shape of their own


def copy_for(plan: PlanRequest) -> Copy:
    """The copy a poster shows: the best that keeps within the channel's limits, else the best."""
    limits = plan.channel.text
    fitting = (
        copy
        for copy in plan.copies
        if columns(copy.headline) <= limits.headline
        and columns(copy.body) <= limits.body
        and columns(copy.cta) <= limits.cta
    )
    bare = Copy(id="", headline=plan.brief.name, body="", cta="", hashtags=(), source="")
    return next(fitting, next(iter(plan.copies), bare))


def texts(plan: PlanRequest, copy: Copy) -> dict[str, str]:
    """The texts by element, without what no font has; empty ones are left out.

    Raises BriefError naming a letter that no font has.
    """
    if not plan.channel.texts:  # the platform refuses them
        return {}
    glyphs = faces.glyphs()
    raw = {
        "headline": ("copy.headline", copy.headline),
        "body": ("copy.body", copy.body),
        "cta": ("copy.cta", copy.cta),
        "price": ("price", plan.brief.price),
        "was": ("was", plan.brief.was),
        "discount": ("discount", plan.brief.discount),
        "coupon": ("coupon", plan.brief.coupon),
        "brand": ("brand.name", plan.brief.brand.name),
    }
    if _roomy(plan.channel):
        seals = [text for text in plan.brief.badges if words.clean(text, "badges", glyphs)]
        raw |= {f"badge-{i + 1}": ("badges", text) for i, text in enumerate(seals)}
    kept = printed(plan.channel, plan.brief, {name: text for name, (_, text) in raw.items()})
    raw = {name: (raw[name][0], text) for name, text in kept.items()}
    own = faces.glyphs(plan.brief.brand.font)
    cleaned = {
        name: words.clean(text, field, own if name == "headline" else glyphs)
        for name, (field, text) in raw.items()
    }
    return {name: text for name, text in cleaned.items() if text}


def code(plan: PlanRequest) -> tuple[str, ...] | None:
    """The rows of the QR code of the brief's link, where there is one and it could be scanned.

    Raises BriefError for a link that no phone opens.
    """
    link = plan.brief.link
    allowed = plan.channel.allows("link") and _roomy(plan.channel)
    if plan.channel.print is not None and plan.channel.print.kind == "sleeve":
        allowed = False  # it stands on the back
    return qr.rows(link) if link and allowed else None


def stands(plan: PlanRequest) -> bool:
    """Whether a product stands on a floor; garments and the like hang or lie flat."""
    caption = plan.caption
    if cropped(caption) or caption.whole:
        return False
    said = f"{plan.brief.product} {plan.brief.name}".lower()
    likely = " ".join(tag.word for tag in caption.tags[:3] if tag.probability >= 0.5).lower()
    return not any(word in said or word in likely for word in _flat_words())


def cropped(caption: Caption) -> bool:
    """Whether the photo's lower edge cut the product off."""
    alone = caption.background == "transparent" or caption.whole
    return caption.subject[3] >= CUT_OFF and not alone


def sheet_data(plan: PlanRequest, copy: Copy, theme: Theme) -> dict[str, Any]:
    """Everything that a layout reads, as JSON takes it."""
    mark = logos.first(plan.brief.brand) if plan.channel.texts else None
    said = texts(plan, copy)
    height, width = plan.caption.cutout.shape[:2]
    language = plan.brief.language.lower().replace("_", "-")
    own = said.get("headline", "") + said.get("body", "")
    chinese = scripts.is_cjk(own)
    names = [plan.brief.name, plan.brief.product]
    return {
        "width": plan.channel.size[0],
        "height": plan.channel.size[1],
        "least": _LEAST * plan.channel.size[0] / plan.channel.seen if plan.channel.seen else 0.0,
        "shape": plan.channel.shape,
        "safe": plan.channel.safe,
        "fill": plan.channel.fill,
        "aspect": width / height,
        "cropped": cropped(plan.caption),
        "whole": plan.caption.whole,
        "largest": whole.MOST_ENLARGED * height,
        "crop": whole.shapes(plan.caption) if plan.caption.whole else (0.01, 99.0),
        "lang": language.split("-")[0],
        "region": scripts.region(language),
        "rtl": scripts.is_rtl(own),
        "cjk": chinese,
        "text": {
            name: _ready(name, text, names, language)
            for name, text in said.items()
            if not name.startswith("badge-")
        },
        "badges": [words.label(text) for name, text in said.items() if name.startswith("badge-")],
        "qr": code(plan),
        "module": _module(plan.channel),
        **faces.setting(plan.style, said, plan.brief.brand.font),
        "logo": mark.shape[1] / mark.shape[0] if mark is not None else None,
        "theme": theme.model_dump(),
        "ink": {},
    }


def pack(plan: PlanRequest) -> dict[str, Any]:
    """What the sides and the back of a box read besides: name, body, selling points, code."""
    glyphs, copy, brief = faces.glyphs(), copy_for(plan), plan.brief
    said = {
        "headline": words.clean(brief.name, "name", faces.glyphs(brief.brand.font)),
        "body": "" if brief.features else words.clean(copy.body, "copy.body", glyphs),
        "brand": words.clean(brief.brand.name, "brand.name", glyphs),
    }
    points = [words.clean(each, "features", glyphs) for each in brief.features]
    names = [brief.name, brief.product]
    return {
        "text": {
            name: breaks.flowing(text, names, brief.language) for name, text in said.items() if text
        },
        "features": [breaks.flowing(text, names, brief.language) for text in points],
        "edges": scripts.edges([*said.values(), *points]),
        "logo": None,
        "qr": qr.rows(brief.link) if brief.link else None,
    }


def _ready(name: str, text: str, whole: list[str], language: str) -> dict[str, Any]:
    if name == "price":
        return {**words.price(text), "rtl": scripts.is_rtl(text)}
    return words.label(text) if name in _LABELS else breaks.flowing(text, whole, language)


def _module(channel: Channel) -> int:
    """The least side of a code's module, px."""
    if channel.print is None:
        return qr.LEAST
    return max(qr.LEAST, math.ceil(qr.LEAST_PRINTED * channel.size[0] / channel.print.face[0]))


def _roomy(channel: Channel) -> bool:
    """Whether a poster has room for more than words and an offer."""
    banner = channel.shape in ("leaderboard", "skyscraper")
    return min(channel.size) >= _ROOMY and not banner and channel.background == "scene"


@cache
def _flat_words() -> tuple[str, ...]:
    lines = prompts.text("typeset/flat.txt").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
