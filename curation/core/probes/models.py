"""Small predictors, learned on some prompts and asked about the others."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import chi2, norm

from curation.core.columns import Floats, Ints
from curation.core.probes.rows import ProbedRows

Predictor: TypeAlias = Callable[[Floats, Floats, ProbedRows, Floats], Floats]

FOLDS = 5
RIDGE = 0.1
NEWTON_STEPS = 100
TOLERANCE = 1e-9
DECIMALS = 9
ERRORS_FROM_ZERO = 2.0
"""Standard errors that a preference must be away from none, in what was learned from."""


def fit_logistic(features: Floats, labels: Floats, weights: Floats) -> Floats:
    """Coefficients (n_features,) that maximise the weighted log-likelihood less a small penalty.

    The penalty is `RIDGE` times half their squared norm. `features` (n, n_features) stay within a
    few units, `labels` (n,) are 0 or 1. There is no intercept but for a column of ones. The
    penalty keeps coefficients finite where the classes are apart, and at zero where there are no
    rows. Newton's method, no step longer than one.
    """
    beta = np.zeros(features.shape[1])
    for _ in range(NEWTON_STEPS):
        probability = expit(features @ beta)
        gradient = features.T @ (weights * (labels - probability)) - RIDGE * beta
        hessian = _information(features, weights * probability * (1 - probability))
        step = np.linalg.solve(hessian, gradient)
        beta = beta + step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < TOLERANCE:
            break
    return beta


def leaning(features: Floats, labels: Floats, rows: ProbedRows, asked: Floats) -> Floats:
    """Log-odds of a yes less those of the average row learned from, shape (n_asked,).

    The first column of features is ones. All zero where a score test over prompts finds no sign
    that the other columns matter: see `opinion` for why.
    """
    share = float(np.average(labels, weights=rows.weights))
    centred = features[:, 1:] - np.average(features[:, 1:], axis=0, weights=rows.weights)
    if _might_be_chance(_by_cluster(centred * (rows.weights * (labels - share))[:, None], rows)):
        return np.zeros(len(asked))
    beta = fit_logistic(features, labels, rows.weights)
    return asked @ beta - float(np.average(features @ beta, weights=rows.weights))


def opinion(features: Floats, labels: Floats, rows: ProbedRows, asked: Floats) -> Floats:
    """1 where the chosen response is expected to win, -1 where the other, 0 without an opinion.

    Pairs come as the chosen one less the other, so that every label is 1 and a model without an
    intercept tells who wins. It has an opinion only where the rows it learned from are two
    standard errors away from none, by a score test over prompts. Otherwise it would follow the
    chance differences of its rows; and since those of the rows it is asked about are the opposite
    ones where all together are even, it would be wrong more often than right.
    """
    scores = _by_cluster(features * (rows.weights * labels / 2)[:, None], rows)
    turned = np.linalg.solve(_information(features, rows.weights / 4), asked.T)
    preference = scores.sum(axis=0) @ turned
    error = np.sqrt((turned * (scores.T @ scores @ turned)).sum(axis=0))
    clear = (np.abs(preference) >= ERRORS_FROM_ZERO * error) & (np.abs(preference) > TOLERANCE)
    expected = asked @ fit_logistic(features, labels, rows.weights)
    return np.where(clear, np.sign(expected), 0.0)


def held_out(features: Floats, labels: Floats, rows: ProbedRows, predict: Predictor) -> Floats:
    """What a predictor that learned from the other folds says of each row, shape (n,).

    NaN with fewer than two clusters, which leave nothing to learn from.
    """
    folds = _deal(labels, features, rows)
    said = np.full(rows.n, math.nan)
    for fold in range(int(folds.max(initial=-1)) + 1):
        inside = folds == fold
        if inside.all():
            break
        known = rows.part(~inside)
        said[inside] = predict(features[~inside], labels[~inside], known, features[inside])
    return said


def _by_cluster(scores: Floats, rows: ProbedRows) -> Floats:
    """Sums over each cluster's rows, shape (n_clusters, n_features)."""
    return np.stack([rows.cluster_sums(column) for column in scores.T], axis=1)


def _might_be_chance(scores: Floats) -> bool:
    """Whether the sum of the clusters' scores is within what its own spread makes likely."""
    total, spread = scores.sum(axis=0), scores.T @ scores
    distance = float(total @ np.linalg.pinv(spread) @ total)
    return distance < chi2.ppf(2 * norm.cdf(ERRORS_FROM_ZERO) - 1, scores.shape[1])


def _information(features: Floats, curvature: Floats) -> Floats:
    return (features.T * curvature) @ features + RIDGE * np.eye(features.shape[1])


def _deal(labels: Floats, features: Floats, rows: ProbedRows) -> Ints:
    """Fold of each row: prompts are shuffled, then sorted by their labels, and dealt in turn.

    No prompt is in two folds, and all folds have the same shares of labels. The shuffle follows
    from what is known of each prompt, so that neither the order of rows nor names matter.
    """
    by_label = np.round(rows.cluster_means(labels), DECIMALS)
    known: list[Floats] = [
        by_label,
        rows.cluster_sums(np.ones(rows.n)),
        rows.cluster_sums(rows.weights),
    ]
    known += [rows.cluster_means(column) for column in features.T]
    dealt = np.lexsort((_scrambled(np.stack(known, axis=1).round(DECIMALS)), by_label))
    fold = np.empty(len(dealt), dtype=np.intp)
    fold[dealt] = np.arange(len(dealt)) % FOLDS
    return fold[rows.cluster]


def _scrambled(known: Floats) -> NDArray[np.uint64]:
    """A number a row that looks random, from its values and how many rows alike came before."""
    mixed = np.zeros(len(known), dtype=np.uint64)
    for column in known.T:
        mixed = _mix(mixed ^ (column + 0.0).view(np.uint64))  # + 0.0 turns -0.0 into 0.0
    order = np.argsort(mixed, kind="stable")
    before = np.empty(len(mixed), dtype=np.uint64)
    before[order] = np.arange(len(mixed)) - np.searchsorted(mixed[order], mixed[order])
    return _mix(mixed ^ before)


def _mix(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The next number of SplitMix64 from each state. Steele, Lea and Flood (2014)."""
    state = numbers + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
