"""How good is a reward model of each objective on public human judgments?

Splits every set by prompt (first user turn), trains, and prints held-out accuracy with 95 %
intervals over prompts beside two baselines that read no language: preferring a length, and a bag
of words fitted to the same training rows. Pairs are measured by cross-validation with a head on
the frozen offline encoder; the other objectives fine-tune it once on a small budget, so their
figures say that training works and not how far it could go.

    python -m bench.rewards --data ../shared/data
    python -m bench.rewards --data ../shared/data --part pairs --set pairs__llmbar
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modeling.core.config import RewardConfig
from modeling.core.data import Example, read_dataset
from modeling.core.evaluation.baselines import Guesses, length_of_pairs, words_of_pairs
from modeling.core.evaluation.basics import Doubles, Interval, bootstrap_interval, credit, picked
from modeling.core.evaluation.files import read_judged
from modeling.core.evaluation.predictions import read_predictions
from modeling.core.evaluation.rows import preferences_of
from modeling.core.files import read_jsonl
from modeling.core.train import TrainingResult, train_reward_model

PAIR_SETS = (
    *("pairs__hh_helpful", "pairs__hh_harmless", "pairs__llmbar", "pairs__oasst1_en"),
    *("pairs__hhh_alignment", "pairs_multi__tulu_human_eval"),
)
PARTS = ("pairs", "rankings", "steps", "outcomes", "ratings", "classes")
Row = dict[str, Any]
TOO_FEW = (float("nan"), float("nan"))


def main() -> None:
    """Run the chosen parts and print Markdown."""
    arguments = _arguments()
    parts: Mapping[str, Callable[[argparse.Namespace, Path], None]] = {
        "pairs": pairs,
        "rankings": rankings,
        "steps": steps,
        "outcomes": outcomes,
        "ratings": ratings,
        "classes": classes,
    }
    with tempfile.TemporaryDirectory(prefix="tiebreak-bench-") as folder:
        for name in arguments.part or PARTS:
            parts[name](arguments, Path(folder))
            print(flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", action="append", choices=PARTS, help="one part, repeatable")
    parser.add_argument("--set", action="append", choices=PAIR_SETS, help="of pairs, repeatable")
    parser.add_argument("--folds", type=int, default=5, help="of the pairs")
    parser.add_argument("--rows", type=int, default=100_000, help="of each set at most, about")
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def pairs(arguments: argparse.Namespace, folder: Path) -> None:
    """Bradley–Terry heads on the frozen encoder, by cross-validation over prompts."""
    print(
        "Bradley–Terry on the frozen encoder, every pair scored by a head that did not see its "
        f"prompt ({arguments.folds} folds):\n\n"
        "| set | pairs | prompts | accuracy [95 %] | length | bag of words | NLL | NLL calibrated "
        "| above both | s |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    for name in arguments.set or PAIR_SETS:
        _pair_set(name, arguments, folder)


def _pair_set(name: str, arguments: argparse.Namespace, folder: Path) -> None:
    started = time.monotonic()
    examples = _read(arguments, name)
    config = RewardConfig(max_length=arguments.max_length, seed=arguments.seed)
    fold = _folds(examples, arguments.folds, arguments.seed)
    right: list[float] = []
    openings: list[str] = []
    losses: list[tuple[float, float]] = []
    guesses: dict[str, list[Guesses | None]] = {"length": [], "words": []}
    for number in range(arguments.folds):
        splits = _splits(examples, fold, number, arguments.folds)
        dataset = _write(folder / name / f"data-{number}", "preference", splits)
        result = train_reward_model(
            dataset, folder / name / f"model-{number}", config, cache_dir=folder / "cache"
        )
        found = read_predictions(result.checkpoint) or []
        right += [row.correct or 0.0 for row in found]
        openings += [row.group for row in found]
        losses += [(float(np.logaddexp(0, -(row.margin or 0))), row.loss or 0.0) for row in found]
        _guess(dataset, guesses)
    _tell_pairs(name, np.array(right), openings, np.array(losses), guesses, started)


def _guess(dataset: Path, guesses: dict[str, list[Guesses | None]]) -> None:
    parts = read_dataset(dataset).splits
    train, validation, test = (
        preferences_of(parts[split]).decided() for split in ("train", "validation", "test")
    )
    guesses["length"].append(length_of_pairs(train, test))
    guesses["words"].append(words_of_pairs(train, validation, test))


def _tell_pairs(
    name: str,
    right: Doubles,
    openings: Sequence[str],
    losses: Doubles,
    guesses: Mapping[str, Sequence[Guesses | None]],
    started: float,
) -> None:
    """One row; baselines are pooled over the folds like the model."""
    told = {"model": right}
    for baseline, parts in guesses.items():
        logits = [np.zeros(0) if part is None else part.logits for part in parts]
        told[baseline] = credit(np.concatenate(logits))
    ends = {who: bootstrap_interval(values, openings) or TOO_FEW for who, values in told.items()}
    raw, calibrated = losses.mean(axis=0)
    above = ends["model"][0] > max(ends["length"][1], ends["words"][1])
    figures = [_figure(float(told[who].mean()), ends[who]) for who in ("model", "length", "words")]
    print(
        f"| {name} | {len(right)} | {len(set(openings))} | {' | '.join(figures)} | {raw:.3f} | "
        f"{calibrated:.3f} | {'yes' if above else 'no'} | {time.monotonic() - started:.0f} |",
        flush=True,
    )


def rankings(arguments: argparse.Namespace, folder: Path) -> None:
    """Plackett–Luce, the encoder tuned with it."""
    examples = _read(arguments, "rankings__finegrained_qa")
    settings = {"objective": "plackett_luce", "epochs": 2, "batch_size": 8}
    result = _full("ranking", examples, settings, arguments, folder / "rankings")
    test = result.metrics["test"]
    _head("Plackett–Luce on `rankings__finegrained_qa`", ("pairs", "mean tau", "best found"))
    _tell(test, [str(test["pairs"]), f"{test['tau']:.3f}", f"{test['best']:.3f}"])


def steps(arguments: argparse.Namespace, folder: Path) -> None:
    """A process reward model on solutions of two sets together, some of each."""
    examples: list[Example] = []
    for name, most in (("steps__prm800k_phase1", 200), ("steps__processbench", 300)):
        examples += _read(arguments, name, most)
    settings = {"objective": "prm", "epochs": 1, "batch_size": 4}
    result = _full("stepwise", examples, settings, arguments, folder / "steps")
    test = result.metrics["test"]
    chosen = (test["at_threshold"] or {}).get("first_error_f1")
    _head(
        "Process reward on `steps__prm800k_phase1` and `steps__processbench`",
        ("steps", "always right", "F1 of steps", "F1 of first errors", "at a chosen threshold"),
    )
    figures = [test["majority"], test["step_f1"], test["first_error_f1"], chosen]
    _tell(test, [str(test["steps"]), *map(_three, figures)])


def outcomes(arguments: argparse.Namespace, folder: Path) -> None:
    """An outcome reward model on solutions of whole prompts."""
    examples = _read(arguments, "outcomes__gsm8k_solutions", 2400)
    settings = {"objective": "outcome", "epochs": 1}
    result = _full("outcome", examples, settings, arguments, folder / "outcomes")
    test = result.metrics["test"]
    _head("Outcome reward on `outcomes__gsm8k_solutions`", ("responses", "majority", "AUC"))
    _tell(test, [str(test["n"]), _three(test["majority"]), _three(test["auc"])])


def ratings(arguments: argparse.Namespace, folder: Path) -> None:
    """Regression on the mean ratings of several aspects."""
    examples = _read(arguments, "ratings__newsroom")
    settings = {"objective": "regression", "epochs": 3}
    result = _full("rating", examples, settings, arguments, folder / "ratings")
    print("Regression on `ratings__newsroom` (mean of three raters, 1 to 5):\n")
    print("| aspect | responses | MSE | Pearson | Spearman |\n|---|---|---|---|---|")
    for name, fit in result.metrics["test"]["aspects"].items():
        figures = [fit["mse"], fit["pearson"], fit["spearman"]]
        print(f"| {name} | {fit['n']} | {' | '.join(map(_three, figures))} |")


def classes(arguments: argparse.Namespace, folder: Path) -> None:
    """Classification by the commonest answer of the raters."""
    path = arguments.data / "ratings__dices990.jsonl.gz"
    rows = [_class(row) for _, row in read_jsonl(path)]
    file = folder / "dices.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    settings = {"objective": "classification", "epochs": 2}
    examples = _some(read_judged(file).examples, arguments.rows)
    result = _full("classification", examples, settings, arguments, folder / "classes")
    test = result.metrics["test"]
    _head("Classification on `ratings__dices990` (safe?)", ("responses", "majority"))
    _tell(test, [str(test["n"]), _three(test["majority"])])


def _read(arguments: argparse.Namespace, name: str, most: int = 100_000) -> list[Example]:
    """About `most` examples of a set, or as many as --rows says if that is less."""
    examples = read_judged(arguments.data / f"{name}.jsonl.gz").examples
    return _some(examples, min(most, arguments.rows))


def _class(row: Row) -> Row:
    answers = Counter(rating["value"] for rating in row["ratings"])
    label = max(sorted(answers), key=lambda answer: answers[answer])
    return {"prompt": row["prompt"], "completion": row["response"], "label": label}


def _full(
    kind: str,
    examples: Sequence[Example],
    settings: Mapping[str, Any],
    arguments: argparse.Namespace,
    folder: Path,
) -> TrainingResult:
    """Fine-tune once: seven parts of the prompts train, one validates, two test."""
    splits = _splits(examples, _folds(examples, 10, arguments.seed), 0, 10, test=2)
    config = RewardConfig(
        frozen=False,
        max_length=arguments.max_length,
        eval_steps=0,
        learning_rate=1e-4,
        warmup_steps=10,
        seed=arguments.seed,
        **settings,
    )
    dataset = _write(folder / "data", kind, splits)
    started = time.monotonic()
    result = train_reward_model(dataset, folder / "model", config)
    counts = ", ".join(f"{len(rows)} {name}" for name, rows in splits.items())
    print(f"{kind}: {counts}; {time.monotonic() - started:.0f} s.\n", flush=True)
    return result


def _folds(examples: Sequence[Example], count: int, seed: int) -> Doubles:
    """Each example's fold, (n,); those of one opening share it."""
    _, codes = np.unique([example.opening() for example in examples], return_inverse=True)
    dealt: Doubles = np.random.default_rng(seed).permutation(codes.max() + 1)[codes] % count
    return dealt


