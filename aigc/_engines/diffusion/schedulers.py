"""Schedulers by the names that painters use for them."""

from __future__ import annotations

from typing import Any

from aigc.errors import ModelError

# name: diffusers' class, and what is changed in the model's own configuration of it
_NAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "dpm++": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-trailing": ("EulerDiscreteScheduler", {"timestep_spacing": "trailing"}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "euler-a-trailing": ("EulerAncestralDiscreteScheduler", {"timestep_spacing": "trailing"}),
    "ddim": ("DDIMScheduler", {}),
    "ddim-trailing": ("DDIMScheduler", {"timestep_spacing": "trailing"}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "flow-euler": ("FlowMatchEulerDiscreteScheduler", {}),
}


def named(name: str, own: Any) -> Any:
    """Give the scheduler of that name, configured as the model's own one; empty: that one.

    Raises ModelError for a name that is unknown, or of no use to this model.
    """
    if not name:
        return own
    import diffusers

    choices = ", ".join(_NAMES)
    if name not in _NAMES:
        raise ModelError(f"scene.scheduler = '{name}': choose from {choices}, or leave it empty")
    kind, changes = _NAMES[name]
    # Flow matching and noise prediction are different mathematics; diffusers would not say so.
    if ("Flow" in kind) != ("Flow" in type(own).__name__):
        raise ModelError(
            f"scene.scheduler = '{name}': of no use to a model trained with "
            f"{type(own).__name__}; leave it empty"
        )
    return getattr(diffusers, kind).from_config(own.config, **changes)
