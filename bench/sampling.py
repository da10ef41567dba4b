"""Does it help to show a model clear judgments more often than close ones?

Arguments that five people compared, split by debate. The same small encoder from scratch is
trained on the majority's choice with each order of the rows, and measured in accuracy, and in how
well its probabilities meet the shares of the votes.

    python -m bench.sampling --data ../shared/data
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.training import Row, rows_of, save_encoder, texts_of, write_dataset
from modeling.core.config import CHOICES, RewardConfig
from modeling.core.data import read_dataset
from modeling.core.train import train_reward_model

SET = "pairs_multi__ukpconvarg1"
LENGTH = 256
DEBATES = {"train": 7, "validation": 2, "test": 2}
FIGURES = ("accuracy", "nll", "brier", "ece")


def main() -> None:
    """Print a Markdown row for each order and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--train", type=int, default=2000, help="pairs to learn from")
    parser.add_argument("--test", type=int, default=1500, help="pairs to measure on")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _run(Path(folder), arguments)


def _run(folder: Path, arguments: argparse.Namespace) -> None:
    limits = {"train": arguments.train, "validation": 300, "test": arguments.test}
    splits = _splits(rows_of(arguments.data, SET), limits)
    dataset = write_dataset(folder / "data", "preference", splits)
    save_encoder(folder / "model", texts_of(read_dataset(dataset).splits["train"]), length=LENGTH)
    print(f"| order | seed | {' | '.join(FIGURES)} |\n|---|---|{'---|' * len(FIGURES)}")
    for sampling in CHOICES["sampling"]:
        for seed in range(arguments.seeds):
            config = _config(folder / "model", sampling, arguments.epochs, seed)
            output = folder / f"{sampling}-{seed}"
            metrics = train_reward_model(dataset, output, config).metrics
            print(_row(sampling, seed, metrics["test"]), flush=True)


def _splits(rows: Sequence[Row], limits: dict[str, int]) -> dict[str, list[Row]]:
    """Debates in random order, so many for each split; and of their pairs as many at random."""
    rng = np.random.default_rng(0)
    pairs = [pair for pair in map(_pair, rows) if pair is not None]
    names = sorted({pair["group"] for pair in pairs})
    order = iter([names[number] for number in rng.permutation(len(names))])
    found = {}
    for split, count in DEBATES.items():
        debates = {next(order) for _ in range(count)}
        own = [pair for pair in pairs if pair["group"] in debates]
        chosen = rng.permutation(len(own))[: limits[split]]
        found[split] = [own[number] for number in sorted(chosen)]
    return found


def _pair(row: Row) -> Row | None:
    """The majority's choice with its share of the votes, ties halved; None for an even vote."""
    labels = [judgment["label"] for judgment in row["annotations"]]
    share = (labels.count("a") + labels.count("tie") / 2) / len(labels)
    if share == 0.5:
        return None
    sides = (row["response_a"], row["response_b"])
    chosen, rejected = sides if share > 0.5 else sides[::-1]
    return {
        "prompt": row["prompt"],
        "chosen": chosen,
        "rejected": rejected,
        "chosen_probability": max(share, 1 - share),
        "group": row["prompt"].split("\n")[0],
    }


def _config(model: Path, sampling: str, epochs: int, seed: int) -> RewardConfig:
    return RewardConfig(
        frozen=False,
        backbone=str(model),
        max_length=LENGTH,
        sampling=sampling,
        learning_rate=3e-4,
        schedule="cosine",
        warmup_steps=10,
        token_budget=8192,
        epochs=epochs,
        eval_steps=0,
        seed=seed,
    )


def _row(sampling: str, seed: int, test: dict[str, Any]) -> str:
    low, high = test["interval"]
    cells = [f"{test['accuracy']:.3f} [{low:.3f}, {high:.3f}]"]
    cells += [f"{test[name]:.3f}" for name in FIGURES[1:]]
    return f"| {sampling} | {seed} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
