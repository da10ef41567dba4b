"""Strengths of items from comparisons: Bradley–Terry with ties and a prior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.bradley_terry_posterior import Mode, PairPosterior
from curation.core.aggregate.comparison_data import HIGH, LOW, TIE, PairTable, pair_table
from curation.core.aggregate.connectivity import Connectivity
from curation.core.aggregate.crowd_bt import fit_crowd_bt
from curation.core.aggregate.ids import coded, column, weights_of
from curation.core.aggregate.newton import Floats
from curation.core.aggregate.tie_models import Davidson, NoTies, RaoKupper, TieModel

PRIOR = 0.25
LEAST_PRECISION = 1e-3
MAX_ROUNDS = 100
ROUND_TOLERANCE = 1e-4
TIE_MODELS: Mapping[str, TieModel] = {"davidson": Davidson(), "rao_kupper": RaoKupper()}
TIES = (*TIE_MODELS, "half")


@dataclass(frozen=True)
class BradleyTerryFit:
    """Strengths of items and how sure they are.

    `items` (n_items,) are the distinct ids, sorted. `strengths` (n_items,) are log-strengths with
    mean zero in each component of the comparison graph, `stderr` (n_items,) their posterior
    standard deviations around that mean: exact in components of up to 2,000 items, beyond that
    by belief propagation, close where items that are compared share few others. `annotators` are
    the distinct ids, sorted, and `reliability` (n_annotators,) is how likely each is to agree
    with the truth where it is plain, 0.5 for one who guesses; both are None where annotators were
    not given. `ties` is the model of ties and `tie` its parameter: Davidson's ν (0 without ties),
    Rao and Kupper's θ (1 without ties), None where ties count half. `prior` is the precision of
    the strengths that was used, `log_likelihood` the sum over comparisons without the prior,
    `connectivity` what the comparisons alone can tell. `table` holds the counted comparisons.
    """

    items: NDArray[Any]
    strengths: Floats
    stderr: Floats
    annotators: NDArray[Any] | None
    reliability: Floats | None
    ties: str
    tie: float | None
    prior: float
    log_likelihood: float
    connectivity: Connectivity
    n_iter: int
    converged: bool
    table: PairTable = field(repr=False)
    tie_parameter: float = field(repr=False)
    estimated_prior: bool = field(repr=False)

    def probabilities(self, left: ArrayLike, right: ArrayLike) -> Floats:
        """How likely left is preferred, a tie, and right, shape (3, n).

        Raises ValueError for items that are not in the fit.
        """
        gaps = self.strengths[self._places(left)] - self.strengths[self._places(right)]
        model = model_of(self.ties, self.table)
        return np.exp(model.log_probabilities(gaps, self.tie_parameter))

    def update(
        self,
        left: ArrayLike,
        right: ArrayLike,
        outcome: ArrayLike,
        *,
        weights: ArrayLike | None = None,
    ) -> BradleyTerryFit:
        """Add comparisons, of new items too, and fit again from here.

        The same as a fit to all comparisons, but for the tolerance. Raises ValueError for a fit
        with annotators: what a vote counts for depends on all other votes there.
        """
        if self.annotators is not None:
            raise ValueError(
                "A fit with annotators is not updated by a part of the votes; "
                "fit all of them with start=fit."
            )
        added = pair_table(left, right, outcome, weights)
        prior = None if self.estimated_prior else self.prior
        return fit_table(self.table.merged(added), ties=self.ties, prior=prior, start=self)

    def _places(self, ids: ArrayLike) -> NDArray[np.intp]:
        place = {item: index for index, item in enumerate(self.items.tolist())}
        try:
            return np.array([place[one] for one in np.asarray(ids).tolist()], dtype=np.intp)
        except KeyError as missing:
            raise ValueError(f"There is no item {missing} in this fit.") from None


def fit_bradley_terry(
    left: ArrayLike,
    right: ArrayLike,
    outcome: ArrayLike,
    *,
    annotators: ArrayLike | None = None,
    ties: str = "davidson",
    weights: ArrayLike | None = None,
    prior: float | None = PRIOR,
    start: BradleyTerryFit | None = None,
) -> BradleyTerryFit:
    """Fit strengths to comparisons: 1 is a preference for left, 0 for right, 0.5 a tie.

    Any other outcome between 0 and 1 is a soft label. `ties` names the model of ties: "davidson"
    (1970) or "rao_kupper" (1967), whose parameter is fitted along, or "half" for half a
    preference each way. `weights` (n_rows,) count a comparison more than once or in part. `prior`
    is the precision of a normal prior on the strengths, which keeps undefeated items and
    unconnected components finite; None estimates it from the data (MacKay 1992), with one
    pseudo-item of strength 1. `start` is an earlier fit to begin from; the result is the same.

    Given `annotators` (n_rows,), their reliability is found by `fit_crowd_bt` and a vote counts
    as much as its annotator's votes follow the strengths: wholly for one who never guesses, not
    at all for one who always does. Outcomes are then 0, 0.5 and 1.

    The gaps of two strengths enter the likelihood as in Bradley and Terry (1952); the mode is
    found by a sparse Newton method. Raises ValueError for columns of unequal length, missing ids,
    items compared with themselves, outcomes or weights that are none, and an unknown `ties`.
    """
    if ties not in TIES:
        raise ValueError(f"There are no ties {ties!r}; there are {', '.join(TIES)}.")
    if prior is not None and not prior > 0:
        raise ValueError("The precision of the prior is positive, or None to estimate it.")
    if annotators is None:
        table = pair_table(left, right, outcome, weights)
        return fit_table(table, ties=ties, prior=prior, start=start)
    crowd = fit_crowd_bt(left, right, outcome, annotators)
    weigh = attention(crowd.annotators, crowd.reliability, annotators)
    table = pair_table(left, right, outcome, weights_of(weights, len(weigh)) * weigh)
    fit = fit_table(table, ties=ties, prior=prior, start=start)
    return replace(fit, annotators=crowd.annotators, reliability=crowd.reliability)


def attention(names: NDArray[Any], reliability: Floats, annotators: ArrayLike) -> Floats:
    """How much each vote counts by its annotator: 1 for a reliability of 1, 0 up to one half.

    `names` (n_annotators,) are the distinct ids, sorted, as the reliabilities go. Raises
    ValueError for votes by others.
    """
    distinct, who = coded(column(annotators, "annotator"))
    if distinct.tolist() != names.tolist():
        raise ValueError("These annotators are not those of the fit.")
    return np.maximum(2 * reliability - 1, 0)[who]


def fit_table(
    table: PairTable, *, ties: str, prior: float | None, start: BradleyTerryFit | None = None
) -> BradleyTerryFit:
    """Fit strengths to counted comparisons, as `fit_bradley_terry` does."""
    model = model_of(ties, table)
    posterior = PairPosterior(halved(table) if ties == "half" else table, model)
    strengths, tie = _start(posterior, table, start)
    precision = prior or (1.0 if start is None else start.prior)
    mode = posterior.mode(strengths, tie, precision)
    if prior is None:
        mode, precision = _estimated(posterior, mode, precision)
    spread = posterior.spread(mode.place, precision)
    return BradleyTerryFit(
        items=table.items,
        strengths=mode.place.strengths,
        stderr=np.sqrt(spread.variance),
        annotators=None,
        reliability=None,
        ties=ties,
        tie=None if ties == "half" else model.shown(mode.place.tie),
        prior=precision,
        log_likelihood=mode.place.likelihood,
        connectivity=posterior.connectivity,
        n_iter=mode.n_iter,
        converged=mode.converged,
        table=table,
        tie_parameter=mode.place.tie,
        estimated_prior=prior is None,
    )


def model_of(ties: str, table: PairTable) -> TieModel:
    """The model of ties by its name; none where nobody tied or ties count half."""
    if ties == "half":
        return NoTies()
    model = TIE_MODELS[ties]
    return model if table.counts[:, TIE].any() else NoTies(model.without)


def halved(table: PairTable) -> PairTable:
    """Ties as half a preference each way."""
    counts = table.counts.copy()
    counts[:, [LOW, HIGH]] += counts[:, [TIE]] / 2
    counts[:, TIE] = 0
    return replace(table, counts=counts)


def _start(
    posterior: PairPosterior, table: PairTable, start: BradleyTerryFit | None
) -> tuple[Floats, float]:
    """Strengths with mean zero in each component, and the tie parameter."""
    tie = posterior.ties.start or 0.0
    strengths = np.zeros(len(table.items))
    if start is None:
        return strengths, tie
    distinct, codes = coded(np.concatenate([start.items, table.items]))
    known = np.zeros(len(distinct))
    known[codes[: len(start.items)]] = start.strengths
    strengths = known[codes[len(start.items) :]]
    if posterior.has_tie and start.ties != "half" and start.table.counts[:, TIE].any():
        tie = start.tie_parameter
    return posterior.centred(strengths), tie


def _estimated(posterior: PairPosterior, mode: Mode, precision: float) -> tuple[Mode, float]:
    """Take MacKay's fixed-point steps for the prior's precision until it rests."""
    n_iter = mode.n_iter
    for _ in range(MAX_ROUNDS):
        spread = posterior.spread(mode.place, precision)
        squares = float(mode.place.strengths @ mode.place.strengths)
        better = max((spread.n_determined + 1) / (squares + 1), LEAST_PRECISION)
        moved, precision = abs(np.log(better / precision)), better
        mode = posterior.mode(mode.place.strengths, mode.place.tie, precision)
        n_iter += mode.n_iter
        if moved <= ROUND_TOLERANCE:
            return replace(mode, n_iter=n_iter), precision
    return replace(mode, n_iter=n_iter, converged=False), precision
