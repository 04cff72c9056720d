"""The values that flow through the pipeline: each stage fills one field of a Campaign.

True everywhere: sizes are (width, height) in pixels; arrays are (H, W, 3) uint8 sRGB, or
(H, W, 4) with straight alpha; boxes are fractions (left, top, right, bottom) of the picture
with the origin at its top left; scores lie in 0..1; times are seconds; seeds are uint32.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import core_schema

Pixels = NDArray[np.uint8]
Size = tuple[int, int]
Box = tuple[float, float, float, float]
Tone = Literal["promotional", "functional", "fun", "poetic", "heartwarming"]
Unit = Annotated[float, Field(ge=0, le=1)]
Nudge = Annotated[float, Field(ge=-1, le=1)]

_OPAQUE = 250  # alpha from which on nothing is seen through


class _IsArray:
    """Lets pydantic carry arrays; they live in files of their own, so JSON leaves them out."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> core_schema.CoreSchema:
        return core_schema.is_instance_schema(np.ndarray)


PixelField = Annotated[Pixels, _IsArray, Field(exclude=True, repr=False)]


class Value(BaseModel):
    """A frozen record that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _tidy(text: Any) -> Any:
    """One line of composed Unicode: what copy and paste leaves behind would break a layout."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = str(text)  # `price: 199` in YAML is a number
    if not isinstance(text, str):
        return text
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join(unicodedata.normalize("NFC", text).split())


Line = Annotated[str, BeforeValidator(_tidy)]


class Brand(Value):
    """What the merchant's brand asks of every poster."""

    name: Line = Field("", max_length=80, description="Brand name")
    logo: str = Field("", description="Path of the logo, PNG with transparency for preference")
    logo_on_dark: str = Field("", description="Path of the logo as it stands on dark grounds")
    colours: tuple[str, ...] = Field((), description="Brand colours as #rrggbb")
    font: str = Field(
        "", description="Path of the brand's own font file, TTF or OTF, for headlines"
    )
    tone: Tone | None = Field(None, description="Voice of the brand; it outweighs the brief's tone")
    avoid: tuple[Line, ...] = Field(
        (), max_length=100, description="Words that the brand does not use, in any language"
    )


class OwnCopy(Value):
    """A text of the merchant's own, which is ranked and set beside those that are written."""

    headline: Line = Field(min_length=1, max_length=120)
    body: Line = Field("", max_length=300)
    cta: Line = Field("", max_length=40)


class Tweak(Value):
    """What the merchant changed on one poster; what is empty is as on the others."""

    copy_id: str = Field("", description="The text it leads with")
    layout: str = Field("", description="Its layout; the judge then tries no other")
    style: str = Field("", description="Its style pack")
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = Field(
        None, description="Seed of its scene, in place of the brief's"
    )
    product: tuple[Nudge, Nudge] = Field(
        (0.0, 0.0), description="How far the product is moved right and down, of the poster's sides"
    )
    scale: float = Field(1.0, ge=0.5, le=2.0, description="How much larger the product stands")
    text: tuple[Nudge, Nudge] = Field(
        (0.0, 0.0), description="How far the texts are moved right and down, of the poster's sides"
    )
    locked: bool = Field(
        False, description="Kept as it is while others change; corrections still reach it"
    )


class EditedCopy(OwnCopy):
    """A written text as the merchant put it right."""

    hashtags: tuple[Line, ...] | None = Field(None, max_length=10, description="None: as written")


class Edits(Value):
    """What the merchant corrected after a look; each stage's result is taken with its own."""

    matte: str = Field("", description="Path of a picture of the photo's shape: white the product")
    caption: Line = Field("", max_length=300, description="What the photo shows, in a sentence")
    tags: tuple[Annotated[Line, Field(min_length=1, max_length=40)], ...] | None = Field(
        None, max_length=20, description="Words that the photo supports; None: as seen"
    )
    texts: dict[str, EditedCopy] = Field({}, description="Texts put right, by their id")
    lead: str = Field("", description="The text to lead with, by its id; empty: the best")
    style: str = Field("", description="Style pack, in place of the brief's")
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = Field(
        None, description="Seed of the scenes, in place of the brief's"
    )
    posters: dict[str, Tweak] = Field({}, description="Changes to one poster, by its id")


