"""How well outputs for single responses agree with their labels, scores and classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from modeling.core.data import ClassificationExample, OutcomeExample, RatingExample
from modeling.core.evaluate import calibration_error, credit, log_losses, mean
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
class OutcomeEvaluation(Evaluation):
    """`auc` is the chance that a correct response scores above a wrong one, equal ones as half.

    `nll` and `ece` (see `evaluate.calibration_error`) are measured against `label_probability`.
    """

    accuracy: float | None
    interval: Interval | None
    nll: float | None
    ece: float | None
    auc: float | None
    majority: float | None


@dataclass(frozen=True)
class AspectFit:
    """Agreement with one aspect's scores; correlations are None where either side is constant."""

    n: int
    mse: float
    pearson: float | None
    spearman: float | None


@dataclass(frozen=True)
class RatingEvaluation(Evaluation):
    """By aspect, and the aspects' means. `unseen` scores are of aspects that were not trained."""

    mse: float | None
    pearson: float | None
    spearman: float | None
    aspects: dict[str, AspectFit]
    unseen: int


@dataclass(frozen=True)
class ClassEvaluation(Evaluation):
    """`recall` by class, for the classes that occur; `nll` against the classes' probabilities."""

    accuracy: float | None
    interval: Interval | None
    nll: float | None
    majority: float | None
    recall: dict[str, float]


def evaluate_outcomes(
    examples: Sequence[OutcomeExample], scores: Doubles, *, seed: int = 0
) -> OutcomeEvaluation:
    """Evaluate the log-odds (n,) of being correct."""
    check_finite([scores])
    labels = np.array([example.label for example in examples], dtype=bool)
    shares = np.array([example.label_probability for example in examples])
    right = credit(np.where(labels, scores, -scores))
    return OutcomeEvaluation(
        **counts(examples),
        accuracy=mean(right),
        interval=interval(right, [example.opening() for example in examples], seed),
        nll=mean(log_losses(scores, shares)),
        ece=calibration_error(scores, shares),
        auc=area_under_curve(scores, labels),
        majority=majority(labels.tolist()),
    )


def area_under_curve(scores: Doubles, labels: NDArray[np.bool_]) -> float | None:
    """The chance that a true one scores above a false one (Mann–Whitney); None of one class."""
    from scipy.stats import rankdata

    true, false = int(labels.sum()), int((~labels).sum())
    if not true or not false:
        return None
    ranks = rankdata(scores)[labels].sum() - true * (true + 1) / 2
    return float(ranks / (true * false))


def evaluate_ratings(
    examples: Sequence[RatingExample], predictions: Doubles, aspects: Sequence[str]
) -> RatingEvaluation:
    """Evaluate predicted scores (n, aspects) in the ratings' own units."""
    check_finite([predictions])
    fits = {
        name: fit
        for column, name in enumerate(aspects)
        if (fit := _aspect_fit(examples, predictions[:, column], name)) is not None
    }
    return RatingEvaluation(
        **counts(examples),
        mse=mean(np.array([fit.mse for fit in fits.values()])),
        pearson=_mean_known([fit.pearson for fit in fits.values()]),
        spearman=_mean_known([fit.spearman for fit in fits.values()]),
        aspects=fits,
        unseen=sum(name not in aspects for example in examples for name in example.scores),
    )


def _aspect_fit(
    examples: Sequence[RatingExample], predictions: Doubles, aspect: str
) -> AspectFit | None:
    from scipy.stats import rankdata

    rows = [row for row, example in enumerate(examples) if aspect in example.scores]
    if not rows:
        return None
    given = np.array([examples[row].scores[aspect] for row in rows])
    found = predictions[rows]
    return AspectFit(
        n=len(rows),
        mse=float(((given - found) ** 2).mean()),
        pearson=_correlation(given, found),
        spearman=_correlation(rankdata(given), rankdata(found)),
    )


def _correlation(first: Doubles, second: Doubles) -> float | None:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _mean_known(values: Sequence[float | None]) -> float | None:
    return mean(np.array([value for value in values if value is not None], dtype=np.float64))


def evaluate_classes(
    examples: Sequence[ClassificationExample],
    logits: Doubles,
    classes: Sequence[str],
    *,
    seed: int = 0,
) -> ClassEvaluation:
    """Evaluate the logits (n, classes)."""
    check_finite([logits])
    labels = np.array([classes.index(example.label) for example in examples], dtype=np.int64)
    right = (logits.argmax(axis=1) == labels).astype(np.float64)
    return ClassEvaluation(
        **counts(examples),
        accuracy=mean(right),
        interval=interval(right, [example.opening() for example in examples], seed),
        nll=mean(-(class_targets(examples, classes) * log_softmax(logits, axis=1)).sum(axis=1)),
        majority=majority(labels.tolist()),
        recall={
            name: float(right[labels == number].mean())
            for number, name in enumerate(classes)
            if (labels == number).any()
        },
    )


def class_targets(
    examples: Sequence[ClassificationExample], classes: Sequence[str], *, soft: bool = True
) -> Doubles:
    """Probabilities (n, classes): those judged where there are some and `soft`, else the label."""
    targets = np.zeros((len(examples), len(classes)))
    for row, example in enumerate(examples):
        if soft and example.class_probabilities is not None:
            targets[row] = [example.class_probabilities.get(name, 0.0) for name in classes]
        else:
            targets[row, classes.index(example.label)] = 1.0
    return targets
