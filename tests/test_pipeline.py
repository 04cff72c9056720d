"""The whole flow with the builtin backends: repeatable, resumable, stoppable, and clean."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import plain
import pytest
from pictures import mug, save
from PIL import Image

import aigc
from aigc import brief, events, export, pipeline
from aigc.campaign import Brief, Campaign, Photo
from aigc.channels import channel
from aigc.errors import AigcError, BriefError, ModelError, PartlyFailed
from aigc.recipe import Recipe
from aigc.scene import Painting
from aigc.stage import STAGES, configure

Fields = dict[str, Any]


def posters(campaign: Campaign) -> dict[str, bytes]:
    """Every poster's bytes by its file."""
    return {each.file: each.data for each in campaign.posters}


def test_campaign_is_complete(real: Campaign, real_fields: Fields) -> None:
    assert tuple(poster.channel for poster in real.posters) == real_fields["channels"]
    assert len(real.copies) >= 8
    assert len(real.ranking) == len(real.copies)
    assert [step.stage for step in real.steps] == list(STAGES)
    for poster in real.posters:
        row = channel(poster.channel)
        assert len(poster.data) <= row.max_bytes
        with Image.open(io.BytesIO(poster.data)) as image:
            assert image.size == row.size


def test_what_was_saved_comes_back(real: Campaign) -> None:
    saved = aigc.load_campaign(real.folder)
    assert posters(saved) == posters(real)
    assert saved.ranking == real.ranking
    assert saved.caption is not None
    assert real.caption is not None
    assert np.array_equal(saved.caption.cutout, real.caption.cutout)


@pytest.mark.parametrize("stage", STAGES)
def test_resumed_posters_are_byte_identical(
    real: Campaign, real_fields: Fields, tmp_path: Path, stage: str
) -> None:
    folder = tmp_path / real.id
    shutil.copytree(real.folder, folder)
    export.forget(folder, stage)
    again = pipeline.run(real_fields, outputs=tmp_path)
    assert again.folder == str(folder)
    assert posters(again) == posters(real)
    for name in ("photo.png", "cutout.png"):
        assert (folder / name).read_bytes() == (Path(real.folder) / name).read_bytes()


