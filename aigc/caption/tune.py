"""Learns the order of caption sentences from references, by minimum error rate training.

For every photo the captioner's own n-best list is made; the weights are those whose first
sentences, taken together, are most like the references. How well that holds up is measured on
photos that the fit has not seen: each is held out once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aigc import brief, events, photo
from aigc.caption import CaptionRequest, references, sentences
from aigc.caption.references import Pair
from aigc.errors import AigcError, BriefError
from aigc.rank import mert, metrics
from aigc.rank.clicks import weights as files
from aigc.rank.metrics import Floats, Metric

if TYPE_CHECKING:
    from aigc.caption.builtin import Backend

FOLDS = 10
BATCH = 8  # photos at a time
SAMPLES = 5000  # of the bootstrap
RESTARTS = 10
SHOWN = 5  # photos with both sentences, for a score is no judge of captions
Measure = Literal["chrf", "bleu"]
_SENTENCE = re.compile(r"(?<=[.!?])\s|(?<=[。！？])")


class Judged(NamedTuple):
    """N-best lists with what each sentence would count, in the order in which ties are broken."""

    lines: list[list[str]]
    nbest: mert.Lists


class Margin(NamedTuple):
    """By how much tuned weights beat others, with its 95 % interval over photos."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """Weights by feature, and what photos that no fit had seen say of them."""

    weights: dict[str, float]
    scores: dict[str, float]  # corpus scores, 0 to 100, by who chose the sentences
    margins: dict[str, Margin]  # of tuned over shipped, uniform, longest
    chosen: dict[str, list[str]]  # sentences, by who chose them
    pairs: int
    candidates: int
    measure: str

    def plain(self) -> dict[str, Any]:
        """What JSON holds of it."""
        margins = {who: each._asdict() for who, each in self.margins.items()}
        found = {name: getattr(self, name) for name in ("pairs", "candidates", "measure")}
        found |= {"scores": self.scores, "margins": margins, "weights": self.weights}
        return found | {"examples": self.examples()}

    def examples(self) -> list[dict[str, str]]:
        """Photos for which tuned weights choose another sentence, and both sentences."""
        both = zip(self.chosen["shipped"], self.chosen["tuned"], strict=True)
        return [{"shipped": old, "tuned": new} for old, new in both if old != new]

    def table(self) -> list[str]:
        """What was found, to be read."""
        name = {"chrf": "chrF", "bleu": "BLEU"}[self.measure]
        said = [f"{name} of {self.pairs} photos held out, {self.candidates} sentences in all"]
        for who, score in self.scores.items():
            over = self.margins.get(who)
            beaten = (
                f"   tuned above it by {over.value:.2f} [{over.low:.2f}, {over.high:.2f}]"
                if over
                else ""
            )
            said.append(f"  {who:<8} {score:6.2f}{beaten}")
        for row in self.examples()[:SHOWN]:
            said += [f"  shipped   {row['shipped']}", f"  tuned     {row['tuned']}"]
        said.append("  " + ", ".join(f"{each} {w:.2f}" for each, w in self.weights.items()))
        return said


def learn(
    table: str | Path,
    output: str | Path,
    *,
    columns: Mapping[str, str],
    language: str = "en",
    measure: Measure = "chrf",
    candidates: int | None = None,
    seed: int = 0,
) -> Outcome:
    """Tune weights on the pairs of a table and write them to a file.

    candidates: sentences that the language model proposes; by default as many as the captioner's.
    Where the margin's interval over the shipped weights reaches below zero, that is said.
    """
    from aigc.caption.builtin import Backend

    backend = Backend() if candidates is None else Backend(candidates=candidates)
    pairs, data = judged(references.read(table, columns), backend, language, measure)
    references.check(pairs, table)
    if len({pair.reference for pair in pairs}) == 1:
        raise BriefError(f"'{table}': all references are the same; there is nothing to hold out")
    outcome = fit(data, measure, groups=[pair.reference for pair in pairs], seed=seed)
    save(output, outcome, pairs, Path(table).name, f"language {language}, seed {seed}")
    if outcome.margins["shipped"].low <= 0:
        events.report("learn", 0, 0, "the gain may be chance: its interval holds zero")
    return outcome


def judged(
    pairs: Sequence[Pair], backend: Backend, language: str = "en", measure: Measure = "chrf"
) -> tuple[list[Pair], Judged]:
    """Caption every photo and compare its n-best list with the reference.

    A photo that cannot be read is skipped, and said.
    """
    usable: list[Pair] = []
    requests: list[CaptionRequest] = []
    for pair in pairs:
        fields = {"name": pair.name, "product": pair.product, "photo": pair.photo}
        try:
            made = brief.make(fields | {"language": language})
            requests.append(CaptionRequest(photo=photo.load(made.photo), brief=made, seed=0))
            usable.append(pair)
        except AigcError as error:
            events.report("learn", 0, 0, f"{error}; skipped")
    lines: list[list[str]] = []
    features, statistics = [], []
    names = list(sentences.shipped())
    for first in range(0, len(requests), BATCH):
        events.report("learn", first, len(requests), "captioning photos")
        seen = [one.facts for one in backend.look(requests[first : first + BATCH])]
        found = sentences.propose(seen, [0] * len(seen), backend.candidates)
        for known, own, pair in zip(seen, found, usable[first:], strict=False):
            likely = dict(zip(own.lines, own.fluencies, strict=True))
            ordered = sorted(likely)
            described = [sentences.features(line, known, likely[line]) for line in ordered]
            lines.append(ordered)
            features.append([[row[name] for name in names] for row in described])
            statistics.append(counted(ordered, pair.reference, measure, chinese=known.chinese))
    events.report("learn", len(requests), len(requests), "photos captioned")
    return usable, Judged(lines, mert.lists(features, statistics))


def counted(
    lines: Sequence[str], reference: str, measure: Measure, *, chinese: bool = False
) -> Floats:
    """Statistics of sentences against the reference's first: a caption is one sentence, too."""
    wanted = _SENTENCE.split(reference.strip())[0]
    if measure == "bleu":
        lowered = [line.lower() for line in lines]
        return metrics.bleu_statistics(lowered, wanted.lower(), "zh" if chinese else "13a")
    return metrics.chrf_statistics(lines, wanted)


