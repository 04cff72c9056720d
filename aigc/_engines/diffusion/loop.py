"""A denoising loop that never waits for the card, for Stable Diffusion 1, 2, XL and their Turbos.

A pipeline's own call costs the host some 10 ms and waits for the card several times, which is as
long as SD-Turbo paints four pictures. Most schedulers of distilled models do at step i nothing but
    latents ← keep[i] · latents + gain[i] · output + noise[i] · fresh noise
so the numbers are read off once, by handing the scheduler ones and zeros, and checked on random
latents. Where they do not hold (PNDM, DPM++ and others that look back), the pipeline is called.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import torch

from aigc.campaign import Size

_PIPELINES = ("StableDiffusionPipeline", "StableDiffusionXLPipeline")


class Step(NamedTuple):
    """What a scheduler does at one step."""

    time: torch.Tensor  # on the device, as the UNet is told it
    scale: float  # of the latents, as the UNet sees them
    keep: float
    gain: float
    noise: float


class Program(NamedTuple):
    """What a scheduler does from noise to picture."""

    sigma: float  # of the first noise
    steps: tuple[Step, ...]


def fits(pipe: Any, steps: int) -> bool:
    """Tell whether this loop gives what the pipeline's own call would."""
    return (
        type(pipe).__name__ in _PIPELINES
        and pipe.unet.config.in_channels == pipe.vae.config.latent_channels
        and pipe.unet.config.time_cond_proj_dim is None
        and pipe.unet.config.encoder_hid_dim_type is None  # IP-Adapter
        and program(pipe.scheduler, steps, torch.device("cpu")) is not None
    )


def paint(
    pipe: Any,
    prompts: dict[str, torch.Tensor],  # of embeddings.of
    generators: Sequence[torch.Generator],  # one a picture, on the CPU
    size: Size,
    steps: int,
    guidance: float,
    after: Callable[[int], None] = lambda _index: None,
) -> torch.Tensor:
    """Paint latents (N, C, H/8, W/8) in float32; `after` is told each step as it is launched."""
    unet = pipe.unet
    device, dtype = pipe._execution_device, unet.dtype
    plan = program(pipe.scheduler, steps, device)
    assert plan is not None, "ask fits() first"
    shape = (1, unet.config.in_channels, *(side // pipe.vae_scale_factor for side in size[::-1]))
    fresh = iter(_noise(generators, shape, 1 + sum(step.noise != 0 for step in plan.steps), device))
    guided = guidance > 1
    given = _conditions(pipe, prompts, size, guided)

    latents = next(fresh) * plan.sigma
    for index, step in enumerate(plan.steps):
        seen = (latents * step.scale).to(dtype)
        with torch.no_grad():
            output = unet(
                torch.cat([seen, seen]) if guided else seen, step.time, return_dict=False, **given
            )[0].float()
        if guided:
            without, with_prompt = output.chunk(2)
            output = torch.lerp(without, with_prompt, guidance)
        latents = torch.add(latents * step.keep, output, alpha=step.gain)
        if step.noise:
            latents = torch.add(latents, next(fresh), alpha=step.noise)
        after(index)
    return latents


def _noise(
    generators: Sequence[torch.Generator], shape: tuple[int, ...], draws: int, device: torch.device
) -> list[torch.Tensor]:
    """Draw each picture's noise from its own generator, and send it without waiting."""
    drawn = [
        [torch.randn(shape, generator=generator) for _ in range(draws)] for generator in generators
    ]
    batches = [torch.cat(batch) for batch in zip(*drawn, strict=True)]
    if device.type == "cuda":
        return [batch.pin_memory().to(device, non_blocking=True) for batch in batches]
    return [batch.to(device) for batch in batches]


def _conditions(
    pipe: Any, prompts: dict[str, torch.Tensor], size: Size, guided: bool
) -> dict[str, Any]:
    def both(name: str) -> torch.Tensor:
        with_prompt = prompts[name]
        return torch.cat([prompts[f"negative_{name}"], with_prompt]) if guided else with_prompt

    given: dict[str, Any] = {"encoder_hidden_states": both("prompt_embeds")}
    if "pooled_prompt_embeds" in prompts:
        pooled = both("pooled_prompt_embeds")
        height_width = size[::-1]
        times = pipe._get_add_time_ids(
            height_width,
            (0, 0),
            height_width,
            dtype=pooled.dtype,
            text_encoder_projection_dim=pooled.shape[-1],
        )
        times = times.to(pooled.device, non_blocking=True).repeat(len(pooled), 1)
        given["added_cond_kwargs"] = {"text_embeds": pooled, "time_ids": times}
    return given


def program(scheduler: Any, steps: int, device: torch.device) -> Program | None:
    """Read off what a scheduler does in so many steps; None where it is not of the simple kind."""
    # Not its notes on itself: `_use_default_values` would undo what a pipeline has corrected.
    config = {key: value for key, value in scheduler.config.items() if not key.startswith("_")}
    kind: Any = type(scheduler)
    return _program(kind, json.dumps(config, default=list), steps, device)


@cache
def _program(kind: Any, config: str, steps: int, device: torch.device) -> Program | None:
    def fresh() -> Any:
        made = kind.from_config(json.loads(config))
        made.set_timesteps(steps, device="cpu")
        return made

    scheduler = fresh()
    if len(scheduler.timesteps) != steps:  # solvers of two calls a step
        return None
    sigma = float(scheduler.init_noise_sigma)
    made = []
    for time in scheduler.timesteps:
        ones = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
        scale = float(scheduler.scale_model_input(ones, time).flatten()[0])
        moved, noise = _step(scheduler, time, ones, ones.roll(1, 1))
        keep, gain, other = moved.flatten().tolist()
        weight = other / float(noise.flatten()[2]) if other else 0.0
        first, second, _ = (weight * noise).flatten().tolist()
        made.append(Step(time.to(device), scale, keep - first, gain - second, weight))
    plan = Program(sigma, tuple(made))
    return plan if _holds(plan, fresh()) else None


def _holds(plan: Program, scheduler: Any) -> bool:
    """Compare a program with its scheduler, on random latents and outputs."""
    random = torch.Generator().manual_seed(1)
    latents = torch.randn(1, 4, 4, 4, generator=random) * plan.sigma
    for step, time in zip(plan.steps, scheduler.timesteps, strict=True):
        scale = float(scheduler.scale_model_input(torch.ones(1), time))
        output = torch.randn(latents.shape, generator=random)
        moved, noise = _step(scheduler, time, latents, output)
        latents = latents * step.keep + output * step.gain + noise * step.noise
        if scale != step.scale or not torch.allclose(latents, moved, rtol=1e-3, atol=1e-3):
            return False
    return True


def _step(
    scheduler: Any, time: torch.Tensor, latents: torch.Tensor, output: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Let a scheduler move latents; give them, and the noise that it drew (zeros for none)."""
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    takes = inspect.signature(scheduler.step).parameters
    given = {"generator": generator, "eta": 0.0}  # as the pipelines call it
    extra = {name: value for name, value in given.items() if name in takes}
    moved = scheduler.step(output, time, latents, return_dict=False, **extra)[0]
    if torch.equal(before, generator.get_state()):
        return moved, torch.zeros_like(latents)
    again = torch.Generator().manual_seed(0)
    return moved, torch.randn(latents.shape, generator=again)
