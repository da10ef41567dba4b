"""Random choices that depend on a seed and on what rows are called, and on nothing else.

A row's number is drawn from its id, so a choice stays the same when rows are sorted, split into
parts or joined by others.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from curation.core.columns import Column
from curation.core.errors import CurationError


def seeded_keys(ids: Column, *, seed: int, purpose: str) -> NDArray[np.uint64]:
    """One uniform 64-bit number an id: 64-bit BLAKE2b of purpose, seed and id.

    `purpose` keeps choices of different kinds independent. Ids are texts or whole numbers; a
    number counts as its decimal text. What is drawn is part of released datasets, so it never
    changes: a golden file holds examples.

    Raises CurationError for an id of another type.
    """
    base = blake2b(f"{purpose}\0{seed}\0".encode(), digest_size=8)
    listed = ids.tolist() if isinstance(ids, np.ndarray) else ids

    def digest(name: object) -> bytes:
        state = base.copy()
        state.update(_as_bytes(name))
        return state.digest()

    return np.frombuffer(b"".join(map(digest, listed)), dtype=">u8").astype(np.uint64)


def seeded_order(ids: Column, *, seed: int, purpose: str) -> NDArray[np.intp]:
    """A shuffle of the rows that sorting them beforehand does not change.

    Raises CurationError where an id stands twice, since those two rows cannot be told apart.
    """
    keys = seeded_keys(ids, seed=seed, purpose=purpose)
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    if len(same):
        raise CurationError(f"Row ids must be unique; {ids[order[same[0]]]!r} stands twice.")
    return order


def seeded_ranks(ids: Column, *, seed: int, purpose: str) -> NDArray[np.intp]:
    """Each row's place in `seeded_order`, shape (n,)."""
    order = seeded_order(ids, seed=seed, purpose=purpose)
    ranks = np.empty(len(order), dtype=np.intp)
    ranks[order] = np.arange(len(order))
    return ranks


def _as_bytes(name: object) -> bytes:
    if isinstance(name, str):
        return name.encode("utf-8", "surrogatepass")
    if isinstance(name, int | np.integer) and not isinstance(name, bool):
        return str(int(name)).encode()
    raise CurationError(f"An id is a text or a whole number; {name!r} is neither.")
