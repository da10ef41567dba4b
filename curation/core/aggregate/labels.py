"""One label per item from several annotators' labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

METHODS = ("auto", "majority")

_REASONS = {
    "auto": "auto took the majority vote: it assumes nothing about the annotators.",
    "majority": "The majority vote was asked for.",
}


@dataclass(frozen=True, slots=True)
class LabelAggregation:
    """One label per item, and how sure it is.

    `items` (n_items,) and `annotators` (n_annotators,) are the distinct ids, sorted; `classes`
    (n_classes,) the labels that the columns of `posterior` stand for. `labels` (n_items,) is the
    label of each item, `posterior` (n_items, n_classes) has rows that sum to 1 (for the majority
    vote: shares of votes, so a tie shows as equal largest entries). `reliability`
    (n_annotators,) is the mean agreement with the majority of the others, in 0...1, NaN for an
    annotator who shares no item with anyone. `method` is the one used, `reason` a sentence
    saying why.
    """

    items: NDArray[Any]
    labels: NDArray[Any]
    posterior: NDArray[np.float64]
    reliability: NDArray[np.float64]
    method: str
    reason: str
    n_iter: int
    converged: bool
    annotators: NDArray[Any]
    classes: NDArray[Any]


def aggregate_labels(
    items: ArrayLike,
    annotators: ArrayLike,
    labels: ArrayLike,
    *,
    method: str = "auto",
    n_classes: int | None = None,
) -> LabelAggregation:
    """Aggregate votes given as three arrays of equal length, of any integers or strings.

    The same annotator may appear twice on an item; each time is a vote. Where several labels have
    the most votes the lowest of them (in sorted order) is taken and `posterior` shows the tie.
    Given `n_classes`, integer labels 0...n_classes-1 get a column each, seen or not; otherwise
    there have to be exactly `n_classes` distinct labels.

    Raises ValueError for an unknown method, arrays of unequal length or other than one dimension,
    a missing label (None or NaN), and labels that do not fit `n_classes`.
    """
    if method not in METHODS:
        raise ValueError(f"There is no method {method!r}; there are {', '.join(METHODS)}.")
    item_of, annotator_of, label_of = _checked(items, annotators, labels)
    item_ids, item_codes = np.unique(item_of, return_inverse=True)
    annotator_ids, annotator_codes = np.unique(annotator_of, return_inverse=True)
    classes, label_codes = _classes(label_of, n_classes)
    counts = _vote_counts(item_codes, label_codes, (len(item_ids), len(classes)))
    winners = counts.argmax(axis=1) if counts.size else np.zeros(0, dtype=np.intp)
    return LabelAggregation(
        items=item_ids,
        labels=classes[winners],
        posterior=counts / counts.sum(axis=1, keepdims=True),
        reliability=_agreement(item_codes, annotator_codes, label_codes, counts),
        method="majority",
        reason=_REASONS[method],
        n_iter=0,
        converged=True,
        annotators=annotator_ids,
        classes=classes,
    )


def _checked(*arrays: ArrayLike) -> tuple[NDArray[Any], ...]:
    checked = tuple(np.asarray(array) for array in arrays)
    if any(array.ndim != 1 for array in checked):
        raise ValueError("Items, annotators and labels are one-dimensional arrays.")
    if len({len(array) for array in checked}) > 1:
        lengths = ", ".join(str(len(array)) for array in checked)
        raise ValueError(f"Items, annotators and labels differ in length: {lengths}.")
    if any(_has_missing(array) for array in checked):
        raise ValueError("An item, annotator or label is missing (None or NaN).")
    return checked


def _has_missing(array: NDArray[Any]) -> bool:
    if array.dtype.kind == "O":
        return any(value is None or value != value for value in array)
    return array.dtype.kind == "f" and bool(np.isnan(array).any())


def _classes(labels: NDArray[Any], n_classes: int | None) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the column labels and each vote's column."""
    seen, codes = np.unique(labels, return_inverse=True)
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


def _vote_counts(
    rows: NDArray[np.intp], columns: NDArray[np.intp], shape: tuple[int, int]
) -> NDArray[np.int64]:
    flat = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    return flat.reshape(shape).astype(np.int64)


def _agreement(
    items: NDArray[np.intp],
    annotators: NDArray[np.intp],
    labels: NDArray[np.intp],
    counts: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Each annotator's mean agreement with the other annotators' majority, shape (n_annotators,).

    All of an annotator's own votes on an item are left out of its majority. A vote for one of m
    labels that share the lead counts 1/m, which no renaming of labels changes. Votes on items
    that nobody else judged are left out.
    """
    n_annotators = int(annotators.max()) + 1 if len(annotators) else 0
    shared, own = np.unique(items * n_annotators + annotators, return_inverse=True)
    others = counts[shared // max(n_annotators, 1)]
    others = others - _vote_counts(own, labels, (len(shared), counts.shape[1]))
    leads = (others == others.max(axis=1, keepdims=True)) if others.size else others.astype(bool)
    credit = leads[own, labels] / leads.sum(axis=1)[own]
    known = (others.sum(axis=1) > 0)[own]
    agreed = np.bincount(annotators, weights=credit * known, minlength=n_annotators)
    judged = np.bincount(annotators, weights=known, minlength=n_annotators)
    return np.where(judged > 0, agreed / np.maximum(judged, 1), np.nan)
