"""Slow, readable twins of the models of comparisons, written from their definitions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize

from curation.core.aggregate.crowd_model import EXPECTED_SHARE, LARGEST_SD, RELIABILITIES

Row = tuple[Any, Any, float]
Vote = tuple[Any, Any, float, Any]


def slow_chances(ties: str, gap: float, parameter: float) -> tuple[float, float, float]:
    """Probabilities of left, tie, right. Davidson (1970), Rao and Kupper (1967)."""
    one, other = math.exp(gap / 2), math.exp(-gap / 2)
    if ties == "davidson":
        nu = math.exp(parameter)
        total = one + other + nu
        return one / total, nu / total, other / total
    if ties == "rao_kupper":
        theta = math.exp(parameter)
        left, right = one / (one + theta * other), other / (other + theta * one)
        return left, 1 - left - right, right
    return one / (one + other), 0.0, other / (one + other)


def slow_log_posterior(
    rows: Sequence[Row], ties: str, strengths: dict[Any, float], parameter: float, prior: float
) -> float:
    """Row by row, with the normal priors."""
    total = -prior * sum(value**2 for value in strengths.values()) / 2
    if any(outcome == 0.5 for *_, outcome in rows) and ties != "half":
        total -= (parameter / 3) ** 2 / 2
    for left, right, outcome in rows:
        chances = slow_chances(ties, strengths[left] - strengths[right], parameter)
        if outcome == 0.5 and ties != "half":
            total += math.log(chances[1])
        else:
            shares = (outcome, 1 - outcome)
            logs = (math.log(chances[0]), math.log(chances[2]))
            total += sum(share * log for share, log in zip(shares, logs, strict=True))
    return total


def slow_bradley_terry(
    rows: Sequence[Row], ties: str, prior: float
) -> tuple[dict[Any, float], float, dict[Any, float]]:
    """The mode by a general optimiser: strengths, tie parameter, standard errors.

    The errors are from the numerical Hessian, without the variance of the components' means.
    """
    items = sorted({item for left, right, _ in rows for item in (left, right)})
    fitted = ties != "half" and any(outcome == 0.5 for *_, outcome in rows)
    model = ties if fitted else "half"

    def loss(at: Any) -> float:
        strengths = dict(zip(items, at, strict=False))
        parameter = abs(at[-1]) if model == "rao_kupper" else at[-1]
        return -slow_log_posterior(rows, model, strengths, parameter, prior)

    n = len(items)
    start = np.append(np.zeros(n), 0.5)
    found = minimize(loss, start, method="BFGS", options={"gtol": 1e-8, "maxiter": 2000}).x
    covariance = np.linalg.inv(_hessian(loss, found, n + fitted))
    errors = {}
    for place, item in enumerate(items):
        others = _component(item, rows)
        common = 1 / (prior * len(others))
        errors[item] = math.sqrt(max(covariance[place, place] - common, 0))
    return dict(zip(items, found, strict=False)), abs(found[-1]) * _sign(model, found), errors


def _sign(model: str, found: Any) -> float:
    return 1.0 if model == "rao_kupper" else math.copysign(1.0, found[-1])


def _component(item: Any, rows: Sequence[Row]) -> set[Any]:
    reached = {item}
    while True:
        grown = reached | {x for a, b, _ in rows if {a, b} & reached for x in (a, b)}
        if grown == reached:
            return reached
        reached = grown


def _hessian(function: Any, at: Any, n: int, step: float = 1e-3) -> Any:
    """Central second differences in the first n coordinates."""
    result = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            total = 0.0
            for si, sj in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                moved = np.array(at)
                moved[i] += si * step
                moved[j] += sj * step
                total += si * sj * function(moved)
            result[i, j] = total / (4 * step**2)
    return result


class SlowCrowd:
    """CrowdBT on a dense grid of gaps, pair by pair and vote by vote.

    The same fixed point as the fast one has: normal stand-ins for each pair's votes, annotators
    by belief propagation, parameters by expectation maximisation. Without ties, positions and
    known answers. Votes are (low item, high item, outcome, annotator), items numbered from 0.
    """

    def __init__(self, votes: Sequence[tuple[int, int, float, int]]) -> None:
        self.votes = votes
        self.pairs = sorted({(low, high) for low, high, _, _ in votes})
        self.n_items = 1 + max(high for _, high in self.pairs)
        self.n_annotators = 1 + max(who for *_, who in votes)
        self.variance, self.share = 1.5**2, EXPECTED_SHARE
        self.types = np.tile(self.share, (self.n_annotators, 1))
        self.guess = 0.5
        self.sites = dict.fromkeys(self.pairs, (0.0, 0.0))
        self.posterior: dict[tuple[int, int], tuple[float, float]] = {}
        self.left_out: dict[int, Any] = {}

    def run(self, passes: int) -> SlowCrowd:
        for _ in range(passes):
            self.one_pass()
        return self

    def one_pass(self) -> None:
        mean, covariance = self.strengths()
        evidence = np.zeros((self.n_annotators, len(RELIABILITIES)))
        left_out, sites = {}, {}
        for low, high in self.pairs:
            gap = mean[low] - mean[high]
            spread = covariance[low, low] + covariance[high, high] - 2 * covariance[low, high]
            weight, shift = self.sites[low, high]
            cavity = 1 / (1 / spread - weight)
            cavity_mean = cavity * (gap / spread - shift)
            found = self.integrate((low, high), cavity_mean, cavity, evidence, left_out)
            self.posterior[low, high] = found
            weight = max(1 / found[1] - 1 / cavity, 1e-8)
            sites[low, high] = (
                weight,
                found[0] * (weight + 1 / cavity) - cavity_mean / cavity,
            )
        self.sites, self.left_out = sites, left_out
        self.learn(mean, np.diagonal(covariance), evidence)

    def strengths(self) -> tuple[Any, Any]:
        precision = np.eye(self.n_items) / self.variance
        pull = np.zeros(self.n_items)
        for (low, high), (weight, shift) in self.sites.items():
            unit = np.zeros(self.n_items)
            unit[low], unit[high] = 1, -1
            precision += weight * np.outer(unit, unit)
            pull += shift * unit
        covariance = np.linalg.inv(precision)
        return covariance @ pull, covariance

    def integrate(
        self, pair: tuple[int, int], mean: float, variance: float, evidence: Any, left_out: Any
    ) -> tuple[float, float]:
        """The gap's posterior mean and variance; what each vote says of its annotator is noted."""
        grid = np.linspace(mean - 9 * variance**0.5, mean + 9 * variance**0.5, 4001)
        density = np.exp(-((grid - mean) ** 2) / (2 * variance))
        mixtures = {}
        for number, (low, high, outcome, who) in enumerate(self.votes):
            if (low, high) == pair:
                follows = 1 / (1 + np.exp(-grid if outcome == 1 else grid))
                mixtures[number] = self.mixture(number, who, follows), follows, who
        for mixture, *_ in mixtures.values():
            density = density * mixture
        density /= density.sum()
        for number, (mixture, follows, who) in mixtures.items():
            others = density / mixture
            followed = float((others * follows).sum() / others.sum())
            likelihood = np.array(
                [
                    r * followed + (1 - r) * self.guess
                    if r >= 0
                    else -r * (1 - followed) + (1 + r) * self.guess
                    for r in RELIABILITIES
                ]
            )
            evidence[who] += np.log(likelihood)
            left_out[number] = likelihood
        middle = float((density * grid).sum())
        return middle, float((density * (grid - middle) ** 2).sum())

    def mixture(self, number: int, who: int, follows: Any) -> Any:
        types = self.types[who] / self.left_out.get(number, 1.0)
        types = types / types.sum()
        toward = float(types @ np.maximum(RELIABILITIES, 0))
        against = float(types @ np.maximum(-RELIABILITIES, 0))
        return toward * follows + against * (1 - follows) + (1 - toward - against) * self.guess

    def learn(self, mean: Any, variance: Any, evidence: Any) -> None:
        logs = evidence + np.log(self.share)
        types = np.exp(logs - logs.max(axis=1, keepdims=True))
        self.types = types / types.sum(axis=1, keepdims=True)
        total = self.types.sum(axis=0) + 10 * EXPECTED_SHARE
        self.share = total / total.sum()
        determined = float((1 - variance / self.variance).sum())
        squares = float(mean @ mean) + 10 * 1.5**2
        self.variance = min(squares / (determined + 10), LARGEST_SD**2)
