"""One order of each group's responses from several annotators' rankings."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate import rank_held_out
from curation.core.aggregate.borda import borda_scores
from curation.core.aggregate.candidates import Candidate, compare, preferred, reason_for
from curation.core.aggregate.kemeny import LARGEST_EXACT, best_positions, kemeny_ranking
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.rank_groups import RankedGroups, Tier
from curation.core.aggregate.rank_posterior import RankModel, RankPoint
from curation.core.aggregate.strength_fit import StrengthFit, StrengthState

RANKING_METHODS = ("auto", "mean_rank", "plackett_luce", "kemeny")
LARGEST_COMPARED = 8
SAME_STRENGTH = 1e-5
NOT_RANKED = 0.5


@dataclass(frozen=True)
class RankingAggregation:
    """One order of every group's responses, and how sure it is.

    `groups` (n_groups,) are the distinct ids, sorted. For each of them `tiers` holds the keys of
    its responses, best first, equal ones in one tier; `keys` the same keys sorted, `scores` a
    score for each of these, higher for better, and `stderr` its standard error. Scores are mean
    shares of others below (mean_rank), log-strengths with mean zero (plackett_luce), or minus the
    mean place in the best orders (kemeny, whose standard errors are NaN).

    `annotators` (n_annotators,) are the distinct ids, sorted; `reliability` (n_annotators,) is the
    share of the pairs an annotator ordered that the group's other rankings order alike, a level
    pair counting half: about 0.5 for one who ranks at random, NaN for one who ranked nothing that
    others did. `weight` (n_annotators,) is the factor that Plackett–Luce put on an annotator's
    choices, 1 for the other methods. Both are empty where annotators were not given.

    `method` is the one used, `reason` a sentence saying why, `candidates` what auto compared, best
    first. `proven` (n_groups,) is false where Kemeny's order is the best that a search found.
    """

    groups: NDArray[Any]
    tiers: tuple[tuple[Tier, ...], ...]
    keys: tuple[Tier, ...]
    scores: tuple[Floats, ...]
    stderr: tuple[Floats, ...]
    annotators: NDArray[Any]
    reliability: Floats
    weight: Floats
    method: str
    reason: str
    candidates: tuple[Candidate, ...]
    proven: NDArray[np.bool_]
    n_iter: int
    converged: bool


def aggregate_rankings(
    groups: ArrayLike,
    annotators: ArrayLike | None,
    rankings: Sequence[Sequence[Sequence[Hashable]]],
    *,
    method: str = "auto",
    seed: int = 0,
) -> RankingAggregation:
    """Aggregate rankings of many groups of responses, learning about annotators from all of them.

    Row k says that annotator `annotators[k]` ranked responses of group `groups[k]` as
    `rankings[k]`: tiers of keys, best first, ties in one tier. A ranking may leave responses out.
    `annotators` is None where nobody knows who ranked.

    "mean_rank" orders by the mean share of others below (Borda); "plackett_luce" fits strengths
    and each annotator's reliability, with a prior whose width is estimated; "kemeny" contradicts
    the fewest ordered pairs. "auto" takes the method whose scores, from a group's other rankings
    alone, best foretell the pairs that each ranking orders, and mean_rank unless another is
    clearly better; Kemeny is among them where no group has more than `LARGEST_COMPARED`
    responses. `seed` is for Kemeny's search in large groups.

    Raises ValueError for an unknown method and for rows that are none (see `RankedGroups.read`).
    """
    if method not in RANKING_METHODS:
        raise ValueError(f"There is no method {method!r}; there are {', '.join(RANKING_METHODS)}.")
    work = _Work(RankedGroups.read(groups, annotators, rankings), seed)
    if method != "auto":
        return work.result(method, f"The method {method} was asked for.", ())
    candidates = work.compared()
    if not candidates:
        return work.result("mean_rank", "auto took mean_rank: no two rankings share a group.", ())
    taken = preferred(candidates, "mean_rank")
    return work.result(taken, reason_for(candidates, taken, "pairs"), candidates)


@dataclass(frozen=True)
class _Scored:
    """Scores of all items, and how one came by them."""

    scores: Floats
    stderr: Floats
    weight: Floats
    proven: NDArray[np.bool_]
    n_iter: int = 0
    converged: bool = True


class _Work:
    """Everything that is computed once for groups of rankings, when it is asked for."""

    def __init__(self, groups: RankedGroups, seed: int) -> None:
        self.groups, self.seed = groups, seed

    def result(
        self, method: str, reason: str, candidates: tuple[Candidate, ...]
    ) -> RankingAggregation:
        groups = self.groups
        found = self._scored(method)
        known = np.nan_to_num(found.scores, nan=NOT_RANKED)
        named = slice(None) if groups.named else slice(0)
        return RankingAggregation(
            groups=groups.ids,
            tiers=groups.tiers(known, SAME_STRENGTH),
            keys=groups.keys_by_group,
            scores=groups.split(found.scores),
            stderr=groups.split(found.stderr),
            annotators=groups.annotators[named],
            reliability=self._reliability(method)[named],
            weight=found.weight[named],
            method=method,
            reason=reason,
            candidates=candidates,
            proven=found.proven,
            n_iter=found.n_iter,
            converged=found.converged,
        )

    def compared(self) -> tuple[Candidate, ...]:
        """Compare all methods on the pairs of each ranking, best first; none without pairs."""
        methods = ["mean_rank", "plackett_luce"]
        if self.groups.sizes.max(initial=0) <= LARGEST_COMPARED:
            methods.append("kemeny")
        gaps = {method: self._gaps(method) for method in methods}
        ranking = gaps["mean_rank"][1]
        if not len(ranking):
            return ()
        scores = {name: rank_held_out.log_likelihoods(found[0]) for name, found in gaps.items()}
        return compare(scores, self.groups.group_of[ranking])

    def _gaps(self, method: str) -> tuple[Floats, Ints]:
        if method == "plackett_luce":
            left_out = rank_held_out.plackett_luce_left_out(self.groups, self._plackett_luce)
        elif method == "kemeny":
            left_out = rank_held_out.kemeny_left_out(self.groups, self._above)
        else:
            left_out = rank_held_out.mean_rank_left_out(self.groups)
        return rank_held_out.pair_gaps(self.groups, left_out)

    def _reliability(self, method: str) -> Floats:
        known = "plackett_luce" if method == "plackett_luce" else "mean_rank"
        gaps, ranking = self._gaps(known)
        groups = self.groups
        return rank_held_out.agreement(gaps, groups.annotator_of[ranking], len(groups.annotators))

    def _scored(self, method: str) -> _Scored:
        if method == "plackett_luce":
            return self._scored_by_strength()
        if method == "kemeny":
            return self._scored_by_kemeny()
        borda = borda_scores(self.groups.rankings, n_items=len(self.groups.keys))
        return _Scored(borda.scores, borda.stderr, self._ones, self._all_proven)

    def _scored_by_strength(self) -> _Scored:
        state = self._plackett_luce
        weight = state.factor if self.groups.named else self._ones
        return _Scored(
            self._centred(state.strengths),
            state.deviation,
            weight,
            self._all_proven,
            state.n_iter,
            state.converged,
        )

    def _scored_by_kemeny(self) -> _Scored:
        scores, proven, n_iter = np.zeros(len(self.groups.keys)), self._all_proven, 0
        for members, above in self._above.values():
            positions, _ = best_positions(above)
            scores[self.groups.offsets[members][:, None] + np.arange(above.shape[1])] = -positions
        for group in np.flatnonzero(self.groups.sizes > LARGEST_EXACT).tolist():
            found = kemeny_ranking(
                self.groups.rankings_of(group), n_items=self.groups.sizes[group], seed=self.seed
            )
            scores[slice(*self.groups.offsets[group : group + 2])] = -found.position
            proven[group], n_iter = found.proven, n_iter + found.n_iter
        return _Scored(scores, np.full(len(scores), np.nan), self._ones, proven, n_iter)

    @cached_property
    def _plackett_luce(self) -> StrengthState[RankPoint]:
        groups = self.groups
        model = RankModel(groups.rankings, np.ones(len(groups.rankings)))
        codes = groups.annotator_of if groups.named else None
        return StrengthFit(model, codes).alternate(None)

    @cached_property
    def _above(self) -> dict[int, tuple[Ints, Floats]]:
        """For each size of group that is solved exactly: the groups, and their pairwise weights."""
        found = {}
        for size in np.unique(self.groups.sizes[self.groups.sizes <= LARGEST_EXACT]).tolist():
            members = np.flatnonzero(self.groups.sizes == size)
            rankings = np.flatnonzero(self.groups.sizes[self.groups.group_of] == size)
            own = rank_held_out.own_weights(self.groups, rankings, size)
            above = np.zeros((len(members), size, size))
            np.add.at(above, np.searchsorted(members, self.groups.group_of[rankings]), own)
            found[size] = (members, above)
        return found

    @property
    def _ones(self) -> Floats:
        return np.ones(len(self.groups.annotators))

    @property
    def _all_proven(self) -> NDArray[np.bool_]:
        return np.ones(len(self.groups.ids), dtype=bool)

    def _centred(self, strengths: Floats) -> Floats:
        group = np.repeat(np.arange(len(self.groups.ids)), self.groups.sizes)
        total = np.bincount(group, weights=strengths, minlength=len(self.groups.ids))
        return strengths - (total / np.maximum(self.groups.sizes, 1))[group]
