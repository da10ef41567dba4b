"""One label per item from several annotators' labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.dawid_skene import fit_dawid_skene
from curation.core.aggregate.label_choice import Choice, LabelCandidate, choose
from curation.core.aggregate.label_em import told
from curation.core.aggregate.label_votes import UNKNOWN, Votes, votes_from
from curation.core.aggregate.majority import TIE_RULES, agreement, winners
from curation.core.aggregate.newton import Floats
from curation.core.aggregate.one_coin import fit_one_coin

METHODS = ("auto", "majority", "one_coin", "dawid_skene")

_ASKED = {
    "majority": "The majority vote was asked for.",
    "one_coin": "The one-coin model was asked for.",
    "dawid_skene": "The Dawid-Skene model was asked for.",
}


@dataclass(frozen=True, slots=True)
class LabelAggregation:
    """One label per item, and how sure it is.

    `items` (n_items,) and `annotators` (n_annotators,) are the distinct ids, sorted; `classes`
    (n_classes,) the labels that the columns of `posterior` stand for. `labels` (n_items,) is the
    label of each item, `posterior` (n_items, n_classes) has rows that sum to 1 (for the majority
    vote: shares of votes), and a tie shows as equal largest entries. `reliability`
    (n_annotators,) is in 0...1: for the majority vote the mean agreement with the majority of the
    others, for the models the estimated rate of right labels; NaN for an annotator who shares no
    item with anyone (and, for the models, judged none whose answer is known). `method` is the one
    used, `reason` a sentence saying why, `candidates` what spoke for each method that auto weighed.

    `confusion` (n_annotators, n_classes, n_classes) has a row for each class and a column for
    each label given to it; None unless Dawid & Skene's model was fitted. `log_likelihood` is that
    of all votes under the fitted model, NaN for the majority vote.
    """

    items: NDArray[Any]
    labels: NDArray[Any]
    posterior: Floats
    reliability: Floats
    method: str
    reason: str
    n_iter: int
    converged: bool
    annotators: NDArray[Any]
    classes: NDArray[Any]
    candidates: tuple[LabelCandidate, ...] = ()
    confusion: Floats | None = None
    log_likelihood: float = float("nan")


@dataclass(frozen=True, slots=True)
class _Estimate:
    """What a method makes of the votes."""

    posterior: Floats
    winners: NDArray[np.intp]
    reliability: Floats
    n_iter: int = 0
    converged: bool = True
    confusion: Floats | None = None
    log_likelihood: float = float("nan")


def aggregate_labels(
    items: ArrayLike,
    annotators: ArrayLike,
    labels: ArrayLike,
    *,
    method: str = "auto",
    n_classes: int | None = None,
    gold: Mapping[Any, Any] | None = None,
    tie_rule: str = "lowest",
    seed: int = 0,
) -> LabelAggregation:
    """Aggregate votes given as three arrays of equal length, of any integers or strings.

    Methods: "majority"; "one_coin", which learns how often each annotator is right; "dawid_skene",
    which learns what each annotator calls each class; "auto", which takes the simplest of them
    that no other clearly beats at foretelling votes held out from it (folds drawn by `seed`) or,
    where there is gold, at finding it.

    The same annotator may appear twice on an item. For the majority each time is a vote; the models
    let all of an annotator's votes on an item count for one. Where several labels lead, the lowest
    of them (in sorted order) is taken; with `tie_rule` "reliable" the majority takes the one of
    the more reliable voters.

    Given `n_classes`, integer labels 0...n_classes-1 get a column each, seen or not; otherwise
    there have to be exactly `n_classes` distinct labels. `gold` maps items to known answers. They
    are the labels of these items, and the models learn about annotators from them; items without
    votes are passed over.

    Raises ValueError for an unknown method or tie rule, arrays of unequal length or other than one
    dimension, a missing label (None or NaN), labels that do not fit `n_classes`, a known answer
    that is no class, and more confusion matrices than fit in memory.
    """
    _require("method", method, METHODS)
    _require("tie rule", tie_rule, TIE_RULES)
    votes = votes_from(items, annotators, labels, n_classes=n_classes, gold=gold)
    choice = choose(votes.cells, votes.known, seed=seed) if method == "auto" else _asked(method)
    estimate = _estimate(choice.method, votes, tie_rule)
    return LabelAggregation(
        items=votes.items,
        labels=votes.classes[estimate.winners],
        posterior=estimate.posterior,
        reliability=estimate.reliability,
        method=choice.method,
        reason=choice.reason,
        n_iter=estimate.n_iter,
        converged=estimate.converged,
        annotators=votes.annotators,
        classes=votes.classes,
        candidates=choice.candidates,
        confusion=estimate.confusion,
        log_likelihood=estimate.log_likelihood,
    )


def _require(what: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise ValueError(f"There is no {what} {given!r}; there are {', '.join(allowed)}.")


def _asked(method: str) -> Choice:
    return Choice(method, _ASKED[method])


def _estimate(method: str, votes: Votes, tie_rule: str) -> _Estimate:
    if method == "majority" or not len(votes.items):
        return _majority(votes, tie_rule)
    return _one_coin(votes) if method == "one_coin" else _dawid_skene(votes)


def _majority(votes: Votes, tie_rule: str) -> _Estimate:
    tally = votes.cells.tally(votes.cells.count)
    reliability = agreement(votes.cells)
    taken = winners(votes.cells, tally, reliability, tie_rule=tie_rule)
    posterior = told(tally / tally.sum(axis=1, keepdims=True), votes.known)
    return _Estimate(posterior, np.where(votes.known == UNKNOWN, taken, votes.known), reliability)


def _one_coin(votes: Votes) -> _Estimate:
    fit = fit_one_coin(votes.cells, votes.known)
    return _Estimate(
        posterior=fit.posterior,
        winners=fit.posterior.argmax(axis=1),
        reliability=_where_known(fit.accuracy, votes),
        n_iter=fit.n_iter,
        converged=fit.converged,
        log_likelihood=fit.log_likelihood,
    )


def _dawid_skene(votes: Votes) -> _Estimate:
    fit = fit_dawid_skene(votes.cells, votes.known)
    return _Estimate(
        posterior=fit.posterior,
        winners=fit.posterior.argmax(axis=1),
        reliability=_where_known(fit.accuracy(), votes),
        n_iter=fit.n_iter,
        converged=fit.converged,
        confusion=fit.confusion,
        log_likelihood=fit.log_likelihood,
    )


def _where_known(accuracy: Floats, votes: Votes) -> Floats:
    """NaN for annotators of whom nothing can be known, since nobody judged what they did."""
    telling = votes.cells.telling(votes.known)[votes.cells.item]
    n_telling = np.bincount(votes.cells.annotator, telling, minlength=len(accuracy))
    return np.where(n_telling > 0, accuracy, np.nan)
