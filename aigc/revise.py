"""Corrections to a finished campaign: only what they change is made again."""

from __future__ import annotations

from pathlib import Path

from aigc import brief, channels, events, export, pipeline, plans, portable
from aigc import versions as kept
from aigc.campaign import Campaign, Edits, Poster, Tweak
from aigc.errors import ExportError
from aigc.events import Listener
from aigc.stage import STAGES


def revise(folder: str | Path, edits: Edits, *, listener: Listener | None = None) -> Campaign:
    """Take a finished campaign to `edits`, which are all its edits, old and new.

    The folder ends as `aigc run` on the brief with these edits would leave it, byte for byte, and
    keeps the version before for `undo`. A matte may be named as the campaign names its own, from
    its folder. Raises BriefError where an edit names what is not there, ExportError where there
    is no campaign; the campaign is then as it was.
    """
    with events.listening(listener), export.open_folder(Path(folder), existing=True) as path:
        saved = export.load_unfinished(path)
        asked = portable.found(saved.brief.model_copy(update={"edits": edits}), path)
        brief.check(asked)
        recipe = export.saved_recipe(path)
        return pipeline.remade(saved.model_copy(update={"brief": asked}), recipe)


def undo(folder: str | Path, *, listener: Listener | None = None) -> Campaign:
    """Take back the last revision; raises ExportError where there is none."""
    path = Path(folder)
    if not kept.count(path):
        raise ExportError(f"'{path}': nothing to take back")
    with events.listening(listener), export.open_folder(path):
        campaign = kept.restore(path)
        events.report(STAGES[-1], 1, 1, f"{len(STAGES)}/{len(STAGES)}", campaign=campaign)
    return campaign


def versions(folder: str | Path) -> int:
    """How many revisions can be taken back."""
    return kept.count(Path(folder))


def locked(campaign: Campaign, poster_id: str) -> Tweak:
    """The tweak that keeps a poster as it is, whatever becomes of the campaign's lead and look.

    Raises ExportError where there is no such poster.
    """
    poster = _poster(campaign, poster_id)
    tweak = campaign.brief.edits.posters.get(poster_id, Tweak())
    return tweak.model_copy(
        update={
            "copy_id": poster.copy_id,
            "style": plans.style_name(campaign, tweak),
            "seed": plans.seed(campaign, tweak),
            "locked": True,
        }
    )


def layouts(campaign: Campaign, poster_id: str) -> dict[str, str]:
    """The layouts that a poster could take, with their titles; its own is among them.

    Raises ExportError where there is no such poster.
    """
    from aigc.typeset import content, layouts

    poster = _poster(campaign, poster_id)
    row, caption = channels.channel(poster.channel), plans.captioned(campaign)
    said = poster.texts.keys() if poster.texts is not None else None
    cropped = content.cropped(caption) and not caption.whole
    able = [
        layout
        for layout in layouts.fitting(row, whole=caption.whole)
        if min(row.size) >= layout.least
        and (said is None or said >= set(layout.needs))
        and (layout.crops or not cropped)
    ]
    own = layouts.all_layouts().get(poster.layout)
    return {layout.name: layout.title for layout in ([own] if own else []) + able}


def _poster(campaign: Campaign, poster_id: str) -> Poster:
    for poster in campaign.posters:
        if poster.id == poster_id:
            return poster
    made = ", ".join(poster.id for poster in campaign.posters)
    raise ExportError(f"'{campaign.id}' has no poster '{poster_id}'; it has {made}")
