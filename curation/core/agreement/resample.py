"""A figure with its interval: the bootstrap over items, all draws at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Statistic = Callable[[Floats], Floats]
ENTRIES_AT_ONCE = 2_000_000
FEW_GROUPS = 20
UNKNOWN = (math.nan, math.nan)


@dataclass(frozen=True)
class Agreement:
    """An agreement figure, its interval and what it rests on.

    `value` is NaN where the figure is undefined: nobody can be compared, or nothing varies, so
    that no disagreement could be expected. `interval` is the percentile bootstrap over items,
    (NaN, NaN) where none was asked for, where there are fewer than two items, or where more than
    half of the draws are undefined. `n` counts what the value rests on; each estimator says what.
    """

    value: float
    interval: tuple[float, float]
    n: int


@dataclass(frozen=True)
class Bootstrap:
    """How to draw: `draws` resamples of the items (0 for no interval) from one seed."""

    draws: int = 400
    seed: int = 0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.draws < 0:
            raise ValueError(f"draws must be 0 or more, not {self.draws}.")
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence must lie between 0 and 1, not {self.confidence}.")


class Resampling(TypedDict, total=False):
    """The keywords that every estimator takes for its interval, see ``Bootstrap``."""

    draws: int
    seed: int
    confidence: float


@dataclass(frozen=True)
class Drawn:
    """What is resampled: groups of units that were rated alike, or that belong together.

    `frequency` (n_groups,) says how many items each group stands for. `group` (n_units,) is each
    unit's group; None where units and groups are the same, with `frequency` as their weights.
    """

    frequency: Ints
    group: Ints | None = None

    def weights(self) -> Floats:
        """The units' weights in the data as they are, shape (1, n_units)."""
        if self.group is not None:
            return np.ones((1, len(self.group)))
        return self.frequency[None].astype(float)

    def resampled(self, bootstrap: Bootstrap, *, width: int) -> Iterator[Floats]:
        """Batches of weights, shape (batch, n_units), as many rows in all as there are draws."""
        rng = np.random.default_rng(bootstrap.seed)
        n_units = len(self.frequency if self.group is None else self.group)
        batch = max(1, ENTRIES_AT_ONCE // max(n_units, width, 1))
        for start in range(0, bootstrap.draws, batch):
            size = min(batch, bootstrap.draws - start)
            drawn = _multinomial(rng, self.frequency, size)
            yield (drawn if self.group is None else drawn[:, self.group]).astype(float)


def _multinomial(rng: np.random.Generator, frequency: Ints, size: int) -> Ints:
    """How often each group is drawn when as many items are drawn as there are, ``size`` times.

    Few groups are drawn at once from their shares; where there are about as many groups as items
    it is much faster to draw the items themselves.
    """
    total, n_groups = int(frequency.sum()), len(frequency)
    if n_groups * FEW_GROUPS < total:
        return rng.multinomial(total, frequency / total, size=size).astype(np.intp)
    owner = np.repeat(np.arange(n_groups), frequency)
    rows = [owner[rng.integers(total, size=total)] for _ in range(size)]
    return np.array([np.bincount(row, minlength=n_groups) for row in rows], dtype=np.intp)


def estimate(
    statistic: Statistic, drawn: Drawn, *, n: int, bootstrap: Bootstrap, width: int = 1
) -> Agreement:
    """The statistic of the data, with its interval.

    `statistic` takes weights of the units, shape (draws, n_units), and returns one value a row,
    NaN where it is undefined. `width` is the number of columns that it makes for each draw.
    """
    if not len(drawn.frequency):
        return Agreement(math.nan, UNKNOWN, 0)
    value = float(statistic(drawn.weights())[0])
    if not bootstrap.draws or int(drawn.frequency.sum()) < 2:
        return Agreement(value, UNKNOWN, n)
    batches = drawn.resampled(bootstrap, width=width)
    return Agreement(value, _interval([statistic(batch) for batch in batches], bootstrap), n)


def _interval(batches: list[Floats], bootstrap: Bootstrap) -> tuple[float, float]:
    values = np.concatenate(batches)
    known = values[~np.isnan(values)]
    if len(known) * 2 < len(values):
        return UNKNOWN
    outside = (1 - bootstrap.confidence) / 2
    low, high = np.quantile(known, [outside, 1 - outside])
    return float(low), float(high)


def ratio(upper: Floats, lower: Floats) -> Floats:
    """Quotients, NaN where the divisor is not above zero."""
    known = lower > 0
    return np.divide(upper, lower, out=np.full(np.shape(upper), math.nan), where=known)
