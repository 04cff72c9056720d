"""Scenes by Stable Diffusion and its relatives, through diffusers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from aigc import events
from aigc.campaign import Pixels
from aigc.errors import AigcError, ModelError, settled
from aigc.scene import Painter, Painting, SceneRequest, inplace, plain, usable
from aigc.scene.canvas import Canvas, canvas
from aigc.scene.finish import finished
from aigc.scene.prompt import Asked, Way, asked

if TYPE_CHECKING:
    from aigc._engines.diffusion import Job, Made


class _Draft(NamedTuple):
    """A request that a model paints, on which canvas, and what it is told."""

    request: SceneRequest
    canvas: Canvas
    asked: Asked


class Backend(Painter):
    """Paints the scene with a diffusion model; the product's pixels stay the merchant's own."""

    model: str = Field(
        "stabilityai/stable-diffusion-xl-base-1.0",
        description="Any model that diffusers' auto pipelines load; `aigc models list` names those "
        "with presets, and their licences",
    )
    way: Way = Field(
        "backdrop",
        description="backdrop: an empty scene, on which the product's shadow is laid; in-place: "
        "everything around the product, which stands in the picture from the start",
    )
    device: str = Field("auto", description="auto (a graphics card), cuda, cuda:N, mps, xpu or cpu")
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        "auto", description="Number format of the weights"
    )
    steps: int | None = Field(None, ge=1, le=150, description="Denoising steps; none: the preset's")
    guidance: float | None = Field(
        None, ge=0, le=30, description="Pull of the prompt; none: the preset's"
    )
    scheduler: str | None = Field(None, description="dpm++, euler, lcm …; none: the preset's")
    lora: str | None = Field(
        None,
        description="A LoRA, perhaps with its file's name behind it; none: the preset's; empty: "
        "no LoRA",
    )
    control: str | None = Field(
        None, description="A ControlNet for in-place painting: one for depth, or for Canny edges"
    )
    strength: float = Field(
        0.8, gt=0, le=1, description="In place: how far the drawn set is painted over; 1: all of it"
    )
    repaints: int = Field(
        2, ge=0, le=20, description="How often a picture that cannot be used is painted again"
    )
    ocr: Literal["auto", "on", "off"] = Field(
        "auto", description="Turn down pictures full of letters; auto: where the reader is at hand"
    )
    harmonise: float = Field(
        1.0, ge=0, le=1, description="How far shadow and calm are laid on what the model painted"
    )
    grain: float = Field(1.1, ge=0, le=8, description="Film grain, in levels of 255")
    batch: int = Field(
        1,
        ge=1,
        le=64,
        description="Pictures of a size painted at once; fewer are filled up to it: for catalogues",
    )
    max_vram: float | None = Field(None, gt=0, description="GB of graphics memory that it may take")
    tiny_vae: str = Field(
        "", description="A distilled decoder, faster and a little softer; empty: the model's own"
    )
    compile: bool = Field(
        False, description="Compile whole graphs: minutes at first, then faster for many pictures"
    )
    channels_last: bool = Field(True, description="Memory layout that convolutions like")
    fuse_qkv: bool = Field(
        False, description="Join each attention's projections: 1 % faster, 1.4 GB more for SDXL"
    )
    fp8: bool = Field(False, description="8-bit floats by torchao, for large transformers")
    cache: bool = Field(
        False, description="Reuse what hardly changes between steps; transformers of many steps"
    )
    attention: str = Field("auto", description="Attention kernel; auto: torch's choice")

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the result."""
        return ("diffusers", "torch", "transformers", "numpy", "opencv-contrib-python-headless")

    @property
    def materials(self) -> dict[str, str]:
        """The model, and which version of it; plain grounds alone need none."""
        from aigc._engines import store

        try:
            return {self.model: store.version_of(self.model)}
        except ModelError:
            return {}

    def paint(self, requests: Sequence[SceneRequest]) -> list[Painting]:
        """Paint each scene, (H, W, 3) uint8 sRGB at its request's size.

        Plain grounds need no model. Raises ModelError where there is no graphics card, unless
        `device` is cpu, and where a model paints nothing but black.
        """
        drafts = [self._draft(each) for each in requests if not plain.is_plain(each)]
        made = self._made(drafts) if drafts else []
        painted = iter([self._painting(*each) for each in zip(drafts, made, strict=True)])
        return settled(
            [plain.painting(each) if plain.is_plain(each) else next(painted) for each in requests]
        )

    def _draft(self, request: SceneRequest) -> _Draft:
        painted = canvas(request)
        return _Draft(
            request, painted, asked(painted.request, plain.shot(painted.request), self.way)
        )

    def _made(self, drafts: Sequence[_Draft]) -> list[Made | AigcError]:
        """Have the engine paint; it loads the model once a process."""
        from aigc._engines import diffusion, hub, ocr
        from aigc._engines.diffusion import run

        for ref in filter(None, (self.model, self.control)):  # of a LoRA the engine knows more
            hub.warn(ref, self.stage)
        read = ocr.read if self.ocr == "on" or (self.ocr == "auto" and ocr.at_hand()) else None

        def judged(job: Job, pixels: Pixels) -> str:
            return usable.fault(pixels, job.mask, read)

        fields = dataclasses.fields(diffusion.Settings)
        settings = diffusion.Settings(**{each.name: getattr(self, each.name) for each in fields})
        return run.generate(settings, [self._job(each) for each in drafts], judged, self.repaints)

    def _job(self, draft: _Draft) -> Job:
        from aigc._engines.diffusion import Job

        request = draft.canvas.request
        job = Job(request.size, *draft.asked, seed=request.seed)
        if self.way == "backdrop":
            return job
        return job._replace(**inplace.ground(request, plain.shot(request), self.control)._asdict())

    def _painting(self, draft: _Draft, made: Made | AigcError) -> Painting | AigcError:
        """Bring what a model made to what was asked for."""
        if isinstance(made, AigcError):
            return made
        tries = f"{made.repainted + 1} tries, the last with seed {made.seed}"
        if made.fault and made.fault not in usable.BEARABLE:
            return ModelError(
                f"scene.model = '{self.model}': {made.fault} in {tries}; where float16 overflows, "
                "scene.dtype=bfloat16 or float32 helps"
            )
        if made.fault:
            events.report(self.stage, 0, 0, f"{self.model}: {made.fault} in {tries}; look at it")
        request = draft.request
        pixels = finished(
            draft.canvas.cut(made.pixels),
            plain.shot(request),
            request.caption.cutout,
            strength=self.harmonise,
            thrown=self.way == "backdrop",
            grain=self.grain,
            rng=plain.rngs(request)[2],
        )
        if self.way == "in-place":
            pixels = inplace.put_back(pixels, inplace.placed(request.caption, request))
        return Painting(
            pixels=pixels,
            seed=made.seed,
            prompt=draft.asked.prompt,
            negative=draft.asked.negative,
            repainted=made.repainted,
        )
