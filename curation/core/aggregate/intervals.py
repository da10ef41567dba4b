"""Intervals where votes of one annotator, or on one prompt, are not independent.

The sandwich of Liang and Zeger (1986), for two ways of clustering at once by Cameron, Gelbach and
Miller (2011), with a t distribution whose degrees of freedom follow from the number of clusters
and how unequal they are (Carter, Schnepel and Steigerwald 2017). Clusters, not votes, are what an
interval rests on: a thousand votes of five people say little about what a sixth would say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.stats import t as student

from curation.core.aggregate.bradley_terry import BradleyTerryFit, attention, model_of
from curation.core.aggregate.comparison_data import compared, pair_table
from curation.core.aggregate.graph_normal import summed
from curation.core.aggregate.ids import coded, column, same_length, weights_of
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.tie_models import PARAMETER_SD

FEWEST_CLUSTERS = 10
FEWEST_EFFECTIVE = 3.0
MOST_ITEMS = 2_000


@dataclass(frozen=True)
class Clusters:
    """One way of grouping rows: `code` (n_rows,) numbers the clusters of what `name` says."""

    name: str
    code: Ints

    @cached_property
    def sizes(self) -> Floats:
        """How many rows each cluster has, shape (n_clusters,)."""
        return np.bincount(self.code).astype(float)

    @property
    def n_clusters(self) -> int:
        """The number of clusters."""
        return len(self.sizes)

    @property
    def n_effective(self) -> float:
        """How many clusters of equal size would tell as much; `n_clusters` if they are equal."""
        squares = self.sizes**2
        return float(squares.sum() ** 2 / (squares**2).sum()) if len(squares) else 0.0

    @property
    def shortage(self) -> str:
        """Why no interval can rest on these clusters; empty where one can."""
        if self.n_clusters < FEWEST_CLUSTERS:
            return (
                f"Too few {self.name}: there are {self.n_clusters}, and an interval needs at "
                f"least {FEWEST_CLUSTERS}."
            )
        if self.n_effective < FEWEST_EFFECTIVE:
            return (
                f"Too few {self.name}: of {self.n_clusters}, a few have nearly all of the votes; "
                f"it is as if there were {self.n_effective:.1f}."
            )
        return ""


@dataclass(frozen=True)
class Interval:
    """A figure with its interval.

    `low` and `high` are NaN where there are too few clusters, which `note` then says; otherwise
    `note` is empty. `stderr` is the cluster-robust standard error, `dof` the degrees of freedom
    of its t distribution, `n_clusters` how many clusters there are, one number for each way.
    """

    value: float
    low: float
    high: float
    stderr: float
    dof: float
    n_clusters: tuple[int, ...]
    note: str

    @property
    def too_few(self) -> bool:
        """Whether there are too few clusters for an interval."""
        return bool(self.note)


@dataclass(frozen=True)
class ClusterRobust:
    """Covariance (n_parameters, n_parameters) of estimates from clustered rows."""

    covariance: Floats
    dof: float
    n_clusters: tuple[int, ...]
    note: str

    def interval(self, value: float, contrast: Floats, confidence: float) -> Interval:
        """The interval of a linear combination of the parameters, given its value."""
        stderr = math.sqrt(max(float(contrast @ self.covariance @ contrast), 0.0))
        reach = math.nan
        if not self.note:
            reach = float(student.ppf((1 + confidence) / 2, self.dof)) * stderr
        return Interval(
            value, value - reach, value + reach, stderr, self.dof, self.n_clusters, self.note
        )


def cluster_robust(scores: csr_array, bread: Floats, ways: Sequence[Clusters]) -> ClusterRobust:
    """The sandwich covariance, for one or two ways of clustering.

    `scores` (n_rows, n_parameters) are the rows' slopes of the log-likelihood at the estimate,
    `bread` (n_parameters, n_parameters) the inverse of minus its Hessian. Each cluster's squared
    score is divided by 1 minus its share of the rows, which for clusters of equal size is the
    usual factor G / (G - 1).
    """
    if not ways or len(ways) > 2:
        raise ValueError("Rows are clustered in one way or in two.")
    covariance = sum((_sandwich(scores, bread, way) for way in ways), np.zeros_like(bread))
    if len(ways) == 2:
        covariance = covariance - _sandwich(scores, bread, _crossed(*ways))
        covariance = _positive(covariance)
    return ClusterRobust(
        covariance,
        dof=max(min(way.n_effective for way in ways) - 1, 1.0),
        n_clusters=tuple(way.n_clusters for way in ways),
        note=" ".join(filter(None, (way.shortage for way in ways))),
    )


def clustered_mean(
    values: ArrayLike,
    *,
    annotators: ArrayLike | None = None,
    prompts: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """The mean of values (n_rows,), such as 1 for right and 0 for wrong, with its interval.

    Rows are clustered by `annotators`, by `prompts`, or by both. Raises ValueError where neither
    is given, for columns of unequal length, values that are missing, and a total weight of 0.
    """
    told = column(values, "value").astype(float)
    ways = clusters_of(len(told), annotators=annotators, prompts=prompts)
    each = weights_of(weights, len(told))
    total = float(each.sum())
    if total <= 0:
        raise ValueError("There is nothing to take a mean of.")
    mean = float(each @ told) / total
    scores = csr_array((each * (told - mean))[:, None])
    robust = cluster_robust(scores, np.array([[1 / total]]), ways)
    return robust.interval(mean, np.ones(1), _checked(confidence))


def clusters_of(
    n_rows: int, *, annotators: ArrayLike | None, prompts: ArrayLike | None
) -> list[Clusters]:
    """The ways of clustering that were given; ValueError where there is none."""
    ways = []
    for name, ids in (("annotators", annotators), ("prompts", prompts)):
        if ids is not None:
            given = column(ids, name[:-1])
            same_length(rows=np.empty(n_rows), **{name: given})
            ways.append(Clusters(name, coded(given)[1]))
    if not ways:
        raise ValueError("Give annotators, prompts, or both to cluster by.")
    return ways


@dataclass(frozen=True)
class RobustStrengths:
    """Strengths of a Bradley–Terry fit with cluster-robust errors; `items` as in the fit."""

    items: NDArray[Any]
    strengths: Floats
    robust: ClusterRobust
    confidence: float

    @property
    def stderr(self) -> Floats:
        """Standard errors of the strengths around the mean of their component, (n_items,)."""
        variances = np.diagonal(self.robust.covariance)[: len(self.items)]
        return np.sqrt(np.maximum(variances, 0))

    @property
    def note(self) -> str:
        """What speaks against an interval; empty where nothing does."""
        return self.robust.note

    def interval(self, item: Any) -> Interval:
        """The interval of an item's strength."""
        return self._interval({item: 1.0})

    def difference(self, one: Any, other: Any) -> Interval:
        """The interval of one item's log-strength minus another's."""
        return self._interval({one: 1.0, other: -1.0})

    def _interval(self, terms: dict[Any, float]) -> Interval:
        place = {item: index for index, item in enumerate(self.items.tolist())}
        if missing := [item for item in terms if item not in place]:
            raise ValueError(f"There is no item {missing[0]!r} in this fit.")
        contrast = np.zeros(len(self.robust.covariance))
        for item, factor in terms.items():
            contrast[place[item]] += factor
        value = float(contrast[: len(self.items)] @ self.strengths)
        return self.robust.interval(value, contrast, self.confidence)


