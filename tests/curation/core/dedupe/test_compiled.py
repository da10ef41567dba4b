"""Compiled loops: the same results as arrays give, and none where numba is not to be had."""

import sys

import numpy as np
import pytest

from bench.curation_texts import planted_texts
from curation.core.dedupe import compiled, near
from curation.core.dedupe.join import prefix_candidates, verified
from curation.core.dedupe.minhash import signatures
from curation.core.dedupe.sets import joinable_sets, occurrences
from curation.core.dedupe.shingles import shingle

PLANTED = planted_texts(300, 0.5, seed=3)


@pytest.fixture(params=["arrays", "compiled"])
def both(request, monkeypatch):
    """Runs a function with arrays and, where numba is installed, with compiled loops."""
    if request.param == "compiled":
        pytest.importorskip("numba")
        found = compiled._compiled()
    else:
        found = None
    monkeypatch.setattr(compiled, "kernels", lambda work: found)
    return request.param


def test_counting_is_exact_where_no_hashes_meet(both):
    hashes = np.arange(200, dtype=np.uint64) << np.uint64(55)
    among = np.repeat(hashes, np.arange(200) * 2)
    assert occurrences(hashes, among).tolist() == np.minimum(np.arange(200) * 2, 255).tolist()


def test_counting_in_parts_finds_the_same(both, monkeypatch):
    hashes = shingle(PLANTED.texts).hashes
    true = dict(zip(*np.unique(hashes, return_counts=True), strict=True))
    monkeypatch.setattr("curation.core.dedupe.sets.LARGEST_TABLE", 12)
    counts = occurrences(hashes, hashes)
    assert all(count >= min(true[one], 255) for one, count in zip(hashes, counts, strict=True))
    assert (counts == [true[one] for one in hashes]).mean() > 0.4


def test_signatures_are_least_products(both):
    sets = joinable_sets(shingle(PLANTED.texts), 0.7)
    found = signatures(sets.keys, sets.bounds, seed=5)
    rng = np.random.default_rng(5)
    factors = rng.integers(1 << 31, size=128, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    for k in (0, len(sets.sizes) - 1):
        keys = sets.keys[sets.bounds[k] : sets.bounds[k + 1]].astype(np.uint32)
        assert found[k].tolist() == (keys[:, None] * factors).min(axis=0).tolist()


def test_overlaps_are_those_of_sets(both):
    sets = joinable_sets(shingle(PLANTED.texts), 0.5)
    left, right = next(prefix_candidates(sets, 0.5).chunks())
    found = verified(sets, left, right, 0.5)
    as_sets = [set(keys.tolist()) for keys in np.split(sets.keys, sets.bounds[1:-1])]
    for one, other, value in zip(found.left, found.right, found.jaccard, strict=True):
        shared = as_sets[one] & as_sets[other]
        assert value == len(shared) / len(as_sets[one] | as_sets[other])


def test_the_search_finds_the_same(both):
    found = near.near_duplicate_pairs(PLANTED.texts)
    assert found.left.tolist() == PLANTED.left.tolist()
    assert found.right.tolist() == PLANTED.right.tolist()


def test_without_numba_arrays_do_the_work(monkeypatch):
    compiled._compiled.cache_clear()
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    assert compiled.kernels(10**9) is None
    compiled._compiled.cache_clear()


def test_numba_is_not_loaded_for_little(monkeypatch):
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    assert compiled.kernels(1000) is None
