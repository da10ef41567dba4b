"""The ways to aggregate comparisons, each as a model that can also foretell a vote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from curation.core.aggregate.bradley_terry import BradleyTerryFit, fit_table
from curation.core.aggregate.comparison_data import HIGH, LOW, TIE, PairTable, PairVotes
from curation.core.aggregate.crowd_fit import Fitted, fixed_point, vote_probability
from curation.core.aggregate.crowd_sweep import GOLD_VOTES
from curation.core.aggregate.dawid_skene import DawidSkeneFit, fit_dawid_skene
from curation.core.aggregate.graph_normal import summed
from curation.core.aggregate.label_votes import UNKNOWN, Cells
from curation.core.aggregate.majority import agreement
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.one_coin import OneCoinFit, fit_one_coin


class ComparisonModel(Protocol):
    """What every fitted model offers.

    `preferences` (3, n_pairs) are how likely the low item is better, neither is, the high item
    is. `reliability` (n_annotators,) is NaN where nothing is known of somebody.
    """

    @property
    def preferences(self) -> Floats: ...

    @property
    def reliability(self) -> Floats: ...

    @property
    def n_iter(self) -> int: ...

    @property
    def converged(self) -> bool: ...

    def vote_probability(self, votes: PairVotes) -> Floats:
        """The probability of votes on pairs, and by annotators, of the fit, shape (n_votes,)."""
        ...


Fit = Callable[[PairVotes, Ints], ComparisonModel]
"""Fits a model to votes, given the known choice on each pair, `UNKNOWN` for none."""


@dataclass(frozen=True)
class _Labelled:
    """A model of labels: pairs are its items, choices its classes, the middle one left out where
    there are no ties. `mirrored` has each pair once more the other way round, so that a model
    with a rate for each class cannot tell low from high.
    """

    preferences: Floats
    reliability: Floats
    n_iter: int
    converged: bool
    foretell: Callable[[Cells], Floats]
    n_classes: int

    def vote_probability(self, votes: PairVotes) -> Floats:
        """The probability of votes on pairs, and by annotators, of the fit, shape (n_votes,)."""
        n = len(votes)
        asked = Cells(
            item=votes.pair,
            annotator=votes.annotator,
            label=_class(votes.choice, self.n_classes),
            count=np.ones(n),
            group=np.arange(n),
            weight=np.ones(n),
            shape=(votes.n_pairs, len(votes.annotators), self.n_classes),
        )
        unheard = (votes.choice == TIE) & (self.n_classes == 2)
        return np.where(unheard, 0.0, self.foretell(asked))


def _majority(votes: PairVotes, known: Ints) -> ComparisonModel:
    """Shares of votes. It foretells votes as one coin that all annotators share."""
    cells, answers = _plain(votes, known)
    coin = fit_one_coin(cells, answers, shared=True)
    tally = cells.tally(cells.weight)
    total = tally.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, tally / np.maximum(total, 1), 1 / tally.shape[1])
    return _labelled(coin, cells, shares, agreement(cells), n_iter=0)


def _one_coin(votes: PairVotes, known: Ints) -> ComparisonModel:
    cells, answers = _plain(votes, known)
    coin = fit_one_coin(cells, answers)
    return _labelled(coin, cells, coin.posterior, _where_told(coin.accuracy, votes, known))


def _dawid_skene(votes: PairVotes, known: Ints) -> ComparisonModel:
    cells, answers = _plain(votes, known)
    last = cells.shape[2] - 1
    twice = replace(
        cells,
        item=np.concatenate([cells.item, cells.item + votes.n_pairs]),
        annotator=np.tile(cells.annotator, 2),
        label=np.concatenate([cells.label, last - cells.label]),
        count=np.tile(cells.count, 2),
        group=np.concatenate([cells.group, cells.group + cells.group.max(initial=-1) + 1]),
        weight=np.tile(cells.weight, 2),
        shape=(2 * votes.n_pairs, *cells.shape[1:]),
    )
    mirrored = np.where(answers == UNKNOWN, UNKNOWN, last - answers)
    fit = fit_dawid_skene(twice, np.concatenate([answers, mirrored]))
    posterior = (fit.posterior[: votes.n_pairs] + fit.posterior[votes.n_pairs :, ::-1]) / 2
    return _labelled(fit, cells, posterior, _where_told(fit.accuracy(), votes, known))


def _labelled(
    fit: OneCoinFit | DawidSkeneFit,
    cells: Cells,
    posterior: Floats,
    reliability: Floats,
    n_iter: int | None = None,
) -> _Labelled:
    preferences = np.zeros((3, len(posterior)))
    preferences[[LOW, HIGH]] = posterior.T[[0, -1]]
    if posterior.shape[1] == 3:
        preferences[TIE] = posterior[:, TIE]
    return _Labelled(
        preferences=preferences,
        reliability=reliability,
        n_iter=fit.n_iter if n_iter is None else n_iter,
        converged=fit.converged,
        foretell=fit.vote_probability,
        n_classes=cells.shape[2],
    )


def _plain(votes: PairVotes, known: Ints) -> tuple[Cells, Ints]:
    """Votes as cells, and the known classes."""
    n_classes = 3 if (votes.choice == TIE).any() or (known == TIE).any() else 2
    return _cells(votes, n_classes), np.where(known == UNKNOWN, UNKNOWN, _class(known, n_classes))


def _class(choice: Ints, n_classes: int) -> Ints:
    return choice if n_classes == 3 else choice // 2


def _cells(votes: PairVotes, n_classes: int) -> Cells:
    """One cell for each vote; what one annotator says of one pair shares a weight."""
    label = _class(votes.choice, n_classes)
    order = np.lexsort((label, votes.annotator, votes.pair))
    pair, annotator = votes.pair[order], votes.annotator[order]
    new = (np.diff(pair, prepend=-1) != 0) | (np.diff(annotator, prepend=-1) != 0)
    voice = np.cumsum(new) - 1
    return Cells(
        item=pair,
        annotator=annotator,
        label=label[order],
        count=np.ones(len(order)),
        group=voice,
        weight=1 / np.bincount(voice)[voice] if len(order) else np.ones(0),
        shape=(votes.n_pairs, len(votes.annotators), n_classes),
    )


def _where_told(accuracy: Floats, votes: PairVotes, known: Ints) -> Floats:
    """NaN for annotators of whom nothing can be known, since nobody judged what they did."""
    voters = np.bincount(_firsts(votes), minlength=votes.n_pairs)
    telling = (voters > 1) | (known != UNKNOWN)
    told = summed(votes.annotator, telling[votes.pair].astype(float), len(accuracy))
    return np.where(told > 0, accuracy, np.nan)


def _firsts(votes: PairVotes) -> Ints:
    """The pair of each distinct combination of pair and annotator."""
    n = max(len(votes.annotators), 1)
    return np.unique(votes.pair * n + votes.annotator) // n


@dataclass(frozen=True)
class _Strengths:
    """Bradley–Terry with Davidson's ties; `low` and `high` are the items of each pair."""

    fit: BradleyTerryFit
    preferences: Floats
    reliability: Floats

    @property
    def n_iter(self) -> int:
        return self.fit.n_iter

    @property
    def converged(self) -> bool:
        return self.fit.converged

    def vote_probability(self, votes: PairVotes) -> Floats:
        """The probability of votes on pairs of the fit, whoever makes them, shape (n_votes,)."""
        return self.preferences[votes.choice, votes.pair]


