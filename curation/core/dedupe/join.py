"""Every pair of sets with a Jaccard similarity at or above a threshold, found and proven.

A prefix-filter join (Chaudhuri, Ganti and Kaushik, 2006; Bayardo, Ma and Srikant, 2007; Xiao et
al., 2008): two sets that reach the threshold share one of their few rarest elements, so only sets
that do are compared. No pair is missed and none is reported that does not reach it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from curation.core.dedupe import compiled
from curation.core.dedupe.sets import ONCE_ABOVE, Keys, Sets, ranges
from curation.core.dedupe.words import Bools, Ints

PAIRS_AT_ONCE = 1 << 20
KEYS_AT_ONCE = 1 << 22
OVERLAP_WORK = 20
COMPARED_FIRST = 8
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SetPairs:
    """Pairs of sets, `left` and `right` (n_pairs,), and their similarity `jaccard`, 0 to 1."""

    left: Ints
    right: Ints
    jaccard: Floats

    @classmethod
    def together(cls, parts: list[SetPairs]) -> SetPairs:
        """Several as one."""
        none = np.empty(0, dtype=np.int64)
        every = [cls(none, none, np.empty(0)), *parts]
        return cls(
            np.concatenate([part.left for part in every]),
            np.concatenate([part.right for part in every]),
            np.concatenate([part.jaccard for part in every]),
        )


@dataclass(frozen=True)
class Candidates:
    """Pairs of sets that have something rare in common, not yet listed.

    For each of `probes` (n_probes,), ascending, the `partners` from `low` up to `high`, both
    (n_probes,), are to be compared with it; a pair may stand there several times.
    """

    probes: Ints
    low: Ints
    high: Ints
    partners: Ints
    n_sets: int

    @property
    def n_pairs(self) -> int:
        """Pairs listed, repeated ones included: what the comparison costs at most."""
        return int((self.high - self.low).sum())

    def nearest(self, most: int) -> Candidates:
        """Keep of each list the last ``most`` partners: those nearest in size."""
        return Candidates(
            self.probes,
            np.maximum(self.low, self.high - most),
            self.high,
            self.partners,
            self.n_sets,
        )

    def chunks(self) -> Iterator[tuple[Ints, Ints]]:
        """Listed pairs, a bounded number at a time; all of a probe stand in one chunk."""
        counts = self.high - self.low
        part = np.cumsum(counts) // PAIRS_AT_ONCE
        new_probe = np.flatnonzero(np.diff(self.probes)) + 1
        cuts = new_probe[np.diff(part[new_probe - 1], prepend=0) > 0]
        for rows in np.split(np.arange(len(counts)), cuts):
            partner = self.partners[ranges(self.low[rows], counts[rows])]
            yield np.repeat(self.probes[rows], counts[rows]), partner


def prefix_candidates(sets: Sets, threshold: float) -> Candidates:
    """Pairs that share an element of both prefixes and are close enough in size."""
    return candidates(sets, _prefixes(sets, threshold), threshold)


@dataclass(frozen=True)
class Entries:
    """Where elements stand: `keys` and `sets` (n_entries,), in order of the sets.

    `probing` marks entries that look for partners, `listed` those that are found by others.
    """

    keys: Keys
    sets: Ints
    probing: Bools
    listed: Bools


def candidates(sets: Sets, entries: Entries, threshold: float) -> Candidates:
    """Pairs of sets that share the key of an entry and whose sizes let them reach the threshold.

    Within one corpus a set is compared with smaller ones, and with equally large ones before it.
    """
    order = np.argsort(entries.keys, kind="stable")
    keys, owner = entries.keys[order], entries.sets[order]
    probing, listed = entries.probing[order], entries.listed[order]
    n_sets = len(sets.bounds)
    group = np.cumsum(np.diff(keys, prepend=-1) != 0) * n_sets
    first, last = _partner_range(sets, threshold)
    places = (group + owner)[listed]
    low = np.searchsorted(places, (group + first[owner])[probing])
    high = np.maximum(low, np.searchsorted(places, (group + last[owner])[probing]))
    probes = owner[probing]
    kept = np.flatnonzero(high > low)
    kept = kept[np.argsort(probes[kept], kind="stable")]
    return Candidates(probes[kept], low[kept], high[kept], owner[listed], n_sets)


def joined(sets: Sets, listed: Candidates, threshold: float) -> SetPairs:
    """All candidates that are pairs indeed; within one corpus the smaller set is at the right."""
    return SetPairs.together(
        [verified(sets, *pairs, threshold) for pairs in listed.chunks()],
    )


def connected(sets: Sets, listed: Candidates, threshold: float) -> Ints:
    """A number for each set, the same for sets that a chain of pairs connects.

    Candidates that are connected already are not compared. Of long lists the nearest in size are
    compared first, so that a crowd of texts that are all alike is soon one and costs little more.
    """
    labels = np.arange(len(sets.bounds) - 1)
    first = listed.nearest(COMPARED_FIRST) if listed.n_pairs > PAIRS_AT_ONCE else listed.nearest(0)
    for left, right in chain(first.chunks(), listed.chunks()):
        apart = labels[left] != labels[right]
        found = verified(sets, left[apart], right[apart], threshold)
        if len(found.left):
            labels = merge_labels(labels, found.left, found.right)
    return labels


def merge_labels(labels: Ints, left: Ints, right: Ints) -> Ints:
    """Give the same label to what had one of two labels before, for each pair."""
    size = len(labels)
    edges = (np.ones(len(left), dtype=bool), (labels[left], labels[right]))
    graph = sparse.coo_array(edges, shape=(size, size))
    _, merged = csgraph.connected_components(graph, directed=False)
    return merged.astype(np.int64)[labels]


def verified(sets: Sets, left: Ints, right: Ints, threshold: float) -> SetPairs:
    """The distinct pairs whose true Jaccard similarity reaches the threshold."""
    left, right = _distinct_pairs(left, right, len(sets.bounds))
    sizes = sets.sizes
    kept, jaccard = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    part = np.cumsum(sizes[left] + sizes[right]) // KEYS_AT_ONCE
    for rows in np.split(np.arange(len(left)), np.flatnonzero(np.diff(part)) + 1):
        shared = _shared(sets, left[rows], right[rows], threshold)
        similarity = shared / (sizes[left[rows]] + sizes[right[rows]] - shared)
        reaches = similarity >= threshold
        kept.append(rows[reaches])
        jaccard.append(similarity[reaches])
    rows = np.concatenate(kept)
    return SetPairs(left[rows], right[rows], np.concatenate(jaccard))


def _distinct_pairs(left: Ints, right: Ints, base: int) -> tuple[Ints, Ints]:
    """Each pair once, in order; sorting is several times faster here than np.unique's hashing."""
    pairs = left * base + right
    pairs.sort()
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]
    left = pairs // base
    return left, pairs - left * base


