"""Columns of rows: what callers give as lists or arrays, checked once and coded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from curation.core.errors import CurationError

Column: TypeAlias = Sequence[Any] | NDArray[Any]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.intp]
Mask: TypeAlias = NDArray[np.bool_]

NO_CODE = -1


def numbers(values: Column, name: str) -> Floats:
    """One-dimensional floats; None becomes NaN. Raises CurationError for anything else."""
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "biufO":
        if not array.size and array.ndim == 1:
            return np.zeros(0)
        raise CurationError(f"{name} must be one number a row.")
    if array.dtype.kind == "O" and any(isinstance(value, str) for value in array.tolist()):
        raise CurationError(f"{name} must be one number a row, not text.")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise CurationError(f"{name} must be one number a row.") from error


def positive_weights(weights: Column | None, n: int) -> Floats:
    """Weights of n rows scaled to mean 1; ones where there are none.

    Raises CurationError unless all are finite and above zero.
    """
    if weights is None:
        return np.ones(n)
    given = numbers(weights, "Weights")
    require_length(n, Weights=given)
    if not (np.isfinite(given).all() and (given > 0).all()):
        raise CurationError("Weights must be finite and above zero; leave out rows without weight.")
    return given / given.mean() if n else given


def codes(values: Column) -> Ints:
    """Codes from 0 for distinct values, -1 for None and NaN.

    Equal values get equal codes; which number a value gets carries no meaning.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "biu":
        return np.unique(values, return_inverse=True)[1].astype(np.intp)
    place: dict[Any, int] = {}
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    return np.array(
        [NO_CODE if _is_missing(each) else place.setdefault(each, len(place)) for each in listed],
        dtype=np.intp,
    )


def first_of_each(coded: Ints) -> Ints:
    """The first row of each code that occurs, in the order of the codes."""
    return np.unique(coded, return_index=True)[1].astype(np.intp)


def require_length(n: int, **columns: Column | None) -> None:
    """Raise CurationError unless every column that is given has n entries."""
    for name, column in columns.items():
        if column is not None and len(column) != n:
            raise CurationError(f"{name} has {len(column)} entries for {n} rows.")


def _is_missing(value: Any) -> bool:
    return value is None or value != value  # NaN alone differs from itself
