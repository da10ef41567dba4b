"""Scores of items from ratings on an ordered scale: a cumulative-logit model of annotators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from curation.core.aggregate.graded_response import SUPPOSED_SLOPE_SD, Graded, improved
from curation.core.aggregate.newton import Floats
from curation.core.aggregate.rating_data import RatingTable, rating_table

MOST_LEVELS = 30
FARTHEST = 4.5
NODES = ((10, 25), (50, 49), (np.inf, 97))
MAX_ITER = 500
TOLERANCE = 1e-5
START_SLOPE = 1.5


@dataclass(frozen=True)
class CumulativeLogitFit:
    """Scores of items, and how annotators use the scale.

    `items` (n_items,) and `annotators` (n_annotators,) are the distinct ids, sorted; `levels`
    (n_levels,) the distinct ratings. `scores` (n_items,) is what a typical annotator is expected
    to rate an item, on the scale of the ratings, `stderr` (n_items,) its posterior standard
    deviation. `quality` and `deviation` (n_items,) are the posterior mean and standard deviation of
    the latent quality, which is standard normal over items. An annotator rates level k or less with
    the logistic probability of `thresholds[k]` minus (shift + slope · quality); `shift` is how
    leniently, `slope` how sharply they tell items apart, (n_annotators,) each, and `common_slope`
    the typical slope.
    """

    items: NDArray[Any]
    scores: Floats
    stderr: Floats
    quality: Floats
    deviation: Floats
    annotators: NDArray[Any]
    shift: Floats
    slope: Floats
    common_slope: float
    levels: Floats
    thresholds: Floats
    n_iter: int
    converged: bool


def fit_cumulative_logit(
    items: ArrayLike, annotators: ArrayLike, values: ArrayLike
) -> CumulativeLogitFit:
    """Fit qualities to ratings, given as three arrays of equal length.

    Proportional odds with each annotator's shift and slope, both with normal priors whose widths
    are estimated, and thresholds for all. Qualities are integrated over a grid and the rest
    maximised (Bock and Aitkin 1981), so that few ratings of an item do not make annotators look
    surer than they are. The ratings' order counts, not their distances.

    Raises ValueError for columns of unequal length, missing ids, values that are not finite
    numbers, and more than `MOST_LEVELS` distinct values.
    """
    return fit_table(rating_table(items, annotators, values))


def fit_table(table: RatingTable, tolerance: float = TOLERANCE) -> CumulativeLogitFit:
    """Fit ratings that are coded already, until no quality moves by more than `tolerance`."""
    levels, level = np.unique(table.values, return_inverse=True)
    if len(levels) > MOST_LEVELS:
        raise ValueError(
            f"There are {len(levels)} distinct ratings; a cumulative-logit model takes at most "
            f"{MOST_LEVELS}. Standardise them instead."
        )
    if len(levels) < 2:
        return _level(table, levels)
    work = _Work(table, level, len(levels))
    graded = _start(table, level, len(levels))
    posterior = work.posterior(graded)
    for n_iter in range(1, MAX_ITER + 1):
        graded = improved(graded, work.nodes, work.expected(posterior), table.per_annotator)
        before, posterior = posterior, work.posterior(graded)
        if np.abs((posterior - before) @ work.nodes).max() <= tolerance:
            return _fit(table, levels, work, graded, posterior, n_iter, True)
    return _fit(table, levels, work, graded, posterior, MAX_ITER, False)


class _Work:
    """Ratings as counts of (annotator, level) per item, and a grid of qualities."""

    def __init__(self, table: RatingTable, level: NDArray[np.intp], n_levels: int) -> None:
        most = float(table.per_item.max())
        n_nodes = next(n for limit, n in NODES if most <= limit)
        self.nodes = np.linspace(-FARTHEST, FARTHEST, n_nodes)
        self.shape = (len(table.annotators), n_levels, n_nodes)
        column = table.annotator * n_levels + level
        shape = (len(table.items), self.shape[0] * n_levels)
        self.counts = csr_array((np.ones(len(table)), (table.item, column)), shape=shape)
        self.by_column = self.counts.T.tocsr()

    def log_joint(self, graded: Graded) -> Floats:
        """Log-likelihood of each item's ratings plus log-prior at each node, but for a constant."""
        table = graded.log_probabilities(self.nodes).reshape(-1, len(self.nodes))
        return np.asarray(self.counts @ table) - self.nodes**2 / 2

    def posterior(self, graded: Graded) -> Floats:
        """The probability of each node for each item, (n_items, n_nodes)."""
        joint = self.log_joint(graded)
        weight = np.exp(joint - joint.max(axis=1, keepdims=True))
        return weight / weight.sum(axis=1, keepdims=True)

    def expected(self, posterior: Floats) -> Floats:
        """How often each annotator gave each level at each node, as the posterior has it."""
        return np.asarray(self.by_column @ posterior).reshape(self.shape)


def _start(table: RatingTable, level: NDArray[np.intp], n_levels: int) -> Graded:
    """Everybody alike, with thresholds that give the levels the shares they have."""
    n_annotators = len(table.annotators)
    until = np.cumsum(np.bincount(level, minlength=n_levels))[:-1] / len(level)
    spread = np.sqrt(1 + 3 * START_SLOPE**2 / np.pi**2)
    return Graded(
        thresholds=np.log(until / (1 - until)) * spread,
        shift=np.zeros(n_annotators),
        slope=np.full(n_annotators, START_SLOPE),
        shift_sd=0.5,
        common_slope=START_SLOPE,
        slope_sd=SUPPOSED_SLOPE_SD * START_SLOPE,
    )


def _fit(
    table: RatingTable,
    levels: Floats,
    work: _Work,
    graded: Graded,
    posterior: Floats,
    n_iter: int,
    converged: bool,
) -> CumulativeLogitFit:
    rated = levels @ np.exp(graded.typical().log_probabilities(work.nodes)[0])
    scores, quality = posterior @ rated, posterior @ work.nodes
    return CumulativeLogitFit(
        items=table.items,
        scores=scores,
        stderr=np.sqrt(np.maximum(posterior @ rated**2 - scores**2, 0)),
        quality=quality,
        deviation=np.sqrt(np.maximum(posterior @ work.nodes**2 - quality**2, 0)),
        annotators=table.annotators,
        shift=graded.shift,
        slope=graded.slope,
        common_slope=graded.common_slope,
        levels=levels,
        thresholds=graded.thresholds,
        n_iter=n_iter,
        converged=converged,
    )


def _level(table: RatingTable, levels: Floats) -> CumulativeLogitFit:
    """All ratings are the same, or there are none."""
    zeros, none = np.zeros(len(table.items)), np.zeros(len(table.annotators))
    value = float(levels[0]) if len(levels) else 0.0
    return CumulativeLogitFit(
        table.items, zeros + value, zeros, zeros, zeros + 1, table.annotators, none, none, 0.0,
        levels, np.zeros(0), 0, True,
    )  # fmt: skip