class Brief(Value):
    """What the merchant says: one product, one photo, and where it will be sold."""

    name: Line = Field(min_length=1, max_length=120, description="Product name as it is sold")
    product: Line = Field(
        "", max_length=80, description="What it is, in a word or two; taken from the photo if empty"
    )
    photo: str = Field(
        min_length=1, description="Path, file:// or pypi: reference of the product photo"
    )
    features: tuple[Annotated[Line, Field(min_length=1, max_length=200)], ...] = Field(
        (), max_length=20, description="True selling points; copy claims nothing else"
    )
    price: Line = Field("", max_length=24, description="Price as printed, e.g. ¥199")
    was: Line = Field("", max_length=24, description="Price before, shown struck through")
    discount: Line = Field("", max_length=16, description="What is off, e.g. -30%, 7折, 2 for 1")
    coupon: Line = Field("", max_length=40, description="Coupon, e.g. TEA20 or 满199减30")
    link: str = Field("", max_length=400, description="Address that the QR code opens")
    badges: tuple[Annotated[Line, Field(min_length=1, max_length=24)], ...] = Field(
        (), max_length=4, description="Certificates and seals that the product really has"
    )
    texts: tuple[OwnCopy, ...] = Field(
        (), max_length=12, description="Copy of the merchant's own: headline, body, cta"
    )
    audience: Line = Field("", max_length=120, description="Whom it is for")
    tone: Tone = Field("promotional", description="Voice of the copy")
    language: str = Field(
        "en",
        description="Language of the copy: en, zh-CN; any other (th, ar, ja …) with `texts`, "
        "or a language model",
    )
    market: Line = Field("", max_length=40, description="Country or region of the campaign")
    date: str = Field(
        "",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        description="Day the campaign opens, YYYY-MM-DD: the season and its festivals",
    )
    brand: Brand = Field(default_factory=Brand, description="Brand name, logo, colours")
    channels: tuple[str, ...] = Field(
        ("instagram-square", "instagram-story", "google-landscape"),
        min_length=1,
        description="Channels to make pictures for; `aigc channels` lists them",
    )
    style: str = Field("auto", description="Style pack, or auto")
    variants: int = Field(1, ge=1, le=6, description="Posters a channel")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Same seed, same campaign")
    edits: Edits = Field(
        default_factory=Edits, description="Corrections made after a look at the campaign"
    )

    @property
    def voice(self) -> Tone:
        """The tone to write in: the brand's own, where it has one."""
        return self.brand.tone or self.tone


class Photo(Value):
    """The merchant's photo, upright, in sRGB, reduced to a working size."""

    pixels: PixelField  # (H, W, 3)
    alpha: Annotated[Pixels | None, Field(exclude=True, repr=False)] = None  # (H, W): its own matte

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Tag(Value):
    """A word that the photo supports, and how likely it is."""

    word: str
    probability: Unit


class Swatch(Value):
    """A colour of the product: its name in English, and its share of the product's pixels."""

    hex: str
    name: str
    share: Unit


class Attributes(Value):
    """What a vision-language model says of the product; empty where it cannot tell."""

    category: Line = Field("", max_length=60, description="What it is, in one to three words")
    material: Line = Field("", max_length=60, description="What it seems to be made of")
    colour: Line = Field("", max_length=60, description="Its main colours")
    pattern: Line = Field("", max_length=60, description="Its pattern or finish")
    use: Line = Field("", max_length=120, description="What it is for")
    selling_points: tuple[Annotated[Line, Field(min_length=1, max_length=120)], ...] = Field(
        (), max_length=6, description="What speaks for it and can be seen in the photo"
    )


