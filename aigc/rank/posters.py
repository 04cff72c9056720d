"""Which posters people would choose, going by a reward model: a CLIP taught by their choices.

PickScore (Kirstain et al. 2023) and HPS v2 (Wu et al. 2023) are of this kind. ImageReward is not:
it is built on BLIP, with a head of its own, and transformers cannot load it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aigc import export, photo, prompts
from aigc.campaign import Campaign
from aigc.rank.contrast import squared
from aigc.rank.language import in_english

if TYPE_CHECKING:
    from aigc._engines.clip import Encoder

REWARD = "yuvalkirstain/PickScore_v1"
GREY = 127  # around a poster that is no square


class Preference(NamedTuple):
    """How a poster fares with a reward model."""

    poster_id: str
    channel: str
    reward: float  # in the model's own units; to be compared within a channel
    chance: float  # 0..1: that people choose it from among its channel's posters


def rank_posters(
    campaign: Campaign | str | Path, model: str = REWARD, device: str = "auto", prompt: str = ""
) -> list[Preference]:
    """Order the posters of a campaign, or of its folder, by what people would choose; best first.

    All are judged by one `prompt`: by default what is sold, and what its photo shows. Nothing is
    saved. Raises ModelError where the model is none of CLIP's family, or there is no such device.
    """
    from aigc._engines import clip

    made = campaign if isinstance(campaign, Campaign) else export.load(campaign)
    encoder = clip.load(model, device, option="device", instead="choose by eye")
    # Of a poster to be printed the preview is looked at.
    pictures = [photo.decode(poster.preview or poster.data) for poster in made.posters]
    if not pictures:
        return []
    asked = encoder.texts([prompt or prompt_for(made, encoder)])[0]
    looks = encoder.images([squared(picture, GREY) for picture in pictures])
    rewards = encoder.scale * (looks @ asked).astype(np.float64)
    found: list[Preference] = []
    for poster, reward in zip(made.posters, rewards, strict=True):
        rivals = [
            other
            for each, other in zip(made.posters, rewards, strict=True)
            if each.channel == poster.channel
        ]
        chance = float(1 / np.exp(np.array(rivals) - reward).sum())
        found.append(
            Preference(poster.id, poster.channel, round(float(reward), 4), round(chance, 4))
        )
    return sorted(found, key=lambda each: -each.reward)


def prompt_for(campaign: Campaign, encoder: Encoder) -> str:
    """What a reward model is asked of all of a campaign's posters, in words that it reads."""
    table = prompts.table("rank/posters.toml")
    caption = campaign.caption
    seen = [] if caption is None else [tag.word for tag in caption.tags[:1]]
    names = [campaign.brief.product, campaign.brief.name]
    read = [name for name in names if encoder.reads(name)]
    named = [english for name in names if (english := in_english(name))]
    product = next(iter([*read, *named, *seen]), table["unknown"])
    said = "" if caption is None else caption.text
    return " ".join(table["prompt"].format(product=product, caption=said).split())
