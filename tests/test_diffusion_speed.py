"""Every rung of the speed ladder paints what the plain pipeline paints, and nothing recompiles."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import diffusers
import numpy as np
import pytest
import tiny_diffusion
import torch
from torch import nn

from aigc._engines.diffusion import Settings, embeddings, loop, pixels, speed
from aigc.errors import MissingExtra, ModelError

CPU = torch.device("cpu")
SIZE = (96, 64)
PROMPTS, NEGATIVES = ["a wall", "a table by a window"], ["text", ""]
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
ONE_STEP: dict[str, tuple[Any, dict[str, Any]]] = {
    "lightning": (diffusers.EulerDiscreteScheduler, {"timestep_spacing": "trailing"}),
    "turbo": (diffusers.EulerAncestralDiscreteScheduler, {"timestep_spacing": "trailing"}),
    "lcm": (diffusers.LCMScheduler, {}),
    "tcd": (diffusers.TCDScheduler, {}),
    "ddim": (diffusers.DDIMScheduler, {"clip_sample": False}),
    "ddpm": (diffusers.DDPMScheduler, {"clip_sample": False}),
}
LOOKS_BACK: list[tuple[Any, dict[str, Any]]] = [
    (diffusers.PNDMScheduler, {"skip_prk_steps": True}),
    (diffusers.DPMSolverMultistepScheduler, {}),
    (diffusers.HeunDiscreteScheduler, {}),
    (diffusers.DDIMScheduler, {}),  # it clips
]
# What diffusers' schedulers do with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def _no_compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trace whole graphs as ever, but run them without a compiler: that takes minutes here."""
    monkeypatch.setattr(speed, "BACKEND", "eager")
    yield
    torch.compiler.reset()


def load(family: str) -> Any:
    """Load a tiny pipeline that shares nothing with another."""
    diffusers.utils.logging.disable_progress_bar()
    pipe = diffusers.DiffusionPipeline.from_pretrained(tiny_diffusion.folder(family))
    pipe.set_progress_bar_config(disable=True)
    return pipe


def settings(**changes: Any) -> Settings:
    """Give settings with every rung off but those named."""
    return Settings(**({"model": "tiny", "channels_last": False, "fuse_qkv": False} | changes))


def noise(count: int = 2) -> list[torch.Generator]:
    """One generator a picture."""
    return [torch.Generator("cpu").manual_seed(seed) for seed in range(count)]


def latents(pipe: Any, guidance: float = 5.0, steps: int = 2, count: int = 2) -> torch.Tensor:
    """Paint by the pipeline's own call."""
    given = embeddings.of(pipe, PROMPTS[:count], NEGATIVES[:count], guidance)
    with torch.no_grad():
        made: torch.Tensor = pipe(
            **given,
            width=SIZE[0],
            height=SIZE[1],
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=noise(count),
            output_type="latent",
        ).images
    return made


