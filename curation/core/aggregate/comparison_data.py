"""Comparisons as arrays: coded ids, one orientation for each pair, equal comparisons counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.ids import coded, column, same_length, weights_of
from curation.core.aggregate.newton import Floats, Ints

LOW, TIE, HIGH = 0, 1, 2
LARGEST_GRID = 4_000_000


@dataclass(frozen=True)
class PairTable:
    """How often each of two compared items was preferred; every pair once, `low` < `high`.

    `items` (n_items,) are the distinct ids, sorted; `low` and `high` (n_pairs,) are places among
    them; `counts` (n_pairs, 3) the weight of preferences for `low`, ties, and preferences for
    `high`.
    """

    items: NDArray[Any]
    low: Ints
    high: Ints
    counts: Floats

    def same_as(self, other: PairTable) -> bool:
        """Whether two tables count the same comparisons of the same items, but for rounding."""
        return (
            self.items.tolist() == other.items.tolist()
            and self.counts.shape == other.counts.shape
            and bool((self.low == other.low).all() and (self.high == other.high).all())
            and np.allclose(self.counts, other.counts)
        )

    def merged(self, other: PairTable) -> PairTable:
        """Add up two tables, whose items may differ."""
        items, codes = coded(np.concatenate([self.items, other.items]))
        own, others = codes[: len(self.items)], codes[len(self.items) :]
        low = np.concatenate([own[self.low], others[other.low]])
        high = np.concatenate([own[self.high], others[other.high]])
        counts = np.concatenate([self.counts, other.counts])
        return _counted(items, low, high, counts)


@dataclass(frozen=True)
class PairVotes:
    """The distinct votes, sorted by pair; within it by position, choice and annotator.

    `items` and `annotators` are the distinct ids, sorted; `groups` the distinct ids of what items
    belong to, or None, with `group_of_item` (n_items,) their places. `low` and `high` (n_pairs,)
    are places among the items, `pair` and `annotator` (n_votes,) places among pairs and
    annotators. `choice` (n_votes,) is `LOW`, `TIE` or `HIGH`; `position` (n_votes,) is 1 where
    the low item was shown on the left, -1 where on the right, 0 where that is unknown.
    `vote_of_row` and `pair_of_row` (n_rows,) say what became of each row of the input, and
    `flipped` (n_rows,) whether the high item stood first in it.
    """

    items: NDArray[Any]
    groups: NDArray[Any] | None
    group_of_item: Ints
    annotators: NDArray[Any]
    low: Ints
    high: Ints
    pair: Ints
    annotator: Ints
    choice: Ints
    position: Ints
    vote_of_row: Ints
    pair_of_row: Ints
    flipped: NDArray[np.bool_]

    @property
    def n_pairs(self) -> int:
        """The number of distinct pairs."""
        return len(self.low)

    def __len__(self) -> int:
        return len(self.pair)

    def where(self, kept: NDArray[np.bool_]) -> PairVotes:
        """Only some of the votes, of the same ids and pairs."""
        columns = ("pair", "annotator", "choice", "position")
        return replace(self, **{name: getattr(self, name)[kept] for name in columns})

    def counts(self) -> Floats:
        """How many made each choice on each pair, shape (n_pairs, 3)."""
        flat = np.bincount(self.pair * 3 + self.choice, minlength=3 * self.n_pairs)
        return flat.reshape(-1, 3).astype(float)


def pair_table(
    left: ArrayLike, right: ArrayLike, outcome: ArrayLike, weights: ArrayLike | None = None
) -> PairTable:
    """Count comparisons. 1 is a preference for left, 0 for right, 0.5 a tie.

    Any other outcome between 0 and 1 is a soft label: it counts as that share of a preference for
    left, and the rest for right. Raises ValueError for columns of unequal length, missing ids,
    an item compared with itself, and outcomes outside 0...1.
    """
    items, first, second, said = compared(left, right, outcome)
    each = weights_of(weights, len(said))
    flipped = first > second
    low, high = np.minimum(first, second), np.maximum(first, second)
    if weights is None and np.isin(said, (0.0, 0.5, 1.0)).all():
        choice = np.where(flipped, said * 2, 2 - said * 2).astype(np.intp)
        return _plainly_counted(items, low, high, choice)
    tie = said == 0.5
    for_low = np.where(tie, 0.0, np.where(flipped, 1 - said, said))
    for_high = np.where(tie, 0.0, 1 - for_low)
    counts = np.stack([for_low, tie.astype(float), for_high], axis=1) * each[:, None]
    return _counted(items, low, high, counts)


def pair_votes(
    left: ArrayLike,
    right: ArrayLike,
    outcome: ArrayLike,
    annotators: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    shown_left: ArrayLike | None = None,
) -> PairVotes:
    """Sort votes by pair; one that its annotator repeats in the same position counts once.

    `groups` (n_votes,) makes items of one id but two groups two items. `shown_left` (n_votes,) is
    1 where `left` was shown on the left, -1 where it was on the right, 0 where that is unknown.
    Raises ValueError as `pair_table` does, and for outcomes other than 0, 0.5 and 1.
    """
    items, first, second, said = compared(left, right, outcome)
    if not np.isin(said, (0.0, 0.5, 1.0)).all():
        raise ValueError("A vote's outcome is 1 (left), 0 (right) or 0.5 (tie); count soft labels "
                         "with fit_bradley_terry.")  # fmt: skip
    who = column(annotators, "annotator")
    same_length(comparisons=said, annotators=who)
    shown = _shown(shown_left, len(said))
    group_ids, group_of_item, items, first, second = _nested(groups, items, first, second)
    names, annotator = coded(who)
    flipped = first > second
    low, high = np.minimum(first, second), np.maximum(first, second)
    keys, pair = _distinct_places(low, high, len(items))
    choice = np.where(flipped, said * 2, 2 - said * 2).astype(np.intp)
    position = np.where(flipped, -shown, shown)
    order = np.lexsort((annotator, choice, position, pair))
    sorted_pair, who, chosen, side = (part[order] for part in (pair, annotator, choice, position))
    new = np.ones(len(order), dtype=bool)
    new[1:] = False
    for part in (sorted_pair, who, chosen, side):
        new[1:] |= part[1:] != part[:-1]
    vote_of_row = np.empty(len(order), dtype=np.intp)
    vote_of_row[order] = np.cumsum(new) - 1
    return PairVotes(
        items=items,
        groups=group_ids,
        group_of_item=group_of_item,
        annotators=names,
        low=keys // max(len(items), 1),
        high=keys % max(len(items), 1),
        pair=sorted_pair[new],
        annotator=who[new],
        choice=chosen[new],
        position=side[new],
        vote_of_row=vote_of_row,
        pair_of_row=pair,
        flipped=flipped,
    )


def known_choices(votes: PairVotes, gold: ArrayLike | None) -> Ints:
    """The known choice of each pair, -1 for none, given each row's known outcome or NaN.

    Raises ValueError for outcomes that are none and for a pair with two different ones.
    """
    known = np.full(votes.n_pairs, -1)
    if gold is None:
        return known
    told = np.asarray(gold, dtype=float)
    rows = np.flatnonzero(~np.isnan(told))
    if told.shape != votes.pair_of_row.shape or not np.isin(told[rows], (0.0, 0.5, 1.0)).all():
        raise ValueError("gold holds 1, 0, 0.5 or NaN (unknown), one for each comparison.")
    choice = np.where(votes.flipped[rows], told[rows] * 2, 2 - told[rows] * 2).astype(np.intp)
    pair = votes.pair_of_row[rows]
    known[pair] = choice
    if (known[pair] != choice).any():
        raise ValueError("A pair has two different known outcomes; decide on one.")
    return known


def compared(
    left: ArrayLike, right: ArrayLike, outcome: ArrayLike
) -> tuple[NDArray[Any], Ints, Ints, Floats]:
    """Return the distinct items, sorted, the places of left and right among them, the outcomes.

    Raises ValueError as `pair_table` does.
    """
    first, second = column(left, "left item"), column(right, "right item")
    said = _outcomes(outcome)
    same_length(left=first, right=second, outcomes=said)
    items, codes = coded(_joined(first, second))
    first_code, second_code = codes[: len(said)], codes[len(said) :]
    itself = np.flatnonzero(first_code == second_code)
    if len(itself):
        raise ValueError(f"Comparison {itself[0]} compares an item with itself; leave it out.")
    return items, first_code, second_code, said


def _joined(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    textual = {array.dtype.kind in "OUS" for array in (first, second) if len(array)}
    if textual == {True, False}:
        raise ValueError("Ids are all numbers or all strings, not some of each.")
    return np.concatenate([first, second])


def _outcomes(outcome: ArrayLike) -> Floats:
    said = column(outcome, "outcome")
    try:
        said = said.astype(float)
    except (TypeError, ValueError):
        raise ValueError("Outcomes are numbers: 1 (left), 0 (right) or 0.5 (tie).") from None
    if not ((said >= 0) & (said <= 1)).all():
        raise ValueError("An outcome lies between 0 (right) and 1 (left).")
    return said


def _shown(shown_left: ArrayLike | None, n: int) -> Ints:
    if shown_left is None:
        return np.zeros(n, dtype=np.intp)
    shown = np.asarray(shown_left)
    if shown.shape != (n,) or not np.isin(shown, (-1, 0, 1)).all():
        raise ValueError("shown_left holds 1, -1 or 0 (unknown), one for each comparison.")
    return shown.astype(np.intp)


def _nested(
    groups: ArrayLike | None, items: NDArray[Any], first: Ints, second: Ints
) -> tuple[NDArray[Any] | None, Ints, NDArray[Any], Ints, Ints]:
    """Make an item of each group and id that occur together, sorted by group and then id."""
    if groups is None:
        return None, np.zeros(len(items), dtype=np.intp), items, first, second
    given = column(groups, "group")
    same_length(comparisons=first, groups=given)
    names, group = coded(given)
    both = np.concatenate([group * len(items) + first, group * len(items) + second])
    places, codes = np.unique(both, return_inverse=True)
    group_of_item, item = places // max(len(items), 1), places % max(len(items), 1)
    return names, group_of_item, items[item], codes[: len(first)], codes[len(first) :]


def _plainly_counted(items: NDArray[Any], low: Ints, high: Ints, choice: Ints) -> PairTable:
    """Count whole preferences: by a table of all pairs where that is small, else by sorting."""
    n = len(items)
    keys = (low * n + high) * 3 + choice
    if 3 * n * n <= LARGEST_GRID:
        grid = np.bincount(keys, minlength=3 * n * n).reshape(-1, 3)
        places = np.flatnonzero(grid.any(axis=1))
        return PairTable(items, places // max(n, 1), places % max(n, 1), grid[places].astype(float))
    keys.sort()
    opens = np.flatnonzero(np.diff(keys, prepend=-1))
    cells, sizes = keys[opens], np.diff(opens, append=len(keys))
    places = cells // 3
    starts = np.diff(places, prepend=-1) != 0
    counts = np.zeros((int(starts.sum()), 3))
    counts[np.cumsum(starts) - 1, cells % 3] = sizes
    return PairTable(items, places[starts] // n, places[starts] % n, counts)


def _counted(items: NDArray[Any], low: Ints, high: Ints, counts: Floats) -> PairTable:
    places, pair = _distinct_places(low, high, len(items))
    totals = [np.bincount(pair, weights=part, minlength=len(places)) for part in counts.T]
    n = max(len(items), 1)
    return PairTable(items, places // n, places % n, np.stack(totals, axis=1))


def _distinct_places(low: Ints, high: Ints, n_items: int) -> tuple[Ints, Ints]:
    """Return the distinct values of low * n_items + high, and which of them each pair is."""
    keys = low * n_items + high
    if n_items * n_items > LARGEST_GRID:
        places, pair = np.unique(keys, return_inverse=True)
        return places, pair.astype(np.intp)
    seen = np.bincount(keys, minlength=n_items * n_items) > 0
    return np.flatnonzero(seen), (np.cumsum(seen) - 1)[keys]
