"""The join: candidates cut into chunks, crowds cut short, and labels merged."""

import numpy as np
import pytest

from bench.curation_texts import planted_texts
from curation.core.dedupe import join, minhash
from curation.core.dedupe.join import connected, joined, merge_labels, prefix_candidates
from curation.core.dedupe.minhash import expected_recall, minhash_candidates
from curation.core.dedupe.sets import joinable_sets, ranges
from curation.core.dedupe.shingles import shingle

PLANTED = planted_texts(600, 0.5, seed=6)
SETS = joinable_sets(shingle(PLANTED.texts), 0.6)


def found_pairs(candidates):
    pairs = joined(SETS, candidates, 0.6)
    return sorted(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))


def test_chunks_do_not_show(monkeypatch):
    whole = found_pairs(prefix_candidates(SETS, 0.6))
    monkeypatch.setattr(join, "PAIRS_AT_ONCE", 5)
    monkeypatch.setattr(join, "KEYS_AT_ONCE", 300)
    monkeypatch.setattr(minhash, "KEYS_AT_ONCE", 300)
    assert found_pairs(prefix_candidates(SETS, 0.6)) == whole
    assert len(set(whole)) == len(whole) > 200
    hashed = found_pairs(minhash_candidates(SETS, 0.6))
    assert set(hashed) <= set(whole)
    assert len(hashed) >= 0.97 * len(whole)


def test_all_of_a_probe_stand_in_one_chunk(monkeypatch):
    monkeypatch.setattr(join, "PAIRS_AT_ONCE", 5)
    chunks = list(prefix_candidates(SETS, 0.6).chunks())
    probes = [set(left.tolist()) for left, _ in chunks]
    assert len(chunks) > 10
    assert sum(map(len, probes)) == len(set().union(*probes))


def test_shortened_lists_keep_the_nearest_in_size():
    whole, cut = prefix_candidates(SETS, 0.6), prefix_candidates(SETS, 0.6).nearest(1)
    assert cut.n_pairs == len(cut.probes) < whole.n_pairs
    last = np.repeat(whole.high - 1, 1)
    assert (cut.partners[cut.low] == whole.partners[last]).all()


@pytest.mark.parametrize("pairs_at_once", [5, 1 << 20])
def test_components_are_those_of_all_pairs(monkeypatch, pairs_at_once):
    monkeypatch.setattr(join, "PAIRS_AT_ONCE", pairs_at_once)
    labels = connected(SETS, prefix_candidates(SETS, 0.6), 0.6)
    pairs = joined(SETS, prefix_candidates(SETS, 0.6), 0.6)
    slow = list(range(len(labels)))
    for one, other in zip(pairs.left, pairs.right, strict=True):
        old, new = slow[one], slow[other]
        slow = [new if label == old else label for label in slow]
    together = labels[:, None] == labels[None]
    assert (together == (np.array(slow)[:, None] == np.array(slow)[None])).all()


def test_labels_merge_through_others():
    labels = merge_labels(np.arange(6), np.array([0, 3]), np.array([1, 4]))
    labels = merge_labels(labels, np.array([1]), np.array([3]))
    assert len(set(labels[[0, 1, 3, 4]].tolist())) == 1
    assert len(set(labels.tolist())) == 3


def test_recall_of_minhash_is_as_expected():
    """1 − (1 − s⁴)³² at three similarities, and in 600 pairs of sets with similarity 0.3."""
    assert expected_recall(0.7) == pytest.approx(0.99985, abs=1e-5)
    assert expected_recall(0.5) == pytest.approx(0.8732, abs=1e-4)
    rng = np.random.default_rng(0)
    keys = rng.integers(1 << 52, size=(600, 100))
    one, other = np.sort(keys[:, :65], axis=1), np.sort(keys[:, 35:], axis=1)
    bounds = np.arange(0, 600 * 65 + 1, 65)
    bands = [
        minhash.band_hashes(minhash.signatures(side.ravel(), bounds, seed=1))
        for side in (one, other)
    ]
    share = (bands[0] == bands[1]).any(axis=1).mean()
    assert share == pytest.approx(expected_recall(0.3), abs=0.06)


def test_ranges_stand_one_after_the_other():
    assert ranges(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert ranges(np.array([], dtype=int), np.array([], dtype=int)).tolist() == []
