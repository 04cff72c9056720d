"""Feature scores × weights: relevance, fluency, coverage, length, tone, distinctness."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from aigc import prompts
from aigc.campaign import Brief, Caption, Copy, Photo, Score
from aigc.channels import TextLimits
from aigc.errors import BriefError
from aigc.rank import Ranker, RankRequest, features
from aigc.rank.clicks.part import Said, bounded, said
from aigc.rank.clicks.weights import is_saved
from aigc.rank.compliance import Verdict, compliance, facts
from aigc.rank.language import knows, script, sentences
from aigc.rank.look import look
from aigc.rank.own import leading
from aigc.rank.relevance import phrases, relevance
from aigc.stage import FilePath

if TYPE_CHECKING:
    from aigc.rank.clicks.learned import Learned

READ = 20  # tokens of each text that the language model reads; they tell sentences from jumbles
BLOCKED = 0.02  # what is left of the total of a copy that may not be published


class Job(NamedTuple):
    """Copies to score for one photo; what is None cannot be judged and is left out."""

    photo: Photo
    caption: Caption | None
    brief: Brief | None
    copies: tuple[Copy, ...]
    limits: TextLimits | None


class Weights(NamedTuple):
    """How much each part counts, and what clicks taught, if a file of it was given."""

    table: dict[str, Any]
    learned: Learned | None = None
    segment: str = ""


class Backend(Ranker):
    """Scores by seven named parts, and an eighth that clicks taught; the weights are in a file."""

    weights: FilePath = Field(
        "",
        description="File of weights: what `aigc learn copy` made, or TOML in place of the shipped "
        "prompts/rank/weights.toml",
    )
    segment: str = Field(
        "",
        description="For whom to rank, `key=value; key=value`, where the learned weights know it",
    )

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the result."""
        return ("torch", "transformers", "ctranslate2")

    def ready(self) -> None:
        """Raise where the file of weights cannot be used."""
        super().ready()
        weights_of(self.weights)

    def score(self, requests: Sequence[RankRequest]) -> list[list[Score]]:
        """Score every copy of each request; each inner list is best first."""
        return weigh(jobs_of(requests), weights_of(self.weights, self.segment))

    def rank_texts(
        self, photo: Photo, texts: Sequence[str], brief: Brief | None = None
    ) -> list[Score]:
        """Rank any texts against any photo, best first; ids are their places in `texts`."""
        return weigh([bare(photo, texts, brief)], weights_of(self.weights, self.segment))[0]


def rank_texts(photo: Photo, texts: Sequence[str], brief: Brief | None = None) -> list[Score]:
    """Rank any texts against any photo, best first; ids are their places in `texts`.

    Without a brief there is no coverage, tone or length to judge, and the rest share the weight.
    """
    return Backend().rank_texts(photo, texts, brief)


def bare(photo: Photo, texts: Sequence[str], brief: Brief | None) -> Job:
    """Texts that are no headline, body and call to action, and a photo without a caption."""
    copies = tuple(
        Copy(id=str(i), headline="", body=text, cta="", hashtags=(), source="given")
        for i, text in enumerate(texts)
    )
    return Job(photo, None, brief, copies, None)


def jobs_of(requests: Sequence[RankRequest]) -> list[Job]:
    """The copies of requests, to be weighed."""
    return [Job(r.photo, r.caption, r.brief, r.copies, r.limits) for r in requests]


