"""Strengths of items from comparisons: Thurstone's case V with ties, a prior and reliability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.connectivity import Connectivity
from curation.core.aggregate.ids import coded, column, same_length, weights_of
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.strength_fit import (
    PRIOR,
    StrengthFit,
    check_prior,
    coded_annotators,
)
from curation.core.aggregate.thurstone_posterior import ThurstoneModel, counted


@dataclass(frozen=True)
class ThurstoneFit:
    """Strengths of items and how sure they are.

    `items` (n_items,) are the distinct ids, sorted. `strengths` (n_items,) have mean zero and as
    unit the standard deviation of a difference as it is perceived: the first of two items is
    preferred with probability Φ(difference). `stderr` (n_items,) are the posterior standard
    deviations against the mean of the item's component. `annotators` (n_annotators,) are the
    distinct ids, sorted, and `reliability` (n_annotators,) what multiplies the differences for an
    annotator: 1 on average over comparisons, near 0 for one who chooses at random; both are None
    where annotators were not given. `prior` is the precision of the strengths that was used,
    `log_likelihood` the sum over comparisons without the prior, `connectivity` what the
    comparisons alone can tell. `n_iter` counts Newton steps.
    """

    items: NDArray[Any]
    strengths: Floats
    stderr: Floats
    annotators: NDArray[Any] | None
    reliability: Floats | None
    prior: float
    log_likelihood: float
    connectivity: Connectivity
    n_iter: int
    converged: bool


def fit_thurstone(
    left: ArrayLike,
    right: ArrayLike,
    outcome: ArrayLike,
    *,
    annotators: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    prior: float | None = PRIOR,
) -> ThurstoneFit:
    """Fit strengths to comparisons: 1 is a preference for left, 0 for right, 0.5 a tie.

    Any outcome between counts as that share of a preference for left and the rest for right, so
    that a tie is half of either. Thurstone (1927) with equal, uncorrelated dispersions; fitted as
    a probit regression by Newton's method with conjugate gradients. `annotators` (n,) are ids of
    any kind; given them, each one's reliability is estimated together with the strengths, with a
    gamma prior of mean 1 and allowing for how unsure the strengths are. `weights` (n,) count a
    comparison more than once or in part. `prior` is the precision of a normal prior on the
    strengths, which keeps undefeated items finite; None estimates it from the data (MacKay 1992),
    with one pseudo-item of strength 1.

    Raises ValueError for columns of unequal length, missing ids, an item compared with itself,
    outcomes outside 0...1 and a prior that is not positive.
    """
    check_prior(prior)
    items, low, high, said = compared(left, right, outcome)
    names, codes = coded_annotators(annotators, len(said), "comparisons")
    who = np.zeros(len(said), dtype=np.intp) if codes is None else codes
    data, rows = counted(low, high, who, said, weights_of(weights, len(said)), len(items))
    model = ThurstoneModel(data)
    state = StrengthFit(model, None if codes is None else rows).alternate(prior)
    return ThurstoneFit(
        items=items,
        strengths=state.strengths - state.strengths.sum() / max(len(items), 1),
        stderr=state.deviation,
        annotators=names,
        reliability=None if codes is None else state.factor,
        prior=state.precision,
        log_likelihood=state.point.likelihood,
        connectivity=model.connectivity,
        n_iter=state.n_iter,
        converged=state.converged,
    )


def compared(
    left: ArrayLike, right: ArrayLike, outcome: ArrayLike
) -> tuple[NDArray[Any], Ints, Ints, Floats]:
    """Return the distinct items, the places of left and right among them, and the outcomes.

    Raises ValueError as `fit_thurstone` does.
    """
    first, second = column(left, "left item"), column(right, "right item")
    said = np.asarray(outcome, dtype=float)
    same_length(left=first, right=second, outcomes=said)
    if not ((said >= 0) & (said <= 1)).all():
        raise ValueError("An outcome lies between 0 (right) and 1 (left).")
    items, codes = coded(np.concatenate([first, second]))
    low, high = codes[: len(said)], codes[len(said) :]
    itself = np.flatnonzero(low == high)
    if len(itself):
        raise ValueError(f"Comparison {itself[0]} compares an item with itself; leave it out.")
    return items, low, high, said
