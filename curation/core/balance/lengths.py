"""Pairs in which the longer response wins no more often than the shorter, at every difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curation.core.balance.result import (
    MAX_WEIGHT,
    Balance,
    BalanceMode,
    balanced,
    check_max_weight,
    check_mode,
    first_within,
)
from curation.core.columns import (
    Column,
    Floats,
    Ints,
    Mask,
    codes,
    numbers,
    positive_weights,
    require_length,
)
from curation.core.errors import CurationError
from curation.core.seeded import seeded_ranks

BISECTIONS = 100


def log_length_ratio(chosen_length: Column, rejected_length: Column) -> Floats:
    """log((chosen + 1) / (rejected + 1)): above zero where the chosen response is the longer.

    One is added since a response may be empty. Raises CurationError for lengths that are
    unknown or negative, and columns of unequal length.
    """
    require_length(len(chosen_length), Rejected_length=rejected_length)
    chosen = numbers(chosen_length, "Lengths of the chosen")
    rejected = numbers(rejected_length, "Lengths of the rejected")
    if not ((chosen >= 0).all() and (rejected >= 0).all()):
        raise CurationError("Lengths must be known and not negative.")
    return np.log1p(chosen) - np.log1p(rejected)


def balance_lengths(
    chosen_length: Column,
    rejected_length: Column,
    *,
    ids: Column,
    seed: int,
    mode: BalanceMode = "drop",
    strata: Column | None = None,
    bins: int | Sequence[float] | None = None,
    weights: Column | None = None,
    max_weight: float = MAX_WEIGHT,
) -> Balance:
    """Make rows whose chosen response is longer and rows whose it is shorter alike in difference.

    Rows are binned by the size of the log length ratio, within `strata` where given (source,
    topic). In each bin both directions end up with the same number of rows (drop: those that go
    are drawn from the ids by the seed) or the same total weight (weight: see `balance_groups` for
    `weights` and `max_weight`). So a predictor that sees the lengths alone is right half of the
    time, in each bin and over all. Rows of equal lengths stay. Rows of a bin in which only one
    direction occurs have nothing to be set against and go, in both modes.

    `bins` is a number of quantile bins or a rising sequence of inner edges; None takes the cube
    root of the rows to be matched in a stratum, which loses about as little to chance as it leaves
    inside the bins. If the limit on weights cannot be kept otherwise, the weights are not `exact`.

    Raises CurationError for lengths that are unknown or negative, impossible bins, ids that
    repeat, and columns of unequal length.
    """
    check_mode(mode)
    check_max_weight(max_weight)
    ratio = log_length_ratio(chosen_length, rejected_length)
    require_length(len(ratio), Ids=ids, Strata=strata, Weights=weights)
    base = positive_weights(weights, len(ratio))
    sides = _Sides(_cells(ratio, strata, bins), np.sign(ratio).astype(np.intp))
    if mode == "weight":
        return _weighted(sides, base, max_weight)
    ranks = seeded_ranks(ids, seed=seed, purpose="lengths")
    return balanced(_matched(sides, ranks), base)


@dataclass(frozen=True, slots=True)
class _Sides:
    """`cell` (n,) codes from 0; `side` (n,): 1 chosen longer, -1 shorter, 0 equal."""

    cell: Ints
    side: Ints

    def totals(self, side: int, values: Floats) -> Floats:
        """Sum of values over the rows of one side, a cell each."""
        here = self.side == side
        n_cells = int(self.cell.max(initial=-1)) + 1
        return np.bincount(self.cell[here], values[here], minlength=n_cells).astype(np.float64)


def _cells(ratio: Floats, strata: Column | None, bins: int | Sequence[float] | None) -> Ints:
    """Stratum and bin of each row as one code."""
    size = np.abs(ratio)
    stratum = np.zeros(len(ratio), dtype=np.intp) if strata is None else codes(strata) + 1
    edges = _edges(size[size > 0], len(np.unique(stratum)), bins)
    pairs = stratum * (len(edges) + 1) + np.searchsorted(edges, size, side="right")
    return np.unique(pairs, return_inverse=True)[1].astype(np.intp)


def _edges(sizes: Floats, n_strata: int, bins: int | Sequence[float] | None) -> Floats:
    """Inner edges of the bins, rising."""
    if bins is not None and not isinstance(bins, int):
        edges = numbers(bins, "Edges of bins")
        if np.isnan(edges).any() or (np.diff(edges) <= 0).any():
            raise CurationError("Edges of bins must rise.")
        return edges
    count = _default_bins(len(sizes), n_strata) if bins is None else bins
    if count < 1:
        raise CurationError(f"There must be at least one bin, not {count}.")
    if not len(sizes):
        return np.zeros(0)
    return np.unique(np.quantile(sizes, np.arange(1, count) / count))


def _default_bins(n_rows: int, n_strata: int) -> int:
    return max(1, round((n_rows / max(n_strata, 1)) ** (1 / 3)))


def _matched(sides: _Sides, ranks: Ints) -> Mask:
    """As many rows of either side as the rarer one has in the cell, and all of equal length."""
    ones = np.ones(len(ranks))
    quota = np.minimum(sides.totals(1, ones), sides.totals(-1, ones)).astype(np.intp)
    group = 2 * sides.cell + (sides.side == 1)
    equal = sides.side == 0
    chosen = np.zeros(len(ranks), dtype=bool)
    chosen[~equal] = first_within(group[~equal], ranks[~equal], np.repeat(quota, 2))
    return chosen | equal


def _weighted(sides: _Sides, base: Floats, max_weight: float) -> Balance:
    """Weights under which both sides of each cell have the same total.

    The rarer side of a cell is raised and the commoner lowered, up to a level that is lowered
    until no factor exceeds `max_weight` times the mean. Where no level does, the rarer rows get
    that weight and the others what is left, which does not cancel.
    """
    own, other = _own_and_other(sides, base)
    keep = (sides.side == 0) | (np.minimum(own, other) > 0)
    if not keep.any():
        return balanced(keep, base)
    raised = _Raised(own[keep], other[keep], base[keep])
    level = raised.highest_level(max_weight)
    factors = np.ones(len(base))
    factors[keep] = raised.uneven(max_weight) if level is None else raised.factors(level)
    return balanced(keep, base * factors, exact=level is not None)


def _own_and_other(sides: _Sides, base: Floats) -> tuple[Floats, Floats]:
    """Total weight of a row's own side of its cell and of the opposite one; ones for equal rows."""
    longer, shorter = sides.totals(1, base)[sides.cell], sides.totals(-1, base)[sides.cell]
    equal = sides.side == 0
    own = np.where(sides.side == 1, longer, shorter)
    other = np.where(sides.side == 1, shorter, longer)
    return np.where(equal, 1.0, own), np.where(equal, 1.0, other)