def weights_of(path: str, segment: str = "") -> Weights:
    """The shipped table of weights, with what the file at `path` puts in place of it or adds.

    Raises BriefError where there is no such file or it cannot be read, ModelError where it holds
    learned weights that cannot be used.
    """
    table = prompts.table("rank/weights.toml")
    if not path:
        return Weights(table)
    if is_saved(path):
        from aigc.rank.clicks import learned

        return Weights(table, learned.load(path), segment)
    try:
        own = tomllib.loads(Path(path).expanduser().read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BriefError(f"rank.weights = '{path}': cannot be read ({error})") from error
    return Weights(table | own)


def weigh(
    jobs: Sequence[Job],
    given: Weights,
    relevances: Sequence[Sequence[float] | None] | None = None,
) -> list[list[Score]]:
    """Score all copies of all jobs: the classifier and the encoder run once each.

    `relevances` has those of each job's copies as another model sees them, or None for a job that
    it cannot judge; without it the classifier judges.
    """
    table = given.table
    texts = [[message(copy) for copy in job.copies] for job in jobs]
    if relevances is None:
        relevances, points = _classified(jobs, texts)
    else:
        points = _points(_compared(jobs, texts))
    fluent = iter([value for own in texts for value in _fluency(own, table)])
    meant = [_similarity(job, own, points) for job, own in zip(jobs, texts, strict=True)]
    ranked = []
    for job, own, relevant, similar in zip(jobs, texts, relevances, meant, strict=True):
        distinct = features.distinctness(own)
        known = None if job.brief is None else facts(job.brief, job.caption)
        clicked = _clicked(given, own)
        scores, added = [], []
        for i, (copy, text) in enumerate(zip(job.copies, own, strict=True)):
            whole = "\n".join([text, copy.cta, *copy.hashtags])
            fluency = next(fluent)
            parts = {}
            if relevant is not None:
                parts["relevance"] = relevant[i]
            if job.brief is None or knows(job.brief.language):
                if job.brief is not None:
                    parts["coverage"] = features.coverage(job.brief.features, text, similar[i])
                    parts["tone"] = features.tone(whole, job.brief.voice, _language(text))
                parts["fluency"] = fluency
            if job.limits is not None:
                parts["length"] = features.length(copy, job.limits)
            parts["distinctness"] = distinct[i]
            weights = table["weights"][_language(text)]
            avoid = () if job.brief is None else job.brief.brand.avoid
            verdict = compliance(whole, known, avoid)
            scores.append(_total(copy.id, parts, verdict, weights))
            if clicked:
                parts["clicks"] = clicked[i].value
                added.append(_total(copy.id, parts, verdict, weights, clicked[i].why))
        if clicked:
            scores = bounded(scores, added, table["clicks"]["margin"])
        scores = leading(scores, job.copies, job.limits)
        ranked.append(sorted(scores, key=lambda score: -score.total))
    return ranked


def _classified(
    jobs: Sequence[Job], texts: Sequence[Sequence[str]]
) -> tuple[list[list[float] | None], dict[str, NDArray[np.float32]]]:
    """Relevance by the classifier, and the points of all texts, which are encoded in one call."""
    seen = look(
        [job.photo for job in jobs],
        [job.caption for job in jobs],
        [None if job.brief is None else job.brief.product or job.brief.name for job in jobs],
    )
    points = _points([*phrases(seen, texts), *_compared(jobs, texts)])
    judged = [
        own if job.brief is None or knows(job.brief.language) else None
        for job, own in zip(jobs, relevance(seen, texts, points), strict=True)
    ]
    return judged, points


def _clicked(given: Weights, texts: Sequence[str]) -> list[Said]:
    return said(given.learned, texts, given.segment) if given.learned is not None else []


def message(copy: Copy) -> str:
    """What a copy says: headline and body; the call to action says nothing of the product."""
    return "\n".join(part for part in (copy.headline, copy.body) if part)


def _language(text: str) -> str:
    return "zh" if script(text) == "zh" else "en"


def _fluency(texts: Sequence[str], table: dict[str, Any]) -> list[float]:
    """Score a job's English by the language model, Chinese, of which it knows little, by rules."""
    from aigc._engines import lm

    english = list(dict.fromkeys(text for text in texts if script(text) == "en"))
    values = lm.score(english, most=READ)
    scores = dict(zip(english, values, strict=True))
    found = []
    for text in texts:
        if script(text) == "en":
            found.append(features.fluency(scores[text], **table["fluency"]["en"]))
        else:
            found.append(features.clauses(text) if script(text) == "zh" else 0.5)
    return found


def _points(texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    from aigc._engines import encoder

    each = list(dict.fromkeys(texts))
    return dict(zip(each, encoder.encode(each), strict=True))


def _compared(jobs: Sequence[Job], texts: Sequence[Sequence[str]]) -> list[str]:
    """The features and sentences whose meaning is compared: those in English."""
    found: list[str] = []
    for job, own in zip(jobs, texts, strict=True):
        if job.brief is not None and job.brief.features:
            found += job.brief.features
            found += [part for text in own if script(text) == "en" for part in sentences(text)]
    return found


def _similarity(
    job: Job, texts: Sequence[str], points: dict[str, NDArray[np.float32]]
) -> list[NDArray[np.float32] | None]:
    """Cosines (features, sentences) of each copy with its brief; None where not in English."""
    if job.brief is None or not job.brief.features:
        return [None] * len(texts)
    asked = np.array([points[feature] for feature in job.brief.features])
    return [
        asked @ np.array([points[part] for part in sentences(text)]).T
        if script(text) == "en"
        else None
        for text in texts
    ]


def _total(
    candidate: str,
    parts: dict[str, float],
    verdict: Verdict,
    weights: dict[str, float],
    also: str = "",
) -> Score:
    """Weigh the parts, let the gate multiply the sum, and say in a sentence what decided it."""
    weighed = sum(weights[name] * value for name, value in parts.items())
    total = weighed / sum(weights[name] for name in parts) * max(verdict.value, BLOCKED)
    own = [name for name in parts if name != "clicks"]  # it says for itself what it found
    best = max(own, key=lambda name: weights[name] * parts[name])
    worst = max(own, key=lambda name: weights[name] * (1 - parts[name]))
    reason = (
        f"Gains most by {best} ({parts[best]:.2f}), loses most by {worst} ({parts[worst]:.2f})."
    )
    if verdict.value < 1:
        said = "Blocked" if verdict.value == 0 else "Marked down"
        reason = f"{said}: {verdict.why}. {reason}"
    elif verdict.why:
        reason = f"Check: {verdict.why}. {reason}"
    if also:
        reason += f" {also}."
    rounded = {name: round(value, 4) for name, value in parts.items()}
    return Score(
        candidate_id=candidate,
        total=round(min(max(total, 0.0), 1.0), 4),
        parts=rounded | {"compliance": verdict.value},
        reason=reason,
    )
