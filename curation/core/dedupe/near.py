"""Near-duplicates: texts whose sets of shingles have a Jaccard similarity at or above a threshold.

What is found is proven: candidates come from a join, and each is compared by its whole sets. They
are for splits, caps and review only and never merged, since a right and a wrong step may differ by
one sign, and signs do not count here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from curation.core.dedupe.join import (
    Candidates,
    SetPairs,
    connected,
    joined,
    prefix_candidates,
)
from curation.core.dedupe.minhash import minhash_candidates
from curation.core.dedupe.sets import Sets, joinable_sets, ranges
from curation.core.dedupe.shingles import Shingles, shingle
from curation.core.dedupe.words import Ints, as_texts
from curation.core.errors import CurationError

Method = Literal["auto", "exact", "minhash"]
THRESHOLD = 0.7
MOST_COMPARISONS = 200_000_000
MOST_PAIRS = 20_000_000
ROUNDING = 1e-9
GIANT_SHARE, GIANT_LEAST = 0.01, 50


@dataclass(frozen=True)
class NearDuplicates:
    """Pairs of near-duplicates in order of `left`, then `right`.

    `left`, `right` (n_pairs,) are rows of the texts, left before right; where two corpora were
    compared, rows of the first and of the second. `jaccard` (n_pairs,) is the true similarity, at
    or above the threshold. `method` says how candidates were found; `complete` whether no pair can
    be missing, which the exact method alone can promise.
    """

    left: Ints
    right: Ints
    jaccard: NDArray[np.float64]
    method: Literal["exact", "minhash"]
    complete: bool


@dataclass(frozen=True)
class Clusters:
    """Texts with a chain of near-duplicates between them share a cluster.

    `cluster` (n_texts,) is the row of the first text of each text's cluster. `method` and
    `complete` as in ``NearDuplicates``.
    """

    cluster: Ints
    method: Literal["exact", "minhash"]
    complete: bool

    def sizes(self) -> dict[int, int]:
        """Texts in each cluster of two or more, by cluster."""
        clusters, counts = np.unique(self.cluster, return_counts=True)
        several = counts > 1
        return dict(zip(clusters[several].tolist(), counts[several].tolist(), strict=True))

    def giants(self, *, share: float = GIANT_SHARE, least: int = GIANT_LEAST) -> dict[int, int]:
        """Sizes of the clusters that hold a good part of all texts: boilerplate, as a rule.

        A chain can be long, so its ends may have little in common. Such a cluster should be looked
        at before it decides where a hundredth of the texts go.
        """
        limit = max(least, share * len(self.cluster))
        return {cluster: size for cluster, size in self.sizes().items() if size >= limit}


def near_duplicate_clusters(
    texts: Sequence[str], *, threshold: float = THRESHOLD, seed: int = 0, method: Method = "auto"
) -> Ints:
    """One cluster id per text, shape (n_texts,): the row of the first text of its cluster.

    Texts are near-duplicates if the Jaccard similarity of their sets of word 3-grams (character
    5-grams in unspaced scripts) is at least ``threshold``, and of one cluster if a chain of near-
    duplicates connects them. See ``cluster_near_duplicates`` for what else there is to know.
    """
    return cluster_near_duplicates(texts, threshold=threshold, seed=seed, method=method).cluster


def cluster_near_duplicates(
    texts: Sequence[str], *, threshold: float = THRESHOLD, seed: int = 0, method: Method = "auto"
) -> Clusters:
    """The clusters of near-duplicates, and how they were found.

    "exact" compares every pair that could reach the threshold, "minhash" those that agree in a band
    of hashes (drawn with ``seed``). "auto" is exact unless that takes more than 200 million
    comparisons; then it takes the method that needs fewer, and of a text in still longer lists only
    the neighbours nearest in length, which `complete` tells.

    Raises CurationError for a threshold outside (0, 1], and for what is no text.
    """
    reach = checked_threshold(threshold)
    shingles = shingle(as_texts(texts))
    sets = joinable_sets(shingles, reach)
    found, used = _listed(sets, reach, seed, method)
    kept = _affordable(found) if method == "auto" else found
    labels = connected(sets, kept, reach)
    complete = used == "exact" and kept is found
    return Clusters(_first_rows(labels[sets.sets], sets.texts, len(texts)), used, complete)


def near_duplicate_pairs(
    texts: Sequence[str],
    *,
    threshold: float = THRESHOLD,
    seed: int = 0,
    method: Method = "auto",
    max_pairs: int = MOST_PAIRS,
) -> NearDuplicates:
    """Every pair of near-duplicates; the definitions and methods are those of the clusters.

    Raises CurationError, besides what clusters do, for more than ``max_pairs`` pairs: a thousand
    equal texts alone are half a million.
    """
    reach = checked_threshold(threshold)
    shingles = shingle(as_texts(texts))
    return _pairs(shingles, None, reach, seed, method, max_pairs)


def near_duplicates_between(
    texts: Sequence[str],
    reference: Sequence[str],
    *,
    threshold: float = THRESHOLD,
    seed: int = 0,
    method: Method = "auto",
    max_pairs: int = MOST_PAIRS,
) -> NearDuplicates:
    """Every pair of a text and a reference text that are near-duplicates.

    `left` are rows of ``texts``, `right` rows of ``reference``; pairs within one side are not
    looked for.
    """
    reach = checked_threshold(threshold)
    shingles = shingle([*as_texts(texts), *as_texts(reference)])
    return _pairs(shingles, len(texts), reach, seed, method, max_pairs)


def near_duplicate_row_clusters(
    prompts: Sequence[str] | None,
    first: Sequence[str],
    second: Sequence[str],
    *,
    threshold: float = THRESHOLD,
    seed: int = 0,
    method: Method = "auto",
) -> Ints:
    """One cluster id per row of a prompt and two responses in no order, shape (n_rows,).

    Two rows are of one cluster if their prompts are (where there are any), and their responses are,
    side by side or crosswise. All responses are clustered together, so that a response that moved
    to the other side is known again.
    """
    if not len(first) == len(second) == len(first if prompts is None else prompts):
        raise CurationError("Prompts, first and second responses must be equally many.")
    responses = near_duplicate_clusters(
        [*first, *second], threshold=threshold, seed=seed, method=method
    )
    sides = np.sort(responses.reshape(2, -1), axis=0)
    parts = [sides[0], sides[1]]
    if prompts is not None:
        parts.append(
            near_duplicate_clusters(prompts, threshold=threshold, seed=seed, method=method)
        )
    return first_equal_rows(*parts)


def first_equal_rows(*columns: Ints) -> Ints:
    """For each row the first row that is equal in all columns, shape (n_rows,)."""
    order = np.lexsort(columns)
    new = np.zeros(len(order), dtype=bool)
    for column in columns:
        new |= np.diff(column[order], prepend=-1) != 0
    group = np.cumsum(new) - 1
    first = np.minimum.reduceat(order, np.flatnonzero(new)) if len(order) else order
    rows = np.empty(len(order), dtype=np.int64)
    rows[order] = first[group]
    return rows


def checked_threshold(threshold: float) -> float:
    """The threshold less what rounding may take away; raises CurationError outside (0, 1]."""
    if not 0 < threshold <= 1:
        raise CurationError(f"A threshold must lie above 0 and up to 1, not at {threshold}.")
    return threshold - ROUNDING * min(1.0, threshold)


def set_pairs(
    sets: Sets, reach: float, seed: int, method: Method
) -> tuple[SetPairs, Literal["exact", "minhash"], bool]:
    """Pairs of near-equal sets, how they were found, and whether all candidates were compared."""
    found, used = _listed(sets, reach, seed, method)
    kept = _affordable(found) if method == "auto" else found
    return joined(sets, kept, reach), used, used == "exact" and kept is found


def _pairs(
    shingles: Shingles,
    n_left: int | None,
    reach: float,
    seed: int,
    method: Method,
    max_pairs: int,
) -> NearDuplicates:
    sets = joinable_sets(shingles, reach, n_left=n_left)
    found, used, complete = set_pairs(sets, reach, seed, method)
    members = _Members.of(sets)
    n_pairs = members.n_pairs(found, within=n_left is None)
    if n_pairs > max_pairs:
        raise CurationError(
            f"There are {n_pairs:,} pairs of near-duplicates; ask for clusters, or allow more than "
            f"{max_pairs:,} with max_pairs."
        )
    left, right, jaccard = members.expanded(found, within=n_left is None)
    order = np.lexsort((right, left))
    right = right[order] - (n_left or 0)
    return NearDuplicates(left[order], right, jaccard[order], used, complete)


def _listed(
    sets: Sets, reach: float, seed: int, method: Method
) -> tuple[Candidates, Literal["exact", "minhash"]]:
    if method not in get_args(Method):
        raise CurationError(f"A method is one of {', '.join(get_args(Method))}, not {method!r}.")
    if method == "minhash":
        return minhash_candidates(sets, reach, seed=seed), "minhash"
    exact = prefix_candidates(sets, reach)
    if method == "exact" or exact.n_pairs <= MOST_COMPARISONS:
        return exact, "exact"
    hashed = minhash_candidates(sets, reach, seed=seed)
    return (hashed, "minhash") if hashed.n_pairs < exact.n_pairs else (exact, "exact")


def _affordable(found: Candidates) -> Candidates:
    """Cut the longest lists until there are few enough comparisons."""
    if found.n_pairs <= MOST_COMPARISONS:
        return found
    lengths = np.sort(found.high - found.low)
    behind = np.arange(len(lengths) - 1, -1, -1)
    costs = np.cumsum(lengths) + lengths * behind
    affordable = int(np.searchsorted(costs, MOST_COMPARISONS, side="right"))
    if not affordable:
        return found.nearest(max(1, MOST_COMPARISONS // len(lengths)))
    return found.nearest(int(lengths[affordable - 1]))


def _first_rows(labels: Ints, rows: Ints, n_texts: int) -> Ints:
    """Each row's cluster as its first row; rows without a label are clusters of their own."""
    cluster = np.arange(n_texts)
    if len(labels):
        first = np.full(int(labels.max()) + 1, n_texts)
        np.minimum.at(first, labels, rows)
        cluster[rows] = first[labels]
    return cluster


