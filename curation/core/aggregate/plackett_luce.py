"""Strengths of items from rankings: Plackett–Luce with ties, a prior and reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.connectivity import Connectivity
from curation.core.aggregate.ids import weights_of
from curation.core.aggregate.newton import Floats
from curation.core.aggregate.rank_data import Rankings, Tiers, rankings_of
from curation.core.aggregate.rank_posterior import RankModel
from curation.core.aggregate.strength_fit import (
    PRIOR,
    StrengthFit,
    check_prior,
    coded_annotators,
)


@dataclass(frozen=True)
class PlackettLuceFit:
    """Strengths of items and how sure they are.

    `strengths` (n_items,) are log-worths with mean zero, `stderr` (n_items,) the posterior
    standard deviations against the mean of the item's component (the prior's for an item that is
    ranked with no other). `annotators` (n_annotators,) are the distinct ids, sorted, and
    `reliability` (n_annotators,) what multiplies the strengths in an annotator's choices: 1 on
    average over rankings, near 0 for one who ranks at random; both are None where annotators
    were not given. `prior` is the precision of the strengths that was used, `log_likelihood` the
    sum over rankings without the prior, `connectivity` what the rankings alone can tell.
    `n_iter` counts Newton steps.
    """

    strengths: Floats
    stderr: Floats
    annotators: NDArray[Any] | None
    reliability: Floats | None
    prior: float
    log_likelihood: float
    connectivity: Connectivity
    n_iter: int
    converged: bool


def fit_plackett_luce(
    rankings: Rankings | Sequence[Tiers],
    *,
    n_items: int,
    annotators: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    prior: float | None = PRIOR,
) -> PlackettLuceFit:
    """Fit strengths to rankings of items 0...n_items-1, best first, each a tuple of tie groups.

    A ranking may name any of the items; what it leaves out it says nothing about. Ties count as
    the mean over the orders of their tier (see `rank_likelihood`). `annotators` (n_rankings,) are
    ids of any kind; given them, each one's reliability is estimated together with the strengths,
    with a gamma prior of mean 1 and allowing for how unsure the strengths are. `weights`
    (n_rankings,) count a ranking more than once or in part. `prior` is the precision of a normal
    prior on the strengths, which keeps undefeated items finite; None estimates it from the data
    (MacKay 1992), with one pseudo-item of strength 1.

    Newton's method with conjugate gradients. Hunter (2004), Maystre and Grossglauser (2015) and
    Turner et al. (2020) maximise this likelihood by other means; reliability as a factor on the
    strengths is that of Raman and Joachims (2014).

    Raises ValueError for rankings that are none (see `Rankings`), for ids or weights that are not
    one for each ranking, and for a prior that is not positive.
    """
    check_prior(prior)
    data = rankings_of(rankings, n_items)
    names, codes = coded_annotators(annotators, len(data), "rankings")
    model = RankModel(data, weights_of(weights, len(data)))
    state = StrengthFit(model, codes).alternate(prior)
    return PlackettLuceFit(
        strengths=state.strengths - state.strengths.sum() / max(n_items, 1),
        stderr=state.deviation,
        annotators=names,
        reliability=None if codes is None else state.factor,
        prior=state.precision,
        log_likelihood=state.point.likelihood,
        connectivity=model.connectivity,
        n_iter=state.n_iter,
        converged=state.converged,
    )
