"""Agreement on categories beyond chance, and as it is: Cohen, Fleiss, and shares of pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array, csr_array

from curation.core.agreement.resample import (
    Agreement,
    Bootstrap,
    Drawn,
    Floats,
    Ints,
    Resampling,
    estimate,
    ratio,
)
from curation.core.agreement.units import Ratings, coded_ratings, last_ratings, units_of


def cohen_kappa(
    items: ArrayLike,
    annotators: ArrayLike,
    values: ArrayLike,
    **resampling: Unpack[Resampling],
) -> Agreement:
    """Kappa of two raters; ``n`` is the number of items that both rated.

    Of several ratings of an item by one rater the last counts. NaN where they share no item, and
    where both gave one and the same value throughout. Raises ValueError unless there are
    exactly two raters. Cohen (1960).
    """
    ratings = last_ratings(coded_ratings(items, annotators, values))
    raters = len(np.unique(ratings.annotators))
    if raters != 2:
        raise ValueError(f"Cohen's kappa compares two raters; here are {raters}.")
    pairs = _pairs(ratings)
    return estimate(
        lambda weights: _kappas(pairs, weights, 1)[0][:, 0],
        Drawn(np.ones(len(pairs.item), np.intp)),
        n=len(pairs.item),
        bootstrap=Bootstrap(**resampling),
        width=pairs.n_categories,
    )


def mean_pairwise_kappa(
    items: ArrayLike,
    annotators: ArrayLike,
    values: ArrayLike,
    **resampling: Unpack[Resampling],
) -> Agreement:
    """The mean of Cohen's kappa over pairs of raters, weighted by the items that they share.

    For ratings with gaps, where every pair keeps its own marginals. Pairs whose kappa is undefined
    are left out, and of several ratings of an item by one rater the last counts; ``n`` is the
    number of comparisons, one for each pair and shared item.
    """
    pairs = _pairs(last_ratings(coded_ratings(items, annotators, values)))

    def statistic(weights: Floats) -> Floats:
        kappas, shared = _kappas(pairs, weights, pairs.n_pairs)
        known = ~np.isnan(kappas)
        total = np.where(known, kappas * shared, 0.0).sum(axis=1)
        return ratio(total, np.where(known, shared, 0.0).sum(axis=1))

    rated, group = np.unique(pairs.item, return_inverse=True)
    return estimate(
        statistic,
        Drawn(np.ones(len(rated), np.intp), group),
        n=len(pairs.item),
        bootstrap=Bootstrap(**resampling),
        width=pairs.n_pairs * pairs.n_categories,
    )


def fleiss_kappa(
    items: ArrayLike,
    annotators: ArrayLike,
    values: ArrayLike,
    **resampling: Unpack[Resampling],
) -> Agreement:
    """Kappa of any raters; ``n`` is the number of ratings of items with two or more.

    Items may have different numbers of ratings: each then has the same weight in the observed
    agreement, each rating in the expected one. NaN without such items, and where all ratings are
    one and the same value. Fleiss (1971).
    """
    units = units_of(coded_ratings(items, annotators, values))
    within = (units.squares - units.sizes) / (units.sizes * (units.sizes - 1))

    def statistic(weights: Floats) -> Floats:
        observed = weights @ within / weights.sum(axis=1)
        marginals = units.marginals(weights)
        expected = (marginals**2).sum(axis=1) / marginals.sum(axis=1) ** 2
        return ratio(observed - expected, 1 - expected)

    bootstrap = Bootstrap(**resampling)
    return estimate(
        statistic, units.drawn, n=units.n_pairable, bootstrap=bootstrap, width=units.width
    )


def pair_agreement(
    items: ArrayLike,
    annotators: ArrayLike,
    values: ArrayLike,
    **resampling: Unpack[Resampling],
) -> Agreement:
    """The share of pairs of ratings of one item that are equal; ``n`` is the number of pairs.

    Nothing is taken off for chance. NaN where no item has two ratings.
    """
    units = units_of(coded_ratings(items, annotators, values))
    all_pairs = units.sizes * (units.sizes - 1)
    equal_pairs = units.squares - units.sizes
    return estimate(
        lambda weights: ratio(weights @ equal_pairs, weights @ all_pairs),
        units.drawn,
        n=int((units.drawn.weights()[0] * all_pairs).sum()) // 2,
        bootstrap=Bootstrap(**resampling),
    )


@dataclass(frozen=True)
class _Pairs:
    """Every two ratings of one item: the item, which two raters, and what each of them said."""

    item: Ints
    pair: Ints
    first: Ints
    second: Ints
    n_pairs: int
    n_categories: int


def _pairs(ratings: Ratings) -> _Pairs:
    order = np.lexsort((ratings.annotators, ratings.items))
    items, who, values = (a[order] for a in (ratings.items, ratings.annotators, ratings.values))
    first, second = _places_of_pairs(np.bincount(items))
    raters = int(who.max(initial=-1)) + 1
    names, pair = np.unique(who[first] * raters + who[second], return_inverse=True)
    return _Pairs(
        items[first], pair, values[first], values[second], len(names), len(ratings.categories)
    )


def _places_of_pairs(sizes: Ints) -> tuple[Ints, Ints]:
    """The two rows of each pair within consecutive blocks of these sizes."""
    starts = np.cumsum(sizes) - sizes
    firsts, seconds = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for size in np.unique(sizes[sizes > 1]):
        left, right = np.triu_indices(int(size), k=1)
        block = starts[sizes == size][:, None]
        firsts.append((block + left).ravel())
        seconds.append((block + right).ravel())
    return np.concatenate(firsts), np.concatenate(seconds)


def _kappas(pairs: _Pairs, weights: Floats, n_pairs: int) -> tuple[Floats, Floats]:
    """Each pair's kappa and its number of shared items, shape (draws, n_pairs) each."""
    equal = np.where(pairs.first == pairs.second, weights, 0.0)
    shared, agreed = (_by_row(pairs.pair, n_pairs, rows) for rows in (weights, equal))
    by_chance = _chance(pairs, weights, n_pairs) / np.maximum(shared, 1) ** 2
    observed = ratio(agreed, shared)
    varied = by_chance < 1 - 1e-12
    kappas = ratio(observed - by_chance, np.where(varied, 1 - by_chance, 0.0))
    return np.where(shared > 0, kappas, math.nan), shared


def _chance(pairs: _Pairs, weights: Floats, n_pairs: int) -> Floats:
    """For each pair, the products of how often the two gave each value, summed over values."""
    cells = n_pairs * pairs.n_categories
    first, second = (
        _by_row(pairs.pair * pairs.n_categories + said, cells, weights)
        for said in (pairs.first, pairs.second)
    )
    shape = (len(weights), n_pairs, pairs.n_categories)
    return (first * second).reshape(shape).sum(axis=2)


def _by_row(rows: Ints, n_rows: int, weights: Floats) -> Floats:
    """Sums of weights by row, shape (draws, n_rows)."""
    places = (rows, np.arange(len(rows)))
    sums: csr_array = coo_array((np.ones(len(rows)), places), shape=(n_rows, len(rows))).tocsr()
    return np.asarray((sums @ weights.T).T)