def metric(measure: Measure) -> Metric:
    """The corpus score: chrF with precision counting double, or BLEU.

    A reference is longer than a caption ever is, so that with recall foremost, as chrF is set by
    default, the longest sentence always wins.
    """
    return metrics.bleu if measure == "bleu" else partial(metrics.chrf, beta=0.5)


def fit(
    data: Judged, measure: Measure = "chrf", *, groups: Sequence[str] = (), seed: int = 0
) -> Outcome:
    """Tune weights on all pairs; score them on each pair by a fit that has not seen its group.

    groups: one a pair; pairs of one group are held out together. Nothing is better than the shipped
    weights on the pairs themselves: then those are kept.
    """
    score, nbest = metric(measure), data.nbest
    count = len(nbest.there)
    shipped = sentences.shipped()
    start = np.array(list(shipped.values()))
    tuned = np.zeros(count, int)
    folds = _folds(groups or [str(number) for number in range(count)], seed)
    for fold in range(folds.max() + 1):
        events.report("learn", fold, int(folds.max()) + 2, "cross-validating")
        out = folds == fold
        found = mert.tune(nbest.part(~out), start, score, restarts=RESTARTS, seed=seed)
        tuned[out] = mert.decode(nbest.part(out), files.kept(found.weights))
    final = files.kept(mert.tune(nbest, start, score, restarts=RESTARTS, seed=seed).weights)
    events.report("learn", 1, 1, "weights tuned")
    rows = np.arange(count)
    picks = {
        "tuned": tuned,
        "shipped": mert.decode(nbest, start),
        "uniform": mert.decode(nbest, np.ones(len(start))),
        "longest": np.array(
            [max(range(len(own)), key=lambda i: len(own[i])) for own in data.lines]
        ),
    }
    sums = {who: nbest.statistics[rows, pick] for who, pick in picks.items()}
    random = (nbest.statistics * nbest.there[..., None]).sum(1) / nbest.there.sum(1)[:, None]
    scores = {who: float(score(each.sum(axis=0))) for who, each in sums.items()}
    scores |= {"random": float(score(random.sum(axis=0))), "oracle": _oracle(nbest, score)}
    return Outcome(
        weights=dict(zip(shipped, final.tolist(), strict=True)),
        scores=scores,
        margins={
            who: margin(sums["tuned"], sums[who], score, seed)
            for who in ("shipped", "uniform", "longest")
        },
        chosen={
            who: [own[i] for own, i in zip(data.lines, pick, strict=True)]
            for who, pick in picks.items()
        },
        pairs=count,
        candidates=int(nbest.there.sum()),
        measure=measure,
    )


def margin(ours: Floats, theirs: Floats, score: Metric, seed: int = 0) -> Margin:
    """The difference of two corpus scores, with its paired bootstrap interval (Koehn 2004).

    Statistics (s, m) each; photos are drawn anew, weights stay as they were fitted.
    """
    drawn = np.random.default_rng(seed).integers(0, len(ours), (SAMPLES, len(ours)))
    differences = score(ours[drawn].sum(axis=1)) - score(theirs[drawn].sum(axis=1))
    low, high = np.quantile(differences, (0.025, 0.975))
    value = score(ours.sum(axis=0)) - score(theirs.sum(axis=0))
    return Margin(float(value), float(low), float(high))


def save(path: str | Path, outcome: Outcome, pairs: Sequence[Pair], source: str, note: str) -> None:
    """Write the weights with what they were learned from; raises ExportError."""
    over = outcome.margins["shipped"]
    head = files.Head(
        kind="caption",
        made=date.today(),
        data=references.digest(pairs),
        evidence={"pairs": outcome.pairs, "candidates": outcome.candidates},
        score=files.Held(
            measure=f"{outcome.measure} above shipped weights, held out",
            value=over.value,
            low=over.low,
            high=over.high,
        ),
        files=(source,),
        note=note,
        features=tuple(outcome.weights),
        facts={"scores": outcome.scores}
        | {"margins": {who: list(each) for who, each in outcome.margins.items()}},
    )
    files.save(path, head, {"weights": np.array(list(outcome.weights.values()))})


def _folds(groups: Sequence[str], seed: int) -> NDArray[np.intp]:
    """Give each group a fold by chance, all folds nearly of a size."""
    known = list(dict.fromkeys(groups))
    order = np.random.default_rng(seed).permutation(len(known))
    fold = dict(zip(known, (order % min(FOLDS, len(known))).tolist(), strict=True))
    return np.array([fold[group] for group in groups])


def _oracle(nbest: mert.Lists, score: Metric) -> float:
    """What the best choice would reach, nearly: each list in turn takes what lifts the whole."""
    chosen = np.zeros(len(nbest.there), int)
    total = nbest.statistics[:, 0].sum(axis=0)
    for _ in range(3):
        for row, there in enumerate(nbest.there):
            rest = total - nbest.statistics[row, chosen[row]]
            chosen[row] = np.where(there, score(rest + nbest.statistics[row]), -np.inf).argmax()
            total = rest + nbest.statistics[row, chosen[row]]
    return float(score(total))
