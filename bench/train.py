"""How fast is training beside TRL's RewardTrainer, and how fast is a head refitted?

Both train one small decoder, made from a config, on the same pairs of people for one epoch in the
same number of steps, each in a process of its own: from examples in memory to a trained model,
with tokenising. TRL reads a ranking as all its pairs. The pairs are those whose texts fit, since
TRL leaves longer ones out. Then a head is fitted to random features of 100,000 pairs with its
penalty chosen among nine.

    python -m bench.train --data ../shared/data
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from bench.training import Row, rows_of, save_decoder, texts_of, write_dataset
from modeling.core.config import RewardConfig
from modeling.core.data import RankingExample, read_dataset, render_parts
from modeling.core.data.kinds import parse_ranking
from modeling.core.heads import PairFeatures, choose_head

LENGTH = 1024
PAIRS_A_STEP = 16
LEARNING_RATE = 1e-4
HEAD_PAIRS, HEAD_WIDTH = 100_000, 768
GRID = RewardConfig().l2_grid
Measured = dict[str, float]


def main() -> None:
    """Print a Markdown table of both systems, and the time of a refit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=400, help="of pairs__hh_helpful")
    parser.add_argument("--rankings", type=int, default=80, help="of rankings__finegrained_qa")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--system", choices=sorted(SYSTEMS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.system:
        print(json.dumps(_measured(SYSTEMS[arguments.system], arguments.folder)))
        return
    with tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder), arguments)
        found = {name: _in_process(name, Path(folder), arguments.data) for name in SYSTEMS}
    _print(found)
    _print_refit()


def _prepare(folder: Path, arguments: argparse.Namespace) -> None:
    """The data both read, as rankings (a pair is one of two), and the model both start from."""
    rows = [_pair(row) for row in rows_of(arguments.data, "pairs__hh_helpful")]
    ranked = [_ranking(row) for row in rows_of(arguments.data, "rankings__finegrained_qa")]
    ranked = [row for row in ranked if len(row["tiers"]) > 1]
    kept = rows[: arguments.pairs] + ranked[: arguments.rankings]
    save_decoder(
        folder / "model",
        texts_of(map(parse_ranking, kept)),
        width=arguments.width,
        layers=arguments.layers,
        length=LENGTH,
    )
    write_dataset(folder / "data", "ranking", {"train": _that_fit(kept, folder / "model")})


def _pair(row: Row) -> Row:
    return {
        "prompt": row["prompt"],
        "completions": [row["chosen"], row["rejected"]],
        "tiers": [[0], [1]],
    }


def _ranking(row: Row) -> Row:
    tiers = row["ranking"]
    return {"prompt": row["prompt"], "completions": row["responses"], "tiers": tiers}


def _that_fit(rows: list[Row], model: Path) -> list[Row]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)

    def longest(row: Row) -> int:
        texts = [part.text for part in parse_ranking(row).texts()]
        return max(map(len, tokenizer(texts)["input_ids"]))

    # Two to spare: TRL tokenises the text in two parts and ends it with a token of its own.
    return [row for row in rows if longest(row) <= LENGTH - 2]


def _pairs_of(example: RankingExample) -> Iterator[tuple[str, str]]:
    """The better and the worse of every two that are not tied."""
    for better, worse in combinations(example.tiers, 2):
        for one in better:
            for other in worse:
                yield example.completions[one], example.completions[other]