def robust_strengths(
    fit: BradleyTerryFit,
    left: ArrayLike,
    right: ArrayLike,
    outcome: ArrayLike,
    *,
    annotators: ArrayLike | None = None,
    prompts: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
) -> RobustStrengths:
    """Cluster-robust errors of a fit to these comparisons, given as to `fit_bradley_terry`.

    Raises ValueError where the comparisons are not those of the fit, where neither `annotators`
    nor `prompts` are given, and for more than 2,000 items, whose covariance would not fit.
    """
    if len(fit.items) > MOST_ITEMS:
        raise ValueError(
            f"Cluster-robust intervals are for up to {MOST_ITEMS:,} items, not {len(fit.items):,}; "
            "take those that are to be told apart."
        )
    each = weights_of(weights, len(column(outcome, "outcome")))
    if fit.annotators is not None and fit.reliability is not None:
        if annotators is None:
            raise ValueError("This fit weighs annotators: give them here too.")
        each = each * attention(fit.annotators, fit.reliability, annotators)
    rows = _Rows(fit, left, right, outcome, each)
    ways = clusters_of(rows.n_rows, annotators=annotators, prompts=prompts)
    robust = cluster_robust(rows.scores(), rows.bread(), ways)
    return RobustStrengths(fit.items, fit.strengths, robust, _checked(confidence))


