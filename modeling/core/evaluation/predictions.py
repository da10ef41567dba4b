"""What a model said of each held-out row, in a file that holds no texts."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modeling.core.data import (
    ClassificationExample,
    Example,
    OutcomeExample,
    RatingExample,
    StepwiseExample,
)
from modeling.core.errors import CheckpointError, DataError
from modeling.core.evaluation.basics import Doubles, credit, log_losses
from modeling.core.evaluation.rows import Preferences, text_key
from modeling.core.files import plain, read_jsonl, write_text
from modeling.core.metrics import class_targets, good_log_odds

FILE = "predictions.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPrediction:
    """One test row: a pair, a response, or a solution.

    `key` is a hash of its texts (of a pair with the better first), by which rows of two models
    are matched; `item`, `group` (the prompt's opening) and `category` are the data's. `correct`
    is 1, 0.5 or 0, `loss` the log loss in nats (of ratings the squared error). Of pairs,
    `margin` is the reward difference, `share` the better one's share of votes and `probability`
    the calibrated one that it is preferred. What makes no sense for a kind is None.
    """

    key: str
    item: str
    group: str
    category: str
    correct: float | None
    loss: float | None
    margin: float | None = None
    share: float | None = None
    probability: float | None = None


def of_pairs(pairs: Preferences, margins: Doubles, logits: Doubles) -> list[ItemPrediction]:
    """Predictions of decided pairs with reward differences (n,) and calibrated log-odds (n,)."""
    right, losses = credit(margins), log_losses(logits, pairs.shares)
    chances = 1 / (1 + np.exp(-np.clip(logits, -700, 700)))
    return [
        _prediction(
            example,
            key,
            correct=float(right[row]),
            loss=float(losses[row]),
            margin=float(margins[row]),
            share=float(pairs.shares[row]),
            probability=float(chances[row]),
        )
        for row, (example, key) in enumerate(zip(pairs.examples, pairs.keys(), strict=True))
    ]


def of_outcomes(
    examples: Sequence[OutcomeExample], outputs: Sequence[Doubles]
) -> list[ItemPrediction]:
    """Predictions from the log-odds of being correct, the last that were read."""
    odds = np.array([values[-1, 0] for values in outputs], dtype=np.float64)
    right = credit(np.where([example.label for example in examples], odds, -odds))
    losses = log_losses(odds, np.array([example.label_probability for example in examples]))
    return [
        _prediction(
            example,
            text_key(example, example.completion),
            correct=float(right[row]),
            loss=float(losses[row]),
        )
        for row, example in enumerate(examples)
    ]


def of_ratings(
    examples: Sequence[RatingExample], outputs: Sequence[Doubles], aspects: Sequence[str]
) -> list[ItemPrediction]:
    """Predictions of scores, the last that were read; `loss` is the mean over known aspects."""
    found = []
    for example, values in zip(examples, outputs, strict=True):
        known = [
            (example.scores[a], values[-1, k]) for k, a in enumerate(aspects) if a in example.scores
        ]
        loss = float(np.mean([(given - told) ** 2 for given, told in known])) if known else None
        found.append(_prediction(example, text_key(example, example.completion), loss=loss))
    return found


def of_classes(
    examples: Sequence[ClassificationExample], outputs: Sequence[Doubles], classes: Sequence[str]
) -> list[ItemPrediction]:
    """Predictions of classes."""
    from scipy.special import log_softmax

    targets = class_targets(examples, classes)
    return [
        _prediction(
            example,
            text_key(example, example.completion),
            correct=float(classes[int(values[-1].argmax())] == example.label),
            loss=-float(targets[row] @ log_softmax(values[-1])),
        )
        for row, (example, values) in enumerate(zip(examples, outputs, strict=True))
    ]


def of_steps(
    examples: Sequence[StepwiseExample], outputs: Sequence[Doubles]
) -> list[ItemPrediction]:
    """Predictions of whole solutions.

    `correct` says whether the first error was found, or none was called where there is none;
    `loss` is the mean over the steps that were read.
    """
    found = []
    for example, values in zip(examples, outputs, strict=True):
        odds = good_log_odds(values)
        called = np.flatnonzero(odds < 0)
        first = int(called[0]) if len(called) else -1
        losses = log_losses(odds, np.array(example.soft_labels[: len(odds)]))
        found.append(
            _prediction(
                example,
                text_key(example, *example.steps),
                correct=float(first == example.first_error),
                loss=float(losses.mean()) if len(losses) else None,
            )
        )
    return found


def _prediction(example: Example, key: str, **values: float | None) -> ItemPrediction:
    figures = {"correct": None, "loss": None} | values
    return ItemPrediction(
        key=key,
        item=example.item,
        group=example.opening(),
        category=example.category,
        **figures,
    )


def write_predictions(path: Path, predictions: Sequence[ItemPrediction]) -> None:
    """Write one JSON object a line."""
    lines = [json.dumps(plain(asdict(row)), allow_nan=False) for row in predictions]
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_predictions(checkpoint: Path) -> list[ItemPrediction] | None:
    """The predictions in a checkpoint's directory; None in one from before they were kept.

    Raises CheckpointError where the file cannot be read.
    """
    path = checkpoint / FILE
    if not path.is_file():
        return None
    try:
        return [_parsed(row) for _, row in read_jsonl(path)]
    except (DataError, TypeError) as error:
        raise CheckpointError(f"Cannot read {FILE} in {checkpoint}: {error}.") from error


def _parsed(row: dict[str, Any]) -> ItemPrediction:
    return ItemPrediction(**row)
