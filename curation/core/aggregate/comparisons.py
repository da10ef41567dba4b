"""One answer for each compared pair, by the model that foretells votes best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.candidates import Candidate, compare, preferred, reason_for
from curation.core.aggregate.comparison_data import (
    HIGH,
    LOW,
    TIE,
    PairVotes,
    known_choices,
    pair_votes,
)
from curation.core.aggregate.comparison_folds import folds
from curation.core.aggregate.comparison_models import FITS, ComparisonModel
from curation.core.aggregate.label_votes import UNKNOWN
from curation.core.aggregate.newton import Floats, Ints

COMPARISON_METHODS = ("auto", *FITS)
PLAIN = "majority"
LABELS = np.array(["left", "tie", "right"])
LEAST_PROBABILITY = 1e-3
LEVEL = 1e-9


@dataclass(frozen=True)
class ComparisonAggregation:
    """One row for each distinct pair.

    `left` and `right` (n_pairs,) are the ids of its items in sorted order, `group` its group
    (None without groups). `p_left`, `p_tie` and `p_right` sum to 1: how likely left is better,
    neither is, right is; a known answer is certain. `label` is the likeliest of "left", "tie" and
    "right"; where left and right are equally likely and tie is not likelier, "tie". `votes_left`,
    `votes_tie` and `votes_right` count voices: what one annotator repeats counts once.

    `annotators` (n_annotators,) are the distinct ids, sorted; `reliability` is in 0...1: how
    often each agrees with what was found, NaN where that cannot be known (see `fit_crowd_bt` for
    "crowd_bt", `aggregate_labels` for the models of labels). `method` is the one used, `reason`
    a sentence saying why, `candidates` what auto compared, best first.
    """

    left: NDArray[Any]
    right: NDArray[Any]
    group: NDArray[Any] | None
    p_left: Floats
    p_tie: Floats
    p_right: Floats
    label: NDArray[Any]
    votes_left: Ints
    votes_tie: Ints
    votes_right: Ints
    annotators: NDArray[Any]
    reliability: Floats
    method: str
    reason: str
    candidates: tuple[Candidate, ...]
    n_iter: int
    converged: bool

    @property
    def soft_label(self) -> Floats:
        """How likely left is better, ties counted half, shape (n_pairs,)."""
        return self.p_left + self.p_tie / 2


def aggregate_comparisons(
    left: ArrayLike,
    right: ArrayLike,
    outcome: ArrayLike,
    annotators: ArrayLike,
    *,
    method: str = "auto",
    groups: ArrayLike | None = None,
    shown_left: ArrayLike | None = None,
    gold: ArrayLike | None = None,
    seed: int = 0,
) -> ComparisonAggregation:
    """Aggregate votes: 1 is a preference for left, 0 for right, 0.5 a tie; ids are of any kind.

    `groups`, `shown_left` and `gold` (n_rows,) are as in `fit_crowd_bt`. `method` is one of
    `COMPARISON_METHODS`; "auto" takes the method that gives held-out votes the highest
    likelihood, the majority vote where that tells no difference, and another one that finds
    clearly more of the known answers. `seed` deals the votes into folds. Which item of a pair is
    called left does not matter.

    Raises ValueError for an unknown method, columns of unequal length, missing ids, items
    compared with themselves, other outcomes, and contradictory known outcomes.
    """
    if method not in COMPARISON_METHODS:
        known_names = ", ".join(COMPARISON_METHODS)
        raise ValueError(f"There is no method {method!r}; there are {known_names}.")
    votes = pair_votes(left, right, outcome, annotators, groups=groups, shown_left=shown_left)
    known = known_choices(votes, gold)
    choice = _Choice(method, f"{method} was asked for.")
    if method == "auto":
        choice = _chosen(votes, known, seed)
    return _aggregation(votes, known, FITS[choice.method](votes, known), choice)


@dataclass(frozen=True)
class _Choice:
    method: str
    reason: str
    candidates: tuple[Candidate, ...] = ()


def _chosen(votes: PairVotes, known: Ints, seed: int) -> _Choice:
    scores, pair = _held_out(votes, known, seed)
    if len(pair):
        candidates = compare(scores, pair)
        method = preferred(candidates, PLAIN)
        reason = reason_for(candidates, method, "votes")
    else:
        candidates, method = (), PLAIN
        reason = "auto took majority: there are too few votes to hold any of them out."
    return _by_gold(votes, known, _Choice(method, reason, candidates))


def _held_out(votes: PairVotes, known: Ints, seed: int) -> tuple[Mapping[str, Floats], Ints]:
    """Log-likelihoods of held-out votes by each method, and the pairs of these votes."""
    logs: dict[str, list[Floats]] = {name: [np.zeros(0)] for name in FITS}
    pairs: list[Ints] = [np.zeros(0, dtype=np.intp)]
    for held_out in folds(votes, seed=seed):
        seen, unseen = votes.where(~held_out), votes.where(held_out)
        pairs.append(unseen.pair)
        for name, fit in FITS.items():
            likely = fit(seen, known).vote_probability(unseen)
            logs[name].append(np.log(np.maximum(likely, LEAST_PROBABILITY)))
    return {name: np.concatenate(parts) for name, parts in logs.items()}, np.concatenate(pairs)


def _by_gold(votes: PairVotes, known: Ints, choice: _Choice) -> _Choice:
    """Another method where it is right on more known answers, by one and a standard error."""
    rows = np.flatnonzero(known != UNKNOWN)
    if not len(rows):
        return choice
    untold = np.full_like(known, UNKNOWN)
    right = {name: _credit(fit(votes, untold), rows, known[rows]) for name, fit in FITS.items()}
    best = max(right, key=lambda name: float(right[name].sum()))
    gains = right[best] - right[choice.method]
    found = ", ".join(f"{name} {credit.mean():.1%}" for name, credit in right.items())
    if gains.sum() <= 1 + math.sqrt(float(gains @ gains)):
        told = f"{choice.reason} {len(rows)} known answers do not speak against it ({found})."
        return _Choice(choice.method, told, choice.candidates)
    reason = f"auto took {best}: it finds most of {len(rows)} known answers ({found})."
    return _Choice(best, reason, choice.candidates)


def _credit(model: ComparisonModel, rows: Ints, answers: Ints) -> Floats:
    """1 for a right label, 1/m where m of them share the lead and one is right."""
    chances = model.preferences[:, rows]
    leads = chances >= chances.max(axis=0) - LEVEL
    return np.asarray(leads[answers, np.arange(len(rows))] / leads.sum(axis=0), dtype=float)


def _aggregation(
    votes: PairVotes, known: Ints, model: ComparisonModel, choice: _Choice
) -> ComparisonAggregation:
    chances = model.preferences.copy()
    told = np.flatnonzero(known != UNKNOWN)
    chances[:, told] = 0
    chances[known[told], told] = 1
    counts = votes.counts().astype(np.intp)
    return ComparisonAggregation(
        left=votes.items[votes.low],
        right=votes.items[votes.high],
        group=None if votes.groups is None else votes.groups[votes.group_of_item[votes.low]],
        p_left=chances[LOW],
        p_tie=chances[TIE],
        p_right=chances[HIGH],
        label=LABELS[_likeliest(chances)],
        votes_left=counts[:, LOW],
        votes_tie=counts[:, TIE],
        votes_right=counts[:, HIGH],
        annotators=votes.annotators,
        reliability=model.reliability,
        method=choice.method,
        reason=choice.reason,
        candidates=choice.candidates,
        n_iter=model.n_iter,
        converged=model.converged,
    )


def _likeliest(chances: Floats) -> Ints:
    """The likeliest choice; neither of two that are equally likely, which no name may decide."""
    low, tie, high = chances
    level = np.abs(low - high) <= LEVEL
    best = np.where(low > high, LOW, HIGH)
    return np.where(level | (tie > np.maximum(low, high) + LEVEL), TIE, best)
