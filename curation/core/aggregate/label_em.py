"""What the models of labels share: the first guess, the posterior, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import digamma

from curation.core.aggregate.label_votes import UNKNOWN, Cells
from curation.core.aggregate.newton import Floats, Ints

TOLERANCE = 1e-5
PRIOR_SHAPE, PRIOR_RATE = 3.0, 0.5
RIGHT_BEFOREHAND, WRONG_BEFOREHAND = 4.0, 1.0
"""Votes supposed besides those of all annotators: without any evidence a vote is believed."""
SLOWEST, LONGEST_STEP = 0.99, math.log(4)
FIRST_CONCENTRATION = (PRIOR_SHAPE - 1) / PRIOR_RATE
MOST_ITERATIONS = 500
DECIMALS = 10
"""Posteriors are rounded in every round of EM, so that float noise cannot tip a balance that the
votes leave, such as two annotators who contradict each other."""


def first_posterior(cells: Cells, known: Ints) -> Floats:
    """Shares of votes, shape (n_items, n_classes); even where there are none."""
    tally = cells.tally(cells.weight)
    totals = tally.sum(axis=1, keepdims=True)
    even = 1 / max(tally.shape[1], 1)
    return told(np.where(totals > 0, tally / np.where(totals > 0, totals, 1), even), known)


def told(posterior: Floats, known: Ints) -> Floats:
    """The posterior with known answers certain; changes it in place."""
    rows = np.flatnonzero(known != UNKNOWN)
    posterior[rows] = 0
    posterior[rows, known[rows]] = 1
    return posterior


def posterior_of(log_weights: Floats, known: Ints) -> Floats:
    """Each row's probabilities from their logarithms, up to a constant of the row."""
    powers = np.exp(log_weights - row_maxima(log_weights)[:, None])
    powers /= (powers @ np.ones(powers.shape[1]))[:, None]
    return told(np.round(powers, DECIMALS, out=powers), known)


def log_evidence(log_weights: Floats, known: Ints) -> float:
    """Log-likelihood of all votes, from log P(votes on an item and its class is the column's)."""
    top = row_maxima(log_weights)
    sums = top + np.log(np.exp(log_weights - top[:, None]).sum(axis=1))
    rows = np.flatnonzero(known != UNKNOWN)
    sums[rows] = log_weights[rows, known[rows]]
    return float(sums.sum())


def run_em(
    improve: Callable[[Floats], Floats], posterior: Floats, *, max_iter: int
) -> tuple[Floats, int, bool]:
    """Improve a posterior until it rests: the posterior, how many rounds, and whether it does."""
    for n_iter in range(1, max_iter + 1):
        before, posterior = posterior, improve(posterior)
        if _moved(before, posterior) <= TOLERANCE:
            return posterior, n_iter, True
    return posterior, max_iter, False


def _moved(before: Floats, after: Floats) -> float:
    """Mean total variation between two posteriors, in 0...1."""
    return float(np.abs(after - before).sum()) / (2 * max(len(after), 1))


def pooled_accuracy(right: Floats, totals: Floats) -> float:
    """The share of right votes of all annotators together."""
    supposed = RIGHT_BEFOREHAND + WRONG_BEFOREHAND
    return float((right.sum() + RIGHT_BEFOREHAND) / (totals.sum() + supposed))


def concentration(counts: Floats, base: Floats, now: float) -> float:
    """A step towards the mode of how closely annotators' rates keep to what is expected of them.

    Each row of expected `counts` (outcomes along axis 1) is drawn from rates that are Dirichlet
    around `base`, worth as many votes as the concentration; its own prior is a gamma distribution
    with mode 4. Two slow steps show where they lead, and the third goes there (Aitken 1926).
    """
    totals = counts.sum(axis=1)
    once = _slow_step(counts, totals, base, now)
    twice = _slow_step(counts, totals, base, once)
    first, second = math.log(once / now), math.log(twice / once)
    ratio = min(max(second / first, 0.0), SLOWEST) if first else 0.0
    return now * math.exp(min(max(first / (1 - ratio), -LONGEST_STEP), LONGEST_STEP))


def _slow_step(counts: Floats, totals: Floats, base: Floats, now: float) -> float:
    """Minka (2000), Estimating a Dirichlet distribution, equation 59, with the prior."""
    prior = now * base
    gain = (base * (digamma(counts + prior) - digamma(prior))).sum()
    loss = (digamma(totals + now) - digamma(now)).sum()
    return float((now * gain + PRIOR_SHAPE - 1) / (loss + PRIOR_RATE))


def row_maxima(values: Floats) -> Floats:
    """Faster than `values.max(axis=1)`, of a table with few columns."""
    top = np.full(len(values), -np.inf)
    for column in range(values.shape[1]):
        np.maximum(top, values[:, column], out=top)
    return top
