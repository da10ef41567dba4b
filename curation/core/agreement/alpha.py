"""Krippendorff's alpha for any number of annotators and any gaps in what they rated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from curation.core.agreement.resample import (
    Agreement,
    Bootstrap,
    Floats,
    Resampling,
    estimate,
    ratio,
)
from curation.core.agreement.units import Units, coded_ratings, units_of

LEVELS = ("nominal", "ordinal", "interval")


def krippendorff_alpha(
    items: ArrayLike,
    annotators: ArrayLike,
    values: ArrayLike,
    *,
    level: str,
    clusters: ArrayLike | None = None,
    **resampling: Unpack[Resampling],
) -> Agreement:
    """Alpha of ratings given as three arrays of equal length: 1 is perfect, 0 is chance.

    Levels: nominal (values differ or not), ordinal (squared difference of the ranks that the
    pooled ratings give to two values, which is Krippendorff's metric from cumulative
    frequencies), interval (squared difference of the values). ``n`` is the number of pairable
    ratings: those of items with two or more. NaN without pairable ratings, and where
    all of them are one and the same value. Missing values (None, NaN) are left out. Each row is a
    rating, as in ``aggregate_labels``: who rated an item twice and should count once is given
    once. ``clusters`` names what each item belongs
    to (a solution, for its steps), all of an item's rows alike; the bootstrap then draws these.

    Raises ValueError for an unknown level, and for texts where numbers are needed.
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
    """
    rows = (items, annotators, values)
    return krippendorff_alphas(*rows, levels=(level,), clusters=clusters, **resampling)[level]


def krippendorff_alphas(
    items: ArrayLike,
    annotators: ArrayLike,
    values: ArrayLike,
    *,
    levels: Iterable[str] = LEVELS,
    clusters: ArrayLike | None = None,
    **resampling: Unpack[Resampling],
) -> dict[str, Agreement]:
    """Alpha at several levels of the same ratings, which are counted once."""
    wanted = tuple(levels)
    for level in wanted:
        if level not in _DISAGREEMENT:
            raise ValueError(f"There is no level {level!r}; there are {', '.join(LEVELS)}.")
    numbers = any(level != "nominal" for level in wanted)
    units = units_of(coded_ratings(items, annotators, values, clusters=clusters, numbers=numbers))
    bootstrap = Bootstrap(**resampling)
    return {level: _alpha(units, level, bootstrap) for level in wanted}


def _alpha(units: Units, level: str, bootstrap: Bootstrap) -> Agreement:
    disagreement = _DISAGREEMENT[level]

    def statistic(weights: Floats) -> Floats:
        marginals = units.marginals(weights)
        observed, expected = disagreement(units, weights, marginals)
        varied = (marginals > 0).sum(axis=1) > 1
        n = marginals.sum(axis=1)
        return np.where(varied, 1 - (n - 1) * ratio(observed, expected), math.nan)

    return estimate(
        statistic, units.drawn, n=units.n_pairable, bootstrap=bootstrap, width=units.width
    )


def _nominal(units: Units, weights: Floats, marginals: Floats) -> tuple[Floats, Floats]:
    """Observed and expected disagreement, summed over ordered pairs; shape (draws,) each."""
    within = (units.sizes**2 - units.squares) / (units.sizes - 1)
    return weights @ within, marginals.sum(axis=1) ** 2 - (marginals**2).sum(axis=1)


def _interval(units: Units, weights: Floats, marginals: Floats) -> tuple[Floats, Floats]:
    places = np.asarray(units.categories, dtype=float)
    places = np.broadcast_to(places - places.mean(), (1, len(places)))
    return weights @ _spread_within(units, places)[0], _spread(marginals, places)


def _ordinal(units: Units, weights: Floats, marginals: Floats) -> tuple[Floats, Floats]:
    """As interval, but a value's place is its mean rank among all ratings of the draw.

    Half of the ratings with the value itself lie below its place: the difference of two places is
    sum of the frequencies from one to the other, less half of both ends.
    """
    order = np.argsort(units.categories)
    places = np.empty_like(marginals)
    places[:, order] = np.cumsum(marginals[:, order], axis=1) - marginals[:, order] / 2
    places -= marginals.sum(axis=1, keepdims=True) / 2
    within = _spread_within(units, places)
    return np.einsum("du,du->d", weights, within), _spread(marginals, places)


def _spread_within(units: Units, places: Floats) -> Floats:
    """Squared distances between the ratings of one item, shape (draws, n_units)."""
    sums = (units.counts @ places.T).T
    squares = (units.counts @ (places**2).T).T
    alike = np.diff(units.counts.indptr) == 1
    spread = 2 * (units.sizes * squares - sums**2) / (units.sizes - 1)
    return np.where(alike, 0.0, np.maximum(spread, 0.0))


def _spread(marginals: Floats, places: Floats) -> Floats:
    """Squared distances between all ratings, shape (draws,)."""
    sums, squares = (marginals * places).sum(axis=1), (marginals * places**2).sum(axis=1)
    return np.maximum(2 * (marginals.sum(axis=1) * squares - sums**2), 0.0)


_Disagreement = Callable[[Units, Floats, Floats], tuple[Floats, Floats]]
_DISAGREEMENT: Mapping[str, _Disagreement] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
}
