"""Where a solution first goes wrong, from annotators who each mark a first error.

The first error stands at one of a solution's steps or nowhere. An annotator reads from the start
and marks each step with a rate that depends on where it lies: before the first error (a false
alarm), just before it, at it (a detection), or after it (late); the first mark ends the reading, so
that what would have been said of later steps is missing, not good. Steps without a label are passed
over. Each annotator's four rates have beta priors whose means are estimated from all annotators;
the first error is uniform over the steps, with an estimated probability that there is none. Fitted
by expectation–maximisation, in the manner of Dawid and Skene (1979).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curation.core.aggregate.newton import Floats, summed
from curation.core.aggregate.step_data import WRONG, StepTable

BEFORE, JUST_BEFORE, AT, AFTER = range(4)
PRIOR_RATES = (0.05, 0.1, 0.7, 0.3)
PRIOR_STEPS = 8.0
PRIOR_SOLUTIONS = 2.0
PRIOR_ERROR = 0.5
POOLED_STEPS = 4.0
MAX_ITER = 500
TOLERANCE = 1e-7


@dataclass(frozen=True)
class FirstErrorFit:
    """Where each solution first goes wrong, and how annotators mark it.

    `posterior` (n_steps + n_solutions,) holds, solution after solution, the probability that the
    first error stands at each step and, last, that there is none; solution s begins at
    the table's `places[s]`. `rates` (n_annotators, 4) are the probabilities that
    an annotator who has marked nothing so far marks a step before the first error, just before it,
    at it, and after it; `common` (4,) the typical ones; `error_rate` the probability that a
    solution has an error. `log_likelihood` is that of all rows.
    """

    posterior: Floats
    rates: Floats
    common: Floats
    error_rate: float
    log_likelihood: float
    n_iter: int
    converged: bool


class FirstErrorWork:
    """Rows laid out for the model: entries up to each row's first error."""

    def __init__(self, table: StepTable) -> None:
        counted = table.up_to_error
        self.table = table
        self.step, row = table.step[counted], table.row[counted]
        self.solution = table.solution[row]
        marked = table.label[counted] == WRONG
        self.said = 2 * table.annotator[row] + marked
        self.place = np.arange(table.n_steps) + table.solution_of
        self.none = table.places[1:] - 1
        self.start = table.places[:-1]
        self.last = np.zeros(table.n_steps, dtype=bool)
        self.last[table.offsets[1:][table.lengths > 0] - 1] = True

    def log_prior(self, error_rate: float) -> Floats:
        """Log-probabilities of each place of the first error, laid out like the posterior."""
        lengths = np.maximum(self.table.lengths, 1)
        values = np.empty(self.table.n_steps + len(lengths))
        values[self.place] = (np.log(error_rate) - np.log(lengths))[self.table.solution_of]
        values[self.none] = np.where(self.table.lengths > 0, np.log(1 - error_rate), 0.0)
        return values

    def log_likelihood(self, rates: Floats) -> Floats:
        """The log-likelihood of all rows for each place of the first error.

        Everything as if there were no error, plus what changes at a step, at the one before it,
        and at those after it.
        """
        logs = np.log(np.stack([1 - rates, rates], axis=1)).reshape(-1, len(PRIOR_RATES)).T
        at, just_before, after = (
            self.table.step_sums(self.step, (logs[kind] - logs[BEFORE])[self.said])
            for kind in (AT, JUST_BEFORE, AFTER)
        )
        level = summed(self.solution, logs[BEFORE][self.said], len(self.table.lengths))
        values = np.repeat(level, self.table.lengths + 1)
        values[self.place] += at + self._from_previous(just_before) + self._over_later(after)
        return values

    def posterior(self, joint: Floats) -> tuple[Floats, Floats]:
        """Normalise by solution; also return the logarithm of what each is divided by."""
        top = np.maximum.reduceat(joint, self.start) if len(self.start) else joint
        lengths = self.table.lengths + 1
        weight = np.exp(joint - np.repeat(top, lengths))
        total = np.add.reduceat(weight, self.start) if len(self.start) else weight
        return weight / np.repeat(total, lengths), top + np.log(total)

    def kinds(self, posterior: Floats) -> Floats:
        """The probability that a step is before, just before, at, after the error, (4, n_steps)."""
        at = posterior[self.place]
        just_before = np.append(at[1:], 0.0)[: len(at)] * ~self.last
        earlier = np.append(0.0, np.cumsum(at))
        begin = np.repeat(earlier[self.table.offsets[:-1]], self.table.lengths)
        after = np.clip(earlier[:-1] - begin, 0.0, 1.0)
        before = np.clip(1 - at - just_before - after, 0.0, 1.0)
        return np.stack([before, just_before, at, after])

    def marks(self, kinds: Floats) -> tuple[Floats, Floats]:
        """Expected marks and steps read of each kind by each annotator, (n_annotators, 4) each."""
        n = len(self.table.annotators)
        found = [summed(self.said, kind[self.step], 2 * n).reshape(n, 2) for kind in kinds]
        marks = np.stack([kind[:, 1] for kind in found], axis=1)
        return marks, marks + np.stack([kind[:, 0] for kind in found], axis=1)

    def _from_previous(self, values: Floats) -> Floats:
        return np.append(0.0, values[:-1] * ~self.last[:-1])[: len(values)]

    def _over_later(self, values: Floats) -> Floats:
        """The sum over the later steps of the same solution."""
        until = np.append(0.0, np.cumsum(values))
        return np.repeat(until[self.table.offsets[1:]], self.table.lengths) - until[1:]


