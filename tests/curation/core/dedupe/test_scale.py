"""Beyond memory: the clusters that memory would have found, and nothing left behind."""

import sys

import pytest

from bench.curation_texts import planted_texts
from curation.core.dedupe import scale
from curation.core.dedupe.near import near_duplicate_clusters
from curation.core.dedupe.scale import cluster_beyond_memory
from curation.core.errors import CurationError

PLANTED = planted_texts(1500, 0.3, seed=2)


def in_batches(texts, size):
    return (texts[start : start + size] for start in range(0, len(texts), size))


@pytest.fixture(autouse=True)
def _needs_duckdb():
    pytest.importorskip("duckdb")


@pytest.mark.parametrize("size", [200, 1500])
def test_clusters_are_those_found_in_memory(tmp_path, size):
    found = cluster_beyond_memory(in_batches(PLANTED.texts, size), folder=tmp_path)
    assert found.cluster.tolist() == near_duplicate_clusters(PLANTED.texts).tolist()
    assert (found.method, found.complete) == ("minhash", False)
    assert list(tmp_path.iterdir()) == []


def test_a_crowd_of_equal_texts_is_one_chain(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "NEIGHBOURS", 1)
    monkeypatch.setattr(scale, "PAIRS_AT_ONCE", 64)
    texts = ["I am sorry, but I cannot help with that."] * 500 + ["Something else"]
    found = cluster_beyond_memory(in_batches(texts, 100), folder=tmp_path)
    assert found.cluster.tolist() == [0] * 500 + [500]


def test_empty_and_odd_texts_pass(tmp_path):
    batches = [[], ["", "\ud800", "a b c d e"], [" ", "A, b c d e!"]]
    found = cluster_beyond_memory(batches, folder=tmp_path)
    assert found.cluster.tolist() == [0, 1, 2, 0, 2]


def test_no_texts_have_no_clusters(tmp_path):
    assert cluster_beyond_memory([], folder=tmp_path).cluster.tolist() == []


def test_what_is_no_text_leaves_no_files(tmp_path):
    with pytest.raises(CurationError, match="Text 1 is missing"):
        cluster_beyond_memory([["a", None]], folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(CurationError, match=r"tiebreak\[scale\]"):
        cluster_beyond_memory([["a"]], folder=tmp_path)
