"""How well a distribution of first errors foretells the marks of annotators it has not seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from curation.core.aggregate.first_error import (
    POOLED_STEPS,
    PRIOR_RATES,
    FirstErrorWork,
    rows_apart,
)
from curation.core.aggregate.newton import Floats, summed
from curation.core.aggregate.step_data import WRONG, StepTable

FOLDS = 5
ROUNDS = 50
SETTLED = 1e-6
SIGNATURE_DIGITS = 6


def annotator_folds(table: StepTable, seed: int) -> Iterator[NDArray[np.bool_]]:
    """Which rows to leave out, fold by fold; annotators are dealt by what they did."""
    n = len(table.annotators)
    n_folds = min(FOLDS, n)
    fold = np.empty(n, dtype=np.intp)
    fold[np.lexsort(_signature(table))] = np.random.default_rng(seed).permutation(n)
    for held in range(n_folds):
        yield (fold % n_folds == held)[table.annotator]


def row_log_likelihoods(table: StepTable, first_error: Floats) -> Floats:
    """The log-probability of each row's marks, given its solution's first error's distribution.

    `first_error` is laid out like the places of `rows_apart(table)`. All annotators mark with the
    same rates, those that fit best, whatever the distribution comes from.
    """
    apart = rows_apart(table)
    work = FirstErrorWork(apart)
    log_prior = np.log(np.maximum(first_error, np.finfo(float).tiny))
    rates = np.array(PRIOR_RATES)
    for _ in range(ROUNDS):
        everyone = np.tile(rates, (len(apart.annotators), 1))
        posterior, found = work.posterior(log_prior + work.log_likelihood(everyone))
        marks, read = (part.sum(axis=0) for part in work.marks(work.kinds(posterior)))
        moved = (marks + POOLED_STEPS * np.array(PRIOR_RATES)) / (read + POOLED_STEPS)
        settled = np.abs(moved - rates).max() <= SETTLED
        rates = moved
        if settled:
            break
    return found


def _signature(table: StepTable) -> list[Floats]:
    """Figures that describe what each annotator did, the most telling last."""
    n = len(table.annotators)
    who, wrong = table.annotator[table.row], (table.label == WRONG).astype(float)
    votes = np.maximum(table.step_sums(table.step, np.ones(len(table.step))), 1)
    shares = table.step_sums(table.step, wrong) / votes
    apart = np.abs(wrong - shares[table.step])
    sums = [summed(who, values, n) for values in (apart, apart**2, wrong)]
    rounded = [np.round(values, SIGNATURE_DIGITS) for values in sums]
    return [
        *rounded,
        summed(who, np.ones(len(who)), n),
        summed(table.annotator, np.ones(len(table.annotator)), n),
    ]