def fit_first_error(table: StepTable, *, tolerance: float = TOLERANCE) -> FirstErrorFit:
    """Fit until no probability moves by more than `tolerance`."""
    work = FirstErrorWork(table)
    common = np.array(PRIOR_RATES)
    fit = FirstErrorFit(
        np.zeros(0), np.tile(common, (len(table.annotators), 1)), common, PRIOR_ERROR, 0.0, 0, False
    )
    fit = _expected(work, fit)
    for n_iter in range(1, MAX_ITER + 1):
        moved = _expected(work, _improved(work, fit))
        change = float(np.abs(moved.posterior - fit.posterior).max(initial=0.0))
        fit = moved
        if change <= tolerance:
            return replace(fit, n_iter=n_iter, converged=True)
    return replace(fit, n_iter=MAX_ITER)


def _expected(work: FirstErrorWork, fit: FirstErrorFit) -> FirstErrorFit:
    joint = work.log_prior(fit.error_rate) + work.log_likelihood(fit.rates)
    posterior, log_likelihood = work.posterior(joint)
    return replace(fit, posterior=posterior, log_likelihood=float(log_likelihood.sum()))


def _improved(work: FirstErrorWork, fit: FirstErrorFit) -> FirstErrorFit:
    """Set rates and the share of errors to what the posterior makes most likely."""
    marks, read = work.marks(work.kinds(fit.posterior))
    pooled = POOLED_STEPS * np.array(PRIOR_RATES)
    common = (marks.sum(axis=0) + pooled) / (read.sum(axis=0) + POOLED_STEPS)
    rates = (marks + PRIOR_STEPS * common) / (read + PRIOR_STEPS)
    told = work.table.lengths > 0
    wrong = float((1 - fit.posterior[work.none])[told].sum())
    error_rate = (wrong + PRIOR_SOLUTIONS * PRIOR_ERROR) / (told.sum() + PRIOR_SOLUTIONS)
    return replace(fit, rates=rates, common=common, error_rate=float(error_rate))


def rows_apart(table: StepTable) -> StepTable:
    """The same rows, each as a solution of its own; solutions are numbered like rows."""
    lengths = table.lengths[table.solution]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.arange(len(table.solution))
    step = offsets[table.row] + table.step - table.offsets[table.solution[table.row]]
    return StepTable(
        rows, table.annotators, offsets, rows, table.annotator, table.row, step, table.label
    )
