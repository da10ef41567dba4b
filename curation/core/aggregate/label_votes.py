"""Votes for labels as a table: coded ids, equal votes counted, repeated ones sharing a weight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

from curation.core.aggregate.ids import coded, column
from curation.core.aggregate.newton import Floats, Ints

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Cells:
    """The distinct combinations of item, annotator and label that were voted, sorted by them.

    `item`, `annotator`, `label` and `count` have the shape (n_cells,), counts being numbers of
    equal votes. `group` numbers the distinct pairs of item and annotator; `weight` is a cell's
    share of its group's votes, so that somebody who votes on an item twice has one voice.
    `shape` is (n_items, n_annotators, n_classes).
    """

    item: Ints
    annotator: Ints
    label: Ints
    count: Floats
    group: Ints
    weight: Floats
    shape: tuple[int, int, int]

    def where(self, kept: NDArray[np.bool_]) -> Cells:
        """Only some of the cells, whole groups of them, of the same items and annotators."""
        firsts = np.diff(self.group[kept], prepend=-1) != 0
        return Cells(
            item=self.item[kept],
            annotator=self.annotator[kept],
            label=self.label[kept],
            count=self.count[kept],
            group=np.cumsum(firsts) - 1,
            weight=self.weight[kept],
            shape=self.shape,
        )

    def tally(self, weights: Floats) -> Floats:
        """Sums of weights (n_cells,) for each item and label, shape (n_items, n_classes)."""
        n_items, _, n_classes = self.shape
        places = self.item * n_classes + self.label
        flat = np.bincount(places, weights=weights, minlength=n_items * n_classes)
        return flat.astype(np.float64, copy=False).reshape(n_items, n_classes)

    def voters(self) -> Ints:
        """How many annotators voted on each item, shape (n_items,)."""
        firsts = np.flatnonzero(np.diff(self.group, prepend=-1))
        return np.bincount(self.item[firsts], minlength=self.shape[0])

    def telling(self, known: Ints) -> NDArray[np.bool_]:
        """Which items show anything of their annotators, shape (n_items,).

        Those that several people judged, and those with a known answer. A lone vote agrees with
        nothing but itself, and a model that learns from it learns its own guesses.
        """
        return (self.voters() > 1) | (known != UNKNOWN)


@dataclass(frozen=True, slots=True)
class Votes:
    """Distinct ids, sorted, and the cells that number them.

    `known` (n_items,) is the class of an item whose answer is known, `UNKNOWN` elsewhere.
    """

    items: NDArray[Any]
    annotators: NDArray[Any]
    classes: NDArray[Any]
    cells: Cells
    known: Ints


def votes_from(
    items: ArrayLike | Iterable[Any],
    annotators: ArrayLike | Iterable[Any],
    labels: ArrayLike | Iterable[Any],
    *,
    n_classes: int | None,
    gold: Mapping[Any, Any] | None,
) -> Votes:
    """Check and code votes given as three columns of equal length.

    Raises ValueError for columns of unequal length or other than one dimension, a missing value
    (None or NaN), labels that do not fit `n_classes` and known answers that are no class.
    """
    columns = column(items, "item"), column(annotators, "annotator"), column(labels, "label")
    _check_columns(columns)
    item_ids, item = coded(columns[0])
    annotator_ids, annotator = coded(columns[1])
    classes, label = _classes(columns[2], n_classes)
    shape = len(item_ids), len(annotator_ids), len(classes)
    known = _known(item_ids, classes, gold or {})
    return Votes(item_ids, annotator_ids, classes, _cells(item, annotator, label, shape), known)


def _check_columns(columns: Sequence[NDArray[Any]]) -> None:
    if len({len(values) for values in columns}) > 1:
        lengths = ", ".join(str(len(values)) for values in columns)
        raise ValueError(f"Items, annotators and labels differ in length: {lengths}.")
    if any(isinstance(values[0], list | tuple | np.ndarray) for values in columns if len(values)):
        raise ValueError("Items, annotators and labels are one-dimensional arrays.")


def _cells(item: Ints, annotator: Ints, label: Ints, shape: tuple[int, int, int]) -> Cells:
    n_items, n_annotators, n_classes = shape
    table = csr_matrix(
        (np.ones(len(item)), (item, annotator * n_classes + label)),
        shape=(n_items, n_annotators * n_classes),
    )
    table.sum_duplicates()
    rows = np.repeat(np.arange(n_items), np.diff(table.indptr))
    people, classes = np.divmod(table.indices.astype(np.intp), max(n_classes, 1))
    starts = (np.diff(rows, prepend=-1) != 0) | (np.diff(people, prepend=-1) != 0)
    group = np.cumsum(starts) - 1
    totals = np.bincount(group, weights=table.data)
    return Cells(rows, people, classes, table.data, group, table.data / totals[group], shape)


def _classes(labels: NDArray[Any], n_classes: int | None) -> tuple[NDArray[Any], Ints]:
    """Return the column labels and each vote's column."""
    seen, codes = coded(labels)
    if n_classes is None:
        return seen, codes
    if len(seen) == 0:
        return np.arange(n_classes), codes
    if _numbered(seen, n_classes):
        return np.arange(n_classes, dtype=seen.dtype), labels.astype(np.intp)
    if len(seen) != n_classes:
        raise ValueError(
            f"{n_classes} classes were announced, but the labels are {len(seen)} distinct values "
            f"that are not all integers from 0 to {n_classes - 1}."
        )
    return seen, codes


def _numbered(seen: NDArray[Any], n_classes: int) -> bool:
    """Whether sorted distinct labels are integers that number the classes from zero."""
    return bool(seen.dtype.kind in "iu" and seen[0] >= 0 and seen[-1] < n_classes)


def _known(items: NDArray[Any], classes: NDArray[Any], gold: Mapping[Any, Any]) -> Ints:
    known = np.full(len(items), UNKNOWN, dtype=np.intp)
    if not gold:
        return known
    place = {label: index for index, label in enumerate(classes.tolist())}
    for index, item in enumerate(items.tolist()):
        if item in gold:
            known[index] = _class_of(gold[item], item, place)
    return known


def _class_of(answer: Any, item: Any, place: Mapping[Any, int]) -> int:
    if answer not in place:
        raise ValueError(
            f"The known answer {answer!r} of item {item!r} is no label that anybody gave; "
            "leave it out, or number the labels from 0 and announce n_classes."
        )
    return place[answer]