class Caption(Value):
    """What is in the photo."""

    text: str
    attributes: Attributes | None = Field(None, description="None: the backend tells none")
    tags: tuple[Tag, ...]
    palette: tuple[Swatch, ...]
    background: Literal["white", "plain", "scene", "transparent"]
    subject: Box = Field(description="Where the product is in the photo")
    confidence: Unit = Field(1.0, description="How far the cut-out can be trusted")
    note: str = Field("", description="Why the whole photo is shown; empty for a cut-out")
    focus: Box = Field(
        (0.0, 0.0, 1.0, 1.0), description="What of a whole photo must stay in sight, on any poster"
    )
    cutout: PixelField = Field(
        description="(h, w, 4): the product alone, cropped to `subject`, edge colours cleaned; "
        "opaque, with all of the photo as `subject`, where that is shown whole"
    )

    @property
    def whole(self) -> bool:
        """Whether the photo is shown whole, for no product could be cut out of it."""
        all_of_it = pixel_box(self.subject, (1000, 1000)) == (0, 0, 1000, 1000)
        return all_of_it and bool(self.cutout[..., 3].min() > _OPAQUE)

    @property
    def colours(self) -> tuple[Swatch, ...]:
        """The product's own colours, which copy may name; of a whole photo none is known."""
        return () if self.whole else self.palette


class Copy(Value):
    """One candidate text for the campaign."""

    id: str
    headline: str
    body: str
    cta: str
    hashtags: tuple[str, ...]
    source: str = Field(description="What wrote it: the backend, and the pattern or model")


class Score(Value):
    """How good a candidate is, and why."""

    candidate_id: str
    total: Unit
    parts: dict[str, Unit]
    reason: str


class Slots(Value):
    """What a layout tells the scene: where the product stands and where text needs quiet."""

    layout: str
    product: Box = Field(description="Exactly where the cut-out will be pasted")
    quiet: tuple[Box, ...] = Field((), description="Text goes here: keep it calm")
    floor: float | None = Field(
        None, description="Height (fraction from the top) of the product's base; None: it lies flat"
    )


class Scene(Value):
    """A backdrop without product and text, made for one poster."""

    id: str
    channel: str
    style: str
    why: str = Field("", description="Why it has this style")
    prompt: str = Field("", description="What the painter was asked for; empty if it takes none")
    negative: str = Field("", description="What it was asked to leave out")
    seed: int = Field(description="The seed that it was painted with")
    repainted: int = Field(0, ge=0, description="Pictures before it that could not be used")
    slots: Slots
    tried: tuple[str, ...] = Field((), description="Layouts that the judge turned down for it")
    made_of: str = Field("", description="Digest of what was asked for: the same, the same scene")
    image: PixelField  # (H, W, 3)
    data: bytes = Field(b"", exclude=True, repr=False, description="The encoded `image`")


class Mark(Value):
    """What one check of the judge says of a poster."""

    check: str
    level: Literal["pass", "warn", "fail"]
    value: float
    threshold: float
    remedy: str = Field("", description="What is wrong and what to do; empty for a pass")


class Verdict(Value):
    """What the judge says of a poster: measures of its layout, and a mark a check."""

    metrics: dict[str, float | None] = Field(description="None: nothing there to measure")
    marks: tuple[Mark, ...]

    def at(self, level: str) -> tuple[Mark, ...]:
        """Give the marks of one level: pass, warn or fail."""
        return tuple(mark for mark in self.marks if mark.level == level)

    @property
    def passed(self) -> bool:
        """Whether no check failed; warnings pass."""
        return not self.at("fail")


