"""Semantic clusters: all pairs by cosine, and embeddings as they arrive in files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.dedupe import semantic
from curation.core.dedupe.semantic import semantic_clusters
from curation.core.errors import CurationError


def families(n_families, size, seed, spread=0.02):
    """Unit vectors around random centres, in random order, and the family of each."""
    rng = np.random.default_rng(seed)
    family = rng.permutation(np.repeat(np.arange(n_families), size))
    centres = rng.normal(size=(n_families, 64))
    return centres[family] + spread * rng.normal(size=(len(family), 64)), family


def slow_clusters(vectors, threshold):
    cluster = list(range(len(vectors)))
    for i, one in enumerate(vectors):
        for j, other in enumerate(vectors[:i]):
            lengths = np.linalg.norm(one) * np.linalg.norm(other)
            if lengths and one @ other / lengths >= threshold:
                old, new = sorted((cluster[i], cluster[j]), reverse=True)
                cluster = [new if label == old else label for label in cluster]
    return cluster


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 1000), st.sampled_from([0.5, 0.9]))
def test_clusters_are_chains_of_close_pairs(n_families, size, seed, threshold):
    vectors, _ = families(n_families, size, seed, spread=0.3)
    found = semantic_clusters(vectors, threshold=threshold)
    assert found.tolist() == slow_clusters(vectors.astype(np.float32), threshold)


def test_families_are_found_across_blocks(monkeypatch):
    monkeypatch.setattr(semantic, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(semantic, "COLUMNS_AT_ONCE", 16)
    vectors, family = families(20, 6, seed=1)
    first = [int(np.argmax(family == one)) for one in family]
    assert semantic_clusters(vectors).tolist() == first


def test_order_and_scale_do_not_show():
    vectors, _ = families(10, 4, seed=2)
    order = np.random.default_rng(0).permutation(len(vectors))
    scale = np.random.default_rng(1).uniform(1e-20, 1e20, size=(len(vectors), 1))
    clusters = semantic_clusters(vectors)[order]
    other = semantic_clusters((vectors * scale)[order])
    together = clusters[:, None] == clusters[None]
    assert (together == (other[:, None] == other[None])).all()


def test_nothing_zero_vectors_and_a_threshold_of_one():
    assert semantic_clusters(np.zeros((0, 8))).tolist() == []
    assert semantic_clusters([]).tolist() == []
    assert semantic_clusters(np.zeros((3, 8))).tolist() == [0, 1, 2]
    assert semantic_clusters([[3, 4], [0.3, 0.4], [4, 3]], threshold=1).tolist() == [0, 0, 2]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_vectors_that_are_not_finite_are_named(value):
    with pytest.raises(CurationError, match="row 1 is not finite"):
        semantic_clusters([[1, 2], [value, 1]])


def test_one_vector_is_no_table():
    with pytest.raises(CurationError, match="table of numbers"):
        semantic_clusters([1.0, 2.0])