def _bradley_terry(votes: PairVotes, known: Ints) -> ComparisonModel:
    counts = votes.counts()
    told = np.flatnonzero(known != UNKNOWN)
    counts[told, known[told]] += GOLD_VOTES
    places = np.arange(len(votes.items))
    fit = fit_table(PairTable(places, votes.low, votes.high, counts), ties="davidson", prior=None)
    gaps = fit.strengths[votes.low] - fit.strengths[votes.high]
    decided = votes.choice != TIE
    agreed = (1 + np.sign(gaps[votes.pair]) * np.where(votes.choice == LOW, 1, -1)) / 2
    n = summed(votes.annotator, decided.astype(float), len(votes.annotators))
    total = summed(votes.annotator, agreed * decided, len(votes.annotators))
    reliability = np.where(n > 0, total / np.maximum(n, 1), np.nan)
    return _Strengths(fit, fit.probabilities(votes.low, votes.high), reliability)


@dataclass(frozen=True)
class _Crowd:
    fitted: Fitted

    @property
    def preferences(self) -> Floats:
        return self.fitted.preferences

    @property
    def reliability(self) -> Floats:
        return (1 + self.fitted.crowd.reliability) / 2

    @property
    def n_iter(self) -> int:
        return self.fitted.n_iter

    @property
    def converged(self) -> bool:
        return self.fitted.converged

    def vote_probability(self, votes: PairVotes) -> Floats:
        """The probability of votes on pairs, and by annotators, of the fit, shape (n_votes,)."""
        return vote_probability(self.fitted, votes)


def _crowd_bt(votes: PairVotes, known: Ints) -> ComparisonModel:
    return _Crowd(fixed_point(votes, known))


FITS: Mapping[str, Fit] = {
    "majority": _majority,
    "one_coin": _one_coin,
    "dawid_skene": _dawid_skene,
    "bradley_terry": _bradley_terry,
    "crowd_bt": _crowd_bt,
}
"""The simplest first."""