def test_brief_may_be_fields_a_brief_or_a_file(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    (tmp_path / "brief.json").write_text(json.dumps(fields))
    forms = [fields, Brief.model_validate(fields), tmp_path / "brief.json"]
    made = {pipeline.run(form, plain_recipe, outputs=tmp_path / "o").id for form in forms}
    assert len(made) == 1


@pytest.mark.parametrize("field", ["channels", "style"])
def test_a_made_brief_is_checked_too(fields: Fields, plain_recipe: Recipe, field: str) -> None:
    brief = Brief.model_validate(fields | {field: ("moon",) if field == "channels" else "moon"})
    with pytest.raises(BriefError, match="moon"):
        pipeline.run(brief, plain_recipe)


def test_events_tell_of_every_stage(fields: Fields, plain_recipe: Recipe, tmp_path: Path) -> None:
    seen: list[events.Event] = []
    pipeline.run(fields, plain_recipe, outputs=tmp_path / "o", listener=seen.append)
    first = {event.stage: event for event in reversed(seen)}
    last = {event.stage: event for event in seen}
    assert set(first) >= set(STAGES)
    assert all(first[stage].done == 0 for stage in STAGES)
    assert all(last[stage].done == last[stage].total for stage in STAGES)
    assert last["typeset"].campaign.posters


def test_batch_equals_one_by_one(fields: Fields, plain_recipe: Recipe, tmp_path: Path) -> None:
    alone, together = [], []
    for number in range(3):
        made = pipeline.run(fields | {"seed": number}, plain_recipe, outputs=tmp_path / "o")
        alone.append(made)
        together.append(Campaign(id=made.id, brief=made.brief, photo=made.photo))
    for stage in STAGES:
        together = pipeline.advance(together, stage, plain_recipe)
    assert [posters(each) for each in together] == [posters(each) for each in alone]
    assert pipeline.advance([], "caption", plain_recipe) == []


def test_variants_lead_with_different_copies(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    made = pipeline.run(fields | {"variants": 3}, plain_recipe, outputs=tmp_path / "o")
    assert len({poster.file for poster in made.posters}) == 6
    for name in fields["channels"]:
        used = [poster.copy_id for poster in made.posters if poster.channel == name]
        assert len(set(used)) == 3


def test_earlier_posters_do_not_depend_on_later_channels(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    one = pipeline.run(fields | {"channels": CHANNELS[:1]}, plain_recipe, outputs=tmp_path / "o")
    two = pipeline.run(fields | {"channels": CHANNELS}, plain_recipe, outputs=tmp_path / "o")
    assert (one.scenes[0].image == two.scenes[0].image).all()


CHANNELS = ("iab-rectangle", "iab-skyscraper")


def test_no_location_in_any_file(fields: Fields, real: Campaign, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.0), 29: "2026:01:01"})
    exif[0x010F] = "CameraMakerSecret"
    photo = save(mug(), tmp_path / "gps.jpg", exif=exif, comment=b"CommentSecret")
    made = export.load(real.folder).model_copy(
        update={"photo": aigc.photo.load(str(photo)), "folder": str(tmp_path / "o")}
    )
    (tmp_path / "o").mkdir()
    for stage in STAGES:
        export.save_stage(made, stage)
    export.save(made, Recipe.load())
    for path in (tmp_path / "o").rglob("*.*"):
        assert b"Secret" not in path.read_bytes()
        if path.suffix in (".png", ".jpg"):
            with Image.open(path) as image:
                assert not image.getexif().get_ifd(0x8825)


def test_posters_say_how_they_were_made(real: Campaign) -> None:
    for poster in real.posters:
        assert real.id.encode() in poster.data
        assert real.folder.encode() not in poster.data


@pytest.mark.parametrize(
    "kind", ["noise", "flat", "black", "strip", "tiny", "one dot", "everything"]
)
def test_photos_without_a_clear_subject(kind: str, real: Campaign) -> None:
    chance = np.random.default_rng(0)
    pixels = {
        "noise": chance.integers(0, 256, (160, 160, 3)),
        "flat": np.full((160, 160, 3), 200),
        "black": np.zeros((160, 160, 3)),
        "strip": np.full((48, 800, 3), 120),
        "tiny": np.asarray(mug(48)),
        "one dot": np.full((160, 160, 3), 255),
        "everything": np.asarray(mug(400).crop((90, 120, 260, 320))),
    }[kind].astype(np.uint8)
    if kind == "one dot":
        pixels[80, 80] = 0
    campaign = real.model_copy(update={"photo": Photo(pixels=pixels), "steps": ()})
    for stage in ("caption", "scene", "typeset"):
        (campaign,) = pipeline.advance([campaign], stage, Recipe.load())
    assert campaign.caption is not None
    assert campaign.caption.text
    assert campaign.caption.cutout[..., 3].max() > 0
    assert len(campaign.posters) == len(real.posters)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("🫖✨👩🏽‍🍳", "en"),
        ("إبريق شاي أخضر", "en"),
        ("青瓷 teapot чайник إبريق", "zh-CN"),
        ("W" * 120, "en"),
        ("永" * 60, "zh-CN"),
        ("a", "zh-CN"),
        ("$#_*[]{}\\\"'`@<>~", "en"),
    ],
)
def test_odd_names_are_set(real: Campaign, tmp_path: Path, name: str, language: str) -> None:
    folder = tmp_path / "o" / "campaign"
    brief = real.brief.model_copy(update={"name": name, "language": language, "features": ()})
    campaign = real.model_copy(update={"brief": brief, "folder": str(folder), "steps": ()})
    recipe = Recipe.load()
    for stage in STAGES[1:]:
        (campaign,) = pipeline.advance([campaign], stage, recipe)
    for poster in campaign.posters:
        assert len(poster.data) <= channel(poster.channel).max_bytes
        assert all(0 <= side <= 1 for box in poster.boxes.values() for side in box)


