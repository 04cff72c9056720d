"""Fits a painter into the memory of a card: smaller batches, then tiles, then offloading."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

import torch

from aigc import events
from aigc._engines.diffusion import speed
from aigc.errors import ModelError

_GB = 1e9
# Decoding holds most: the VAE's widest layers take some 2.5 GB a megapixel in 16 bits.
_PER_MEGAPIXEL = 2.7
_RUNGS = (
    "on the card",
    "the VAE works on one picture at a time, in tiles where it is large",
    "models wait in main memory until they are needed",
    "layers wait in main memory until they are needed",
)
_TILES, _MODELS, _LAYERS = 1, 2, 3


class Memory:
    """Where a painter's weights are, and how many pictures it may paint at once.

    Moves only towards less memory; each move is said once. Offloading changes where weights wait,
    not what is computed; tiles may change a picture by a level or two along their seams.
    """

    def __init__(self, pipes: Sequence[Any], device: torch.device, limit: float | None) -> None:
        """Plan for pipelines whose weights are in main memory; `limit` in GB."""
        self.pipes = list({id(pipe): pipe for pipe in pipes}.values())
        self.device = device
        self.limit = limit
        self.most: int | None = None  # pictures at once; None: as many as are asked for
        self._ready: Any = None  # the pipeline whose models are hooked
        self.parts = _parts(self.pipes)
        sizes = [_gigabytes(part) for part in self.parts]
        self._weights = sum(sizes)
        self.rung = 0
        room = _room(device, limit)
        if room is not None and self._weights + _PER_MEGAPIXEL > room:
            self.rung = _MODELS if max(sizes) + _PER_MEGAPIXEL <= room else _LAYERS
            events.report("scene", 0, 0, f"memory: {room:.1f} GB on {device}; {_RUNGS[self.rung]}")

    @property
    def resident(self) -> bool:
        """Whether all weights stay on the device."""
        return self.rung < _MODELS

    def place(self) -> None:
        """Bring the weights to where they are to be."""
        if self.limit is not None and self.device.type == "cuda":
            total = torch.cuda.get_device_properties(self.device).total_memory / _GB
            torch.cuda.set_per_process_memory_fraction(min(1.0, self.limit / total), self.device)
        if self.resident:
            try:
                for pipe in self.pipes:
                    pipe.to(self.device)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                self.less(1, error)
        else:
            self._offload(self.rung)

    def release(self) -> None:
        """Lift the limit again."""
        if self.limit is not None and self.device.type == "cuda":
            torch.cuda.set_per_process_memory_fraction(1.0, self.device)

    def at_once(self, asked: int, megapixels: float) -> int:
        """How many pictures to paint at once: as asked, or what memory allows."""
        most = asked if self.most is None else min(asked, self.most)
        if self.limit is not None and self.resident:
            free = self.limit - self._weights
            while most > 1 and most * megapixels * _PER_MEGAPIXEL > free:
                most = (most + 1) // 2
        return most

    def less(self, batch: int, error: BaseException) -> None:
        """Take less memory than a batch of that size took, and say so.

        Raises ModelError where nothing is left to try.
        """
        empty(self.device)
        if batch > 1:
            self.most = batch // 2
            many = "one picture" if self.most == 1 else f"{self.most} pictures"
            events.report("scene", 0, 0, f"out of memory: {many} at once from here")
            return
        if self.rung == _LAYERS:
            raise ModelError(
                f"out of memory on {self.device}, though {_RUNGS[_LAYERS]}; "
                "take a smaller scene.model, or raise scene.max_vram where it is set"
            ) from error
        self._offload(self.rung + 1)
        events.report("scene", 0, 0, f"out of memory: {_RUNGS[self.rung]} from here")

    def ready(self, pipe: Any) -> None:
        """Hook this pipeline's models, where they wait in main memory: they are shared."""
        if self.rung == _MODELS and self._ready is not pipe:
            pipe.enable_model_cpu_offload(device=self.device)
            self._ready = pipe

    def settle(self) -> None:
        """Send models back to where they wait, also after a run that was stopped half-way."""
        if self.rung == _MODELS and self._ready is not None:
            self._ready.maybe_free_model_hooks()

    def _offload(self, rung: int) -> None:
        if rung != _MODELS or self.rung == _TILES:  # a plan for less weights needs no tiles
            for pipe in self.pipes:
                _tile(pipe.vae)
        if rung >= _MODELS:
            for pipe in self.pipes:
                speed.plain(pipe)
                pipe.remove_all_hooks()
                pipe._all_hooks = []
            for part in self.parts:
                part.to("cpu")
            empty(self.device)
        if rung == _LAYERS:
            _wait_by_layer(self.parts, self.device)
        self.rung = rung


# As CUDA, torch's allocator on the processor, and oneDNN there put it.
_RAN_OUT = ("out of memory", "can't allocate memory", "could not create a primitive")


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out, on any device."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _RAN_OUT)
    )


def empty(device: torch.device) -> None:
    """Give back what torch keeps of a device's memory for later."""
    gc.collect()
    if device.type in ("cuda", "xpu", "mps"):
        getattr(torch, device.type).empty_cache()


def _parts(pipes: Sequence[Any]) -> list[torch.nn.Module]:
    """The models of pipelines that share them, each once."""
    found = {
        id(part): part
        for pipe in pipes
        for part in pipe.components.values()
        if isinstance(part, torch.nn.Module)
    }
    return list(found.values())


def needed(pipes: Sequence[Any]) -> float:
    """How many GB pipelines take, their weights and one picture."""
    return sum(_gigabytes(part) for part in _parts(pipes)) + _PER_MEGAPIXEL


def _gigabytes(part: torch.nn.Module) -> float:
    tensors = (*part.parameters(), *part.buffers())
    held: float = sum(each.numel() * each.element_size() for each in tensors) / _GB
    return held


def _room(device: torch.device, limit: float | None) -> float | None:
    """How many GB weights and pictures may take; None where nobody can tell."""
    if device.type != "cuda":
        return limit
    free: float = torch.cuda.mem_get_info(device)[0] / _GB
    return free if limit is None else min(free, limit)


def _tile(vae: Any) -> None:
    for way in ("enable_slicing", "enable_tiling"):
        if hasattr(vae, way):
            getattr(vae, way)()


def _wait_by_layer(parts: Sequence[torch.nn.Module], device: torch.device) -> None:
    """Keep each layer in main memory until it is needed; one comes while another works."""
    from diffusers.hooks import apply_group_offloading

    for part in parts:
        apply_group_offloading(
            part,
            onload_device=device,
            offload_type="leaf_level",
            use_stream=device.type == "cuda",
        )
