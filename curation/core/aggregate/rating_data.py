"""Ratings as arrays: coded ids and finite values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.ids import coded, column, same_length
from curation.core.aggregate.newton import Floats, Ints, summed


@dataclass(frozen=True)
class RatingTable:
    """One rating a row: `item` and `annotator` (n_ratings,) are places among the distinct ids.

    `items` (n_items,) and `annotators` (n_annotators,) are these ids, sorted; `values`
    (n_ratings,) the ratings.
    """

    items: NDArray[Any]
    annotators: NDArray[Any]
    item: Ints
    annotator: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def per_item(self) -> Floats:
        """How many ratings each item has, shape (n_items,)."""
        return np.bincount(self.item, minlength=len(self.items)).astype(float)

    @cached_property
    def per_annotator(self) -> Floats:
        """How many ratings each annotator gave, shape (n_annotators,)."""
        return np.bincount(self.annotator, minlength=len(self.annotators)).astype(float)

    def item_sums(self, values: Floats) -> Floats:
        """Sum values of ratings by item, shape (n_items,)."""
        return summed(self.item, values, len(self.items))

    def annotator_sums(self, values: Floats) -> Floats:
        """Sum values of ratings by annotator, shape (n_annotators,)."""
        return summed(self.annotator, values, len(self.annotators))

    @cached_property
    def item_means(self) -> Floats:
        """The mean rating of each item, NaN for one without, shape (n_items,)."""
        means = self.item_sums(self.values) / np.maximum(self.per_item, 1)
        return np.where(self.per_item > 0, means, np.nan)

    def where(self, kept: NDArray[np.bool_]) -> RatingTable:
        """Keep some of the ratings and all of the ids."""
        return RatingTable(
            self.items, self.annotators, self.item[kept], self.annotator[kept], self.values[kept]
        )


def rating_table(items: ArrayLike, annotators: ArrayLike, values: ArrayLike) -> RatingTable:
    """Code ids of any kind. Who rates an item twice gives two ratings.

    Raises ValueError for columns of unequal length, missing ids, and values that are not finite
    numbers.
    """
    item_ids, item = coded(column(items, "item"))
    annotator_ids, annotator = coded(column(annotators, "annotator"))
    given = column(values, "rating")
    same_length(items=item, annotators=annotator, ratings=given)
    try:
        numbers = given.astype(float)
    except (TypeError, ValueError):
        raise ValueError("Ratings are numbers; give labels to aggregate_labels.") from None
    if not np.isfinite(numbers).all():
        raise ValueError("Ratings are finite; leave out those that are not.")
    return RatingTable(item_ids, annotator_ids, item, annotator, numbers)