@dataclass(frozen=True, slots=True)
class _Raised:
    """Totals of each row's side of its cell and of the opposite side, and the row's own weight."""

    own: Floats
    other: Floats
    base: Floats

    def factors(self, level: float) -> Floats:
        """Factors that make both sides equal; the rarer side is raised to `level` at most."""
        scarce = np.minimum(self.own, self.other)
        return np.minimum((self.own + self.other) / (2 * scarce), level) * scarce / self.own

    def highest_level(self, max_weight: float) -> float | None:
        """Highest level at which no factor exceeds `max_weight` times the mean; None if none.

        The largest factor over the mean falls with the level down to 1 and is constant below.
        """
        low, high = 1.0, float(self.factors(np.inf).max())
        if self._peak(high) <= max_weight:
            return high
        if self._peak(low) > max_weight:
            return None
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if self._peak(middle) <= max_weight else (low, middle)
        return low

    def uneven(self, max_weight: float) -> Floats:
        """The rarer rows at `max_weight`, the others at what leaves the mean at 1."""
        rarer = self.own < self.other
        whole, raised = self.base.sum(), self.base[rarer].sum()
        return np.where(rarer, max_weight, (whole - max_weight * raised) / (whole - raised))

    def _peak(self, level: float) -> float:
        factors = self.factors(level)
        return float(factors.max() / np.average(factors, weights=self.base))
