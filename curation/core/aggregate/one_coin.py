"""One number for each annotator: how often the label is right; wrong ones are evenly spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from curation.core.aggregate.label_em import (
    FIRST_CONCENTRATION,
    MOST_ITERATIONS,
    concentration,
    first_posterior,
    log_evidence,
    pooled_accuracy,
    posterior_of,
    run_em,
)
from curation.core.aggregate.label_votes import Cells
from curation.core.aggregate.newton import Floats, Ints


@dataclass(frozen=True, slots=True)
class OneCoinFit:
    """`posterior` (n_items, n_classes) and the annotators' `accuracy` (n_annotators,)."""

    posterior: Floats
    accuracy: Floats
    log_likelihood: float
    n_iter: int
    converged: bool

    def vote_probability(self, cells: Cells) -> Floats:
        """The probability of each cell's label given its item and annotator, shape (n_cells,)."""
        right = self.posterior[cells.item, cells.label]
        accuracy = self.accuracy[cells.annotator]
        return right * accuracy + (1 - right) * _each_wrong(accuracy, cells)


def fit_one_coin(
    cells: Cells, known: Ints, *, shared: bool = False, max_iter: int = MOST_ITERATIONS
) -> OneCoinFit:
    """Fit accuracies by EM from the majority vote, every class equally likely beforehand.

    An annotator's accuracy is drawn towards the pooled one, the more so the more alike annotators
    are (empirical Bayes), so a few votes never make anybody certain. With `shared` all have the
    pooled accuracy: the most probable labels are then those of the majority vote, and votes have
    the probability that the majority vote can give them.
    """
    model = _OneCoin(cells, known, shared)
    start = first_posterior(cells, known)
    posterior, n_iter, converged = run_em(model.improve, start, max_iter=max_iter)
    return OneCoinFit(posterior, model.accuracy, model.log_likelihood(), n_iter, converged)


class _OneCoin:
    """The model while it is being fitted."""

    def __init__(self, cells: Cells, known: Ints, shared: bool) -> None:
        n_items, n_annotators, n_classes = cells.shape
        self.cells, self.known, self.shared = cells, known, shared
        self.votes = csr_matrix(
            (cells.weight, (cells.annotator, cells.item * n_classes + cells.label)),
            shape=(n_annotators, n_items * n_classes),
        )
        self.telling = cells.telling(known).astype(float)[:, None]
        self.totals = self._votes_for(np.ones((n_items, n_classes)))
        self.concentration = FIRST_CONCENTRATION
        self.accuracy = np.empty(0)
        self.log_weights = np.empty((0, 0))

    def improve(self, posterior: Floats) -> Floats:
        self.accuracy = self._accuracies(self._votes_for(posterior))
        wrong = _each_wrong(self.accuracy, self.cells)
        gain = self.votes.T @ (np.log(self.accuracy) - np.log(wrong))
        self.log_weights = gain.reshape(posterior.shape)
        return posterior_of(self.log_weights, self.known)

    def _votes_for(self, posterior: Floats) -> Floats:
        """How many telling votes of each annotator are right, given how right each label is."""
        return self.votes @ (posterior * self.telling).ravel()

    def _accuracies(self, right: Floats) -> Floats:
        pooled = pooled_accuracy(right, self.totals)
        if self.shared:
            return np.full(len(right), pooled)
        counts = np.stack([right, self.totals - right], axis=1)
        base = np.array([[pooled, 1 - pooled]])
        self.concentration = concentration(counts, base, self.concentration)
        prior = self.concentration
        return (right + prior * pooled) / (self.totals + prior)

    def log_likelihood(self) -> float:
        """That of all votes and known answers."""
        wrong = np.log(_each_wrong(self.accuracy, self.cells))
        if_wrong = self.cells.weight @ wrong[self.cells.annotator]
        prior = len(self.log_weights) * np.log(self.cells.shape[2])
        return log_evidence(self.log_weights, self.known) + float(if_wrong - prior)


def _each_wrong(accuracy: Floats, cells: Cells) -> Floats:
    """The probability of each single wrong label."""
    return (1 - accuracy) / max(cells.shape[2] - 1, 1)
