"""Which of several texts draws more clicks, as a log of tests taught it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from aigc import events
from aigc.errors import BriefError, ModelError
from aigc.rank.clicks import Appeal, Floats, domain, fit, traits, weights
from aigc.rank.clicks.calibrate import cross_validated
from aigc.rank.clicks.domain import Domain
from aigc.rank.clicks.fit import Posterior
from aigc.rank.clicks.log import ClickLog
from aigc.rank.clicks.segments import Tastes
from aigc.rank.clicks.weights import Head, Held

KIND: Final = "copy"
MEASURE = "share of decided pairs of held-out tests whose winner was foretold"
LEAST = {"tests": 20, "clicks": 200}  # below it nothing can be held out and nothing is learned
_PART = 256  # texts encoded between two reports of progress
_SOME = 256  # texts that tell how much texts differ
_VECTOR, _TRAIT = 0, 1  # blocks of features
_COARSE = ("axes", "domain.axes", "tastes.covariance")  # wide, and of use at three digits


class Voice(NamedTuple):
    """What one trait says of clicks: in log-odds for each spread of it among the log's texts."""

    name: str
    label: str
    effect: float
    error: float  # standard deviation of what is not known


@dataclass(frozen=True)
class Learned:
    """Weights that were learned from a log, and where they hold."""

    head: Head
    posterior: Posterior
    domain: Domain
    variance: float  # of log-odds between texts of which nothing is known
    spread: Floats  # (traits,) of each trait among the log's texts
    digest: str = ""  # SHA-256 of the file, where it was read from one

    def appeal(self, texts: Sequence[str], segment: str | None = None) -> Appeal:
        """How much likelier a click is for each text than for the log's average text.

        For texts unlike the log's the mean shrinks towards none, and the covariance grows towards
        that of texts of which nothing is known.
        """
        vectors = _vectors(texts)
        known = self.posterior.appeal(_joined(texts, vectors), segment)
        trust = self.trust(texts)
        own = np.diag((1 - trust**2) * self.variance)
        return Appeal(trust * known.mean, np.outer(trust, trust) * known.covariance + own)

    def chances(self, texts: Sequence[str], segment: str | None = None) -> Floats:
        """How likely each text (row) is to draw more clicks than each other (column), (n, n)."""
        return fit.chances(self.appeal(texts, segment))

    def trust(self, texts: Sequence[str]) -> Floats:
        """How much of what was learned holds for each text, 0..1, (n,)."""
        return self.domain.trust(texts, _meanings(texts))

    def unlike(self, texts: Sequence[str]) -> list[bool]:
        """Whether each text is unlike those of the log, so that little holds for it."""
        return [bool(each < 1) for each in self.trust(texts)]

    def speaks(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """What speaks for a text or against it: traits that it has more of than the others.

        In log-odds, by `voices`; what a text has less of is left to the others to be said.
        """
        voices = {voice.name: voice.effect for voice in self.voices()}
        spread = np.where(self.spread > 0, self.spread, np.inf)
        more = traits.measure(texts)
        more = (more - more.mean(0)) / spread
        names = list(traits.labels())
        return [
            {
                name: voices[name] * float(has)
                for name, has in zip(names, row, strict=True)
                if has > 0
            }
            for row in more
        ]

    def voices(self) -> list[Voice]:
        """What each trait says of clicks, other traits being equal, the strongest first.

        Of traits alone: sentence vectors know most of them too, and would take their share.
        """
        labels = traits.labels()
        found = [
            Voice(name, labels[name], effect, error)
            for name, effect, error in self.head.facts.get("voices", ())
        ]
        return sorted(found, key=lambda voice: -abs(voice.effect))

    def save(self, path: str | Path) -> None:
        """Write the weights as a file.

        Raises ExportError where it cannot be written.
        """
        weights.save(path, self.head, dict(_arrays(self)), coarse=_COARSE)


def learn(log: ClickLog, note: str = "", made: date | None = None) -> Learned:
    """Learn from a log what draws clicks; the same log gives the same weights.

    Raises BriefError where the log holds too little.
    """
    enough(log)
    vectors = np.concatenate(
        [_vectors(log.texts[start : start + _PART]) for start in _parts(len(log))]
    )
    given = _joined(log.texts, vectors)
    block = np.repeat([_VECTOR, _TRAIT], [vectors.shape[1], given.shape[1] - vectors.shape[1]])
    held = cross_validated(
        given,
        log.impressions,
        log.clicks,
        log.tests,
        blocks=block,
        segments=log.segments if any(log.segments) else None,
        groups=log.groups,
    )
    posterior = held.posterior
    facts: dict[str, Any] = {
        "pairs": held.pairs,
        "reliability": [
            [row.pairs, *_short(row.said, row.seen)] for row in held.table if row.pairs
        ],
    }
    spread = given[:, block == _TRAIT].std(0)
    facts["voices"] = _heard(log, given[:, block == _TRAIT], spread)
    if posterior.tastes is not None:
        facts["segments"] = posterior.tastes.traits
    score = None
    if held.pairs:
        value, low, high = _short(held.accuracy, held.low, held.high)
        score = Held(measure=MEASURE, value=value, low=low, high=high)
    head = Head(
        kind=KIND,
        made=made or datetime.now(UTC).date(),
        data=log.digest,
        evidence=log.evidence,
        score=score,
        files=log.names,
        note=note,
        encoder=_encoder(),
        features=tuple(traits.labels()),
        facts=facts,
    )
    some = posterior.appeal(given[np.linspace(0, len(given) - 1, _SOME).astype(int)])
    variance = float(some.mean.var() + some.covariance.diagonal().mean())
    where = domain.learn(log.texts, _meanings(log.texts), log.tests, log.groups)
    found = Learned(head, posterior, where, variance, spread)
    return _read(head, {name: weights.kept(each, name in _COARSE) for name, each in _arrays(found)})


def load(path: str | Path) -> Learned:
    """Read weights that `learn` made.

    Raises ModelError with the reason where they cannot be used here.
    """
    saved = weights.load(path, KIND)
    head, where = saved.head, f"weights '{path}'"
    if head.encoder != _encoder():
        raise ModelError(
            f"{where}: learned with the encoder {head.encoder or 'none'}, and this aigc has "
            f"{_encoder()}; learn them again"
        )
    if head.features != tuple(traits.labels()):
        odd = sorted(set(head.features) ^ set(traits.labels())) or ["their order"]
        raise ModelError(
            f"{where}: learned with other traits than this aigc has ({', '.join(odd[:3])}); "
            "learn them again"
        )
    try:
        return _read(head, saved.arrays, saved.digest)
    except (LookupError, ValueError, TypeError) as error:
        raise ModelError(f"{where}: damaged ({error}); learn them again") from error


def enough(log: ClickLog) -> None:
    """Raise BriefError where a log holds too little to learn from."""
    held = log.evidence
    if short := [name for name, least in LEAST.items() if held[name] < least]:
        has = " and ".join(f"{held[name]} {name}" for name in LEAST)
        needs = " and ".join(f"{least} {name}" for name, least in LEAST.items())
        raise BriefError(
            f"too little to learn from ({' and '.join(short)}): {has}, where {needs} are needed; "
            "add logs"
        )


def _vectors(texts: Sequence[str]) -> Floats:
    """How each text is put, as a vector, (n, d)."""
    from aigc._engines import phrasing

    return np.asarray(phrasing.encode(texts), np.float64)


def _encoder() -> str:
    """Which models are asked: other vectors than those learned from mean nothing."""
    from aigc._engines import phrasing, store

    return f"{phrasing.name()}; meaning sha256:{store.models()['sentence-encoder'].sha256[:12]}"


def _meanings(texts: Sequence[str]) -> Floats:
    """What each text is about, as a vector, (n, d): that tells one domain from another."""
    from aigc._engines import encoder

    return np.asarray(encoder.encode(texts), np.float64)


def _heard(log: ClickLog, measured: Floats, spread: Floats) -> list[list[Any]]:
    """What the traits alone teach: name, log-odds for a spread of it, standard error."""
    if not spread.any():
        return []
    alone = fit.fit(measured, log.impressions, log.clicks, log.tests, groups=log.groups)
    more = np.vstack([alone.centre, alone.centre + np.diag(spread)])
    mean, covariance = alone.appeal(more)
    error = np.sqrt(np.maximum(covariance.diagonal()[1:] - covariance[0, 0], 0))
    return [
        [name, *_short(float(effect), float(unsure))]
        for name, effect, unsure in zip(traits.labels(), mean[1:], error, strict=True)
    ]


def _short(*values: float) -> list[float]:
    return [round(value, 4) for value in values]


def _joined(texts: Sequence[str], vectors: Floats) -> Floats:
    return np.hstack([vectors, traits.measure(texts)])


def _parts(count: int) -> Iterator[int]:
    for start in range(0, count, _PART):
        events.report("learn", start, count, "reading texts")
        yield start
    events.report("learn", count, count, "reading texts")


def _arrays(learned: Learned) -> Iterator[tuple[str, Floats]]:
    """Every number of weights, by the name that it has in the file."""
    yield "variance", np.array(learned.variance)
    yield "spread", learned.spread
    parts: dict[str, Any] = {
        "": learned.posterior,
        "domain.": learned.domain,
        "tastes.": learned.posterior.tastes,
    }
    for prefix, part in parts.items():
        for field in fields(part) if part is not None else ():
            value = getattr(part, field.name)
            if isinstance(value, float | np.ndarray):
                yield prefix + field.name, np.asarray(value)


def _read(head: Head, arrays: dict[str, Floats], digest: str = "") -> Learned:
    """Weights of the arrays that `_arrays` gives; raises where one is missing or out of shape."""
    count, (width,) = len(traits.labels()), arrays["weights"].shape
    segments = tuple(head.facts.get("segments", ()))
    lengths = {"centre": width, "axes": width, "spread": count}
    lengths["domain.centre"] = arrays["domain.axes"].shape[1]
    if segments:
        lengths |= {"tastes.means": len(segments), "tastes.covariance": len(segments)}
    for name, length in lengths.items():
        if arrays[name].shape[0] != length:
            raise ValueError(f"{name} has {arrays[name].shape[0]} rows, not {length}")
    tastes = _part(Tastes, "tastes.", arrays, traits=segments) if segments else None
    return Learned(
        head,
        _part(Posterior, "", arrays, tastes=tastes),
        _part(Domain, "domain.", arrays),
        float(arrays["variance"]),
        arrays["spread"],
        digest,
    )


def _part(kind: Any, prefix: str, arrays: dict[str, Floats], **known: Any) -> Any:
    """A record of the arrays that bear its fields' names."""
    found = {}
    for field in fields(kind):
        if field.name not in known:
            value = arrays[prefix + field.name]
            found[field.name] = value if value.ndim else float(value)
    return kind(**found, **known)
