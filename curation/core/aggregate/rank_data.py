"""Rankings as flat arrays: who stands where, which share a tier, which are equally long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.intp]
Bools: TypeAlias = NDArray[np.bool_]
Tiers: TypeAlias = Sequence[Sequence[int]]
"""One ranking, best first: tiers of item numbers, ties in one tier."""


@dataclass(frozen=True)
class Rankings:
    """Many rankings of items 0...n_items-1, one after the other.

    `items` (n_entries,) are the ranked items, best first, ranking by ranking; `opens` (n_entries,)
    is true where an entry opens a new tier; ranking r takes the entries from `offsets[r]` to
    `offsets[r + 1]`. Made by `from_tiers` or, without ties and faster, by `from_orders`.
    """

    items: Ints
    opens: Bools
    offsets: Ints
    n_items: int

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def from_tiers(cls, rankings: Sequence[Tiers], n_items: int) -> Rankings:
        """Read rankings that are sequences of tiers.

        Raises ValueError for an empty tier, an item that is not a whole number from 0 to
        n_items - 1, and an item that a ranking names twice.
        """
        named, opens, offsets = flattened(rankings)
        return cls(_whole(named), opens, offsets, n_items).checked()

    @classmethod
    def from_orders(cls, orders: ArrayLike, n_items: int) -> Rankings:
        """Read rankings without ties from rows of items, best first, filled up with -1.

        Raises ValueError as `from_tiers` does.
        """
        table = np.asarray(orders)
        if table.ndim != 2 or table.dtype.kind not in "iu":
            raise ValueError("Orders are a table of whole numbers, one ranking a row.")
        named = table >= 0
        if (named[:, 1:] & ~named[:, :-1]).any():
            raise ValueError("Only the end of an order may be filled up with -1.")
        offsets = np.concatenate([[0], np.cumsum(named.sum(axis=1))])
        items = table[named].astype(np.intp)
        return cls(items, np.ones(len(items), dtype=bool), offsets, n_items).checked()

    def checked(self) -> Rankings:
        """Return the rankings, or raise ValueError if they cannot be."""
        if len(self.items) and not 0 <= self.items.min() <= self.items.max() < self.n_items:
            raise ValueError(f"The items of rankings are numbered from 0 to {self.n_items - 1}.")
        for block in self.blocks:
            ordered = np.sort(block.items.T, axis=1)
            if (ordered[:, 1:] == ordered[:, :-1]).any():
                raise ValueError("A ranking names an item twice.")
        return self

    @cached_property
    def lengths(self) -> Ints:
        """How many items each ranking orders, shape (n_rankings,)."""
        return np.diff(self.offsets)

    @cached_property
    def ranking_of(self) -> Ints:
        """The ranking of each entry, shape (n_entries,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def ranks(self) -> Floats:
        """The place of each entry in its ranking from 0, the mean place inside a tier."""
        first = np.flatnonzero(self.opens)
        size = np.diff(np.append(first, len(self.items)))
        place = (first - self.offsets[self.ranking_of[first]]) + (size - 1) / 2
        return np.repeat(place, size)

    @cached_property
    def shares(self) -> Floats:
        """The share of the ranking's other items that each entry is above, a tied one half."""
        last = np.maximum(self.lengths[self.ranking_of] - 1, 1)
        return 1 - self.ranks / last

    @cached_property
    def log_odds(self) -> Floats:
        """How much oftener each item came before another one than after, as a logarithm.

        Every item is first given one of either, so that it is finite; shape (n_items,).
        """
        last = self.lengths[self.ranking_of] - 1
        lost = np.bincount(self.items, weights=self.ranks, minlength=self.n_items) + 1
        won = np.bincount(self.items, weights=last - self.ranks, minlength=self.n_items) + 1
        return np.log(won / lost)

    @cached_property
    def steps_down(self) -> tuple[Ints, Ints]:
        """Items and the next below each in a ranking; those of one tier both ways."""
        below = np.flatnonzero(self.ranking_of[1:] == self.ranking_of[:-1]) + 1
        tied = below[~self.opens[below]]
        better = np.concatenate([self.items[below - 1], self.items[tied]])
        return better, np.concatenate([self.items[below], self.items[tied - 1]])

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The rankings of two items and more, those of one length and kind together."""
        ties = np.zeros(len(self), dtype=bool)
        ties[self.ranking_of[~self.opens]] = True
        kinds = np.where(self.lengths > 1, 2 * self.lengths + ties, 0)
        return tuple(self._block(np.flatnonzero(kinds == kind), kind) for kind in _kinds(kinds))

    def _block(self, rankings: Ints, kind: int) -> Block:
        entries = self.offsets[rankings] + np.arange(kind // 2)[:, None]
        opens = self.opens[entries] if kind % 2 else None
        return Block(self.items[entries], rankings, opens)


@dataclass(frozen=True)
class Block:
    """Rankings of equal length: `items` (length, n_rankings), best first down a column.

    `rankings` (n_rankings,) says which they are. `opens` is like `items` and true where a tier
    starts; None where no two items are tied.
    """

    items: Ints
    rankings: Ints
    opens: Bools | None

    @cached_property
    def tier_numbers(self) -> Ints:
        """A number for each entry's tier, rising down a column; (length, 1) without ties."""
        if self.opens is None:
            return np.arange(len(self.items))[:, None]
        return np.cumsum(self.opens, axis=0)

    def tiers_of(self, size: int) -> tuple[Ints, Ints]:
        """The first row and the column of each tier of this size."""
        if self.opens is None:
            raise ValueError("There are no ties in this block.")
        columns, rows = np.nonzero(self.opens.T)
        ends = np.append(rows[1:], 0)
        ends[np.append(np.diff(columns) != 0, True)] = len(self.items)
        fitting = ends - rows == size
        return rows[fitting], columns[fitting]

    @cached_property
    def tie_sizes(self) -> tuple[int, ...]:
        """The sizes of tiers of two items and more."""
        sizes = range(2, len(self.items) + 1) if self.opens is not None else ()
        return tuple(size for size in sizes if len(self.tiers_of(size)[0]))


def flattened(rankings: Sequence[Sequence[Sequence[Any]]]) -> tuple[list[Any], Bools, Ints]:
    """All entries, ranking by ranking; which open a tier; and where each ranking's begin.

    Raises ValueError for an empty tier.
    """
    tiers = list(chain.from_iterable(rankings))
    sizes = np.fromiter(map(len, tiers), dtype=np.intp, count=len(tiers))
    if len(sizes) and sizes.min() == 0:
        raise ValueError("A ranking has an empty tier; leave it out.")
    n_tiers = np.fromiter(map(len, rankings), dtype=np.intp, count=len(rankings))
    ends = np.concatenate([[0], np.cumsum(sizes)])
    opens = np.zeros(int(ends[-1]), dtype=bool)
    opens[ends[:-1]] = True
    offsets = ends[np.concatenate([[0], np.cumsum(n_tiers)])]
    return list(chain.from_iterable(tiers)), opens, offsets


def rankings_of(rankings: Rankings | Sequence[Tiers], n_items: int) -> Rankings:
    """Return rankings as `Rankings`, checked to be of `n_items` items."""
    if not isinstance(rankings, Rankings):
        return Rankings.from_tiers(rankings, n_items)
    if rankings.n_items != n_items:
        raise ValueError(f"These rankings are of {rankings.n_items} items, not {n_items}.")
    return rankings


def _kinds(kinds: Ints) -> Iterator[int]:
    return (int(kind) for kind in np.flatnonzero(np.bincount(kinds)) if kind > 0)


def _whole(items: list[int]) -> Ints:
    kinds = set(map(type, items))
    if not all(issubclass(kind, (int, np.integer)) and kind is not bool for kind in kinds):
        raise ValueError("The items of rankings are whole numbers.")
    return np.array(items, dtype=np.intp)
