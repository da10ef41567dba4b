"""The posterior of strengths given comparisons whose outcome is a normal difference's sign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from curation.core.aggregate.connectivity import Connectivity, connectivity
from curation.core.aggregate.newton import (
    Blocks,
    Floats,
    Ints,
    Inverse,
    blocks_of,
    summed,
)
from curation.core.aggregate.reliability import Evidence


@dataclass(frozen=True)
class Comparisons:
    """Counted comparisons, one row for each pair and annotator.

    In row k the item `low[k]` was preferred to `high[k]` with weight `won[k]` and the other way
    round with `lost[k]`; a tie is half of either. `offset` (n_rows,) is added to the difference
    of the strengths.
    """

    low: Ints
    high: Ints
    won: Floats
    lost: Floats
    offset: Floats
    n_items: int

    def __len__(self) -> int:
        return len(self.low)


def counted(
    low: Ints, high: Ints, annotator: Ints, outcome: Floats, weights: Floats, n_items: int
) -> tuple[Comparisons, Ints]:
    """Put equal comparisons of an annotator together; also return each row's annotator."""
    flipped = low > high
    first, second = np.where(flipped, high, low), np.where(flipped, low, high)
    said = np.where(flipped, 1 - outcome, outcome)
    n_annotators = int(annotator.max(initial=0)) + 1
    cells, row = np.unique(
        (first * n_items + second) * n_annotators + annotator, return_inverse=True
    )
    pair, who = cells // n_annotators, cells % n_annotators
    won = summed(row, weights * said, len(cells))
    lost = summed(row, weights * (1 - said), len(cells))
    n = max(n_items, 1)
    zeros = np.zeros(len(cells))
    return Comparisons(pair // n, pair % n, won, lost, zeros, n_items), who


class ThurstoneModel:
    """Comparisons laid out for a fit, with what hangs together in them."""

    def __init__(self, data: Comparisons) -> None:
        self.data = data
        self.weight: Floats = data.won + data.lost
        won, lost = data.won > 0, data.lost > 0
        better = np.concatenate([data.low[won], data.high[lost]])
        worse = np.concatenate([data.high[won], data.low[lost]])
        self.connectivity: Connectivity = connectivity(better, worse, data.n_items)
        self.blocks: Blocks = blocks_of(self.connectivity.component)
        self.start: Floats = np.zeros(data.n_items)

    def at(self, strengths: Floats, scale: Floats, precision: float) -> ThurstonePoint:
        """Return the posterior at strengths (n_items,), each row's multiplied by `scale`."""
        return ThurstonePoint(self, strengths, scale, precision)


class ThurstonePoint:
    """The log-posterior at one place; a `strength_fit.StrengthPoint`."""

    def __init__(
        self, model: ThurstoneModel, strengths: Floats, scale: Floats, precision: float
    ) -> None:
        self.model, self.scale, self.precision = model, scale, precision
        data = model.data
        self.gap = strengths[data.low] - strengths[data.high] + data.offset
        scaled = scale * self.gap
        win, loss = _log_probabilities(scaled)
        self.likelihood = float(data.won @ win + data.lost @ loss)
        self.value = self.likelihood - precision * float(strengths @ strengths) / 2
        win_rate, loss_rate = _hazard(scaled, win), _hazard(scaled, loss)
        self.slope = data.won * win_rate - data.lost * loss_rate
        self.bend = data.won * win_rate * (scaled + win_rate)
        self.bend += data.lost * loss_rate * (loss_rate - scaled)
        self.gradient = self._per_item(scale * self.slope) - precision * strengths

    def product(self, vector: Floats) -> Floats:
        """Return the curvature times a vector (n_items,)."""
        data = self.model.data
        gap = vector[data.low] - vector[data.high]
        return self._per_item(self.scale**2 * self.bend * gap) + self.precision * vector

    def inverse(self, *, rough: bool = False) -> Inverse:
        """Return the curvature's inverse, block by block; if `rough`, what is had cheaply."""
        data, weight = self.model.data, self.scale**2 * self.bend
        diagonal = summed(data.low, weight, data.n_items) + summed(data.high, weight, data.n_items)
        pairs = [(data.low, data.high, -weight)]
        return self.model.blocks.inverse(diagonal + self.precision, pairs, rough=rough)

    def evidence(self, annotators: Ints, n_annotators: int, inverse: Inverse) -> Evidence:
        """Return what the comparisons of each annotator say about their factor on the gaps."""
        low, high = self.model.data.low, self.model.data.high
        spread = inverse.variances[low] + inverse.variances[high] - 2 * inverse.entries(low, high)
        found = (self.gap * self.slope, self.gap**2 * self.bend, self.bend * spread)
        return Evidence(*(summed(annotators, each, n_annotators) for each in found))

    def _per_item(self, values: Floats) -> Floats:
        data = self.model.data
        return summed(data.low, values, data.n_items) - summed(data.high, values, data.n_items)


def _log_probabilities(scaled: Floats) -> tuple[Floats, Floats]:
    """log Φ at a value and at its negative."""
    rarer = log_ndtr(-np.abs(scaled))
    other = np.log1p(-np.exp(rarer))
    ahead = scaled > 0
    return np.where(ahead, other, rarer), np.where(ahead, rarer, other)


def _hazard(scaled: Floats, log_probability: Floats) -> Floats:
    """The normal density over a probability, finite where that vanishes."""
    return np.exp(-(scaled**2) / 2 - log_probability) / np.sqrt(2 * np.pi)
