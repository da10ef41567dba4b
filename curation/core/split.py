"""Splits that near-duplicates do not straddle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.columns import NO_CODE, Column, Ints, Mask, codes, require_length
from curation.core.errors import CurationError
from curation.core.records import SPLITS


@dataclass(frozen=True, slots=True)
class GuardedSplits:
    """One split a row, the same for all rows of a cluster.

    `splits` (n,) names; `moved` (n,) says whose own split was another.
    """

    splits: NDArray[np.str_]
    moved: Mask

    @property
    def n_moved(self) -> int:
        """How many rows changed their split."""
        return int(self.moved.sum())


def guard_splits(clusters: Column, splits: Column) -> GuardedSplits:
    """Put all rows of a cluster into its strictest split: test before validation before train.

    So a training prompt that nearly repeats a test prompt leaves training, and nothing ever leaves
    test. Rows whose cluster is None stay where they are.

    Raises CurationError for an unknown split or columns of unequal length.
    """
    require_length(len(clusters), Splits=splits)
    own, cluster = _strictness(splits), codes(clusters)
    guarded = own.copy()
    clustered = cluster != NO_CODE
    strictest = np.zeros(int(cluster.max(initial=NO_CODE)) + 1, dtype=np.intp)
    np.maximum.at(strictest, cluster[clustered], own[clustered])
    guarded[clustered] = strictest[cluster[clustered]]
    return GuardedSplits(np.array(SPLITS)[guarded], guarded != own)


def straddling(clusters: Column, splits: Column) -> tuple[Any, ...]:
    """Clusters with rows in more than one split, in the order of their first rows.

    Empty for every dataset that was guarded; raises like `guard_splits`.
    """
    require_length(len(clusters), Splits=splits)
    own, cluster = _strictness(splits), codes(clusters)
    clustered = np.flatnonzero(cluster != NO_CODE)
    _, first, inverse = np.unique(cluster[clustered], return_index=True, return_inverse=True)
    differs = own[clustered] != own[clustered[first]][inverse]
    found = np.unique(first[inverse[differs]])
    return tuple(clusters[row] for row in clustered[found])


def _strictness(splits: Column) -> Ints:
    """Place of each row's split in `SPLITS`: 0 train, 1 validation, 2 test."""
    place = {split: index for index, split in enumerate(SPLITS)}
    listed = splits.tolist() if isinstance(splits, np.ndarray) else splits
    unknown = sorted({repr(split) for split in listed} - {repr(split) for split in SPLITS})
    if unknown:
        raise CurationError(f"A split is one of {', '.join(SPLITS)}; {unknown[0]} is not.")
    return np.array([place[split] for split in listed], dtype=np.intp)