def _shared(sets: Sets, left: Ints, right: Ints, threshold: float) -> Ints:
    """How many elements the sets of each pair have in common; or fewer, where all are too few."""
    kernels = compiled.kernels(len(left) * OVERLAP_WORK)
    if kernels is not None:
        share = threshold / (1 + threshold)
        shared = np.floor(share * (sets.sizes[left] + sets.sizes[right])).astype(np.int64)
        kernels.overlaps(sets.keys, sets.bounds, left, right, shared)
        return shared
    shape = (len(sets.bounds) - 1, 1 << 62)
    ones = np.ones(len(sets.keys), dtype=np.int8)
    matrix = sparse.csr_array((ones, sets.keys, sets.bounds), shape=shape, copy=False)
    matrix.has_canonical_format = True
    both = matrix[left].multiply(matrix[right])
    return np.diff(both.indptr).astype(np.int64)


def _prefixes(sets: Sets, threshold: float) -> Entries:
    """The rarest elements of each set; those that stand in one set only are of no use.

    A partner as large or larger shares 2t/(1+t) of a set's elements, any partner t of them.
    """
    sizes = sets.sizes
    length = sizes - np.ceil(threshold * sizes).astype(np.int64) + 1
    at = ranges(sets.bounds[:-1], length)
    owner = np.repeat(np.arange(len(sizes)), length)
    shareable = sets.keys[at] >= ONCE_ABOVE
    at, owner = at[shareable], owner[shareable]
    if sets.is_left is not None:
        return Entries(sets.keys[at], owner, sets.is_left[owner], ~sets.is_left[owner])
    needed = np.ceil(2 * threshold / (1 + threshold) * sizes).astype(np.int64)
    listed = at - sets.bounds[owner] <= (sizes - needed)[owner]
    return Entries(sets.keys[at], owner, np.ones(len(at), dtype=bool), listed)


def _partner_range(sets: Sets, threshold: float) -> tuple[Ints, Ints]:
    """Which sets, by number and so by size, each set is to be compared with."""
    sizes = sets.sizes
    first = np.searchsorted(sizes, np.ceil(threshold * sizes).astype(np.int64))
    if sets.is_left is None:
        return first, np.arange(len(sizes))
    largest = np.floor(sizes / threshold).astype(np.int64)
    return first, np.searchsorted(sizes, largest, side="right")
