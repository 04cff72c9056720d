"""Train the matte's network on what gather.py and label.py prepared, and export its weights.

OUT keeps checkpoint.pt (the same command goes on from it), log.csv, curve.png and
matte.safetensors: the moving average of the weights at the step that did best on held-out
examples, in half precision.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from pathlib import Path

import cv2
import torch
from data import Examples
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from aigc._engines.efficientnet import pretrained
from aigc._engines.matting import MatteNet

ENCODER_RATE, DECODER_RATE, WARM_UP = 3e-4, 2e-3, 60
FROZEN_BLOCKS = 3  # of the encoder, and its stem: edges are edges; it halves a step on a CPU
AVERAGE = 0.995  # of the weights' moving average kept at each step
STATEFUL = ("network", "average", "optimizer", "rate")
COUNTERS = ("step", "best", "spent")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--side", type=int, default=256, help="px, a multiple of 32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=100, help="steps between validations")
    parser.add_argument("--validation", type=int, default=192, help="held-out examples")
    parser.add_argument("--workers", type=int, default=1, help="processes that make examples")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_flush_denormal(True)  # moments of tiny gradients would slow the processor
    cv2.setNumThreads(1)  # its threads would not survive the fork of the workers

    run = Run(options.steps, options.device)
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.exists():
        run.load(checkpoint)
        print(f"goes on from step {run.step}")
    parts = (options.data, options.side)
    unseen = Examples(*parts, options.validation, validation=True, seed=1)
    held_out = [unseen[i] for i in range(options.validation)]
    count = options.steps * options.batch
    examples = Examples(*parts, count, validation=False, seed=options.seed)
    print(
        f"{len(examples.cutouts)} cut-outs, {len(examples.backgrounds)} backgrounds, "
        f"{len(examples.people) + len(examples.others)} photographs"
    )
    rest = range(run.step * options.batch, count)
    errors: list[float] = []
    started = time.monotonic() - run.spent
    for batch in DataLoader(examples, options.batch, sampler=rest, num_workers=options.workers):
        errors.append(run.learn(*batch))
        if run.step % options.every and run.step < options.steps:
            continue
        iou, mae = evaluate(run.average.module, held_out, options)
        run.spent = time.monotonic() - started
        line = {
            "step": run.step,
            "minutes": round(run.spent / 60, 1),
            "loss": round(sum(errors) / len(errors), 4),
            "validation_iou": round(iou, 4),
            "validation_mae": round(mae, 4),
        }
        log(options.out / "log.csv", line)
        errors.clear()
        if iou > run.best:
            run.best = iou
            export(run.average.module, options.out / "matte.safetensors", run.step)
        run.save(checkpoint)
    curve(options.out)


class Run:
    """What changes while training, and is kept in a checkpoint."""

    def __init__(self, steps: int, device: str) -> None:
        self.device = device
        self.network = MatteNet()
        self.network.encoder.load_state_dict(pretrained().state_dict(), strict=False)
        self.network.to(device, memory_format=torch.channels_last)
        average = torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE)
        self.average = torch.optim.swa_utils.AveragedModel(
            self.network, multi_avg_fn=average, use_buffers=True
        )
        self.optimizer = torch.optim.AdamW(groups(self.network), weight_decay=0.01)
        self.rate = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda n: schedule(n, steps))
        self.step, self.best, self.spent = 0, 0.0, 0.0

    def learn(self, pictures: Tensor, mattes: Tensor) -> float:
        """Take one step; gives the loss."""
        train_mode(self.network)
        found = self.network(pictures.to(self.device, memory_format=torch.channels_last))
        error = loss(found, mattes.to(self.device))
        self.optimizer.zero_grad(set_to_none=True)
        error.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        self.rate.step()
        self.average.update_parameters(self.network)
        self.step += 1
        return float(error.detach())

    def save(self, path: Path) -> None:
        state = {name: getattr(self, name).state_dict() for name in STATEFUL}
        state |= {name: getattr(self, name) for name in COUNTERS}
        unfinished = path.with_suffix(".part")
        torch.save(state, unfinished)
        unfinished.rename(path)

    def load(self, path: Path) -> None:
        state = torch.load(path, self.device, weights_only=True)
        for name in STATEFUL:
            getattr(self, name).load_state_dict(state[name])
        for name in COUNTERS:
            setattr(self, name, state[name])


def groups(network: MatteNet) -> list[dict[str, object]]:
    """Parameters by learning rate; those of the encoder's first blocks stay as they are."""
    frozen = nn.ModuleList([network.encoder._conv_stem, network.encoder._bn0])
    frozen.extend(network.encoder._blocks[:FROZEN_BLOCKS])
    frozen.requires_grad_(False)
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    own = set(network.encoder.parameters())
    decoder = [p for p in network.parameters() if p not in own]
    return [{"params": encoder, "lr": ENCODER_RATE}, {"params": decoder, "lr": DECODER_RATE}]


