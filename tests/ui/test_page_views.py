"""What the page shows: stages with their seconds, and words that are never markup."""

import numpy as np

from aigc.campaign import Brief, Campaign, Caption, Copy, Score, Step, Swatch, Tag
from aigc.events import Event
from ui import views
from ui.progress import Progress

NASTY = "<img src=x onerror=alert(1)> ${alert(2)} {{ 7 * 7 }} \" '"


class Clock:
    """Seconds that pass when told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def campaign(*stages: str) -> Campaign:
    steps = tuple(
        Step(stage=each, backend="builtin", options={}, seconds=2.5, versions={}) for each in stages
    )
    return Campaign(id="a", brief=Brief(name="A", photo="a.png"), steps=steps)


def test_stages_are_done_running_and_waiting_with_seconds() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.see(Event("caption", 1, 1, "1/5", campaign("caption")))
    clock.now += 7
    progress.see(Event("copywrite", 2, 8, "", campaign("caption")))
    caption, copywrite, *rest = progress.rows()
    assert caption == ("caption", "done", 2.5, "")
    assert copywrite == ("copywrite", "running", 7, "2 of 8")
    assert [row.state for row in rest] == ["waiting"] * 3


def test_a_download_is_a_note_at_the_stage_that_needs_it() -> None:
    progress = Progress(Clock())
    progress.see(Event("caption", 0, 1, "", campaign()))
    progress.see(Event("fetch", 30, 120, "some-weights==1.0"))
    assert progress.rows()[0].note == "downloading some-weights, 25%"
    progress.see(Event("fetch", 1, 1, "some-weights==1.0"))
    assert progress.rows()[0] == ("caption", "running", 0, "")


def test_a_resumed_run_shows_what_was_done_before() -> None:
    progress = Progress(Clock())
    progress.see(Event("caption", 1, 1, "1/5", campaign("caption", "copywrite", "rank")))
    assert [row.state for row in progress.rows()] == ["done"] * 3 + ["running", "waiting"]


def test_nothing_runs_after_the_end() -> None:
    progress = Progress(Clock())
    assert {row.state for row in progress.rows(ended=True)} == {"waiting"}


def test_every_word_is_text() -> None:
    made = campaign().model_copy(
        update={
            "caption": Caption(
                text=NASTY,
                tags=(Tag(word=NASTY, probability=0.5),),
                palette=(Swatch(hex='"><b>', name=NASTY, share=1),),
                background="plain",
                subject=(0, 0, 1, 1),
                note=NASTY,
                cutout=np.zeros((8, 8, 4), np.uint8),
            ),
            "copies": (
                Copy(id="1", headline=NASTY, body=NASTY, cta=NASTY, hashtags=(NASTY,), source=""),
            ),
            "ranking": (Score(candidate_id="1", total=1, parts={NASTY: 1}, reason=NASTY),),
        }
    )
    shown = views.caption(made) + views.copies(made) + views.progress([], NASTY, failed=True)
    assert "<img src=x" not in shown
    assert "<b>" not in shown.replace("<b dir", "")
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;") == 11


def test_copies_are_shown_before_they_are_ranked_and_then_best_first() -> None:
    copies = tuple(
        Copy(id=each, headline=f"Headline {each}", body="", cta="", hashtags=(), source="")
        for each in "ab"
    )
    unranked = campaign().model_copy(update={"copies": copies})
    assert "not ranked" in views.copies(unranked)
    scores = tuple(
        Score(candidate_id=each, total=total, parts={"fluency": total}, reason="")
        for each, total in (("b", 0.9), ("a", 0.25))
    )
    ranked = views.copies(unranked.model_copy(update={"ranking": scores}))
    assert ranked.index("Headline b") < ranked.index("Headline a")
    assert "width: 25%" in ranked
    assert views.copies(campaign()) == views.caption(campaign()) == views.caption(None) == ""
