"""Ids of any kind as numbers from 0."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.newton import Floats, Ints

WIDEST_RANGE = 4


def column(values: ArrayLike | Iterable[Any], what: str) -> NDArray[Any]:
    """Return ids as a one-dimensional array; strings stay Python's own, whatever they hold.

    Raises ValueError for anything that has more dimensions and for a missing id (None or NaN).
    """
    array = values if isinstance(values, np.ndarray) else _from_sequence(values)
    if array.ndim != 1:
        raise ValueError(f"The {what}s are a one-dimensional array.")
    if _has_missing(array):
        raise ValueError(f"There is a missing {what} (None or NaN).")
    return array


def coded(ids: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """Return the distinct ids, sorted, and each id's place among them.

    Raises ValueError for ids that cannot be sorted, such as numbers mixed with strings.
    """
    if ids.dtype.kind in "iu" and len(ids):
        low, high = int(ids.min()), int(ids.max())
        if high - low <= WIDEST_RANGE * len(ids):
            return _coded_without_sorting(ids, low)
    if ids.dtype.kind not in "OUS":
        distinct, codes = np.unique(ids, return_inverse=True)
        return distinct, codes.astype(np.intp)
    place: dict[Any, int] = {}
    seen = np.array([place.setdefault(one, len(place)) for one in ids.tolist()], dtype=np.intp)
    names = list(place)
    try:
        order = sorted(range(len(names)), key=names.__getitem__)
    except TypeError as error:
        raise ValueError("Ids are all numbers or all strings, not some of each.") from error
    distinct = np.empty(len(names), dtype=object)
    distinct[:] = [names[index] for index in order]
    rank = np.empty(len(names), dtype=np.intp)
    rank[order] = np.arange(len(names))
    return distinct, rank[seen]


def _coded_without_sorting(ids: NDArray[Any], low: int) -> tuple[NDArray[Any], Ints]:
    wide = ids.astype(np.uint64 if ids.dtype.kind == "u" else np.int64)
    offsets = (wide - wide.dtype.type(low)).astype(np.intp)
    seen = np.bincount(offsets) > 0
    distinct = np.flatnonzero(seen).astype(wide.dtype) + wide.dtype.type(low)
    return distinct.astype(ids.dtype), (np.cumsum(seen) - 1)[offsets]


def same_length(**columns: NDArray[Any]) -> None:
    """Raise ValueError unless all columns, given by name, are equally long."""
    if len({len(values) for values in columns.values()}) > 1:
        said = ", ".join(f"{len(values)} {name}" for name, values in columns.items())
        raise ValueError(f"The columns differ in length: {said}.")


def weights_of(weights: ArrayLike | None, n: int) -> Floats:
    """Return the weights, one each where there are none.

    Raises ValueError unless there are n of them, finite and none negative.
    """
    if weights is None:
        return np.ones(n)
    given = np.asarray(weights, dtype=float)
    if given.shape != (n,):
        raise ValueError(f"There are {n} rows, but the weights have the shape {given.shape}.")
    if not np.isfinite(given).all() or (given < 0).any():
        raise ValueError("Weights are finite and not negative.")
    return given


def _from_sequence(values: ArrayLike | Iterable[Any]) -> NDArray[Any]:
    given = list(values) if isinstance(values, Iterable) else [values]
    kinds = set(map(type, given))
    if kinds and all(issubclass(kind, (int, float, np.number)) for kind in kinds):
        return np.array(given)
    array = np.empty(len(given), dtype=object)
    array[:] = given
    return array


def _has_missing(array: NDArray[Any]) -> bool:
    if array.dtype.kind == "O":
        return any(value is None or value != value for value in array.tolist())
    return array.dtype.kind == "f" and bool(np.isnan(array).any())