def _in_process(system: str, folder: Path, data: Path) -> Measured:
    command = [sys.executable, "-m", "bench.train", "--data", str(data)]
    more = ["--system", system, "--folder", str(folder)]
    done = subprocess.run([*command, *more], check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _measured(train: Callable[[Path], Measured], folder: Path) -> Measured:
    import torch

    found = train(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if torch.cuda.is_available():
        peak = torch.cuda.max_memory_allocated() / 2**20
    return found | {"peak": peak}


def train_here(folder: Path) -> Measured:
    """One epoch of ours, with a token budget that gives as many steps as the other has."""
    from modeling.core.progress import Progress
    from modeling.core.trainer import tune

    dataset = read_dataset(folder / "data")
    examples = dataset.splits["train"]
    pairs = sum(1 for example in examples for _ in _pairs_of(example))
    steps = -(-pairs // PAIRS_A_STEP)
    config = RewardConfig(
        objective="plackett_luce",
        frozen=False,
        backbone=str(folder / "model"),
        max_length=LENGTH,
        learning_rate=LEARNING_RATE,
        token_budget=_budget(folder, steps),
        eval_steps=0,
        save_steps=1_000_000,
    )
    started = time.monotonic()
    tuned = tune(dataset, config, folder / "work", Progress())
    seconds = time.monotonic() - started
    facts = tuned.facts
    return {
        "pairs": pairs,
        "seconds": seconds,
        "steps": facts["steps"],
        "padding": facts["padding"],
        "saving": facts["token_saving"],
    }


def _budget(folder: Path, steps: int) -> int:
    """The token budget that gives this many steps, or the next fewer."""
    from modeling.core.backbones import load_backbone, resolve_backbone
    from modeling.core.objectives import PlackettLuce
    from modeling.core.packing import packed_size
    from modeling.core.samplers import plan_batches
    from modeling.core.tokens import TextTokenizer

    loaded = load_backbone(resolve_backbone(str(folder / "model")))
    tokenizer = TextTokenizer(loaded.tokenizer, max_length=LENGTH)
    dataset = read_dataset(folder / "data")
    config = RewardConfig(objective="plackett_luce", frozen=False)
    objective = PlackettLuce.fitted(dataset, config)
    items = objective.items(dataset.splits["train"], tokenizer, causal=True)
    sizes = [packed_size(item) for item in items]

    def count(budget: int) -> int:
        asked = RewardConfig(objective="plackett_luce", frozen=False, token_budget=budget)
        return len(plan_batches(sizes, asked).batches)

    low, high = 1, sum(size.tokens for size in sizes) * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if count(middle) <= steps else (middle + 1, high)
    return low


def train_with_trl(folder: Path) -> Measured:
    """One epoch of TRL's, on all pairs of the rankings."""
    import datasets
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from trl import RewardConfig as TrlConfig
    from trl import RewardTrainer

    datasets.disable_progress_bars()
    rows = [
        {
            "prompt": render_parts(example.prompt, "").context,
            "chosen": f" {better}",
            "rejected": f" {worse}",
        }
        for example in read_dataset(folder / "data").splits["train"]
        for better, worse in _pairs_of(example)
    ]
    model = AutoModelForSequenceClassification.from_pretrained(folder / "model", num_labels=1)
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    arguments = TrlConfig(
        output_dir=str(folder / "trl"),
        per_device_train_batch_size=PAIRS_A_STEP,
        num_train_epochs=1,
        learning_rate=LEARNING_RATE,
        max_length=LENGTH,
        gradient_checkpointing=False,
        bf16=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    started = time.monotonic()
    trainer = RewardTrainer(
        model=model,
        args=arguments,
        processing_class=tokenizer,
        train_dataset=datasets.Dataset.from_list(rows),
    )
    trainer.train()
    seconds = time.monotonic() - started
    read: Any = trainer.train_dataset
    return {"pairs": len(read), "seconds": seconds, "steps": trainer.state.global_step}


SYSTEMS: dict[str, Callable[[Path], Measured]] = {"tiebreak": train_here, "trl": train_with_trl}


def _print(found: dict[str, Measured]) -> None:
    print("| system | pairs | steps | s | pairs/s | peak memory, MiB | padding |")
    print("|---|---|---|---|---|---|---|")
    for name, seen in found.items():
        padding = f"{seen['padding']:.1%}" if "padding" in seen else "–"
        print(
            f"| {name} | {seen['pairs']} | {seen['steps']} | {seen['seconds']:.1f} | "
            f"{_rate(seen):.2f} | {seen['peak']:.0f} | {padding} |"
        )
    ours, theirs = found["tiebreak"], found["trl"]
    print(
        f"\nPairs per second: {_rate(ours) / _rate(theirs):.2f} times TRL's; sharing prompts and "
        f"reading each response once alone saves {ours['saving']:.2f} times the tokens of the "
        "rankings' texts read apart.",
        flush=True,
    )


def _rate(seen: Measured) -> float:
    return seen["pairs"] / seen["seconds"]


def _print_refit() -> None:
    """Random features with a planted direction; votes follow it."""
    rng = np.random.default_rng(0)
    count = HEAD_PAIRS + HEAD_PAIRS // 10
    truth = rng.normal(size=HEAD_WIDTH) / np.sqrt(HEAD_WIDTH)
    first, second = rng.normal(size=(2, count, HEAD_WIDTH)).astype(np.float32)
    swap = rng.random(count) > 1 / (1 + np.exp(-(first - second) @ truth))
    first[swap], second[swap] = second[swap], first[swap]
    train = PairFeatures(first[:HEAD_PAIRS], second[:HEAD_PAIRS])
    held_out = PairFeatures(first[HEAD_PAIRS:], second[HEAD_PAIRS:])
    started = time.monotonic()
    choice = choose_head(train, held_out, l2_grid=GRID)
    seconds = time.monotonic() - started
    print(
        f"\nHead refit, {HEAD_PAIRS:,} pairs of width {HEAD_WIDTH}, penalty chosen among "
        f"{len(choice.path)}: {seconds:.2f} s (l2 {choice.head.l2:g})."
    )


if __name__ == "__main__":
    main()