@dataclass(frozen=True)
class _Members:
    """The texts of each set: `texts` in order of the sets, cut by `bounds` (n_sets + 1,)."""

    texts: Ints
    bounds: Ints

    @classmethod
    def of(cls, sets: Sets) -> _Members:
        counts = np.bincount(sets.sets, minlength=len(sets.bounds) - 1)
        order = np.argsort(sets.sets, kind="stable")
        return cls(sets.texts[order], np.concatenate([[0], np.cumsum(counts)]))

    def n_pairs(self, found: SetPairs, *, within: bool) -> int:
        """How many pairs of texts the pairs of sets stand for, equal texts included."""
        counts = np.diff(self.bounds)
        between = int((counts[found.left] * counts[found.right]).sum())
        return between + (int((counts * (counts - 1) // 2).sum()) if within else 0)

    def expanded(self, found: SetPairs, *, within: bool) -> tuple[Ints, Ints, NDArray[np.float64]]:
        """The pairs of texts, the earlier one at the left, with their similarity."""
        left, right = self._products(found.left, found.right)
        counts = np.diff(self.bounds)
        jaccard = np.repeat(found.jaccard, counts[found.left] * counts[found.right])
        if not within:
            return left, right, jaccard
        several = np.flatnonzero(counts > 1)
        one, other = self._products(several, several)
        ahead = one < other
        return (
            np.concatenate([np.minimum(left, right), one[ahead]]),
            np.concatenate([np.maximum(left, right), other[ahead]]),
            np.concatenate([jaccard, np.ones(int(ahead.sum()))]),
        )

    def _products(self, left: Ints, right: Ints) -> tuple[Ints, Ints]:
        """Each text of each left set beside each text of the right set."""
        counts = np.diff(self.bounds)
        at_left = ranges(self.bounds[left], counts[left])
        widths = np.repeat(counts[right], counts[left])
        starts = np.repeat(self.bounds[right], counts[left])
        return np.repeat(self.texts[at_left], widths), self.texts[ranges(starts, widths)]