def test_unknown_language_lists_the_choices(real_fields: Fields, tmp_path: Path) -> None:
    with pytest.raises(BriefError) as error:
        aigc.run(real_fields | {"language": "tlh"}, outputs=tmp_path)
    assert "tlh" in str(error.value)
    assert "zh-CN" in str(error.value)


def test_real_interrupt_then_another_process_makes_the_same_bytes(
    real: Campaign, real_fields: Fields, tmp_path: Path
) -> None:
    (tmp_path / "brief.json").write_text(json.dumps(real_fields))
    command = [sys.executable, "-m", "aigc", "run", str(tmp_path / "brief.json")]
    command += ["-o", str(tmp_path / "o")]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONHASHSEED": "77"},
    ) as run:
        assert run.stderr is not None
        for line in run.stderr:
            if line.startswith("rank"):
                break
        time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=300)
    assert run.returncode == 130, err
    assert "Traceback" not in err
    assert err.strip().splitlines()[-1].startswith("aigc: stopped; the same command goes on")
    assert out == ""
    folder = tmp_path / "o" / real.id
    assert (folder / "copywrite.json").exists()
    assert not (folder / "campaign.json").exists()
    assert not list(folder.rglob("*.part"))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert str(folder) in done.stdout
    assert "copywrite …" not in done.stderr
    for file, data in posters(real).items():
        assert (folder / file).read_bytes() == data


@pytest.mark.parametrize("stage", STAGES)
def test_interrupt_in_each_stage_exits_130(
    fields: Fields,
    plain_recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stage: str,
) -> None:
    from aigc import cli

    plain.FAIL[stage] = KeyboardInterrupt()
    flags = [f"--{each}=plain" for each in STAGES]
    monkeypatch.setattr(
        sys,
        "argv",
        ["aigc", "run", fields["photo"], "--name", "Mug", "-o", str(tmp_path / "o"), *flags],
    )
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 130
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    plain.FAIL.clear()
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert done.value.code in (0, None)
    assert "campaign  " in capsys.readouterr().out


@pytest.mark.parametrize("backend", ["diffusion", "endpoint"])
def test_what_cannot_run_here_is_refused_before_any_work(
    backend: str,
    fields: Fields,
    plain_recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AIGC_BASE_URL", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    recipe = Recipe({**plain_recipe, "scene": configure("scene", backend, {})})
    with pytest.raises(AigcError, match=r"graphics card|base_url is not set"):
        pipeline.run(fields, recipe, outputs=tmp_path)
    assert plain.CALLS == []


def test_a_scene_that_cannot_be_painted_is_named(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    painted = Painting(pixels=np.zeros((90, 728, 3), np.uint8), seed=1)
    plain.FAIL["scene"] = PartlyFailed([ModelError("black in 3 tries"), painted])
    with pytest.raises(AigcError, match=f"^{fields['channels'][0]}: black in 3 tries"):
        pipeline.run(fields, plain_recipe, outputs=tmp_path)


def test_of_several_campaigns_only_the_one_that_failed_is_an_error(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    painted = Painting(pixels=np.zeros((90, 728, 3), np.uint8), seed=1)
    begun = [
        pipeline.begun(brief.make({**fields, "name": name}), plain_recipe, tmp_path)
        for name in ("Mug", "Cup", "Jug")
    ]
    plain.FAIL["scene"] = PartlyFailed(
        [painted, painted, ModelError("black"), painted, painted, painted]
    )
    for stage in STAGES[:3]:
        begun = pipeline.advance(begun, stage, plain_recipe)
    moved = pipeline.advance_each(begun, "scene", plain_recipe)
    assert [isinstance(each, AigcError) for each in moved] == [False, True, False]
    assert [len(each.scenes) for each in moved if isinstance(each, Campaign)] == [2, 2]
