"""The order that contradicts the fewest pairs of rankings: Kemeny's rule.

Exact where it can be shown to be: items are first split where every item of one part beats every
item of the other in more rankings than not, which all best orders respect (the extended Condorcet
criterion, Truchon 1998); parts of up to `LARGEST_EXACT` items are solved over all subsets (Held and
Karp 1962). A larger part is searched: Borda's order, improved by moving single items until no move
helps, from several starts. Its result is proven best where it contradicts no more than every order
must.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import connected_components

from curation.core.aggregate.ids import weights_of
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.rank_data import Rankings, Tiers, rankings_of

LARGEST_EXACT = 10
STARTS = 8
ROUNDING = 1e-9


@dataclass(frozen=True)
class KemenyRanking:
    """A best order, or the best one found.

    `position` (n_items,) is the mean place, from 0, over all best orders of a part that was solved
    exactly; `tiers` is the order that these make, best first, equal places sharing a tier. `cost`
    is the weight of pairs that a best order contradicts, a tie never being contradicted;
    `lower_bound` what no order can be below; `proven` whether the order is known to be best.
    `n_iter` counts the moves of the search, 0 where none was needed.
    """

    tiers: tuple[tuple[int, ...], ...]
    position: Floats
    cost: float
    lower_bound: float
    proven: bool
    n_iter: int


def kemeny_ranking(
    rankings: Rankings | Sequence[Tiers],
    *,
    n_items: int,
    weights: ArrayLike | None = None,
    seed: int = 0,
) -> KemenyRanking:
    """Order items 0...n_items-1 so that the fewest ordered pairs of the rankings are contradicted.

    Rankings may be partial and have ties; `weights` (n_rankings,) count some more than others.
    `seed` is for the starts of the search, which only parts of more than `LARGEST_EXACT` items
    need. Kendall distance to every ranking is minimal; Kemeny (1959), Young and Levenglick (1978).

    Raises ValueError as `fit_plackett_luce` does.
    """
    data = rankings_of(rankings, n_items)
    above = pairwise_weights(data, weights_of(weights, len(data)))
    parts = _parts(above)
    solved = [_solved(above[np.ix_(part, part)], seed) for part in parts]
    position, cost, placed = np.zeros(n_items), 0.0, np.zeros(0, dtype=np.intp)
    for part, own in zip(parts, solved, strict=True):
        position[part] = len(placed) + own.position
        cost += own.cost + float(above[np.ix_(part, placed)].sum())
        placed = np.append(placed, part)
    bound = float(np.minimum(above, above.T).sum() / 2)
    proven = all(own.proven for own in solved) or cost <= bound + ROUNDING
    return KemenyRanking(
        tiers=tiers_by(-position),
        position=position,
        cost=cost,
        lower_bound=cost if proven else bound,
        proven=proven,
        n_iter=sum(own.n_moves for own in solved),
    )


@dataclass(frozen=True)
class _Solved:
    """The order of one part: mean places from 0, what it contradicts, whether that is least."""

    position: Floats
    cost: float
    proven: bool
    n_moves: int


def pairwise_weights(rankings: Rankings, weights: Floats) -> Floats:
    """The weight of rankings that place one item above another, shape (n_items, n_items)."""
    n = rankings.n_items
    above = np.zeros(n * n)
    for block in rankings.blocks:
        tier = block.tier_numbers
        for high in range(len(block.items) - 1):
            strict = np.tile(weights[block.rankings], (len(block.items) - 1 - high, 1))
            strict *= tier[high + 1 :] > tier[high]
            places = block.items[high] * n + block.items[high + 1 :]
            above += np.bincount(places.ravel(), weights=strict.ravel(), minlength=n * n)
    return above.reshape(n, n)


def tiers_by(scores: Floats, tolerance: float = ROUNDING) -> tuple[tuple[int, ...], ...]:
    """Items by score, highest first; those whose scores are equal but for rounding share a tier."""
    order = np.argsort(-scores, kind="stable")
    opens = np.append(True, -np.diff(scores[order]) > tolerance)[: len(order)]
    tiers = np.split(order, np.flatnonzero(opens)[1:])
    return tuple(tuple(sorted(tier.tolist())) for tier in tiers if len(tier))


def best_positions(above: Floats) -> tuple[Floats, Floats]:
    """Mean places, from 0, over all best orders of many small sets of items at once.

    `above` (n_sets, n_items, n_items) holds pairwise weights; returns the places, shape
    (n_sets, n_items), and what the best orders contradict, shape (n_sets,). Takes 2^n_items
    steps.
    """
    n_sets, n_items = above.shape[:2]
    full = (1 << n_items) - 1
    added = _added_costs(above)
    best = np.full((full + 1, n_sets), np.inf)
    best[0] = 0
    for chosen in range(full + 1):
        for item in _absent(chosen, n_items):
            grown = chosen | 1 << item
            np.minimum(best[grown], best[chosen] + added[chosen, item], out=best[grown])
    ways_on = np.zeros((full + 1, n_sets))
    ways_on[full] = 1
    slack = ROUNDING * (1 + np.abs(best[full]))
    for chosen in range(full - 1, -1, -1):
        for item in _absent(chosen, n_items):
            grown = chosen | 1 << item
            tight = best[chosen] + added[chosen, item] <= best[grown] + slack
            ways_on[chosen] += tight * ways_on[grown]
    return _mean_places(best, added, ways_on, slack, n_items), best[full]


def _mean_places(
    best: Floats, added: Floats, ways_on: Floats, slack: Floats, n_items: int
) -> Floats:
    ways_to = np.zeros_like(ways_on)
    ways_to[0] = 1
    places = np.zeros((n_items, best.shape[1]))
    for chosen in range(len(best) - 1):
        for item in _absent(chosen, n_items):
            grown = chosen | 1 << item
            tight = best[chosen] + added[chosen, item] <= best[grown] + slack
            passing = tight * ways_to[chosen]
            ways_to[grown] += passing
            places[item] += chosen.bit_count() * passing * ways_on[grown]
    return (places / ways_on[0]).T


def _added_costs(above: Floats) -> Floats:
    """What placing an item after a set contradicts, shape (2^n_items, n_items, n_sets)."""
    n_sets, n_items = above.shape[:2]
    added = np.zeros((1 << n_items, n_items, n_sets))
    for chosen in range(1, 1 << n_items):
        low = (chosen & -chosen).bit_length() - 1
        added[chosen] = added[chosen & (chosen - 1)] + above[:, :, low].T
    return added


def _absent(chosen: int, n_items: int) -> list[int]:
    return [item for item in range(n_items) if not chosen >> item & 1]


def _parts(above: Floats) -> list[Ints]:
    """The items in parts, each of which beats all later ones pair by pair."""
    n_parts, part_of = connected_components(above >= above.T, directed=True, connection="strong")
    wins = (above > above.T).sum(axis=1)
    parts = [np.flatnonzero(part_of == part) for part in range(n_parts)]
    return sorted(parts, key=lambda part: -float(wins[part].mean()))


def _solved(above: Floats, seed: int) -> _Solved:
    if len(above) <= LARGEST_EXACT:
        positions, costs = best_positions(above[None])
        return _Solved(positions[0], float(costs[0]), True, 0)
    order, moves = _searched(above, np.random.default_rng(seed))
    position = np.empty(len(order))
    position[order] = np.arange(len(order))
    cost = float(np.tril(above[np.ix_(order, order)], -1).sum())
    return _Solved(position, cost, False, moves)


def _searched(above: Floats, rng: np.random.Generator) -> tuple[Ints, int]:
    margin = above - above.T
    start = np.argsort(-margin.sum(axis=1), kind="stable")
    order, total = _descended(margin, start)
    for _ in range(STARTS - 1):
        other, moves = _descended(margin, rng.permutation(len(above)))
        total += moves
        if _kept(margin, other) > _kept(margin, order) + ROUNDING:
            order = other
    return order, total


def _descended(margin: Floats, order: Ints) -> tuple[Ints, int]:
    """Move single items to where they contradict least until none gains by it."""
    moves, quiet, at = 0, 0, 0
    while quiet < len(order):
        item, rest = order[at], np.delete(order, at)
        before = np.append(0, np.cumsum(margin[rest, item]))
        gain = before + np.append(np.cumsum(margin[item, rest][::-1])[::-1], 0)
        to = int(gain.argmax())
        if gain[to] > gain[at] + ROUNDING:
            order, moves, quiet = np.insert(rest, to, item), moves + 1, 0
        else:
            quiet += 1
        at = (at + 1) % len(order)
    return order, moves


def _kept(margin: Floats, order: Ints) -> float:
    return float(np.triu(margin[np.ix_(order, order)], 1).sum())
