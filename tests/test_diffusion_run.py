"""Painting: each picture from its own seed, whatever stands beside it and however little memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tiny_diffusion
import torch

from aigc import events
from aigc._engines.diffusion import Job, Made, Settings, fit, load, memory, run
from aigc.errors import ModelError

RNG = np.random.default_rng(3)
START = RNG.integers(0, 255, (60, 90, 3)).astype(np.uint8)
MASK = np.zeros((60, 90), np.float32)
MASK[:, 45:] = 1.0
BACKDROPS = [
    Job((90, 60), "a table by a window", "text", 7),
    Job((64, 64), "a beach", "", 0),
    Job((90, 60), "a wall", "", 2**32 - 1),
]
FAMILIES = ("sd15", "sdxl", "inpaint", "sd3", "flux")


def settings(family: str = "sd15", **changes: Any) -> Settings:
    """Give settings that run here."""
    options = tiny_diffusion.options("scene", "diffusion") | {"model": tiny_diffusion.ref(family)}
    return Settings(**options | changes)


def in_place(seed: int = 5) -> Job:
    """Give a job that is painted on its right half."""
    return Job((90, 60), "a table", "", seed, START, MASK)


def square() -> Job:
    """Give one of the models' own shape."""
    return in_place()._replace(size=(60, 60), start=START[:, :60], mask=MASK[:, :60])


def fine(_job: Job, _pixels: Any) -> str:
    """Turn nothing down."""
    return ""


def paint(how: Settings, jobs: list[Job], usable: Any = fine, repaints: int = 0) -> list[Made]:
    """Paint jobs none of which may fail."""
    made = run.generate(how, jobs, usable, repaints)
    assert all(isinstance(each, Made) for each in made), made
    return [each for each in made if isinstance(each, Made)]


def heard(how: Settings, jobs: list[Job]) -> list[events.Event]:
    """Paint and give what was reported."""
    said: list[events.Event] = []
    with events.listening(said.append):
        paint(how, jobs)
    return said


