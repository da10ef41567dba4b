"""The inner loops of near-duplicate search, compiled where numba is installed.

The extra ``fast`` brings numba. Results are the same with and without it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORTH_LOADING = 20_000_000
Ints = NDArray[np.int64]
Words32 = NDArray[np.uint32]
Hashes = NDArray[np.uint64]
Counts = NDArray[np.uint8]


@dataclass(frozen=True)
class Kernels:
    """Compiled functions, each of which fills in its last argument."""

    count: Callable[[Hashes, Hashes, np.uint64, Words32, Counts], None]
    minimums: Callable[[Words32, Ints, Words32, Words32], None]
    overlaps: Callable[[Ints, Ints, Ints, Ints, Ints], None]


def kernels(work: int) -> Kernels | None:
    """The compiled functions, or None where numba is missing or not worth loading.

    `work` counts elements to handle: below about twenty million, loading numba takes longer than it
    saves, unless something has loaded it already.
    """
    if work < WORTH_LOADING and "numba" not in sys.modules:
        return None
    return _compiled()


@cache
def _compiled() -> Kernels | None:
    if find_spec("numba") is None:
        return None
    import numba

    try:
        return _kernels(numba.njit(cache=True, nogil=True))
    except RuntimeError:  # no folder in which numba may keep what it compiled
        return _kernels(numba.njit(nogil=True))


def _kernels(jit: Any) -> Kernels:
    return Kernels(jit(_count), jit(_minimums), jit(_overlaps))


def _count(hashes: Hashes, among: Hashes, shift: np.uint64, table: Words32, counts: Counts) -> None:
    """How often each hash stands among others, up to 255; see `sets.occurrences`."""
    for place in range(len(among)):
        table[among[place] >> shift] += np.uint32(1)
    for place in range(len(hashes)):
        counts[place] = min(table[hashes[place] >> shift], np.uint32(255))


def _minimums(keys: Words32, bounds: Ints, factors: Words32, minimums: Words32) -> None:
    """Least product of each set's keys with each factor, modulo 2³²; see `minhash.signatures`."""
    for one in range(len(bounds) - 1):
        minimums[one] = np.uint32(0xFFFFFFFF)
        for place in range(bounds[one], bounds[one + 1]):
            for at in range(len(factors)):
                product = np.uint32(keys[place] * factors[at])
                minimums[one, at] = min(minimums[one, at], product)


def _overlaps(keys: Ints, bounds: Ints, left: Ints, right: Ints, overlaps: Ints) -> None:
    """How many keys two sets have in common, for each pair; see `join.verified`.

    `overlaps` comes with the least number that counts; where it is out of reach, counting stops.
    """
    for pair in range(len(left)):
        one, one_end = bounds[left[pair]], bounds[left[pair] + 1]
        other, other_end = bounds[right[pair]], bounds[right[pair] + 1]
        shared, to_spare = 0, min(one_end - one, other_end - other) - overlaps[pair]
        while one < one_end and other < other_end and to_spare >= 0:
            difference = keys[one] - keys[other]
            shared += difference == 0
            one += difference <= 0
            other += difference >= 0
            to_spare = shared + min(one_end - one, other_end - other) - overlaps[pair]
        overlaps[pair] = shared
