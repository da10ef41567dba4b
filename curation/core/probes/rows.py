"""The rows that a probe looks at, and figures over them with intervals that respect prompts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from curation.core.columns import (
    NO_CODE,
    Column,
    Floats,
    Ints,
    Mask,
    codes,
    positive_weights,
    require_length,
)

FEW_CLUSTERS = 10
CONFIDENCE = 0.95
ROUNDING = 1e-9
UNKNOWN = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Score:
    """A figure with its 95 % interval over clusters (prompts), Student's t.

    `value` is NaN where there is nothing to score; `interval` is (NaN, NaN) there, and where
    fewer than ten clusters would make it a guess.
    """

    value: float
    interval: tuple[float, float]

    def holds(self, value: float) -> bool:
        """Whether the interval covers a value; false where there is no interval."""
        return self.interval[0] <= value <= self.interval[1]


@dataclass(frozen=True, slots=True, eq=False)
class ProbedRows:
    """`feature`, `weights` (mean 1) and `cluster` (codes from 0), shape (n,) each."""

    feature: Floats
    weights: Floats
    cluster: Ints

    @classmethod
    def select(
        cls, feature: Floats, known: Mask, weights: Column | None, groups: Column | None
    ) -> ProbedRows:
        """Rows that are known; rows of no group are a cluster each."""
        n = len(feature)
        require_length(n, Groups=groups, Weights=weights)
        base = positive_weights(weights, n)[known]
        cluster = np.full(n, NO_CODE) if groups is None else codes(groups)
        alone = cluster == NO_CODE
        cluster[alone] = int(cluster.max(initial=NO_CODE)) + 1 + np.arange(alone.sum())
        return cls(feature[known], positive_weights(base, len(base)), _dense(cluster[known]))

    def part(self, here: Mask) -> ProbedRows:
        """Some of the rows, with their weights as they are."""
        return ProbedRows(self.feature[here], self.weights[here], _dense(self.cluster[here]))

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.feature)

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return int(self.cluster.max(initial=-1)) + 1

    def cluster_sums(self, values: Floats) -> Floats:
        """Sum of values over the rows of each cluster, shape (n_clusters,)."""
        return np.bincount(self.cluster, values, minlength=self.n_clusters).astype(np.float64)

    def cluster_means(self, values: Floats) -> Floats:
        """Weighted mean of values over the rows of each cluster, shape (n_clusters,)."""
        return self.cluster_sums(self.weights * values) / self.cluster_sums(self.weights)


def weighted_share(values: Floats, rows: ProbedRows) -> Score:
    """Weighted mean of values between 0 and 1, such as correct 1, wrong 0, draw 0.5."""
    if not rows.n or np.isnan(values).any():
        return Score(math.nan, UNKNOWN)
    share = float(np.average(values, weights=rows.weights))
    influence = rows.weights * (values - share) / rows.weights.sum()
    return Score(share, share_interval(share, _standard_error(influence, rows), rows.n_clusters))


def area_under_curve(values: Floats, labels: Floats, rows: ProbedRows) -> Score:
    """Probability that a row labelled 1 has the larger value than one labelled 0, draws half.

    The standard error sums DeLong's structural components over clusters: DeLong et al. (1988),
    Obuchowski (1997).
    """
    yes, no = rows.weights * labels, rows.weights * (1 - labels)
    if not (yes.sum() and no.sum()) or np.isnan(values).any():
        return Score(math.nan, UNKNOWN)
    above_no, above_yes = _share_below(values, no), _share_below(values, yes)
    area = float(np.average(above_no, weights=yes))
    influence = yes * (above_no - area) / yes.sum() + no * (1 - above_yes - area) / no.sum()
    return Score(area, share_interval(area, _standard_error(influence, rows), rows.n_clusters))


def rank_correlation(values: Floats, scores: Floats, rows: ProbedRows) -> Score:
    """Spearman's rho, weighted; NaN where either does not vary.

    The interval is on Fisher's scale and takes the ranks as given.
    """
    one, other = (_standardised(midranks(each, rows), rows) for each in (values, scores))
    if not rows.n or np.isnan(one).any() or np.isnan(other).any():
        return Score(math.nan, UNKNOWN)
    rho = float(np.clip(np.average(one * other, weights=rows.weights), -1, 1))
    influence = rows.weights * (one * other - rho * (one**2 + other**2) / 2) / rows.weights.sum()
    return Score(rho, _correlation_interval(rho, _standard_error(influence, rows), rows))


def midranks(values: Floats, rows: ProbedRows) -> Floats:
    """Share of the weight below each value, its own draws half: between 0 and 1, shape (n,)."""
    return _share_below(values, rows.weights)


def share_interval(share: float, standard_error: float, n_clusters: int) -> tuple[float, float]:
    """Wilson's interval of a share, for as many independent rows as its standard error is worth.

    So it stays between 0 and 1 and has a width at 0 and 1 as well, where the standard error is
    zero and the clusters are counted. After Korn and Graubard (1998), with Wilson's interval.
    """
    if n_clusters < FEW_CLUSTERS:
        return UNKNOWN
    certain = standard_error < ROUNDING
    worth = float(n_clusters) if certain else share * (1 - share) / standard_error**2
    spread = _quantile(n_clusters) ** 2 / max(worth, 1.0)
    centre = share + spread / 2
    half = math.sqrt(spread * share * (1 - share) + spread**2 / 4)
    return (centre - half) / (1 + spread), (centre + half) / (1 + spread)


def _correlation_interval(
    rho: float, standard_error: float, rows: ProbedRows
) -> tuple[float, float]:
    if rows.n_clusters < FEW_CLUSTERS or abs(rho) == 1:
        return UNKNOWN
    half = _quantile(rows.n_clusters) * standard_error / (1 - rho**2)
    centre = math.atanh(rho)
    return math.tanh(centre - half), math.tanh(centre + half)


def _standard_error(influence: Floats, rows: ProbedRows) -> float:
    """Root of the sum of squared cluster totals, with the small-sample factor G / (G - 1)."""
    n_clusters = rows.n_clusters
    if n_clusters < FEW_CLUSTERS:
        return math.nan
    total = float((rows.cluster_sums(influence) ** 2).sum())
    return math.sqrt(total * n_clusters / (n_clusters - 1))


def _dense(cluster: Ints) -> Ints:
    """Codes from 0 without gaps, in the same order."""
    return (np.cumsum(np.bincount(cluster) > 0) - 1)[cluster]


def _quantile(n_clusters: int) -> float:
    return float(t.ppf(0.5 + CONFIDENCE / 2, n_clusters - 1))


def _share_below(values: Floats, weights: Floats) -> Floats:
    """Share of `weights` at rows with a smaller value, half of it at equal ones."""
    inverse = np.unique(values, return_inverse=True)[1]
    at = np.bincount(inverse, weights)
    return ((np.cumsum(at) - at / 2) / at.sum())[inverse] if len(values) else values


def _standardised(values: Floats, rows: ProbedRows) -> Floats:
    """Weighted mean 0 and variance 1; NaN where nothing varies."""
    if not rows.n or values.min() == values.max():
        return np.full(rows.n, math.nan)
    centred = values - np.average(values, weights=rows.weights)
    return centred / math.sqrt(float(np.average(centred**2, weights=rows.weights)))