def remarks(said: list[events.Event]) -> list[str]:
    """What was said, without the steps."""
    return [event.message for event in said if event.total == 0]


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Paint in batches here as on a card; a model of its own, as memory is remembered."""
    load.forget()
    monkeypatch.setattr(run, "at_once", lambda how, _device: how.batch)
    yield
    load.forget()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_picture_depends_on_its_own_job_only(family: str) -> None:
    how = settings(family)
    together = paint(how, [*BACKDROPS, in_place()])
    for i, job in reversed([*enumerate([*BACKDROPS, in_place()])]):
        (alone,) = paint(how, [job])
        assert np.array_equal(alone.pixels, together[i].pixels)
        assert alone.seed == job.seed
        assert alone.pixels.shape == (job.size[1], job.size[0], 3)
        assert alone.pixels.std() > 5
    (again,) = paint(how, [BACKDROPS[0]._replace(seed=8)])
    assert not np.array_equal(again.pixels, together[0].pixels)


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_holds_each_jobs_own_noise_prompt_and_picture(family: str) -> None:
    jobs = [*BACKDROPS, in_place(1), in_place(2)]
    singly = paint(settings(family, batch=1), jobs)
    together = paint(settings(family, batch=3), jobs)
    for one, other in zip(singly, together, strict=True):  # kernels of a batch round otherwise
        assert np.abs(one.pixels.astype(int) - other.pixels).max() <= 2


@pytest.mark.usefixtures("batches")
def test_every_batch_is_filled_up_to_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = run._canvases

    def watched(*given: Any) -> Any:
        seen.append(len(given[3]))
        return real(*given)

    monkeypatch.setattr(run, "_canvases", watched)
    made = paint(settings(batch=2), [*BACKDROPS, BACKDROPS[0]._replace(seed=9)])
    assert seen == [2, 2, 2]  # three of one size, one of another
    assert [each.seed for each in made] == [7, 0, 2**32 - 1, 9]


def test_what_the_prompts_and_options_say_counts() -> None:
    job = BACKDROPS[0]
    (plain,) = paint(settings(), [job])
    for changed, how in [
        (job._replace(prompt="another"), settings()),
        (job._replace(negative="another"), settings()),
        (job, settings(steps=3)),
        (job, settings(guidance=2.0)),
        (job, settings(scheduler="ddim")),
    ]:
        (other,) = paint(how, [changed])
        assert not np.array_equal(plain.pixels, other.pixels)


@pytest.mark.parametrize("family", ["sd15", "sdxl", "sd3", "flux"])
def test_in_place_the_prompt_counts_only_where_the_mask_says(family: str) -> None:
    there = square()  # a canvas of its own shape: no rim to be painted
    nowhere = there._replace(mask=np.zeros((60, 60), np.float32))
    jobs = [there, there._replace(prompt="a beach at night, with lamps"), nowhere]
    jobs.append(nowhere._replace(prompt="a beach at night, with lamps"))
    first, second, kept, also_kept = paint(settings(family), jobs)
    assert not np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(kept.pixels, also_kept.pixels)
    assert not np.array_equal(first.pixels, kept.pixels)


def test_an_inpainting_model_is_shown_the_mask() -> None:
    left = in_place()._replace(mask=1 - MASK)
    made, other = paint(settings("inpaint"), [in_place(), left])
    assert not np.array_equal(made.pixels, other.pixels)


@pytest.mark.parametrize(("family", "control"), [("sd15", "control15"), ("sdxl", "controlxl")])
def test_a_controlnet_is_shown_its_picture(family: str, control: str) -> None:
    how = settings(family, control=tiny_diffusion.ref(control))
    black, white = (np.full((60, 90, 3), level, np.uint8) for level in (0, 255))
    jobs = [in_place()._replace(control=picture) for picture in (black, white)]
    first, second, without = paint(how, [*jobs, in_place()])
    assert not np.array_equal(first.pixels, second.pixels)
    assert not np.array_equal(first.pixels, without.pixels)


def test_few_steps_in_place_leave_one_to_paint() -> None:
    (made,) = paint(settings(steps=1, strength=0.4), [in_place()])
    assert made.pixels.shape == START.shape


def test_unusable_pictures_are_painted_again_with_the_next_seed() -> None:
    tried: list[tuple[str, int]] = []

    def usable(job: Job, pixels: Any) -> str:
        tried.append((job.prompt, job.seed))
        if job.prompt == "a wall":
            return "always bad"
        return "bad" if job.prompt == "a beach" and job.seed < 2 else ""

    made = paint(settings(), BACKDROPS, usable, repaints=3)
    assert [(each.seed, each.repainted, each.fault) for each in made] == [
        (7, 0, ""),
        (2, 2, ""),
        (2, 3, "always bad"),  # the seed after the last is 0
    ]
    assert tried.count(("a table by a window", 7)) == 1
    (plain,) = paint(settings(), [BACKDROPS[1]._replace(seed=2)])
    assert np.array_equal(plain.pixels, made[1].pixels)


def test_not_a_number_is_never_usable() -> None:
    load.forget()
    pipe = load.painter(settings()).backdrop
    weights = next(pipe.unet.parameters())
    weights.data[0] = float("nan")
    (made,) = paint(settings(), [BACKDROPS[0]], repaints=1)
    load.forget()
    assert (made.fault, made.repainted, made.seed) == ("not a number", 1, 8)


def test_each_step_is_reported_and_the_last_is_left_to_the_caller() -> None:
    said = [event for event in heard(settings(steps=3), BACKDROPS) if event.total]
    assert [event.done for event in said] == list(range(1, 10))
    assert {event.total for event in said} == {10}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError("stopped")])
@pytest.mark.parametrize("job", [BACKDROPS[0], in_place()])
def test_stopping_between_steps_leaves_the_model_usable(job: Job, stop: Any) -> None:
    (before,) = paint(settings(), [job])

    def listener(event: events.Event) -> None:
        if event.done == 1:
            raise stop

    with (
        events.listening(listener),
        pytest.raises(type(stop) if isinstance(stop, Exception) else stop),
    ):
        run.generate(settings(), [job], fine, 0)
    (after,) = paint(settings(), [job])
    assert np.array_equal(before.pixels, after.pixels)


class _Card:
    """Graphics memory that runs out: a seam at the UNet's own call."""

    def __init__(self, how: Settings, monkeypatch: pytest.MonkeyPatch, fits: Any) -> None:
        self.batches: list[int] = []
        painter = load.painter(how)
        unet, real = painter.backdrop.unet, painter.backdrop.unet.forward

        def forward(sample: torch.Tensor, *given: Any, **named: Any) -> Any:
            self.batches.append(len(sample))
            if not fits(len(sample), painter.memory.rung):
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return real(sample, *given, **named)

        monkeypatch.setattr(unet, "forward", forward)


@pytest.mark.usefixtures("batches")
def test_out_of_memory_halves_the_batch_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [BACKDROPS[0]._replace(seed=seed) for seed in range(5)]
    how = settings(batch=4, guidance=1.0)
    plenty = paint(settings(batch=1, guidance=1.0), jobs)
    card = _Card(how, monkeypatch, lambda batch, _rung: batch <= 1)
    said = heard(how, jobs)
    assert card.batches[:2] == [4, 2]
    assert set(card.batches[2:]) == {1}
    assert remarks(said) == [
        "out of memory: 2 pictures at once from here",
        "out of memory: one picture at once from here",
    ]
    assert remarks(heard(how, jobs[:1])) == []  # what was learnt is kept
    for one, other in zip(plenty, paint(how, jobs), strict=True):
        assert np.array_equal(one.pixels, other.pixels)


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("family", FAMILIES)
def test_offloading_changes_where_weights_wait_and_nothing_else(family: str) -> None:
    how = settings(family, batch=1)
    jobs = [BACKDROPS[1], square()]  # no larger than the VAE's own size: one tile
    plenty = paint(how, jobs)
    painter = load.painter(how)
    for rung in (1, 2, 3):
        said: list[events.Event] = []
        with events.listening(said.append):
            painter.memory.less(1, RuntimeError("out of memory"))
        assert painter.memory.rung == rung
        assert len(remarks(said)) == 1
        for one, other in zip(plenty, paint(how, jobs * 2)[2:], strict=True):
            assert np.array_equal(one.pixels, other.pixels)
    with pytest.raises(ModelError, match=r"take a smaller scene\.model"):
        painter.memory.less(1, RuntimeError("out of memory"))


