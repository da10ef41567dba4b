"""Shingles as sets that can be joined: those of texts with a possible partner, rarest first.

Most texts have no near-duplicate, and most of their shingles stand nowhere else. Counting hashes in
a table shows this without sorting: a text can only reach the threshold with another if that share
of its shingles stands elsewhere too. What is left is sorted, by how often a shingle occurs and then
by its hash: the same order in every text, as prefix filtering needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.core.dedupe import compiled
from curation.core.dedupe.shingles import Shingles
from curation.core.dedupe.words import Bools, Hashes, Ints, mix

HASH_BITS, RARITY_BITS = 52, 4
ONCE_ABOVE = 1 << HASH_BITS
SETS_AT_ONCE = 256
LARGEST_TABLE = 27
COUNTED_AT_ONCE = 1 << 17
TABLE_LOAD = 0.75
Keys = NDArray[np.int64]


@dataclass(frozen=True)
class Sets:
    """Distinct sets of shingles by ascending size, each once however many texts have it.

    `keys` (n_keys,) ascend within a set: four bits that say how often the shingle occurs (0 for a
    shingle that no other text can share), then 52 bits of its hash. `bounds` (n_sets + 1,) cut them
    into sets. `texts` and `sets` (n_members,) say which text has which set; texts without a partner
    have none. `is_left` (n_sets,) tells the sides of a join of two corpora apart; None within one.
    """

    keys: Keys
    bounds: Ints
    texts: Ints
    sets: Ints
    is_left: Bools | None

    @property
    def sizes(self) -> Ints:
        """Distinct shingles of each set, shape (n_sets,)."""
        return np.diff(self.bounds)


def joinable_sets(shingles: Shingles, threshold: float, *, n_left: int | None = None) -> Sets:
    """The sets of the texts that may reach the threshold with another text.

    With ``n_left`` the first so many texts are one side of a join and the others the other side;
    equal sets are then one only within a side.
    """
    hashes = shingles.hashes
    kept = _may_reach(shingles, occurrences(hashes, hashes), threshold)
    texts, shingles = np.flatnonzero(kept), shingles.of(kept)
    is_left = None if n_left is None else texts < n_left
    beyond = _occurrences_beyond(shingles, is_left)
    if is_left is None:
        kept = _may_reach(shingles, beyond + np.uint8(1), threshold)
        beyond, texts = beyond[np.repeat(kept, shingles.counts)], texts[kept]
        shingles = shingles.of(kept)
    keys, sizes = _sorted_keys(shingles, _rarity(beyond))
    return _distinct(keys, sizes, texts, is_left)


def sorted_sets(shingles: Shingles) -> tuple[Keys, Ints]:
    """Every text's distinct shingles in order of their hashes, and how many there are of each."""
    return _sorted_keys(shingles, np.zeros(len(shingles.hashes), dtype=np.uint64))


def ranges(starts: Ints, counts: Ints) -> Ints:
    """The numbers from each start on, so many each, one run after the other."""
    ends = np.cumsum(counts)
    return np.repeat(starts - ends + counts, counts) + np.arange(ends[-1] if len(ends) else 0)


def _may_reach(shingles: Shingles, counts: NDArray[np.uint8], threshold: float) -> Bools:
    """Drop texts too many of whose shingles stand nowhere else, shape (n_texts,).

    `counts` (n_shingles,) says how often each stands anywhere. Repeated shingles inside a text
    count as shared, and so do hashes that meet in the table by chance: both only keep a text more.
    """
    if not len(shingles.counts):
        return np.zeros(0, dtype=bool)
    n_lone = np.add.reduceat(counts == 1, shingles.bounds[:-1], dtype=np.int64)
    return (shingles.counts - n_lone) * (1 - threshold) >= threshold * n_lone


def occurrences(hashes: Hashes, among: Hashes) -> NDArray[np.uint8]:
    """How often each hash stands in ``among``, up to 255; too high where two meet in the table."""
    bits = max(8, int(len(among) / TABLE_LOAD).bit_length())
    table = np.zeros(1 << min(bits, LARGEST_TABLE), dtype=np.uint32)
    parts = 1 << max(0, bits - LARGEST_TABLE)
    if parts == 1:
        return _counted(hashes, among, table)
    found = np.empty(len(hashes), dtype=np.uint8)
    last = np.uint64(parts - 1)
    for part in np.arange(parts, dtype=np.uint64):
        rows = (hashes & last) == part
        found[rows] = _counted(hashes[rows], among[(among & last) == part], table)
        table[:] = 0
    return found