def _splits(
    examples: Sequence[Example], fold: Doubles, number: int, folds: int, *, test: int = 1
) -> dict[str, list[Example]]:
    """Fold `number` and those after it test, the next validates, the rest train."""
    place = (fold - number) % folds
    rules = {"train": place > test, "validation": place == test, "test": place < test}
    return {name: picked(examples, np.flatnonzero(rows)) for name, rows in rules.items()}


def _some(examples: Sequence[Example], most: int) -> list[Example]:
    """Whole prompts, evenly spaced, until there are about `most` examples."""
    names = sorted({example.opening() for example in examples})
    step = max(1, round(len(examples) / most))
    kept = set(names[::step])
    return [example for example in examples if example.opening() in kept]


def _write(directory: Path, kind: str, splits: Mapping[str, Sequence[Example]]) -> Path:
    """A dataset directory of these examples."""
    directory.mkdir(parents=True)
    for name, examples in splits.items():
        lines = [json.dumps(_row(example)) + "\n" for example in examples]
        (directory / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    manifest = {"kind": kind, "content_hash": str(directory)}
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return directory


def _row(example: Any) -> Row:
    """The example with the columns of a dataset's rows."""
    row: Row = {
        name: getattr(example, name)
        for name in ("chosen", "rejected", "completion", "tiers", "label", "labels", "ratings")
        if getattr(example, name, None) is not None
    }
    row["prompt"] = [{"role": turn.role, "content": turn.content} for turn in example.prompt]
    row["category"] = example.category
    for name in ("completions", "steps"):
        if hasattr(example, name):
            row["completions"] = list(getattr(example, name))
    if hasattr(example, "scores"):
        row |= {"aspects": list(example.scores), "scores": list(example.scores.values())}
    return row


def _head(title: str, columns: Sequence[str]) -> None:
    names = [*columns, "prompts", "accuracy [95 %]", "length", "bag of words", "above both"]
    print(f"{title}:\n\n| {' | '.join(names)} |\n|{'---|' * len(names)}")


def _tell(test: Mapping[str, Any], figures: Sequence[str]) -> None:
    """One row of a test split beside its baselines, dashes where it has none."""
    beside = test.get("baselines") or {}
    known = [part for part in beside.values() if part is not None]
    low = (test["interval"] or TOO_FEW)[0]
    above = bool(known) and all(low > (part["interval"] or TOO_FEW)[1] for part in known)
    cells = [*figures, str(test["groups"]), _figure(test["accuracy"], test["interval"])]
    for name in ("length", "bag_of_words"):
        part = beside.get(name)
        cells.append("–" if part is None else _figure(part["accuracy"], part["interval"]))
    print(f"| {' | '.join([*cells, 'yes' if above else 'no' if known else '–'])} |")


def _figure(value: float, interval: Interval | Sequence[float] | None) -> str:
    low, high = interval or TOO_FEW
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