class _Rows:
    """Comparisons one by one, at the strengths of a fit to them."""

    def __init__(
        self,
        fit: BradleyTerryFit,
        left: ArrayLike,
        right: ArrayLike,
        outcome: ArrayLike,
        weights: Floats,
    ) -> None:
        table = pair_table(left, right, outcome, weights)
        if not table.same_as(fit.table):
            raise ValueError("These comparisons are not those that were fitted.")
        self.fit, self.n_items, self.n_rows = fit, len(fit.items), len(weights)
        _, self.first, self.second, said = compared(left, right, outcome)
        gaps = fit.strengths[self.first] - fit.strengths[self.second]
        counts = _counts(said, fit.ties) * weights
        self.slopes = model_of(fit.ties, table).slopes(gaps, fit.tie_parameter, counts)

    def scores(self) -> csr_array:
        """Each row's slope in the strengths and, last, in the tie parameter."""
        rows = np.tile(np.arange(self.n_rows), 3)
        places = np.concatenate([self.first, self.second, np.full(self.n_rows, self.n_items)])
        values = np.concatenate([self.slopes.gap, -self.slopes.gap, self.slopes.tie])
        return csr_array((values, (rows, places)), shape=(self.n_rows, self.n_items + 1))

    def bread(self) -> Floats:
        """The inverse of minus the Hessian of the log-posterior."""
        slopes, n = self.slopes, self.n_items
        places = self.first * (n + 1) + self.second
        bend = -summed(places, slopes.gap_gap, (n + 1) ** 2).reshape(n + 1, n + 1)
        bend += bend.T
        bend[np.arange(n), np.arange(n)] = self.fit.prior - bend[:n].sum(axis=1)
        across = summed(self.first, slopes.gap_tie, n) - summed(self.second, slopes.gap_tie, n)
        bend[n, :n] = bend[:n, n] = across
        bend[n, n] = slopes.tie_tie.sum() + 1 / PARAMETER_SD**2
        return np.asarray(np.linalg.inv(bend), dtype=float)


def _counts(outcome: Floats, ties: str) -> Floats:
    """Each row's preference for left, tie, and preference for right, shape (3, n_rows)."""
    tie = (outcome == 0.5) & (ties != "half")
    return np.stack([np.where(tie, 0, outcome), tie, np.where(tie, 0, 1 - outcome)])


def _sandwich(scores: csr_array, bread: Floats, way: Clusters) -> Floats:
    n_rows = scores.shape[0]
    places = (way.code, np.arange(n_rows))
    sums = csr_array((np.ones(n_rows), places), shape=(way.n_clusters, n_rows)) @ scores
    share = np.minimum(way.sizes / n_rows, 0.5)
    scaled = sums.multiply(1 / np.sqrt(1 - share)[:, None]).tocsr()
    meat = (scaled.T @ scaled).toarray()
    return np.asarray(bread @ meat @ bread, dtype=float)


def _crossed(one: Clusters, other: Clusters) -> Clusters:
    """Rows that are alike in both ways."""
    _, code = np.unique(one.code * other.n_clusters + other.code, return_inverse=True)
    return Clusters(f"{one.name} by {other.name}", code.astype(np.intp))


def _positive(covariance: Floats) -> Floats:
    """The nearest matrix without negative variances, which a difference of matrices can have."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.maximum(values, 0)) @ vectors.T, dtype=float)


def _checked(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}.")
    return confidence
