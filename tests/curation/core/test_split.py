"""No cluster straddles a split, and test never loses a row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.errors import CurationError
from curation.core.records import SPLITS
from curation.core.split import guard_splits, straddling

ROWS = st.lists(
    st.tuples(st.sampled_from(["p", "q", "r", None]), st.sampled_from(SPLITS)), max_size=30
)


def columns(rows):
    return [cluster for cluster, _ in rows], [split for _, split in rows]


def strictest(clusters, splits, row):
    """The slow twin: the strictest split of a row's cluster."""
    if clusters[row] is None:
        return splits[row]
    shared = [
        split for cluster, split in zip(clusters, splits, strict=True) if cluster == clusters[row]
    ]
    return max(shared, key=SPLITS.index)


@settings(deadline=None)
@given(ROWS)
def test_every_row_has_the_strictest_split_of_its_cluster(rows):
    clusters, splits = columns(rows)
    found = guard_splits(clusters, splits)
    assert found.splits.tolist() == [strictest(clusters, splits, k) for k in range(len(rows))]
    assert found.n_moved == sum(a != b for a, b in zip(found.splits, splits, strict=True))
    assert straddling(clusters, found.splits) == ()


@settings(deadline=None)
@given(ROWS)
def test_nothing_leaves_test_and_guarding_twice_changes_nothing(rows):
    clusters, splits = columns(rows)
    found = guard_splits(clusters, splits)
    assert all(
        new == "test" for new, old in zip(found.splits, splits, strict=True) if old == "test"
    )
    assert guard_splits(clusters, found.splits).n_moved == 0


@settings(deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_neither_order_nor_names_matter(rows, random):
    order = random.sample(range(len(rows)), len(rows))
    clusters, splits = columns(rows)
    renamed = [{"p": 9, "q": -1, "r": 3, None: None}[clusters[row]] for row in order]
    other = guard_splits(renamed, [splits[row] for row in order])
    assert other.moved.tolist() == guard_splits(clusters, splits).moved[order].tolist()


def test_straddling_names_clusters_by_their_first_rows():
    clusters = np.array([4, 7, 4, 7, 1, 1])
    splits = ["train", "train", "test", "validation", "train", "train"]
    assert straddling(clusters, splits) == (4, 7)


def test_rows_without_a_cluster_straddle_nothing():
    assert straddling([None, None], ["train", "test"]) == ()


def test_nothing_guarded_is_nothing():
    assert guard_splits([], []).n_moved == 0
    assert straddling([], []) == ()


@pytest.mark.parametrize("bad", ["dev", None, ""])
def test_an_unknown_split_is_refused(bad):
    with pytest.raises(CurationError, match="A split is one of train, validation, test"):
        guard_splits([1, 1], ["train", bad])


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(CurationError, match="Splits has 1 entries for 2 rows"):
        guard_splits([1, 1], ["train"])
