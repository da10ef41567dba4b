"""What each step of a solution is, and where it first goes wrong, from several annotators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.candidates import Candidate, compare, preferred, reason_for
from curation.core.aggregate.first_error import (
    FirstErrorFit,
    FirstErrorWork,
    fit_first_error,
    rows_apart,
)
from curation.core.aggregate.labels import aggregate_labels
from curation.core.aggregate.newton import Floats, Ints, summed
from curation.core.aggregate.step_data import WRONG, StepLabels, StepTable, step_table
from curation.core.aggregate.step_held_out import annotator_folds, row_log_likelihoods

STEP_METHODS = ("auto", "majority", "one_coin", "dawid_skene", "first_error")
CLASSES = (-1, 0, 1)
SUREST = 1e-9
FOLD_TOLERANCE = 1e-3
ENOUGH_ROWS = 20_000


@dataclass(frozen=True)
class StepAggregation:
    """What the steps of every solution are, and how sure that is.

    `solutions` (n_solutions,) are the distinct ids, sorted; the steps of solution s are
    `offsets[s]` to `offsets[s + 1] - 1` of all steps. `posterior` (n_steps, 3) has the
    probabilities of -1, 0 and 1, `soft` (n_steps,) that of not being -1, `votes` (n_steps,) how
    many labels a step was given; where that is none, both are NaN (except under "first_error").
    Under "first_error" a step is -1 from the first error on: `soft` is the probability that
    nothing went wrong up to and including the step.

    `first_error` holds, for each solution, the probability that the first error stands at each
    step and, last, that there is none, shape (length + 1,).

    `annotators` (n_annotators,) are the distinct ids, sorted. `reliability` (n_annotators,) is, for
    "first_error", the probability that the others' marks give to the first error, or to none, that
    an annotator names, on average over their solutions (NaN where there are no others); for the
    methods by step it is that of `aggregate_labels`. `rates` (n_annotators, 4) are those of
    `FirstErrorFit`, None for the methods by step.

    `method` is the one used, `reason` a sentence saying why, `candidates` what auto compared, best
    first.
    """

    solutions: NDArray[Any]
    offsets: Ints
    posterior: Floats
    soft: Floats
    votes: Ints
    first_error: tuple[Floats, ...]
    annotators: NDArray[Any]
    reliability: Floats
    rates: Floats | None
    method: str
    reason: str
    candidates: tuple[Candidate, ...]
    n_iter: int
    converged: bool


def aggregate_steps(
    solutions: ArrayLike,
    annotators: ArrayLike,
    labels: Sequence[StepLabels],
    *,
    method: str = "auto",
    seed: int = 0,
) -> StepAggregation:
    """Aggregate step labels: row k says how `annotators[k]` labelled the steps of `solutions[k]`.

    Labels are -1 (wrong), 0 (neutral), 1 (good) or None (unlabelled), one for each step; None may
    stand anywhere. "majority", "one_coin" and "dawid_skene" take every step for an item of its own
    (see `aggregate_labels`), all labels counting; "first_error" models where each solution first
    goes wrong (see `first_error`), where annotators stop at the first error or what they say after
    it means little. "auto" leaves out annotators, a fifth at a time, and takes the method whose
    first errors from the others' labels best foretell theirs; the majority unless another is
    clearly better. `seed` deals the annotators to the folds.

    Raises ValueError for an unknown method and for rows that are none (see `step_table`).
    """
    if method not in STEP_METHODS:
        raise ValueError(f"There is no method {method!r}; there are {', '.join(STEP_METHODS)}.")
    table = step_table(solutions, annotators, labels)
    if method != "auto":
        return _aggregated(table, method, f"The method {method} was asked for.", ())
    candidates = _compared(table, seed)
    if not candidates:
        why = "auto took majority: no two annotators share a solution."
        return _aggregated(table, "majority", why, ())
    taken = preferred(candidates, "majority")
    return _aggregated(table, taken, reason_for(candidates, taken, "first errors"), candidates)


@dataclass(frozen=True)
class _Found:
    """What a method makes of a table; `first_error` is laid out like `FirstErrorFit.posterior`."""

    posterior: Floats
    first_error: Floats
    reliability: Floats
    rates: Floats | None
    n_iter: int
    converged: bool


def _aggregated(
    table: StepTable, method: str, reason: str, candidates: tuple[Candidate, ...]
) -> StepAggregation:
    found = _found(table, method)
    return StepAggregation(
        solutions=table.solutions,
        offsets=table.offsets,
        posterior=found.posterior,
        soft=1 - found.posterior[:, 0],
        votes=np.bincount(table.step, minlength=table.n_steps),
        first_error=tuple(np.split(found.first_error, table.places[1:-1]))[: len(table.solutions)],
        annotators=table.annotators,
        reliability=found.reliability,
        rates=found.rates,
        method=method,
        reason=reason,
        candidates=candidates,
        n_iter=found.n_iter,
        converged=found.converged,
    )


def _found(table: StepTable, method: str) -> _Found:
    return _by_first_error(table) if method == "first_error" else _by_step(table, method)


def _places(table: StepTable, method: str) -> Floats:
    """Only the first errors, and these not to the last digit."""
    if method == "first_error":
        return fit_first_error(table, tolerance=FOLD_TOLERANCE).posterior
    return _by_step(table, method).first_error


def _by_step(table: StepTable, method: str) -> _Found:
    """Aggregate every step by itself; the first error as if steps were independent."""
    who = table.annotator[table.row]
    labels = aggregate_labels(
        table.step, who, table.label - WRONG, method=method, n_classes=len(CLASSES)
    )
    posterior = np.full((table.n_steps, len(CLASSES)), np.nan)
    posterior[labels.items.astype(np.intp)] = labels.posterior
    reliability = np.full(len(table.annotators), np.nan)
    reliability[labels.annotators.astype(np.intp)] = labels.reliability
    first_error = _first_errors(table, posterior[:, 0])
    return _Found(posterior, first_error, reliability, None, labels.n_iter, labels.converged)


def _first_errors(table: StepTable, wrong: Floats) -> Floats:
    """The first error's place given each step's probability of being wrong.

    Steps without one take the mean of all.
    """
    known = wrong[~np.isnan(wrong)]
    filled = np.where(np.isnan(wrong), known.mean() if len(known) else 0.5, wrong)
    filled = np.clip(filled, SUREST, 1 - SUREST)
    until = np.append(0.0, np.cumsum(np.log1p(-filled)))
    begin = until[table.offsets[:-1]]
    places = np.empty(table.places[-1])
    reached = until[:-1] - np.repeat(begin, table.lengths)
    places[np.arange(table.n_steps) + table.solution_of] = np.exp(reached) * filled
    places[table.places[1:] - 1] = np.exp(until[table.offsets[1:]] - begin)
    return places


def _by_first_error(table: StepTable) -> _Found:
    fit = fit_first_error(table)
    return _Found(
        posterior=_step_posterior(table, fit.posterior),
        first_error=fit.posterior,
        reliability=_agreement(table, fit),
        rates=fit.rates,
        n_iter=fit.n_iter,
        converged=fit.converged,
    )


def _step_posterior(table: StepTable, first_error: Floats) -> Floats:
    """-1 from the first error on; before it 0 or 1 by the labels of those kinds.

    Their shares are shrunk as if each step had one more label, split as labels are in all.
    """
    at = first_error[np.arange(table.n_steps) + table.solution_of]
    until = np.append(0.0, np.cumsum(at))
    wrong = np.clip(until[1:] - np.repeat(until[table.offsets[:-1]], table.lengths), 0.0, 1.0)
    counted = table.up_to_error & (table.label != WRONG)
    good = table.step_sums(table.step[counted], table.label[counted].astype(float))
    n = table.step_sums(table.step[counted], np.ones(int(counted.sum())))
    usual = (good.sum() + 1) / (n.sum() + 2)
    share = (good + usual) / (n + 1)
    return np.stack([wrong, (1 - wrong) * (1 - share), (1 - wrong) * share], axis=1)


def _agreement(table: StepTable, fit: FirstErrorFit) -> Floats:
    """How probable the others' marks make what an annotator says, on average over solutions."""
    apart = rows_apart(table)
    work = FirstErrorWork(apart)
    others = np.maximum(np.log(_spread(table, fit.posterior)), np.log(SUREST))
    posterior, _ = work.posterior(others - work.log_likelihood(fit.rates))
    named = apart.places[1:] - 1
    wrong = table.up_to_error & (table.label == WRONG)
    named[table.row[wrong]] = apart.places[table.row[wrong]] + (
        table.step[wrong] - table.offsets[table.solution[table.row[wrong]]]
    )
    shared = np.bincount(table.solution, minlength=len(table.solutions))[table.solution] > 1
    n_annotators = len(table.annotators)
    n = summed(table.annotator, shared.astype(float), n_annotators)
    agreed = summed(table.annotator, posterior[named] * shared, n_annotators)
    return np.where(n > 0, agreed / np.maximum(n, 1), np.nan)


def _spread(table: StepTable, places: Floats) -> Floats:
    """Repeat each solution's places for each of its rows."""
    lengths = (table.lengths + 1)[table.solution]
    first = np.repeat(table.places[table.solution], lengths)
    within = np.arange(len(first)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return places[first + within]


def _compared(table: StepTable, seed: int) -> tuple[Candidate, ...]:
    """Compare the methods on annotators left out; none where no row can be foretold.

    Where rows abound, no more folds are tried than hold `ENOUGH_ROWS` of them.
    """
    scores: dict[str, list[Floats]] = {method: [] for method in STEP_METHODS[1:]}
    unit: list[Ints] = []
    for out in annotator_folds(table, seed):
        training, held = table.where(~out), table.where(out)
        told = np.isin(held.solution, training.solution)
        if not told.any():
            continue
        held = held.where(told)
        unit.append(held.solution)
        for method, values in scores.items():
            places = _spread(held, _places(training, method))
            values.append(row_log_likelihoods(held, places))
        if sum(map(len, unit)) >= ENOUGH_ROWS:
            break
    if not unit:
        return ()
    joined = {method: np.concatenate(values) for method, values in scores.items()}
    return compare(joined, np.concatenate(unit))
