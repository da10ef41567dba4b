"""Which method to trust: the one that foretells votes it has not seen, or known answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from curation.core.aggregate.dawid_skene import fit_dawid_skene, fits_in_memory
from curation.core.aggregate.label_folds import folds
from curation.core.aggregate.label_votes import UNKNOWN, Cells
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.one_coin import fit_one_coin

FEWEST_ITEMS = 20
"""Held-out votes on fewer items than these are not enough to judge a method by."""


class LabelModel(Protocol):
    """What every fitted model offers."""

    @property
    def posterior(self) -> Floats: ...

    def vote_probability(self, cells: Cells) -> Floats: ...


FITS: Mapping[str, Callable[[Cells, Ints], LabelModel]] = {
    "majority": partial(fit_one_coin, shared=True),
    "one_coin": fit_one_coin,
    "dawid_skene": fit_dawid_skene,
}
"""The simplest first. Majority foretells votes as one coin that all annotators share."""


@dataclass(frozen=True, slots=True)
class LabelCandidate:
    """What speaks for one method.

    `log_likelihood` is the mean over held-out votes and `stderr` the standard error of its
    distance to the majority's, over items. `gold_accuracy` is the share of the known answers that
    the method finds without being told, ties counted by chance. NaN where there is nothing to
    tell them by.
    """

    method: str
    log_likelihood: float
    stderr: float
    gold_accuracy: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The method taken, a sentence that says why, and what spoke for each candidate."""

    method: str
    reason: str
    candidates: tuple[LabelCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Log-likelihoods of the same held-out votes, their items, and right answers to known items."""

    votes: Mapping[str, Floats]
    item: Ints
    right: Mapping[str, Floats]


def choose(cells: Cells, known: Ints, *, seed: int) -> Choice:
    """Take the simplest method that no other one clearly beats.

    Votes speak first: a less simple method is taken where its mean log-likelihood of held-out
    votes is more than one standard error higher. Then known answers: another method is taken
    where it finds clearly more of them. Where too few items are shared the majority vote stands
    unless known answers speak against it.
    """
    if cells.shape[2] < 2:
        return Choice("majority", "auto took the majority vote: there are no two labels.")
    n_shared = int((cells.voters() > 1).sum())
    if n_shared < FEWEST_ITEMS and (known == UNKNOWN).all():
        why = f"{n_shared} items judged by several people tell too little of them"
        return Choice("majority", f"auto took the majority vote: {why}.")
    names = [name for name in FITS if name != "dawid_skene" or fits_in_memory(cells)]
    evidence = _Evidence(*_held_out(cells, known, names, seed), _right(cells, known, names))
    by_votes = _by_votes(evidence)
    method = _by_gold(evidence, by_votes)
    candidates = tuple(_candidate(name, evidence) for name in names)
    n_known = len(evidence.right["majority"])
    return Choice(method, _reason(method, by_votes, candidates, n_known), candidates)


def _held_out(
    cells: Cells, known: Ints, names: Sequence[str], seed: int
) -> tuple[dict[str, Floats], Ints]:
    logs: dict[str, list[Floats]] = {name: [] for name in names}
    items: list[Ints] = []
    for seen, unseen in folds(cells, seed=seed):
        items.append(unseen.item)
        for name in names:
            logs[name].append(np.log(FITS[name](seen, known).vote_probability(unseen)))
    empty = [np.empty(0)]
    found = {name: np.concatenate(parts or empty) for name, parts in logs.items()}
    return found, np.concatenate(items or [np.empty(0, dtype=np.intp)])


def _right(cells: Cells, known: Ints, names: Sequence[str]) -> dict[str, Floats]:
    """How far each method is right on each item with a known answer that somebody judged."""
    rows = np.flatnonzero(known != UNKNOWN)
    if not len(rows):
        return {name: np.empty(0) for name in names}
    nothing = np.full(len(known), UNKNOWN)
    return {name: _credit(FITS[name](cells, nothing), rows, known[rows]) for name in names}


def _credit(fit: LabelModel, rows: Ints, answers: Ints) -> Floats:
    """1 for a right label, 1/m where m labels share the lead and one of them is right."""
    posterior = fit.posterior[rows]
    leads = posterior == posterior.max(axis=1, keepdims=True)
    return leads[np.arange(len(rows)), answers] / leads.sum(axis=1)


def _by_votes(evidence: _Evidence) -> str:
    taken = "majority"
    if len(np.unique(evidence.item)) >= FEWEST_ITEMS:
        for name, logs in evidence.votes.items():
            gains = logs - evidence.votes[taken]
            if gains.mean() > _standard_error(gains, evidence.item):
                taken = name
    return taken


def _by_gold(evidence: _Evidence, taken: str) -> str:
    """Another method where it is right more often by over one item and one standard error."""
    best = max(evidence.right, key=lambda name: float(evidence.right[name].sum()))
    gains = evidence.right[best] - evidence.right[taken]
    return best if gains.sum() > 1 + math.sqrt((gains**2).sum()) else taken


def _standard_error(values: Floats, item: Ints) -> float:
    """That of the mean, where values of one item are not taken to be independent."""
    sums = np.bincount(item, weights=values - values.mean())
    n_items = int((np.bincount(item) > 0).sum())
    if n_items < 2:
        return math.inf
    return float(np.sqrt((sums**2).sum() * n_items / (n_items - 1)) / len(values))


def _candidate(name: str, evidence: _Evidence) -> LabelCandidate:
    logs, right = evidence.votes[name], evidence.right[name]
    gains = logs - evidence.votes["majority"]
    return LabelCandidate(
        method=name,
        log_likelihood=float(logs.mean()) if len(logs) else math.nan,
        stderr=_standard_error(gains, evidence.item) if len(logs) else math.nan,
        gold_accuracy=float(right.mean()) if len(right) else math.nan,
    )


def _reason(method: str, by_votes: str, candidates: Sequence[LabelCandidate], n_known: int) -> str:
    """A sentence with the figures."""
    logs = ", ".join(f"{one.method} {one.log_likelihood:.4f}" for one in candidates)
    found = ", ".join(f"{one.method} {one.gold_accuracy:.1%}" for one in candidates)
    has_votes = not math.isnan(candidates[0].log_likelihood)
    figures = f"held-out votes (mean log-likelihood: {logs})" if has_votes else "votes alone"
    taken = "the majority vote" if method == "majority" else method
    if method != by_votes:
        return (
            f"auto took {taken}: it finds clearly more of {n_known} known answers ({found}) than "
            f"{by_votes}, which {figures} speak for."
        )
    known = f"; {n_known} known answers do not contradict ({found})" if n_known else ""
    return f"auto took {taken}: no other method clearly beats it on {figures}{known}."
