"""How well rewards order ranked responses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from modeling.core.data import RankingExample
from modeling.core.evaluate import credit, mean
from modeling.core.metrics.common import (
    Doubles,
    Evaluation,
    Interval,
    check_finite,
    counts,
    interval,
)


@dataclass(frozen=True)
class RankingEvaluation(Evaluation):
    """`accuracy` over the `pairs` of different tiers, equal rewards as half; mean Kendall's tau-b.

    `best` is how often the highest reward is of the best tier, `length_accuracy` what preferring
    the longer text would reach over the pairs.
    """

    pairs: int
    accuracy: float | None
    interval: Interval | None
    tau: float | None
    best: float | None
    length_accuracy: float | None


def evaluate_rankings(
    examples: Sequence[RankingExample], scores: Sequence[Doubles], *, seed: int = 0
) -> RankingEvaluation:
    """Evaluate the rewards (completions,) of each example."""
    check_finite(scores)
    right: list[float] = []
    longer: list[float] = []
    clusters: list[str] = []
    for example, values in zip(examples, scores, strict=True):
        better, worse = _ordered_pairs(example.places())
        lengths = np.array([len(text) for text in example.completions], dtype=np.float64)
        right.extend(credit(values[better] - values[worse]))
        longer.extend(credit(lengths[better] - lengths[worse]))
        clusters.extend([example.opening()] * len(better))
    order = np.array(right)
    return RankingEvaluation(
        **counts(examples),
        pairs=len(right),
        accuracy=mean(order),
        interval=interval(order, clusters, seed),
        tau=_mean_of(examples, scores, _tau),
        best=_mean_of(examples, scores, _is_best),
        length_accuracy=mean(np.array(longer)),
    )


def _ordered_pairs(places: Sequence[int]) -> tuple[list[int], list[int]]:
    """Indices of the better and the worse of each pair of different tiers."""
    ranked = [index for index, place in enumerate(places) if place >= 0]
    pairs = [
        (i, j) if places[i] < places[j] else (j, i)
        for i, j in combinations(ranked, 2)
        if places[i] != places[j]
    ]
    return [better for better, _ in pairs], [worse for _, worse in pairs]


def _mean_of(
    examples: Sequence[RankingExample],
    scores: Sequence[Doubles],
    figure: Callable[[Doubles, NDArray[np.int64]], float],
) -> float | None:
    """The mean of a figure of (scores, places) over the ranked completions of each example."""
    values = []
    for example, found in zip(examples, scores, strict=True):
        places = np.array(example.places(), dtype=np.int64)
        values.append(figure(found[places >= 0], places[places >= 0]))
    return mean(np.array(values))


def _tau(scores: Doubles, places: NDArray[np.int64]) -> float:
    """Kendall's tau-b of scores and tiers; 0 where all scores are equal."""
    rows, columns = np.triu_indices(len(scores), 1)
    given = np.sign(scores[rows] - scores[columns])
    wanted = np.sign(places[columns] - places[rows])
    norm = float(np.sqrt(np.abs(given).sum() * np.abs(wanted).sum()))
    return float(given @ wanted) / norm if norm else 0.0


def _is_best(scores: Doubles, places: NDArray[np.int64]) -> float:
    """The share of the highest scores that are of the best tier."""
    return float((places[scores == scores.max()] == places.min()).mean())
