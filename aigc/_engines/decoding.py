"""How the next token is chosen: by the answer's schema, its seed and its greatest length."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from llguidance import LLExecutor, LLMatcher, LLTokenizer
from llguidance.numpy import fill_next_token_bitmask, fill_next_token_bitmask_par
from transformers import LogitsProcessor

from aigc.chat import Question
from aigc.errors import ModelError

# What may be drawn at all: the unlikely rest is where a small model loses its thread.
_LIKELIEST, _SHARE = 50, 0.95
# One space after a comma and a colon, as models have read most JSON, and nowhere else: free
# white space is where a weak model never comes to an end.
_FORM: dict[str, Any] = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
}


class Rules(LogitsProcessor):  # type: ignore[misc]
    """Leaves each row what its question allows, noise of its seed added: then the greatest is next.

    Adding Gumbel noise and taking the greatest draws from the softmax (Gumbel 1954); each row has
    a generator of its own on the processor, so a draw depends on neither batch nor device.
    """

    def __init__(
        self, questions: Sequence[Question], grammar: LLTokenizer | None, ends: Sequence[int]
    ) -> None:
        self.questions, self.ends = questions, list(ends)
        self.matchers = [_matcher(each.schema, grammar) for each in questions]
        self.generators = [torch.Generator().manual_seed(each.seed) for each in questions]
        self.open = set(range(len(questions)))  # rows that have not ended
        self.start = -1  # tokens of the prompt
        self.step = 0

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Change the scores of the next token, (rows, vocabulary), by the tokens so far."""
        if self.start < 0:
            self.start = input_ids.shape[1]
            if not bool(torch.isfinite(scores).any(-1).all()):
                raise ModelError("the model computes no numbers; try another dtype")
        else:
            self._read(input_ids[:, -1].tolist())
        self.step = input_ids.shape[1] - self.start
        scores = self._masked(scores.float())
        return self._drawn(scores)

    def _read(self, tokens: list[int]) -> None:
        for row in tuple(self.open):
            if tokens[row] in self.ends:
                self.open.discard(row)
            elif (matcher := self.matchers[row]) is not None:
                matcher.consume_token(tokens[row])

    def _masked(self, scores: torch.Tensor) -> torch.Tensor:
        rows, vocabulary = scores.shape
        bits = np.full((rows, (vocabulary + 31) // 32), -1, np.int32)
        bound = [(self.matchers[row], row) for row in sorted(self.open) if self.matchers[row]]
        if len(bound) == 1:
            fill_next_token_bitmask(bound[0][0], bits, bound[0][1])
        elif bound:
            fill_next_token_bitmask_par(_executor(), bound, bits)
        if bound:
            places = torch.arange(32, dtype=torch.int32, device=scores.device)
            words = torch.from_numpy(bits).to(scores.device)
            allowed = (words[..., None] >> places) & 1  # (rows, words, 32)
            scores = scores.masked_fill(allowed.flatten(1)[:, :vocabulary] == 0, -torch.inf)
        for row in self.open:
            matcher = self.matchers[row]
            broken = matcher is not None and matcher.is_error()
            if broken or self.step + 1 >= self.questions[row].max_tokens:
                scores[row] = -torch.inf
                scores[row, self.ends] = 0.0
        return scores

    def _drawn(self, scores: torch.Tensor) -> torch.Tensor:
        if not any(each.temperature > 0 for each in self.questions):
            return scores
        count = min(_LIKELIEST, scores.shape[1])
        heat = [each.temperature if each.temperature > 0 else 1.0 for each in self.questions]
        values, places = scores.topk(count, dim=-1)
        values = values / torch.tensor(heat, device=scores.device)[:, None]
        before = values.softmax(-1).cumsum(-1) - values.softmax(-1)
        values = values.masked_fill(before > _SHARE, -torch.inf)
        noise = torch.stack([self._noise(row, count) for row in range(len(self.questions))])
        values = values + noise.to(scores.device)
        return torch.full_like(scores, -torch.inf).scatter(-1, places, values)

    def _noise(self, row: int, count: int) -> torch.Tensor:
        if self.questions[row].temperature <= 0 or row not in self.open:
            return torch.zeros(count)
        even = torch.rand(count, generator=self.generators[row], dtype=torch.float64)
        return -(-(even.clamp_min(1e-300)).log()).clamp_min(1e-300).log().float()


def grammar(tokenizer: Any, vocabulary: int, ends: Sequence[int]) -> LLTokenizer | None:
    """What matchers read tokens with; None for tokenizers whose bytes it cannot tell.

    vocabulary: width of the model's scores. Takes about a second for a large vocabulary.
    """
    from llguidance.hf import from_tokenizer

    try:
        return from_tokenizer(tokenizer, n_vocab=vocabulary, eos_token=list(ends))
    except ValueError:
        return None


def _matcher(schema: dict[str, Any] | None, grammar: LLTokenizer | None) -> LLMatcher | None:
    if schema is None or grammar is None:
        return None
    made = LLMatcher(grammar, _grammar(json.dumps(schema)), log_level=0)
    if made.is_error():
        raise ValueError(made.get_error())
    return made


@cache
def _grammar(schema: str) -> str:
    return str(LLMatcher.grammar_from_json_schema(schema, overrides=_FORM))


@cache
def _executor() -> LLExecutor:
    return LLExecutor()
