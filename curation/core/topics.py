"""Topics: texts put together by the directions of their embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from curation.core.columns import Column, Floats, Ints, require_length
from curation.core.errors import CurationError
from curation.core.seeded import seeded_order

ENTRIES_AT_ONCE = 16_000_000
RESTARTS = 3
SAME_DIRECTION = 1e-6
"""Distances (1 - cosine) below this are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Topics:
    """Topic of each text, and what the topics are.

    `labels` (n,) from 0, the largest topic first. `centres` (n_topics, width) unit vectors.
    `similarity` is the mean cosine between a text and its centre. `converged` says whether the
    last pass moved nobody.
    """

    labels: Ints
    centres: Floats
    similarity: float
    n_iter: int
    converged: bool


def cluster_topics(
    embeddings: ArrayLike,
    n_topics: int,
    *,
    ids: Column,
    seed: int,
    max_iter: int = 100,
    restarts: int = RESTARTS,
) -> Topics:
    """Spherical k-means: every text goes to the centre of the largest cosine.

    Embeddings (n, width) are brought to length 1. The rows are taken in an order drawn from their
    ids by the seed, so their own order does not matter; of several starts, each spread out as
    k-means++ does, the one with the most similarity counts. There are fewer topics than asked
    for where fewer embeddings differ in direction. Topics of equal size come in the order drawn.

    Raises CurationError for embeddings that are not a matrix of finite numbers or are zero, ids
    that repeat, and fewer than one topic.

    Dhillon and Modha (2001), Concept decompositions for large sparse text data; Arthur and
    Vassilvitskii (2007), k-means++.
    """
    if min(n_topics, max_iter, restarts) < 1:
        raise CurationError("Topics, passes and starts must be at least one each.")
    directions = _directions(embeddings)
    require_length(len(directions), Ids=ids)
    order = seeded_order(ids, seed=seed, purpose="topics")
    if not len(order):
        return Topics(order, np.zeros(directions.shape), 0.0, 0, True)
    rng = np.random.default_rng(seed)
    shuffled = directions[order]
    fits = [_fit(shuffled, n_topics, max_iter, rng) for _ in range(restarts)]
    best = _largest_first(max(fits, key=lambda fit: fit.similarity))
    labels = np.empty(len(order), dtype=np.intp)
    labels[order] = best.labels
    return Topics(labels, best.centres, best.similarity, best.n_iter, best.converged)


def _directions(embeddings: ArrayLike) -> NDArray[np.float32]:
    matrix = np.asarray(embeddings)
    if matrix.ndim != 2 or matrix.dtype.kind not in "biuf":
        raise CurationError("Embeddings must be a matrix of numbers, one row a text.")
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64))[:, None]
    if not np.isfinite(lengths).all():
        raise CurationError("Embeddings must be finite.")
    if (lengths == 0).any():
        row = int(np.argmin(lengths[:, 0]))
        raise CurationError(f"The embedding of row {row} is zero, which points nowhere.")
    return (matrix / lengths).astype(np.float32)


def _fit(
    directions: NDArray[np.float32], n_topics: int, max_iter: int, rng: np.random.Generator
) -> Topics:
    """One start, followed until nobody moves."""
    centres = _spread_out(directions, n_topics, rng)
    labels, cosines = _nearest(directions, centres)
    n_iter, converged = 0, False
    while not converged and n_iter < max_iter:
        n_iter += 1
        centres = _centres(directions, labels, cosines, len(centres))
        moved, cosines = _nearest(directions, centres)
        converged = np.array_equal(moved, labels)
        labels = moved
    similarity = float(cosines.mean(dtype=np.float64))
    return Topics(labels, centres.astype(np.float64), similarity, n_iter, converged)


def _spread_out(
    directions: NDArray[np.float32], n_topics: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Starting centres, each drawn with probability 1 - cosine to the nearest one so far."""
    chosen = [int(rng.integers(len(directions)))]
    distance = np.full(len(directions), np.inf)
    while len(chosen) < n_topics:
        away = 1.0 - (directions @ directions[chosen[-1]]).astype(np.float64)
        distance = np.minimum(distance, np.where(away < SAME_DIRECTION, 0.0, away))
        total = np.cumsum(distance)
        if not total[-1]:
            break
        drawn = np.searchsorted(total, rng.random() * total[-1], side="right")
        chosen.append(min(int(drawn), len(directions) - 1))
    return directions[chosen]


def _nearest(
    directions: NDArray[np.float32], centres: NDArray[np.float32]
) -> tuple[Ints, NDArray[np.float32]]:
    """Centre of the largest cosine for each row, the first of several, and that cosine."""
    labels = np.empty(len(directions), dtype=np.intp)
    cosines = np.empty(len(directions), dtype=np.float32)
    rows_at_once = max(1, ENTRIES_AT_ONCE // len(centres))
    for start in range(0, len(directions), rows_at_once):
        part = slice(start, start + rows_at_once)
        products = directions[part] @ centres.T
        labels[part] = products.argmax(axis=1)
        cosines[part] = products.max(axis=1)
    return labels, cosines


def _centres(
    directions: NDArray[np.float32], labels: Ints, cosines: NDArray[np.float32], n_topics: int
) -> NDArray[np.float32]:
    """Directions of the sums of each topic's rows.

    A topic without rows, or whose rows cancel out, starts again from a row that fits worst where
    it is.
    """
    rows = np.arange(len(labels) + 1)
    ones = np.ones(len(labels), dtype=np.float32)
    sums = csr_array((ones, labels, rows), shape=(len(labels), n_topics)).T @ directions
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    lost = np.flatnonzero(lengths[:, 0] < SAME_DIRECTION)
    if len(lost):
        worst = np.argsort(cosines, kind="stable")[: len(lost)]
        sums[lost], lengths[lost] = directions[worst], 1.0
    return sums / lengths


def _largest_first(topics: Topics) -> Topics:
    """The same topics numbered by falling size, equal ones by their first row; none empty."""
    names, first, sizes = np.unique(topics.labels, return_index=True, return_counts=True)
    order = names[np.lexsort((first, -sizes))]
    number = np.zeros(len(topics.centres), dtype=np.intp)
    number[order] = np.arange(len(order))
    return Topics(
        number[topics.labels],
        topics.centres[order],
        topics.similarity,
        topics.n_iter,
        topics.converged,
    )
