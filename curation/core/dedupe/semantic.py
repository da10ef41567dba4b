"""Texts of the same meaning, by embeddings that somebody else has made.

Embeddings arrive as a file (`curation.core.embeddings`); this package runs no model. All pairs are
compared, a block at a time: exact, in bounded memory, and quadratic in the number of texts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.dedupe.join import merge_labels
from curation.core.dedupe.near import checked_threshold
from curation.core.dedupe.words import Bools, Ints
from curation.core.errors import CurationError

THRESHOLD = 0.9
ROWS_AT_ONCE, COLUMNS_AT_ONCE = 1024, 16_384
Vectors = NDArray[np.float32]


def semantic_clusters(embeddings: ArrayLike, *, threshold: float = THRESHOLD) -> Ints:
    """One cluster id per text, shape (n_texts,): the row of the first text of its cluster.

    Texts are of one cluster if a chain of pairs connects them whose cosine similarity is at least
    ``threshold``. A vector of zeros is like no other. ``embeddings`` has shape (n_texts,
    n_dimensions).

    Raises CurationError for a threshold outside (0, 1], another shape, and vectors that are not
    finite.
    """
    reach = np.float32(checked_threshold(threshold) - np.finfo(np.float32).eps)
    unit = _unit(np.asarray(embeddings, dtype=np.float32))
    labels = np.arange(len(unit))
    for start in range(0, len(unit), ROWS_AT_ONCE):
        for other in range(start, len(unit), COLUMNS_AT_ONCE):
            rows = unit[start : start + ROWS_AT_ONCE]
            columns = unit[other : other + COLUMNS_AT_ONCE]
            one, two = np.nonzero(rows @ columns.T >= reach)
            labels = _connected(labels, one + start, two + other)
    return _first_rows(labels)


def _unit(vectors: Vectors) -> Vectors:
    """Vectors of length 1, those of length 0 as they are."""
    if vectors.ndim != 2 and vectors.size:
        raise CurationError(f"Embeddings must be a table of numbers, not of shape {vectors.shape}.")
    vectors = vectors.reshape(len(vectors), -1 if vectors.size else 0)
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise CurationError(f"The embedding in row {int(np.argmin(finite))} is not finite.")
    largest = np.abs(vectors).max(axis=1, initial=0, keepdims=True)
    scaled = np.divide(vectors, largest, out=np.zeros_like(vectors), where=largest > 0)
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.divide(scaled, length, out=scaled, where=length > 0)


def _connected(labels: Ints, left: Ints, right: Ints) -> Ints:
    apart: Bools = labels[left] != labels[right]
    return merge_labels(labels, left[apart], right[apart]) if apart.any() else labels


def _first_rows(labels: Ints) -> Ints:
    first = np.full(len(labels), len(labels))
    np.minimum.at(first, labels, np.arange(len(labels)))
    return first[labels]