def close(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Tell whether two results differ by rounding only."""
    return one.shape == other.shape and bool(
        (one - other).abs().max() < 1e-4 * (1 + other.abs().max())
    )


# Our own loop


@pytest.mark.parametrize("name", ONE_STEP)
@pytest.mark.parametrize(("family", "guidance"), [("sd15", 5.0), ("sdxl", 0.0)])
def test_our_loop_paints_what_the_pipeline_does(name: str, family: str, guidance: float) -> None:
    pipe = load(family)
    kind, options = ONE_STEP[name]
    pipe.scheduler = kind(**BETAS, **options)
    for steps in (1, 4):
        assert loop.fits(pipe, steps)
        given = embeddings.of(pipe, PROMPTS, NEGATIVES, guidance)
        ours = loop.paint(pipe, given, noise(), SIZE, steps, guidance)
        assert close(ours, latents(pipe, guidance, steps))


def test_a_scheduler_that_a_pipeline_corrected_is_read_as_corrected() -> None:
    parts = load("sd15").components
    with pytest.warns(FutureWarning, match="steps_offset"):
        pipe = diffusers.StableDiffusionPipeline(
            **{**parts, "scheduler": diffusers.DDPMScheduler(**BETAS, clip_sample=False)},
            requires_safety_checker=False,
        )
    pipe.set_progress_bar_config(disable=True)
    given = embeddings.of(pipe, PROMPTS, NEGATIVES, 5.0)
    assert close(loop.paint(pipe, given, noise(), SIZE, 3, 5.0), latents(pipe, steps=3))


@pytest.mark.parametrize(("kind", "options"), LOOKS_BACK)
def test_what_a_line_cannot_say_is_left_to_the_pipeline(kind: Any, options: dict[str, Any]) -> None:
    assert loop.program(kind(**BETAS, **options), 6, CPU) is None


def test_other_families_are_left_to_their_pipelines() -> None:
    assert not any(loop.fits(load(family), 4) for family in ("inpaint", "sd3", "flux"))


def test_each_step_is_told_and_may_stop_the_painting() -> None:
    pipe = load("sdxl")
    told: list[int] = []

    def after(index: int) -> None:
        told.append(index)
        if index == 1:
            raise KeyboardInterrupt

    given = embeddings.of(pipe, PROMPTS, NEGATIVES, 0.0)
    with pytest.raises(KeyboardInterrupt):
        loop.paint(pipe, given, noise(), SIZE, 4, 0.0, after)
    assert told == [0, 1]


# The ladder


@pytest.mark.parametrize("family", ["sdxl", "flux"])
def test_every_rung_at_once_paints_the_same_and_never_recompiles(family: str) -> None:
    plain, fast = load(family), load(family)
    speed.prepare(fast, settings(compile=True, channels_last=True, fuse_qkv=True), CPU)
    with speed.attention(settings(attention="math")):
        first = latents(fast)
        assert close(first, latents(plain))
        picture = pixels.decode(fast, first, SIZE)
        with torch._dynamo.config.patch(error_on_recompile=True):
            assert torch.equal(latents(fast), first)  # and the first was not overwritten
            PROMPTS.reverse()
            try:
                latents(fast)
            finally:
                PROMPTS.reverse()
            assert torch.equal(pixels.decode(fast, first, SIZE), picture)
            with pytest.raises(torch._dynamo.exc.RecompileError):  # so this can fail at all
                pixels.decode(fast, first[:1], SIZE)
    apart = picture.int() - pixels.decode(plain, first, SIZE).int()
    assert apart.abs().max() <= 1
    speed.plain(fast)
    assert close(latents(fast), first)
    assert "forward" not in vars(speed.denoiser(fast))


def test_channels_come_last_and_products_are_fused() -> None:
    pipe = load("sdxl")
    speed.prepare(pipe, settings(channels_last=True, fuse_qkv=True), CPU)
    for model in (pipe.unet, pipe.vae):
        (kernel, *_) = (m.weight for m in model.modules() if isinstance(m, nn.Conv2d))
        assert kernel.is_contiguous(memory_format=torch.channels_last)
        assert any(name.endswith("to_qkv") for name, _ in model.named_modules())


def test_a_lora_outlives_the_fusing() -> None:
    from peft import LoraConfig

    pipe = load("sdxl")
    before = latents(pipe, 0.0)
    torch.manual_seed(1)
    adapter = LoraConfig(r=2, init_lora_weights=False, target_modules=["to_q", "to_k", "to_v"])
    pipe.unet.add_adapter(adapter)
    adapted = latents(pipe, 0.0)
    assert not close(before, adapted)
    speed.prepare(pipe, settings(fuse_qkv=True), CPU)
    assert close(latents(pipe, 0.0), adapted)
    assert not any("lora" in name for name, _ in pipe.unet.named_parameters())


def test_models_that_pipelines_share_are_done_once() -> None:
    pipe = load("sdxl")
    other = diffusers.StableDiffusionXLInpaintPipeline.from_pipe(pipe)
    for each in (pipe, other):
        speed.prepare(each, settings(compile=True, fuse_qkv=True), CPU)
    forward = pipe.unet.forward
    assert other.unet.forward is forward
    assert forward.__wrapped__.__func__ is type(pipe.unet).forward


def test_a_float16_decoder_that_overflows_is_widened() -> None:
    pipe = load("sdxl").to(torch.float16)
    pipe.vae.register_to_config(force_upcast=True)
    speed.prepare(pipe, settings(), CPU)
    assert pipe.vae.dtype == torch.float32
    assert pipe.unet.dtype == torch.float16


def test_float8_takes_the_large_layers_that_see_every_pixel() -> None:
    with torch.device("meta"):
        large, small, odd = nn.Linear(1280, 5120), nn.Linear(640, 640), nn.Linear(1280, 1287)
        kernel = nn.Conv2d(1280, 1280, 3)
    block = "mid_block.attentions.0.transformer_blocks.0"
    assert speed.is_large(large, f"{block}.attn1.to_qkv")
    assert speed.is_large(large, f"{block}.ff.net.0.proj")
    assert not speed.is_large(large, f"{block}.attn2.to_kv")
    assert not speed.is_large(large, "time_embedding.linear_1")
    assert not speed.is_large(small, f"{block}.attn1.to_qkv")
    assert not speed.is_large(odd, f"{block}.ff.net.0.proj")
    assert not speed.is_large(kernel, "mid_block.attentions.0")


def test_float8_is_refused_where_it_cannot_help(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"scene\.compile"):
        speed.prepare(load("sd15"), settings(fp8=True), CPU)
    monkeypatch.setitem(sys.modules, "torchao.quantization", None)
    with pytest.raises(MissingExtra, match=r"pip install 'aigc\[gpu\]'"):
        speed.prepare(load("sd15"), settings(fp8=True, compile=True), CPU)
    there = ModuleType("torchao.quantization")
    for name in ("Float8DynamicActivationFloat8WeightConfig", "PerRow", "quantize_"):
        setattr(there, name, None)
    monkeypatch.setitem(sys.modules, "torchao.quantization", there)
    with pytest.raises(ModelError, match=r"on cpu.*8\.9"):
        speed.prepare(load("sd15"), settings(fp8=True, compile=True), CPU)


def test_a_cache_between_steps_is_for_transformers_and_one_picture() -> None:
    with pytest.raises(ModelError, match="UNet2DConditionModel cannot cache"):
        speed.prepare(load("sd15"), settings(cache=True), CPU)
    assert speed.batch(settings(cache=True, batch=8)) == 1
    assert speed.batch(settings(batch=8)) == 8
    pipe = load("flux")
    before = latents(pipe, 1.0, count=1)
    speed.prepare(pipe, settings(cache=True), CPU)
    first = latents(pipe, 1.0, count=1)
    assert first.shape == before.shape
    assert torch.equal(latents(pipe, 1.0, count=1), first)  # nothing is left from the last picture


def test_a_kernel_that_is_asked_for_comes_first() -> None:
    with speed.attention(settings(attention="cudnn")):
        order = torch._C._get_sdp_priority_order()
    assert order[0] == int(torch.nn.attention.SDPBackend.CUDNN_ATTENTION)
    with pytest.raises(ModelError, match="choose auto, flash"):
        speed.attention(settings(attention="fast"))


# Prompts


@pytest.mark.parametrize("family", ["sd15", "sdxl", "sd3", "flux"])
def test_kept_embeddings_are_the_pipelines_own(family: str) -> None:
    pipe = load(family)
    read: list[int] = []
    pipe.text_encoder.register_forward_hook(lambda *_: read.append(1))
    first = latents(pipe)
    seen = len(read)
    assert seen
    assert torch.equal(latents(pipe), first)
    assert len(read) == seen  # no prompt is read again
    words = {"prompt": PROMPTS, "negative_prompt": NEGATIVES}
    with torch.no_grad():
        theirs = pipe(
            **words,
            width=SIZE[0],
            height=SIZE[1],
            num_inference_steps=2,
            guidance_scale=5.0,
            generator=noise(),
            output_type="latent",
        ).images
    assert close(first, theirs)


def test_an_embedding_does_not_depend_on_its_neighbours_or_the_guidance_before() -> None:
    pipe = load("sdxl")
    alone = embeddings.of(pipe, PROMPTS[:1], NEGATIVES[:1], 5.0)
    both = embeddings.of(pipe, PROMPTS, NEGATIVES, 5.0)
    assert sorted(alone) == sorted(both)
    assert all(torch.equal(alone[name][0], both[name][0]) for name in alone)
    assert not any("negative" in name for name in embeddings.of(pipe, PROMPTS, NEGATIVES, 0.0))


def test_the_oldest_prompt_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "_KEPT", 2)
    pipe = load("sd15")
    read: list[int] = []
    pipe.text_encoder.register_forward_hook(lambda *_: read.append(1))

    def new(prompt: str) -> bool:
        before = len(read)
        embeddings.of(pipe, [prompt], [""], 0.0)
        return len(read) > before

    assert [new(prompt) for prompt in "abacb"] == [True, True, False, True, True]


# Pixels


@pytest.mark.parametrize("family", ["sd15", "sdxl", "sd3", "flux"])
def test_decoding_gives_the_pipelines_own_pixels(family: str) -> None:
    pipe = load(family)
    given = embeddings.of(pipe, PROMPTS, NEGATIVES, 5.0)
    size = {"width": SIZE[0], "height": SIZE[1], "num_inference_steps": 1, "guidance_scale": 5.0}
    with torch.no_grad():
        theirs = pipe(**given, **size, generator=noise(), output_type="pt").images
    expected = (theirs * 255).round().permute(0, 2, 3, 1).numpy()
    ours = pixels.fetch(pixels.decode(pipe, latents(pipe, steps=1), SIZE, at_once=1))()
    assert ours.dtype == np.uint8
    assert ours.shape == (2, SIZE[1], SIZE[0], 3)
    assert np.abs(ours.astype(int) - expected).max() <= 1


def test_the_last_lot_is_padded_and_what_is_no_number_is_black() -> None:
    pipe = load("sd15")
    three = torch.randn(3, 4, 8, 12, generator=torch.Generator().manual_seed(0))
    three[2] = float("nan")
    seen: list[int] = []
    pipe.vae.decoder.register_forward_hook(lambda _module, given, _made: seen.append(len(given[0])))
    made = pixels.decode(pipe, three, SIZE, at_once=2)
    assert seen == [2, 2]
    assert len(made) == 3
    assert made[:2].float().std() > 1
    assert not made[2].any()


def test_a_tiny_decoder_takes_the_place_of_the_models_own() -> None:
    pipe = load("sd15")
    torch.manual_seed(0)
    pipe.vae = diffusers.AutoencoderTiny().eval()
    speed.prepare(pipe, settings(channels_last=True, fuse_qkv=True), CPU)
    made = pixels.decode(pipe, torch.randn(2, 4, 8, 12), SIZE)
    assert made.shape == (2, SIZE[1], SIZE[0], 3)
    assert made.float().std() > 0


# The benchmark


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give benchmarks/_sides.py."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    import _sides

    return _sides


@pytest.mark.parametrize("side", ["stock", "eager"])
def test_the_benchmarks_sides_paint(sides: ModuleType, side: str) -> None:
    painting = sides.Painting(sides.CASES["sdxl-4"], sides.SIDES[side], tiny=True)
    assert not painting.warm()["flat"]
    assert painting.repetition()["rate"] > 0


def test_the_benchmark_counts_the_real_architectures(sides: ModuleType) -> None:
    counts = sides.teraflops(sides.CASES["turbo-1"])
    assert counts["vae"] == pytest.approx(0.804 + 2.515, rel=1e-3)
    assert counts["tiny_vae"] == pytest.approx(0.804 + 0.141, rel=1e-3)


def test_the_benchmark_keeps_what_other_runs_measured(sides: ModuleType, tmp_path: Path) -> None:
    import diffusion

    start = {"first_seconds": 9.0, "flat": False, "batch": 4}
    turns = [{"rate": rate, "peak_gb": 1.0} for rate in (9.0, 12.0, 10.0)]
    stock = [start, {"rate": 2.5, "peak_gb": 2.0}]
    rows = {"stock": stock, "compiled": [start, *turns], "fp8": [{"error": "no card"}]}
    case = diffusion._summary("turbo-1", rows, 100.0, tiny=True)
    assert case["sides"]["compiled"]["over_best_stock"] == 4.0
    where = tmp_path / "diffusion-card.json"
    fixed = {"gpu": {"name": "card"}, "tiny": True, "matmul_tflops": 100.0}
    diffusion._merged(where, {**fixed, "cases": {"turbo-1": case}})
    again = diffusion._summary("turbo-1", {"fp8": [start, *turns]}, 100.0, tiny=True)
    merged = diffusion._merged(where, {**fixed, "cases": {"turbo-1": again, "sdxl-4": case}})
    assert sorted(merged["cases"]) == ["sdxl-4", "turbo-1"]
    assert sorted(merged["cases"]["turbo-1"]["sides"]) == ["compiled", "fp8", "stock"]
    assert "error" not in merged["cases"]["turbo-1"]["sides"]["fp8"]
    assert any("no card" in line for line in diffusion._table(merged))


def test_the_benchmark_refuses_without_a_card(
    sides: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusion

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match=r"no NVIDIA card.*--tiny"):
        diffusion.main(["--json"])
