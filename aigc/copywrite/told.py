"""Copy by any language model that answers questions: what is asked, and what is kept of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from aigc import events
from aigc.campaign import Copy
from aigc.channels import columns
from aigc.chat import Answerer, Question, ask
from aigc.copywrite import CopyRequest, asked, grammar, own, words
from aigc.copywrite.accept import Rejected, accept, alike
from aigc.copywrite.asked import Draw
from aigc.copywrite.grammar import Text
from aigc.errors import AigcError, ModelError, settled

_LEAST = 8  # candidates that a request is promised, half of them short


class Way(NamedTuple):
    """How a model is asked; `source` is what a copy says wrote it."""

    source: str
    candidates: int
    rounds: int  # each asks for what is still missing, and once for the repair of each answer
    max_tokens: int
    temperature: float
    fill: bool  # whether the grammar may write what is missing, in a language that it knows


def write(requests: Sequence[CopyRequest], answer: Answerer, way: Way) -> list[list[Copy]]:
    """Ask for the candidates of all requests at once, then for those that are still missing.

    A request's copy depends on that request alone. Raises what `settled` raises for the requests
    of which too little could be used, or whose questions the engine could not answer.
    """
    works = [_Work(request, way) for request in requests]
    for _ in range(way.rounds):
        turns = [(work, draw) for work in works for draw in work.missing()]
        if not turns:
            break
        questions = [work.question(draw) for work, draw in turns]
        tries = [_Try(work.request, draw) for work, draw in turns]
        names = [work.request.brief.name for work, _ in turns]
        found = ask(questions, tries, answer, names)
        for (work, draw), one, result in zip(turns, tries, found, strict=True):
            work.take(draw, result, one.wrong)
    return settled([work.done() for work in works])


class _Try:
    """Reads the answers to one question, and keeps why they could not be used."""

    def __init__(self, request: CopyRequest, draw: Draw) -> None:
        self.request, self.draw = request, draw
        self.wrong: list[Rejected] = []

    def __call__(self, said: str) -> Text:
        # What is still too long for the strictest channel after its repair may do for the others.
        again = [error.kind for error in self.wrong] == ["long"]
        limits = self.request.limits if again else self.draw.limits
        try:
            return accept(said, self.request, self.draw._replace(limits=limits))
        except Rejected as error:
            self.wrong.append(error)
            raise


class _Work:
    """One request under way: its usable texts, and why others were not."""

    def __init__(self, request: CopyRequest, way: Way) -> None:
        self.request, self.way = request, way
        self.given = own.copies(request.brief)
        self.kept: list[Text] = [Text(c.headline, c.body, c.cta, c.hashtags) for c in self.given]
        self.drawn = 0
        self.wrong: Counter[str] = Counter()
        self.failed: AigcError | None = None

    def missing(self) -> list[Draw]:
        """What to ask for next: half of it short; twice what is missing after the first round."""
        short, lacking = self._lacking()
        count = self.way.candidates
        if self.failed or not lacking:
            return []
        if self.drawn:
            count = min(count, 2 * lacking)
            short = min(count, 2 * short)
        else:
            short = (count + 1) // 2
        strict = self.request.short or self.request.limits
        limits = [strict] * short + [self.request.limits] * (count - short)
        return [Draw(self.drawn + place, one) for place, one in enumerate(limits)]

    def question(self, draw: Draw) -> Question:
        """The question of one candidate."""
        return asked.question(
            self.request,
            draw,
            [text.headline for text in self.kept],
            max_tokens=self.way.max_tokens,
            temperature=self.way.temperature,
        )

    def take(self, draw: Draw, result: Text | AigcError, wrong: Sequence[Rejected]) -> None:
        """Keep a text that is like no other; note why one could not be used."""
        self.drawn = max(self.drawn, draw.number + 1)
        if not isinstance(result, AigcError):
            if any(alike(result, text) for text in self.kept):
                self.wrong["like another"] += 1
            else:
                self.kept.append(result)
        elif len(wrong) == 2:  # rejected, and its repair too
            self.wrong[wrong[-1].why] += 1
        else:
            self.failed = self.failed or result

    def done(self) -> list[Copy] | AigcError:
        """The candidates: the merchant's own, then short ones, then no more longer ones."""
        lacking = self._lacking()[1]
        if lacking and self.failed:
            return self.failed
        filled = self._by_grammar() if lacking and self.way.fill else []
        written = [(text, self.way.source) for text in self._written()]
        written += [(text, "builtin:grammar") for text in filled]
        if len(written) < _LEAST and not self.given:
            return ModelError(f"{self._told()}, and {_LEAST} are needed; {self._remedy()}")
        if self.failed:
            events.report("copywrite", 0, 0, f"{self._name}: not every answer came: {self.failed}")
        if lacking:
            rest = f"the grammar writes {len(filled)} more" if filled else "it must do with these"
            events.report("copywrite", 0, 0, f"{self._told()}; {rest}")
        short = [each for each in written if self._is_short(each[0])]
        long = [each for each in written if not self._is_short(each[0])]
        return self.given + [
            Copy(id=f"c{number + 1:02d}", source=source, **text._asdict())
            for number, (text, source) in enumerate(
                [*short, *long[: max(_LEAST - len(short), len(short))]]
            )
        ]

    @property
    def _name(self) -> str:
        return self.request.brief.name

    def _written(self) -> list[Text]:
        return self.kept[len(self.given) :]

    def _is_short(self, text: Text) -> bool:
        strict = self.request.short or self.request.limits
        return all(columns(getattr(text, name)) <= most for name, most in strict)

    def _lacking(self) -> tuple[int, int]:
        """How many short texts are missing, and how many in all."""
        short = sum(self._is_short(text) for text in self._written())
        scarce = max(0, _LEAST // 2 - short)
        return scarce, max(scarce, _LEAST - len(self._written()))

    def _by_grammar(self) -> list[Text]:
        """What is missing, by the builtin grammar; none in a language that it does not know."""
        request = self.request
        if not words.is_known(request.brief.language):
            return []
        short, lacking = self._lacking()
        strict = request.model_copy(update={"limits": request.short or request.limits})
        texts = grammar.write(strict, grammar.know(strict), len(self.kept) + short, self.kept)
        count = len(self.kept) + lacking
        return grammar.write(request, grammar.know(request), count, texts)[len(self.kept) :]

    def _told(self) -> str:
        usable = len(self._written())
        reasons = ", ".join(f"{why} {n}×" for why, n in self.wrong.most_common(3))
        return (
            f"{self._name}: {usable} of {self.drawn} texts of {self.way.source} "
            f"can be used ({reasons})"
        )

    def _remedy(self) -> str:
        known = words.is_known(self.request.brief.language)
        fill = "set copywrite.fill=true, " if known and not self.way.fill else ""
        return f"{fill}try another model or seed, or give `texts` of your own"
