"""What the other rankings of a group say about the responses of each one: scores without it.

Every method's scores of a ranking's responses are computed from the group's other rankings alone
and judged by the pairs that the ranking orders. What a method learned about annotators stays as it
was learned from everything, which concerns many groups.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from curation.core.aggregate.kemeny import best_positions
from curation.core.aggregate.newton import Floats, Ints, Inverse
from curation.core.aggregate.rank_data import Block
from curation.core.aggregate.rank_groups import RankedGroups
from curation.core.aggregate.rank_likelihood import PartOfLikelihood
from curation.core.aggregate.rank_posterior import RankPoint
from curation.core.aggregate.strength_fit import StrengthState

AT_ONCE = 4_000_000
NEWTON_STEPS = 50
LEVEL = 1e-9


def mean_rank_left_out(groups: RankedGroups) -> Floats:
    """Each entry's mean share of others below it in the other rankings, shape (n_entries,)."""
    data = groups.rankings
    told = data.lengths[data.ranking_of] > 1
    total = np.bincount(data.items, weights=data.shares * told, minlength=data.n_items)
    n = np.bincount(data.items, weights=told, minlength=data.n_items)
    others = n[data.items] - told
    left = total[data.items] - data.shares * told
    return np.where(others > 0, left / np.maximum(others, 1), np.nan)


def plackett_luce_left_out(groups: RankedGroups, state: StrengthState[RankPoint]) -> Floats:
    """Each entry's strength without its ranking, one Newton step from the strength with it."""
    data = groups.rankings
    scores = state.strengths[data.items]
    for scale, part in zip(state.point.scales, state.point.parts, strict=True):
        block = part.prepared.block
        moved = _without(part, scale, state.inverse)
        scores[_entries(groups, block)] -= moved
    return scores


def kemeny_left_out(groups: RankedGroups, above: dict[int, tuple[Ints, Floats]]) -> Floats:
    """Minus each entry's mean place in the best orders of the other rankings.

    `above` holds, for each size of group, the groups and their pairwise weights.
    """
    data, scores = groups.rankings, np.zeros(len(groups.rankings.items))
    for size, (members, weights) in above.items():
        place = np.full(len(groups.ids), -1)
        place[members] = np.arange(len(members))
        rankings = np.flatnonzero((place[groups.group_of] >= 0) & (data.lengths > 0))
        chunk = max(AT_ONCE // max(size << size, 1), 1)
        for start in range(0, len(rankings), chunk):
            some = rankings[start : start + chunk]
            own = own_weights(groups, some, size)
            positions, _ = best_positions(weights[place[groups.group_of[some]]] - own)
            entries, which = _entries_of(groups, some)
            local = data.items[entries] - groups.offsets[groups.group_of[some[which]]]
            scores[entries] = -positions[which, local]
    return scores


def own_weights(groups: RankedGroups, rankings: Ints, size: int) -> Floats:
    """1 where a ranking places one response of its group above another, (n, size, size)."""
    data = groups.rankings
    entries, which = _entries_of(groups, rankings)
    local = data.items[entries] - groups.offsets[groups.group_of[rankings[which]]]
    rank = np.full((len(rankings), size), np.nan)
    rank[which, local] = data.ranks[entries]
    return (rank[:, :, None] < rank[:, None, :]).astype(float)


def pair_gaps(groups: RankedGroups, scores: Floats) -> tuple[Floats, Ints]:
    """How far each pair that a ranking orders lies apart, in its order, and the ranking.

    Scores are per entry. Only rankings whose group has others count; a response that these do
    not name is level with all, and so are responses but for rounding.
    """
    gaps, rankings = [np.zeros(0)], [np.zeros(0, dtype=np.intp)]
    for block in groups.rankings.blocks:
        kept = groups.per_group[groups.group_of[block.rankings]] > 1
        table = scores[_entries(groups, block)]
        tier = block.tier_numbers
        for high in range(len(table) - 1):
            strict = (tier[high + 1 :] > tier[high]) & kept
            gap = np.nan_to_num(table[high] - table[high + 1 :])
            gaps.append(np.where(np.abs(gap) > LEVEL, gap, 0.0)[strict])
            rankings.append(np.broadcast_to(block.rankings, strict.shape)[strict])
    return np.concatenate(gaps), np.concatenate(rankings)


def log_likelihoods(gaps: Floats) -> Floats:
    """The log-probability of every pair: logistic in its gap, with the slope that fits best.

    Two pairs at the typical gap, one of them the wrong way round, keep the slope finite.
    """
    typical = float(np.sqrt(np.mean(gaps**2))) if len(gaps) else 0.0
    if typical == 0:
        return np.full(len(gaps), -np.log(2))
    scaled = gaps / typical
    told, slope = np.append(scaled, [1.0, -1.0]), 0.0
    for _ in range(NEWTON_STEPS):
        chance = expit(slope * told)
        bend = float((told**2 * chance * (1 - chance)).sum())
        step = float((told * (1 - chance)).sum()) / bend
        slope += step
        if abs(step) < 1e-9 * (1 + abs(slope)):
            break
    return -np.logaddexp(0, -slope * scaled)


def agreement(gaps: Floats, annotator: Ints, n_annotators: int) -> Floats:
    """The share of an annotator's pairs that the others order as they do, NaN where none is told.

    A pair that is level counts half.
    """
    credit = (1 + np.sign(gaps)) / 2
    n = np.bincount(annotator, minlength=n_annotators)
    agreed = np.bincount(annotator, weights=credit, minlength=n_annotators)
    return np.where(n > 0, agreed / np.maximum(n, 1), np.nan)


def _without(part: PartOfLikelihood, scale: Floats, inverse: Inverse) -> Floats:
    """How far each strength would fall back without its ranking, shape (length, n_rankings).

    With H the curvature of everything and R the ranking's own, solves (H - R) x = slope.
    """
    items = part.prepared.block.items
    length = len(items)
    curvature = np.empty((items.shape[1], length, length))
    for row in range(length):
        unit = np.zeros_like(part.worth)
        unit[row] = 1
        curvature[:, :, row] = (part.product(unit) * scale**2).T
    spread = inverse.entries(items.T[:, :, None], items.T[:, None, :])
    slope = (part.slope * scale).T[..., None]
    moved = np.linalg.solve(np.eye(length) - spread @ curvature, spread @ slope)
    return np.asarray(moved[..., 0].T)


def _entries(groups: RankedGroups, block: Block) -> Ints:
    return groups.rankings.offsets[block.rankings] + np.arange(len(block.items))[:, None]


def _entries_of(groups: RankedGroups, rankings: Ints) -> tuple[Ints, Ints]:
    """The entries of some rankings, and which of these each is of."""
    lengths = groups.rankings.lengths[rankings]
    which = np.repeat(np.arange(len(rankings)), lengths)
    first = np.cumsum(lengths) - lengths
    within = np.arange(len(which)) - first[which]
    return groups.rankings.offsets[rankings[which]] + within, which