class Poster(Value):
    """A finished file for one channel."""

    id: str
    channel: str
    file: str = Field(description="Path relative to the campaign folder")
    size: Size
    copy_id: str
    scene_id: str
    layout: str
    boxes: dict[str, Box] = Field(description="Where each element stands, by its name")
    contrast: dict[str, float] = Field(
        description="Least WCAG contrast of each text against the pixels behind it"
    )
    sizes: dict[str, float] = Field({}, description="Type size of each text, px")
    texts: dict[str, str] | None = Field(
        None, description="What each text says; None where the typesetter does not tell"
    )
    inks: dict[str, str] = Field({}, description="Colour of each text, #rrggbb")
    grounds: dict[str, str] = Field(
        {}, description="What each stands on: the scene, a colour of the theme, or none"
    )
    verdict: Verdict | None = Field(None, description="What the judge found")
    made_of: str = Field(
        "", description="Digest of all that it hangs on: the same, the same poster"
    )
    picture: Annotated[Pixels | None, Field(exclude=True, repr=False)] = None  # before encoding
    data: bytes = Field(b"", exclude=True, repr=False, description="The encoded file")
    preview: bytes = Field(
        b"", exclude=True, repr=False, description="A JPEG of it, where `data` is no picture"
    )

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    @property
    def shown(self) -> str:
        """The file that a browser shows: its own, or the picture beside a PDF."""
        return f"{self.file[:-4]}.preview.jpg" if self.file.endswith(".pdf") else self.file

    @property
    def preflight(self) -> str:
        """The report beside a PDF; of pictures there is none."""
        return f"{self.file[:-4]}.preflight.json" if self.file.endswith(".pdf") else self.file


class Step(Value):
    """Provenance: which backend filled which field, with what, and how long it took."""

    stage: str
    backend: str
    options: dict[str, Any]
    seconds: float = Field(
        0.0, exclude=True, description="Not saved: the same campaign has the same bytes"
    )
    versions: dict[str, str]


class Given(Value):
    """What backends gave where corrections took its place; they need not be asked again."""

    caption: Caption | None = None
    copies: tuple[Copy, ...] = ()


class Campaign(Value):
    """Everything made from one brief; a stage returns a copy with its own field filled."""

    id: str
    brief: Brief
    photo: Photo | None = Field(None, exclude=True, repr=False)
    caption: Caption | None = None
    copies: tuple[Copy, ...] = ()
    ranking: tuple[Score, ...] = Field((), description="Best first")
    scenes: tuple[Scene, ...] = ()
    posters: tuple[Poster, ...] = ()
    steps: tuple[Step, ...] = ()
    folder: str = Field("", exclude=True, description="Where it is saved, if it is")
    given: Given = Field(default_factory=Given, exclude=True, repr=False)

    def seed(self, stage: str, index: int = 0) -> int:
        """Give the seed of item `index` in `stage`, whatever the batch or worker (uint32)."""
        key = f"{self.brief.seed}/{stage}/{index}".encode()
        return int.from_bytes(hashlib.sha256(key).digest()[:4], "big")

    def creative(self, part: str) -> str:
        """Name a poster or a copy of this campaign, by its id, as click logs are to name it."""
        return f"{self.id}.{part}"

    def ranked(self) -> tuple[Copy, ...]:
        """Give the copies, best first."""
        by_id = {copy.id: copy for copy in self.copies}
        return tuple(by_id[score.candidate_id] for score in self.ranking)

    def led(self) -> tuple[Copy, ...]:
        """Give the copies as posters take them: the one to lead with, then best first."""
        lead = self.brief.edits.lead
        return tuple(sorted(self.ranked(), key=lambda copy: copy.id != lead))


def pixel_box(box: Box, size: Size) -> tuple[int, int, int, int]:
    """Turn a box of fractions into whole pixels of a picture of `size`; never empty."""
    width, height = size
    left, top = round(box[0] * width), round(box[1] * height)
    return left, top, max(left + 1, round(box[2] * width)), max(top + 1, round(box[3] * height))
