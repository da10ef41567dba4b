"""The Plackett–Luce likelihood of rankings with ties, its slope and its curvature.

A ranking is a row of choices: the best of all, the best of the rest, and so on; an item is chosen
with a probability proportional to exp(scale · strength) (Luce 1959, Plackett 1975). A tier of
several items stands for all orders of its members, each an equal part of one ranking: the
log-likelihood of a tie is the mean over these orders. Two tied items so count as half a win each,
which is what an outcome of one half means to Bradley–Terry and Thurstone. Turner et al. (2020)
give ties a probability of their own instead; that needs a sum over all subsets of the remaining
items at every choice and predicts ties, which a reward does not need.

The mean over the orders of a tier of s items comes to choices from the tier's subsets together
with everything ranked below, every subset of size j with weight 1 / C(s, j). Tiers of up to
`LARGEST_EXACT` items are summed over all subsets; larger ones over those of size 1, s - 1 and s,
and of every other size over one subset that holds all members in part (Efron 1977).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb

import numpy as np

from curation.core.aggregate.newton import Pairs
from curation.core.aggregate.rank_data import Block, Floats, Ints, Rankings

LARGEST_EXACT = 8


@dataclass(frozen=True)
class Ties:
    """The tiers of one size in a block: members, what is ranked below, and the subsets.

    `rows` (n_tiers, size) and `columns` (n_tiers, 1) find the members in the block, `below`
    (n_tiers,) is the first row under the tier. `subsets` (n_subsets, size) says how far each
    member belongs to a subset, `share` (n_subsets,) how much the subset counts.
    """

    rows: Ints
    columns: Ints
    below: Ints
    subsets: Floats
    share: Floats


@dataclass(frozen=True)
class Prepared:
    """A block with what does not depend on the strengths.

    `chosen` (length, n_rankings) is how much each entry's own strength counts, `choice` how much
    the choice from it and everything below counts; both hold the rankings' weights.
    """

    block: Block
    weight: Floats
    chosen: Floats
    choice: Floats
    ties: tuple[Ties, ...]


class PartOfLikelihood:
    """What one block adds at given strengths; everything in units of scaled strengths.

    `value` (n_rankings,) is each ranking's log-likelihood, `slope` (length, n_rankings) its
    derivative in every entry's scaled strength.
    """

    def __init__(self, prepared: Prepared, scaled: Floats) -> None:
        self.prepared = prepared
        self.worth = np.exp(scaled)
        self.below = np.zeros((len(scaled) + 1, scaled.shape[1]))
        _summed(self.worth[::-1], out=self.below[-2::-1])
        choice, total = prepared.choice, self.below[:-1]
        terms = prepared.chosen * scaled - choice * np.log(total)
        self.rate = np.zeros_like(self.below)
        self.rate[:-1] = choice / total
        self.ties = [_TiedPart(ties, self) for ties in prepared.ties]
        self.value = terms.sum(axis=0)
        for part in self.ties:
            part.add_value(self.value)
            part.add_below(self.rate, part.rates.sum(axis=1))
        self.risen = _summed(self.rate[:-1])
        self.slope = prepared.chosen - self.worth * self.risen
        for part in self.ties:
            part.add_members(self.slope, -part.worth * (part.rates @ part.ties.subsets))

    def product(self, vector: Floats) -> Floats:
        """Return minus the second derivatives times a vector given per entry."""
        weighted = self.worth * vector
        mean = np.zeros_like(self.below)
        _summed(weighted[::-1], out=mean[-2::-1])
        below = mean.copy()
        mean[:-1] *= self.prepared.choice / self.below[:-1] ** 2
        moved = [part.pull(weighted, below) for part in self.ties]
        for part, pull in zip(self.ties, moved, strict=True):
            part.add_below(mean, pull.sum(axis=1))
        result = weighted * self.risen - self.worth * _summed(mean[:-1])
        for part, pull in zip(self.ties, moved, strict=True):
            own = part.members(vector) * (part.rates @ part.ties.subsets)
            part.add_members(result, part.worth * (own - pull @ part.ties.subsets))
        return result

    def diagonal(self) -> Floats:
        """Return minus the second derivative in each entry, shape (length, n_rankings)."""
        result = self.worth * self.risen - self.worth**2 * self._bent()
        for part in self.ties:
            subsets = part.ties.subsets
            own = part.worth * (part.rates @ subsets) - part.worth**2 * (part.bent @ subsets**2)
            part.add_members(result, own)
        return result

    def pairs(self, factor: Floats) -> Iterator[Pairs]:
        """Minus the second derivatives off the diagonal, times a factor per ranking.

        Yields items, items and values, all of shape (n,), each pair of entries once.
        """
        items, bent = self.prepared.block.items, self._bent()
        tier = self.prepared.block.tier_numbers
        leave = np.zeros_like(self.worth)
        for part in self.ties:
            part.add_members(leave, part.bent @ part.ties.subsets)
        for high in range(len(items) - 1):
            low = slice(high + 1, None)
            joint = bent[high] + np.where(tier[low] != tier[high], leave[high], 0.0)
            values = -self.worth[high] * self.worth[low] * joint * factor
            left = np.broadcast_to(items[high], values.shape)
            yield left.ravel(), items[low].ravel(), values.ravel()
        for part in self.ties:
            yield from part.pairs(items, factor)

    def _bent(self) -> Floats:
        """The sum, over all choices from this entry and those above, of weight / total²."""
        rate = np.zeros_like(self.below)
        rate[:-1] = self.prepared.choice / self.below[:-1] ** 2
        for part in self.ties:
            part.add_below(rate, part.bent.sum(axis=1))
        return _summed(rate[:-1])


class _TiedPart:
    """The choices from subsets of tied items."""

    def __init__(self, ties: Ties, part: PartOfLikelihood) -> None:
        self.ties = ties
        self.worth = part.worth[ties.rows, ties.columns]
        rest = part.below[ties.below, ties.columns[:, 0]]
        self.total = self.worth @ ties.subsets.T + rest[:, None]
        weight = part.prepared.weight[ties.columns] * ties.share
        self.rates = weight / self.total
        self.bent = self.rates / self.total
        self.lost = (weight * np.log(self.total)).sum(axis=1)

    def add_value(self, value: Floats) -> None:
        value -= np.bincount(self.ties.columns[:, 0], self.lost, minlength=len(value))

    def add_below(self, table: Floats, amount: Floats) -> None:
        """Add an amount per tier to the row under it; a column may have several tiers."""
        table[self.ties.below, self.ties.columns[:, 0]] += amount

    def add_members(self, table: Floats, amount: Floats) -> None:
        table[self.ties.rows, self.ties.columns] += amount

    def members(self, table: Floats) -> Floats:
        return table[self.ties.rows, self.ties.columns]

    def pull(self, weighted: Floats, below: Floats) -> Floats:
        rest = below[self.ties.below, self.ties.columns[:, 0]]
        return (self.members(weighted) @ self.ties.subsets.T + rest[:, None]) * self.bent

    def pairs(self, items: Ints, factor: Floats) -> Iterator[Pairs]:
        members = items[self.ties.rows, self.ties.columns]
        bent = self.bent * factor[self.ties.columns]
        for left, right in combinations(range(members.shape[1]), 2):
            both = self.ties.subsets[:, left] * self.ties.subsets[:, right]
            values = -self.worth[:, left] * self.worth[:, right] * (bent @ both)
            yield members[:, left], members[:, right], values


def _summed(rows: Floats, out: Floats | None = None) -> Floats:
    """Sum rows from the first down, as numpy.cumsum does along rows, only faster."""
    sums = np.empty_like(rows) if out is None else out
    sums[0] = rows[0]
    for above, row, below in zip(sums[:-1], rows[1:], sums[1:], strict=True):
        np.add(above, row, out=below)
    return sums


def prepare(rankings: Rankings, weights: Floats | None) -> tuple[Prepared, ...]:
    """Lay out rankings with their weights (n_rankings,), None for one each."""
    given = np.ones(len(rankings)) if weights is None else weights
    return tuple(_prepared(block, given[block.rankings]) for block in rankings.blocks)


def _prepared(block: Block, weight: Floats) -> Prepared:
    chosen = np.tile(weight, (len(block.items), 1))
    if block.opens is None:
        chosen[-1] = 0
        return Prepared(block, weight, chosen, chosen, ())
    ties = tuple(_ties(block, size) for size in block.tie_sizes)
    return Prepared(block, weight, chosen, chosen * block.opens, ties)


def _ties(block: Block, size: int) -> Ties:
    first, column = block.tiers_of(size)
    rows = first[:, None] + np.arange(size)
    return Ties(rows, column[:, None], first + size, *subsets_of(size))


@cache
def subsets_of(size: int) -> tuple[Floats, Floats]:
    """The subsets that the mean over all orders of a tier chooses from, without the whole tier.

    Returns how far each member belongs to each, shape (n_subsets, size), and how much each
    counts, shape (n_subsets,).
    """
    exact = range(1, size) if size <= LARGEST_EXACT else (1, size - 1)
    members, share = [], []
    for n in exact:
        for chosen in combinations(range(size), n):
            members.append(np.isin(np.arange(size), chosen).astype(float))
            share.append(1 / comb(size, n))
    for n in range(2, size - 1) if size > LARGEST_EXACT else ():
        members.append(np.full(size, n / size))
        share.append(1.0)
    return np.array(members), np.array(share)
