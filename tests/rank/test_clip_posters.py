"""Posters in the order in which a reward model thinks that people would choose them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_clip
from click.testing import CliRunner

import aigc
from aigc import photo
from aigc.campaign import Campaign
from aigc.cli import cli
from aigc.errors import ExportError, ModelError
from aigc.rank.contrast import squared
from aigc.rank.posters import GREY, prompt_for, rank_posters

MODEL = str(tiny_clip.clip())


def test_posters_of_a_saved_campaign_best_first(real: Campaign) -> None:
    found = aigc.rank_posters(real.folder, MODEL, "cpu")
    assert {each.poster_id for each in found} == {poster.id for poster in real.posters}
    assert [each.reward for each in found] == sorted((e.reward for e in found), reverse=True)
    assert found == aigc.rank_posters(real, MODEL, "cpu")  # as in memory
    assert [each.chance for each in found] == [1.0] * len(found)  # each alone in its channel


def test_the_reward_is_the_models_own_score(real: Campaign) -> None:
    encoder = tiny_clip.encoder(MODEL)
    asked = encoder.texts(["a calm photo"])[0]
    for each in rank_posters(real, MODEL, "cpu", prompt="a calm photo"):
        (poster,) = [poster for poster in real.posters if poster.id == each.poster_id]
        look = encoder.images([squared(photo.decode(poster.data), GREY)])[0]
        assert each.reward == pytest.approx(encoder.scale * float(look @ asked), abs=1e-3)
    other = rank_posters(real, MODEL, "cpu", prompt="sweet and juicy oranges")
    assert {e.reward for e in other} != {
        e.reward for e in rank_posters(real, MODEL, "cpu", prompt="a calm photo")
    }


def test_variants_share_the_chances_of_their_channel(real: Campaign) -> None:
    first, second = real.posters
    twin = second.model_copy(update={"id": "other", "channel": first.channel})
    alone = second.model_copy(update={"id": "alone"})
    campaign = real.model_copy(update={"posters": (first, twin, alone)})
    found = {each.poster_id: each for each in rank_posters(campaign, MODEL, "cpu")}
    a, b = found[first.id], found["other"]
    assert a.chance + b.chance == pytest.approx(1, abs=2e-4)
    assert (a.chance > b.chance) == (a.reward > b.reward)
    assert np.log(a.chance / b.chance) == pytest.approx(a.reward - b.reward, abs=0.01)
    assert found["alone"].chance == 1
    assert found["alone"].reward == b.reward  # the same picture


def test_a_poster_to_be_printed_is_seen_by_its_preview(real: Campaign) -> None:
    poster = real.posters[0]
    printed = poster.model_copy(update={"data": b"%PDF-1.7", "preview": poster.data})
    plain = real.model_copy(update={"posters": (poster,)})
    assert rank_posters(
        real.model_copy(update={"posters": (printed,)}), MODEL, "cpu"
    ) == rank_posters(plain, MODEL, "cpu")
    assert rank_posters(real.model_copy(update={"posters": ()}), MODEL, "cpu") == []


@pytest.mark.parametrize(
    ("name", "product", "said"),
    [
        ("Green Mug", "", "for Green Mug."),
        ("晨光", "马克杯", "for mug."),
        ("Чашка", "", "for {tag}."),
    ],
)
def test_the_prompt_names_the_product_in_words_that_the_model_reads(
    real: Campaign, name: str, product: str, said: str
) -> None:
    assert real.caption is not None
    brief = real.brief.model_copy(update={"name": name, "product": product})
    asked = prompt_for(real.model_copy(update={"brief": brief}), tiny_clip.encoder(MODEL))
    assert said.format(tag=real.caption.tags[0].word) in asked
    assert real.caption.text in asked


def run(*arguments: str) -> tuple[int, str]:
    """Run the command line; errors are for its caller to print."""
    result = CliRunner().invoke(cli, ["rank", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_the_command_prints_them_by_channel(real: Campaign) -> None:
    before = sorted(path.name for path in Path(real.folder).iterdir())
    code, output = run(real.folder, "--posters", "--reward", MODEL, "--device", "cpu")
    assert code == 0
    shown = [line for line in output.splitlines() if line in {p.channel for p in real.posters}]
    found = rank_posters(real, MODEL, "cpu")
    assert shown == [each.channel for each in found]
    assert f"{found[0].reward:.3f}" in output
    code, output = run(real.folder, "--posters", "--reward", MODEL, "--device", "cpu", "--json")
    rows = json.loads(output[output.index("[") :])
    assert [row["poster_id"] for row in rows] == [each.poster_id for each in found]
    assert before == sorted(path.name for path in Path(real.folder).iterdir())  # nothing is saved


def test_the_command_refuses_what_makes_no_sense(real: Campaign, tmp_path: Path) -> None:
    assert run("--posters")[0] == 2
    assert run(real.folder, "--reward", MODEL)[0] == 2
    assert run(real.folder, "--device", "cpu")[0] == 2
    with pytest.raises(ExportError, match="is no finished campaign"):
        run(str(tmp_path), "--posters")
    with pytest.raises(ModelError, match=r"device = 'auto'.*choose by eye"):
        run(real.folder, "--posters", "--reward", MODEL)
    with pytest.raises(ModelError, match="LlamaModel"):
        run(real.folder, "--posters", "--reward", str(tiny_clip.language_model()), "--device=cpu")
