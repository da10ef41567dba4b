"""Candidates by MinHash with banding: fewer comparisons than the exact join where much is common.

128 minimums of each set in 32 bands of four (Broder, 1997; Indyk and Motwani, 1998). Two sets with
similarity s agree in a band with probability s⁴ and so become candidates with 1 − (1 − s⁴)³²: .9998
at 0.7, .87 at 0.5, .23 at 0.3. Candidates are verified like all others, so no pair is wrong.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.core.dedupe import compiled
from curation.core.dedupe.join import Candidates, Entries, candidates
from curation.core.dedupe.sets import Sets
from curation.core.dedupe.words import Hashes, Ints, mix

BANDS, ROWS = 32, 4
KEYS_AT_ONCE = 1 << 15
Words32 = NDArray[np.uint32]


def minhash_candidates(sets: Sets, threshold: float, *, seed: int = 0) -> Candidates:
    """Pairs of sets that agree in a band and are close enough in size."""
    n_sets = len(sets.bounds) - 1
    bands = band_hashes(signatures(sets.keys, sets.bounds, seed=seed))
    owner = np.repeat(np.arange(n_sets), BANDS)
    probing = np.ones(n_sets, dtype=bool) if sets.is_left is None else sets.is_left
    listed = np.ones(n_sets, dtype=bool) if sets.is_left is None else ~sets.is_left
    keys = (bands.ravel() >> np.uint64(1)).view(np.int64)
    return candidates(sets, Entries(keys, owner, probing[owner], listed[owner]), threshold)


def expected_recall(jaccard: float) -> float:
    """Probability that a pair of this similarity becomes a candidate."""
    return 1 - (1 - jaccard**ROWS) ** BANDS


def signatures(keys: Ints, bounds: Ints, *, seed: int = 0) -> Words32:
    """Least value of each of 128 hash functions over each set, shape (n_sets, 128).

    A hash function is a product with an odd number, modulo 2³², of the last 32 bits of a key.
    """
    rng = np.random.default_rng(seed)
    factors = rng.integers(1 << 31, size=BANDS * ROWS, dtype=np.uint32) * np.uint32(2) + np.uint32(
        1
    )
    last_bits = keys.astype(np.uint32)
    minimums = np.empty((len(bounds) - 1, len(factors)), dtype=np.uint32)
    kernels = compiled.kernels(len(keys))
    if kernels is not None:
        kernels.minimums(last_bits, bounds, factors, minimums)
        return minimums
    part = bounds[1:] // KEYS_AT_ONCE
    for rows in np.split(np.arange(len(part)), np.flatnonzero(np.diff(part)) + 1):
        if len(rows):
            start, stop = rows[0], rows[-1] + 1
            minimums[start:stop] = _minimums(last_bits, bounds[start : stop + 1], factors)
    return minimums


def _minimums(keys: Words32, bounds: Ints, factors: Words32) -> Words32:
    some, starts = keys[bounds[0] : bounds[-1]], bounds[:-1] - bounds[0]
    found = np.empty((len(factors), len(starts)), dtype=np.uint32)
    product = np.empty_like(some)
    for factor, least in zip(factors, found, strict=True):
        np.multiply(some, factor, out=product)
        np.minimum.reduceat(product, starts, out=least)
    return found.T


def band_hashes(minimums: Words32) -> Hashes:
    """One hash for each band of four minimums, different in each band, shape (n_sets, 32)."""
    pairs = minimums.reshape(-1, BANDS, ROWS // 2, 2).astype(np.uint64)
    halves = pairs[..., 0] << np.uint64(32) | pairs[..., 1]
    place = np.arange(1, BANDS + 1, dtype=np.uint64)
    return mix(mix(halves[..., 0] + place) + halves[..., 1])
