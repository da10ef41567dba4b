"""Ratings as counts: which value each item was given how often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array

from curation.core.agreement.resample import Drawn, Floats, Ints

LARGEST_CODE_BITS = 62
LARGEST_TABLE = 20_000_000
LARGEST_EXACT = 2**53


@dataclass(frozen=True)
class Ratings:
    """One rating a row: who said what of which item, as codes from 0.

    Missing values (None or NaN) are left out. `categories` are the distinct values that the codes
    stand for, `clusters` what each row's item belongs to.
    """

    items: Ints
    annotators: Ints
    values: Ints
    categories: NDArray[Any]
    clusters: Ints | None = None


@dataclass(frozen=True)
class Units:
    """Items with two ratings or more; those that were rated alike are one row.

    `counts` (n_units, n_categories) says how often each value was given, `drawn` how many items a
    row stands for, `categories` what the columns stand for.
    """

    counts: csr_array
    drawn: Drawn
    categories: NDArray[Any]

    @cached_property
    def sizes(self) -> Floats:
        """Ratings of one item of each row, shape (n_units,); two or more."""
        return np.asarray(self.counts.sum(axis=1), dtype=float).ravel()

    @cached_property
    def squares(self) -> Floats:
        """The sum of squared counts of each row, shape (n_units,)."""
        return np.asarray(self.counts.multiply(self.counts).sum(axis=1), dtype=float).ravel()

    @cached_property
    def n_pairable(self) -> int:
        """Ratings that can be compared with another of the same item."""
        return int((self.drawn.weights()[0] * self.sizes).sum())

    @property
    def width(self) -> int:
        """The number of distinct values."""
        return len(self.categories)

    def marginals(self, weights: Floats) -> Floats:
        """How often each value was given under these weights, shape (draws, n_categories)."""
        return np.asarray((self.counts.T @ weights.T).T)


def coded_ratings(
    items: ArrayLike,
    annotators: ArrayLike,
    values: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    numbers: bool = False,
) -> Ratings:
    """Ratings from three arrays of equal length; ``numbers`` asks for values that are numbers.

    Raises ValueError for arrays of unequal length or other than one dimension.
    """
    arrays = [_vector(array) for array in (items, annotators, values)]
    if clusters is not None:
        arrays.append(_vector(clusters))
    if len({len(array) for array in arrays}) > 1:
        lengths = ", ".join(str(len(array)) for array in arrays)
        raise ValueError(f"Items, annotators and values differ in length: {lengths}.")
    present = ~_missing(arrays[2])
    if not present.all():
        arrays = [array[present] for array in arrays]
    if numbers:
        arrays[2] = _as_numbers(arrays[2])
    (item, _), (annotator, _), (value, categories), *cluster = map(_codes, arrays)
    return Ratings(item, annotator, value, categories, cluster[0][0] if cluster else None)


def last_ratings(ratings: Ratings) -> Ratings:
    """One rating of an item by each annotator, the last of several."""
    n_annotators = int(ratings.annotators.max(initial=-1)) + 1
    keys = ratings.items * n_annotators + ratings.annotators
    order = np.argsort(keys, kind="stable")
    kept = np.sort(order[np.append(np.diff(keys[order]) != 0, True)]) if len(keys) else order
    return replace(
        ratings,
        items=ratings.items[kept],
        annotators=ratings.annotators[kept],
        values=ratings.values[kept],
        clusters=None if ratings.clusters is None else ratings.clusters[kept],
    )


def units_of(ratings: Ratings) -> Units:
    """Count the values of each item with two ratings or more, and put equal items together."""
    n_items = int(ratings.items.max(initial=-1)) + 1
    several = np.bincount(ratings.items, minlength=n_items)[ratings.items] > 1
    items, values = ratings.items, ratings.values
    if not several.all():
        items, values = items[several], values[several]
    shape = (n_items, len(ratings.categories))
    if ratings.clusters is None and n_items * shape[1] <= LARGEST_TABLE:
        return _counted(items, values, shape, ratings.categories)
    counts = coo_array((np.ones(len(items)), (items, values)), shape=shape).tocsr()
    rated = np.flatnonzero(np.diff(counts.indptr))
    counts = counts[rated]
    if ratings.clusters is None:
        return _put_together(counts, ratings.categories)
    cluster_of_item = np.zeros(n_items, dtype=np.intp)
    cluster_of_item[items] = ratings.clusters[several]
    groups, group = np.unique(cluster_of_item[rated], return_inverse=True)
    return Units(counts, Drawn(np.ones(len(groups), np.intp), group), ratings.categories)


def _counted(items: Ints, values: Ints, shape: tuple[int, int], categories: NDArray[Any]) -> Units:
    """The same by way of a table, which is quicker where it is small."""
    flat = np.bincount(items * shape[1] + values, minlength=shape[0] * shape[1])
    table = flat.reshape(shape)
    rated = table.any(axis=1)
    table = table if rated.all() else table[rated]
    base = int(table.max(initial=0)) + 1
    if shape[1] * np.log2(max(base, 2)) > LARGEST_CODE_BITS:
        return Units(csr_array(table, dtype=float), Drawn(np.ones(len(table), np.intp)), categories)
    first, frequency = _distinct(table @ base ** np.arange(shape[1], dtype=np.int64))
    return Units(csr_array(table[first], dtype=float), Drawn(frequency), categories)


def _distinct(codes: NDArray[np.int64]) -> tuple[Ints, Ints]:
    """The first place of each distinct code, codes rising, and how often it stands."""
    if codes.max(initial=0) > LARGEST_TABLE:
        _, first, frequency = np.unique(codes, return_index=True, return_counts=True)
        return first.astype(np.intp), frequency.astype(np.intp)
    counts = np.bincount(codes)
    place = np.empty(len(counts), dtype=np.intp)
    place[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    there = np.flatnonzero(counts)
    return place[there], counts[there].astype(np.intp)


def _put_together(counts: csr_array, categories: NDArray[Any]) -> Units:
    """Equal rows become one, where their counts fit into one whole number."""
    base = int(counts.max()) + 1 if counts.nnz else 1
    if len(categories) * np.log2(max(base, 2)) > LARGEST_CODE_BITS:
        return Units(counts, Drawn(np.ones(counts.shape[0], np.intp)), categories)
    powers = base ** np.arange(len(categories), dtype=np.int64)
    first, frequency = _distinct(counts.astype(np.int64) @ powers)
    return Units(counts[first], Drawn(frequency), categories)


def _vector(array: ArrayLike) -> NDArray[Any]:
    vector = np.asarray(array)
    if vector.ndim != 1:
        raise ValueError("Items, annotators and values are one-dimensional arrays.")
    return vector


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind == "O":
        return np.array([value is None or value != value for value in values], dtype=bool)
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)


def _as_numbers(values: NDArray[Any]) -> Floats:
    if values.dtype.kind in "biuf":
        return values.astype(float)
    if any(isinstance(value, str) for value in values.tolist()):
        raise ValueError("This level of measurement needs values that are numbers.")
    return np.array([float(value) for value in values], dtype=float)


def _codes(array: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Codes from 0, and the distinct values in the order of the codes."""
    if array.dtype.kind in "OUS":
        return _codes_of_objects(array)
    if array.dtype.kind in "biu" and len(array):
        wide = array.astype(np.uint64 if array.dtype.kind == "u" else np.int64)
        if int(wide.max()) - int(wide.min()) <= 4 * len(wide):
            return _codes_of_dense(wide)
    if array.dtype.kind == "f" and len(array) and _is_short_range(array):
        codes, distinct = _codes_of_dense(array.astype(np.int64))
        return codes, distinct.astype(float)
    distinct, codes = np.unique(array, return_inverse=True)
    return codes.astype(np.intp), distinct


def _is_short_range(array: Floats) -> bool:
    """Whether numbers are whole and close enough together to be counted instead of sorted."""
    low, high = float(array.min()), float(array.max())
    near = high - low <= 4 * len(array) and max(abs(low), abs(high)) < LARGEST_EXACT
    return near and bool((array == np.rint(array)).all())


def _codes_of_dense(array: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Without sorting: the range of the integers is not much longer than the array."""
    low = array.min()
    offsets = (array - low).astype(np.intp)
    seen = np.bincount(offsets) > 0
    return (np.cumsum(seen) - 1)[offsets], np.flatnonzero(seen).astype(array.dtype) + low


def _codes_of_objects(array: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    place: dict[Any, int] = {}
    codes = np.array([place.setdefault(value, len(place)) for value in array.tolist()], np.intp)
    distinct = np.empty(len(place), dtype=object)
    distinct[:] = list(place)
    return codes, distinct