def schedule(step: int, steps: int) -> float:
    """Share of the full learning rate: a short rise, then half a cosine down to a fiftieth."""
    if step < WARM_UP:
        return (step + 1) / WARM_UP
    along = (step - WARM_UP) / max(1, steps - WARM_UP)
    return 0.02 + 0.98 * (1 + math.cos(math.pi * min(1.0, along))) / 2


def train_mode(network: MatteNet) -> None:
    """Train, but keep the encoder's batch statistics: ImageNet's are better than 16 pictures'."""
    network.train()
    network.encoder.eval()


def loss(found: list[Tensor], truth: Tensor) -> Tensor:
    """Cross-entropy, heavier along outlines, and soft IoU, at full size and two coarser ones."""
    total = truth.new_zeros(())
    for weight, logits in zip((0.25, 0.25, 1.0), found, strict=True):
        target = functional.adaptive_avg_pool2d(truth, logits.shape[-2:])
        reach = 2 * (logits.shape[-1] // 64) + 1
        wide, thin = widest(target, reach), -widest(-target, reach)
        each = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        entropy = (each * (1 + 3 * (wide - thin))).mean()
        share = logits.sigmoid()
        both = (share * target).sum((1, 2, 3))
        either = (share + target - share * target).sum((1, 2, 3))
        total = total + weight * (entropy + (1 - (both + 1) / (either + 1)).mean())
    return total


def widest(share: Tensor, reach: int) -> Tensor:
    """Maximum over a square of `reach` pixels, an odd number."""
    rows = functional.max_pool2d(share, (reach, 1), 1, (reach // 2, 0))
    return functional.max_pool2d(rows, (1, reach), 1, (0, reach // 2))


@torch.inference_mode()  # type: ignore[untyped-decorator]
def evaluate(
    network: MatteNet, held_out: list[tuple[Tensor, Tensor]], options: argparse.Namespace
) -> tuple[float, float]:
    """Mean IoU at one half and mean absolute error on the held-out examples."""
    network.eval()
    ious, errors = [], []
    for pictures, mattes in DataLoader(held_out, options.batch):
        mattes = mattes.to(options.device)
        share = network(pictures.to(options.device, memory_format=torch.channels_last)).sigmoid()
        inside, truth = share > 0.5, mattes > 0.5
        either = (inside | truth).sum((1, 2, 3))
        ious.append(((inside & truth).sum((1, 2, 3)) / either.clamp(min=1)).cpu())
        errors.append((share - mattes).abs().mean((1, 2, 3)).cpu())
    return float(torch.cat(ious).mean()), float(torch.cat(errors).mean())


def export(network: MatteNet, path: Path, step: int) -> None:
    weights = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
        if not name.startswith("coarse") and not name.endswith("num_batches_tracked")
    }
    unfinished = path.with_suffix(".part")
    save_file(weights, unfinished, {"step": str(step), "licence": "Apache-2.0"})
    unfinished.chmod(0o644)  # it is born for its owner alone
    unfinished.rename(path)


def log(path: Path, line: dict[str, float]) -> None:
    print(", ".join(f"{name} {value}" for name, value in line.items()), flush=True)
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, line)
        if new:
            writer.writeheader()
        writer.writerow(line)


def curve(out: Path) -> None:
    """Draw the log."""
    from matplotlib.figure import Figure

    with (out / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    figure = Figure((7, 3.5), layout="constrained")
    left = figure.subplots()
    steps = [int(row["step"]) for row in rows]
    left.plot(steps, [float(row["validation_iou"]) for row in rows], "C0", label="IoU, held out")
    left.set(xlabel="step", ylabel="IoU on held-out examples")
    right = left.twinx()
    right.plot(steps, [float(row["loss"]) for row in rows], "C1", label="loss")
    right.set(ylabel="training loss")
    figure.legend(loc="outside upper center", ncols=2)
    figure.savefig(out / "curve.png", dpi=130)


if __name__ == "__main__":
    main()