def _counted(hashes: Hashes, among: Hashes, table: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Count with a table of zeros; a slot is the first bits of a hash."""
    shift = np.uint64(64 - (len(table).bit_length() - 1))
    counts = np.empty(len(hashes), dtype=np.uint8)
    kernels = compiled.kernels(len(hashes))
    if kernels is not None:
        kernels.count(hashes, among, shift, table, counts)
        return counts
    for start in range(0, len(among), COUNTED_AT_ONCE):
        slots = among[start : start + COUNTED_AT_ONCE] >> shift
        np.add.at(table, slots.view(np.int64), np.uint32(1))
    upto = np.minimum(table, 255, out=table).astype(np.uint8)
    for start in range(0, len(hashes), COUNTED_AT_ONCE):
        slots = hashes[start : start + COUNTED_AT_ONCE] >> shift
        counts[start : start + COUNTED_AT_ONCE] = upto[slots.view(np.int64)]
    return counts


def _occurrences_beyond(shingles: Shingles, is_left: Bools | None) -> NDArray[np.uint8]:
    """How often each shingle stands elsewhere, or at the right; 0 where no partner can share it."""
    if is_left is None:
        return occurrences(shingles.hashes, shingles.hashes) - np.uint8(1)
    return occurrences(shingles.hashes, shingles.of(~is_left).hashes)


def _rarity(beyond: NDArray[np.uint8]) -> Hashes:
    """From 0 for shingles that no partner can share up to 8 for frequent ones, by powers of two.

    A function of the shingle alone, so that every set is in the same order.
    """
    levels = np.array([number.bit_length() for number in range(256)], dtype=np.uint64)
    return levels[beyond]


def _sorted_keys(shingles: Shingles, rarity: Hashes) -> tuple[Keys, Ints]:
    """Distinct keys of each text, ascending, and how many there are of each."""
    place = np.arange(len(shingles.counts), dtype=np.uint64) % np.uint64(SETS_AT_ONCE)
    keys = shingles.hashes >> np.uint64(64 - HASH_BITS)
    keys |= rarity << np.uint64(HASH_BITS)
    keys |= np.repeat(place << np.uint64(HASH_BITS + RARITY_BITS), shingles.counts)
    bounds = shingles.bounds
    for start in range(0, len(shingles.counts), SETS_AT_ONCE):
        stop = min(start + SETS_AT_ONCE, len(shingles.counts))
        keys[bounds[start] : bounds[stop]].sort()
    new = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    sizes = np.add.reduceat(new, bounds[:-1], dtype=np.int64) if len(keys) else shingles.counts
    distinct = keys[new] & np.uint64((1 << (HASH_BITS + RARITY_BITS)) - 1)
    return distinct.view(np.int64), sizes


def _distinct(keys: Keys, sizes: Ints, texts: Ints, is_left: Bools | None) -> Sets:
    """Equal sets made one, in an order that follows from the sets and not from the texts' order."""
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    signatures = _signatures(keys, bounds, is_left)
    _, first, inverse = np.unique(signatures, return_index=True, return_inverse=True)
    order = np.argsort(sizes[first], kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    kept = first[order]
    return Sets(
        keys[ranges(bounds[kept], sizes[kept])],
        np.concatenate([[0], np.cumsum(sizes[kept])]),
        texts,
        rank[inverse],
        None if is_left is None else is_left[kept],
    )


def _signatures(keys: Keys, bounds: Ints, is_left: Bools | None) -> Hashes:
    """A hash of each whole set, and of its side; two sets meet by chance once in 2⁶⁴ pairs."""
    if not len(keys):
        return np.empty(0, dtype=np.uint64)
    sums = np.add.reduceat(mix(keys.astype(np.uint64)), bounds[:-1])
    sums += np.diff(bounds).astype(np.uint64)
    if is_left is not None:
        sums += is_left.astype(np.uint64) << np.uint64(63)
    return mix(sums)
