"""How well wrong steps are told from right ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from modeling.core.data import StepwiseExample
from modeling.core.evaluate import credit, log_losses, mean
from modeling.core.metrics.common import (
    Doubles,
    Evaluation,
    Interval,
    check_finite,
    counts,
    interval,
    majority,
)


@dataclass(frozen=True)
class StepEvaluation(Evaluation):
    """`accuracy` and `nll` over `steps` steps; `cut` more did not fit and were not measured.

    `first_error_f1` is the harmonic mean of `found`, how often the first wrong step is the first
    one called wrong in the `wrong` solutions with an error, and `cleared`, how often none is in
    the others (ProcessBench: Zheng et al., arXiv:2412.06559). `class_accuracy` is that of three
    classes where the model has them.
    """

    steps: int
    cut: int
    accuracy: float | None
    interval: Interval | None
    nll: float | None
    majority: float | None
    wrong: int
    found: float | None
    cleared: float | None
    first_error_f1: float | None
    class_accuracy: float | None


def evaluate_steps(
    examples: Sequence[StepwiseExample],
    scores: Sequence[Doubles],
    *,
    classes: Sequence[NDArray[np.int64]] | None = None,
    seed: int = 0,
) -> StepEvaluation:
    """Evaluate the log-odds that steps are not wrong, of as many steps of each as were read.

    `classes` are the steps' predicted ratings, where the model tells three.
    """
    check_finite(scores)
    read = [len(values) for values in scores]
    labels = _steps([example.labels for example in examples], read)
    odds = _steps(scores, read)
    right = credit(np.where(labels, odds, -odds))
    openings = [e.opening() for e, count in zip(examples, read, strict=True) for _ in range(count)]
    found, cleared = _located(examples, scores)
    return StepEvaluation(
        **counts(examples),
        steps=sum(read),
        cut=sum(len(example.steps) for example in examples) - sum(read),
        accuracy=mean(right),
        interval=interval(right, openings, seed),
        nll=mean(log_losses(odds, _steps([example.soft_labels for example in examples], read))),
        majority=majority(labels.tolist()),
        wrong=sum(example.first_error >= 0 for example in examples),
        found=found,
        cleared=cleared,
        first_error_f1=_harmonic(found, cleared),
        class_accuracy=_class_accuracy(examples, classes, read),
    )


def _steps(values: Sequence[Sequence[Any] | NDArray[Any]], read: Sequence[int]) -> Doubles:
    """The first `read` entries of each, one after another."""
    parts = [np.asarray(row[:count]) for row, count in zip(values, read, strict=True)]
    return np.concatenate([np.zeros(0), *parts]).astype(np.float64)


def _located(
    examples: Sequence[StepwiseExample], scores: Sequence[Doubles]
) -> tuple[float | None, float | None]:
    """How often the first step called wrong is the first wrong one, and none is without one."""
    found: list[float] = []
    cleared: list[float] = []
    for example, values in zip(examples, scores, strict=True):
        called = np.flatnonzero(values < 0)
        hit = float((called[0] if len(called) else -1) == example.first_error)
        (found if example.first_error >= 0 else cleared).append(hit)
    return mean(np.array(found)), mean(np.array(cleared))


def _harmonic(first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return None
    return 2 * first * second / (first + second) if first + second else 0.0


def _class_accuracy(
    examples: Sequence[StepwiseExample],
    classes: Sequence[NDArray[np.int64]] | None,
    read: Sequence[int],
) -> float | None:
    if classes is None:
        return None
    ratings = _steps([example.ratings or () for example in examples], read)
    return mean((ratings == _steps(classes, read)).astype(np.float64))


def good_log_odds(logits: Doubles) -> Doubles:
    """Log-odds (n,) that steps are not wrong, from logits (n, 1), or (n, 3) from wrong up."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    odds: Doubles = logsumexp(logits[:, 1:], axis=1) - logits[:, 0]
    return odds
