"""The figures of probes once more, from their definitions, in plain loops."""

import math
from collections import defaultdict
from itertools import product

import numpy as np
from scipy.stats import t


def slow_share(values, weights, clusters):
    """Weighted mean, and its standard error from one residual total a cluster."""
    whole = sum(weights)
    share = sum(w * v for v, w in zip(values, weights, strict=True)) / whole
    residuals = defaultdict(float)
    for value, weight, cluster in zip(values, weights, clusters, strict=True):
        residuals[cluster] += weight * (value - share) / whole
    n = len(residuals)
    return share, math.sqrt(sum(r * r for r in residuals.values()) * n / (n - 1)), n


def slow_interval(share, standard_error, n_clusters):
    """Both ends solve (p - share)^2 = t^2 p (1 - p) / worth, by bisection."""
    worth = share * (1 - share) / standard_error**2 if standard_error else n_clusters
    quantile = t.ppf(0.975, n_clusters - 1)

    def distance(p):
        return (p - share) ** 2 - quantile**2 * p * (1 - p) / max(worth, 1)

    return _root(distance, 0.0, share), _root(distance, 1.0, share)


def _root(distance, outside, inside):
    for _ in range(200):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if distance(middle) > 0 else (outside, middle)
    return inside


def slow_area(values, labels, weights):
    """Over all pairs of a yes and a no: which has more, a draw one half."""
    won = whole = 0.0
    for yes, no in product(range(len(values)), repeat=2):
        if labels[yes] and not labels[no]:
            weight = weights[yes] * weights[no]
            whole += weight
            won += weight * (0.5 if values[yes] == values[no] else values[yes] > values[no])
    return won / whole if whole else math.nan


def jackknife_error(statistic, clusters):
    """Standard error from leaving out one cluster at a time."""
    names = sorted(set(clusters))
    left = np.array([statistic([c != name for c in clusters]) for name in names])
    return math.sqrt((len(names) - 1) / len(names) * ((left - left.mean()) ** 2).sum())
