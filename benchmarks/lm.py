"""Tokens a second of the small language model: ours against plain transformers generate.

Same weights (theirs in float32), same prompt, same number of samples and of new tokens, the end
of the text suppressed on both sides, both sampled; each side is warmed up, then the best of
--repeat runs counts, the sides taking turns. Ours includes starting its worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from _report import emit, machine, parser, versions

from aigc._engines import lm

PROMPT = "Write one short line of advertising for a blue ceramic mug that keeps tea warm."


def main() -> None:
    """Measure both sides and print the result."""
    options = parser(__doc__)
    options.add_argument("--prompt", default=PROMPT, help="the request to continue")
    options.add_argument("--tokens", type=int, default=64, help="new tokens a sample")
    options.add_argument("--batch", type=int, nargs="+", default=[8], help="samples at once")
    options.add_argument("--repeat", type=int, default=3, help="runs a side")
    args = options.parse_args()

    prompt = lm.chat(args.prompt)
    theirs = _transformers(prompt, args.tokens)
    start = time.perf_counter()
    lm.generate([prompt], n=1, seed=0, max_tokens=1)
    loading = time.perf_counter() - start

    def ours(batch: int) -> None:
        lm.generate(
            [prompt], n=batch, seed=0, max_tokens=args.tokens, min_tokens=args.tokens, top_k=40
        )

    rows = []
    for batch in args.batch:
        sides = {"ours": ours, "theirs": theirs}
        best = dict.fromkeys(sides, float("inf"))
        for _ in range(args.repeat + 1):  # the first run of each side is its warm-up
            for side, run in sides.items():
                best[side] = min(best[side], _seconds(run, batch))
        speed = {side: batch * args.tokens / seconds for side, seconds in best.items()}
        rows.append({"batch": batch, **speed, "ratio": speed["ours"] / speed["theirs"]})

    main_row = next((row for row in rows if row["batch"] == 8), rows[0])
    result: dict[str, Any] = {
        **main_row,
        "unit": "tokens/s",
        "tokens": args.tokens,
        "batches": rows,
        "loading_seconds": loading,
        "machine": machine(),
        "versions": versions("ctranslate2", "tokenizers", "torch", "transformers"),
    }
    table = ["batch   ours  theirs  ratio   (tokens/s)"]
    table += ["{batch:5d} {ours:6.1f} {theirs:7.1f} {ratio:6.2f}".format(**row) for row in rows]
    emit(args.json, result, [*table, f"loading: {loading:.2f} s"])


def _seconds(run: Callable[[int], None], batch: int) -> float:
    start = time.perf_counter()
    run(batch)
    return time.perf_counter() - start


def _transformers(prompt: str, tokens: int) -> Callable[[int], None]:
    import torch

    model, tokenizer = lm.load_float32()
    inputs = tokenizer(prompt, return_tensors="pt")

    def run(batch: int) -> None:
        torch.manual_seed(0)
        made = model.generate(
            **inputs,
            do_sample=True,
            temperature=0.8,
            top_k=40,
            top_p=1.0,
            num_return_sequences=batch,
            min_new_tokens=tokens,
            max_new_tokens=tokens,
            pad_token_id=tokenizer.eos_token_id,
        )
        assert made.shape == (batch, inputs["input_ids"].shape[1] + tokens)

    return run


if __name__ == "__main__":
    main()
