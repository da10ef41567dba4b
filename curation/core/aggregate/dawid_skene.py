"""A confusion matrix for each annotator, held together by what annotators have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from curation.core.aggregate.label_em import (
    FIRST_CONCENTRATION,
    MOST_ITERATIONS,
    RIGHT_BEFOREHAND,
    WRONG_BEFOREHAND,
    concentration,
    first_posterior,
    log_evidence,
    pooled_accuracy,
    posterior_of,
    run_em,
)
from curation.core.aggregate.label_votes import UNKNOWN, Cells
from curation.core.aggregate.newton import Floats, Ints

LARGEST_TABLE = 50_000_000
OWN_PRIOR_VOTES = 8.0
POOLED_SHARE = 0.5
CLASS_SHARE_POWER = 0.5


@dataclass(frozen=True, slots=True)
class DawidSkeneFit:
    """Posterior (n_items, n_classes), confusion matrices and the classes' shares of the items.

    `confusion` (n_annotators, n_classes, n_classes): row the class, column the label given to it.
    """

    posterior: Floats
    confusion: Floats
    shares: Floats
    log_likelihood: float
    n_iter: int
    converged: bool

    def vote_probability(self, cells: Cells) -> Floats:
        """The probability of each cell's label given its item and annotator, shape (n_cells,)."""
        rates = self.confusion[cells.annotator, :, cells.label]
        return (self.posterior[cells.item] * rates).sum(axis=1)

    def accuracy(self) -> Floats:
        """How often each annotator is right on items of these shares, shape (n_annotators,)."""
        return np.diagonal(self.confusion, axis1=1, axis2=2) @ self.shares


def fits_in_memory(cells: Cells) -> bool:
    """Whether all confusion matrices together are small enough to be fitted."""
    _, n_annotators, n_classes = cells.shape
    return n_annotators * n_classes**2 <= LARGEST_TABLE


def fit_dawid_skene(cells: Cells, known: Ints, *, max_iter: int = MOST_ITERATIONS) -> DawidSkeneFit:
    """Fit confusion matrices by EM from the majority vote. Dawid & Skene (1979).

    Each row of a matrix has a Dirichlet prior around the mean of two guesses: the row that all
    annotators' votes together give, and the one of an annotator who errs evenly at a rate of
    their own. The second keeps class k the one that is called k, where unequal classes or hard
    items would let the model find classes of its own; it also makes an annotator with few votes
    little more than a vote of a certain weight. How many votes the prior counts for is
    learnt from how much annotators differ.

    The estimated shares of the classes count with their square root in `posterior`: half-way
    between taking all classes for equally likely, as the majority vote does, and trusting shares
    that annotators' preferences distort. The fit itself uses them whole.

    Raises ValueError where the matrices would have more than `LARGEST_TABLE` entries.
    """
    if not fits_in_memory(cells):
        raise ValueError(
            f"Confusion matrices of {cells.shape[1]} annotators and {cells.shape[2]} classes are "
            f"too many numbers; take one_coin or majority."
        )
    model = _DawidSkene(cells, known)
    start = first_posterior(cells, known)
    _, n_iter, converged = run_em(model.improve, start, max_iter=max_iter)
    return DawidSkeneFit(
        posterior=posterior_of(model.evidence + CLASS_SHARE_POWER * np.log(model.shares), known),
        confusion=np.ascontiguousarray(model.rates.transpose(0, 2, 1)),
        shares=model.shares,
        log_likelihood=log_evidence(model.evidence + np.log(model.shares), known),
        n_iter=n_iter,
        converged=converged,
    )


class _DawidSkene:
    """The model while it is being fitted.

    `rates` (n_annotators, n_classes, n_classes): first the label, then the class.
    """

    def __init__(self, cells: Cells, known: Ints) -> None:
        n_items, n_annotators, n_classes = cells.shape
        self.known = known
        self.telling = cells.telling(known).astype(float)
        self.open = self.telling * (known == UNKNOWN)
        self.votes = csr_matrix(
            (cells.weight, (cells.item, cells.annotator * n_classes + cells.label)),
            shape=(n_items, n_annotators * n_classes),
        )
        self.by_label = self.votes.T.tocsr()
        self.rates = np.empty((n_annotators, n_classes, n_classes))
        self.concentration = FIRST_CONCENTRATION
        self.shares = np.empty(0)
        self.evidence = np.empty((0, 0))

    def improve(self, posterior: Floats) -> Floats:
        learnt_from = posterior * self.telling[:, None]
        counts = (self.by_label @ learnt_from).reshape(self.rates.shape)
        base = _expected_rates(counts)
        self.concentration = concentration(counts, base, self.concentration)
        smoothed = counts + self.concentration * base
        self.rates = smoothed / smoothed.sum(axis=1, keepdims=True)
        self.shares = _class_shares(posterior, self.open)
        self.evidence = self.votes @ np.log(self.rates).reshape(-1, posterior.shape[1])
        return posterior_of(self.evidence + np.log(self.shares), self.known)


def _class_shares(posterior: Floats, weights: Floats) -> Floats:
    """Shares of the items of weight 1, smoothed; items with a known answer were picked by hand."""
    sums = weights @ posterior + 1
    return sums / sums.sum()


def _expected_rates(counts: Floats) -> Floats:
    """What is expected of each annotator before looking at the kinds of errors, as `rates`."""
    n_classes = counts.shape[1]
    supposed = np.full((n_classes, n_classes), WRONG_BEFOREHAND / max(n_classes - 1, 1))
    np.fill_diagonal(supposed, RIGHT_BEFOREHAND)
    pooled = counts.sum(axis=0) + supposed
    pooled /= pooled.sum(axis=0)
    return POOLED_SHARE * pooled + (1 - POOLED_SHARE) * _even_errors(counts)


def _even_errors(counts: Floats) -> Floats:
    """Rates of annotators who err at their own rate, each wrong label as often as another."""
    n_classes = counts.shape[1]
    right = np.diagonal(counts, axis1=1, axis2=2).sum(axis=1)
    totals = counts.sum(axis=(1, 2))
    pooled = pooled_accuracy(right, totals)
    accuracy = (right + OWN_PRIOR_VOTES * pooled) / (totals + OWN_PRIOR_VOTES)
    wrong = (1 - accuracy) / max(n_classes - 1, 1)
    return wrong[:, None, None] + (accuracy - wrong)[:, None, None] * np.eye(n_classes)