@pytest.mark.usefixtures("batches")
def test_tiles_of_a_large_picture_join() -> None:
    (plenty,) = paint(settings(), BACKDROPS[:1])
    load.painter(settings()).memory.less(1, RuntimeError("out of memory"))
    (tiled,) = paint(settings(), BACKDROPS[:1])
    assert 0 < np.abs(plenty.pixels.astype(int) - tiled.pixels).mean() < 8  # noise, of which


@pytest.mark.usefixtures("batches")
def test_when_nothing_helps_each_job_gets_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    how = settings()
    _Card(how, monkeypatch, lambda _batch, _rung: False)
    made = run.generate(how, BACKDROPS[:2], fine, 0)
    assert all(isinstance(each, ModelError) for each in made)
    assert "out of memory on cpu" in str(made[0])


@pytest.mark.usefixtures("batches")
def test_an_allocator_that_refuses_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert memory.is_out_of_memory(caught.value)
    assert not memory.is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not memory.is_out_of_memory(ValueError("out of memory"))


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize(("rung", "share"), [(3, -0.5), (2, 0.5), (0, 1.5)])
def test_a_limit_of_memory_is_planned_for(rung: int, share: float) -> None:
    (plenty,) = paint(settings(batch=1), BACKDROPS[1:2])
    unfused = settings(fuse_qkv=False)
    sizes = [memory._gigabytes(part) for part in load.painter(unfused).memory.parts]
    limit = memory._PER_MEGAPIXEL + max(sizes) + share * (sum(sizes) - max(sizes))
    said: list[events.Event] = []
    with events.listening(said.append):
        (made,) = paint(settings(max_vram=limit, batch=1), BACKDROPS[1:2])
    assert np.array_equal(made.pixels, plenty.pixels)
    kept = load.painter(settings(max_vram=limit)).memory
    assert kept.rung == rung
    assert len(remarks(said)) == (rung > 0)
    if rung == 0:
        assert [kept.at_once(8, megapixels) for megapixels in (1.0, 0.25)] == [1, 4]
    else:
        assert "GB on cpu" in remarks(said)[0]


def test_another_error_is_not_taken_for_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = load.painter(settings())

    def broken(*_given: Any, **_named: Any) -> Any:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(painter.backdrop.unet, "forward", broken)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        run.generate(settings(), BACKDROPS, fine, 0)
    assert painter.memory.rung == 0


SIZES = load.presets.preset("none", "StableDiffusionXLPipeline").sizes


@pytest.mark.parametrize("size", [(1080, 1080), (1080, 1920), (1200, 628), (300, 250), (970, 250)])
def test_nothing_is_stretched_on_the_way_to_a_trained_size(size: tuple[int, int]) -> None:
    fitted = fit.fit(size, SIZES)
    left, top, right, bottom = fitted.box
    assert fitted.size in SIZES
    assert 0 <= left < right <= fitted.size[0]
    assert 0 <= top < bottom <= fitted.size[1]
    assert (right - left) / (bottom - top) == pytest.approx(size[0] / size[1], rel=0.01)
    assert (right - left, bottom - top)[size[0] / size[1] < fitted.size[0] / fitted.size[1]] in (
        fitted.size
    )


def test_a_picture_comes_back_from_where_it_was_put() -> None:
    across = np.linspace(0, 255, 90)[None, :, None]
    smooth = np.broadcast_to(across, (50, 90, 3)).astype(np.uint8)
    fitted = fit.fit((90, 50), ((128, 128), (192, 96)))
    canvas = fit.onto(smooth, fitted)
    assert canvas.shape == (96, 192, 3)
    back = fit.back(canvas, fitted, (90, 50))
    assert np.abs(back.astype(int) - smooth).max() <= 4
    mask = fit.mask_onto(np.zeros((50, 90), np.float32), fitted)
    left, top, right, bottom = fitted.box
    assert mask[top:bottom, left:right].max() == 0
    assert mask.sum() == 255 * (mask.size - (right - left) * (bottom - top))


def test_settings_that_do_not_load_anything_keep_the_model() -> None:
    first = load.painter(settings())
    assert load.painter(dataclasses.replace(settings(), steps=9, guidance=1.0, batch=2)) is first
