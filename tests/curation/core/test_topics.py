"""Topics: planted directions are found, whatever the order of the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.errors import CurationError
from curation.core.topics import cluster_topics

SIZES = (60, 45, 30, 15)


def planted(seed=0, width=16, spread=0.15):
    """Texts of four topics, their directions around random centres."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(4), SIZES)
    centres = np.linalg.qr(rng.standard_normal((width, 4)))[0].T
    points = centres[labels] + spread * rng.standard_normal((len(labels), width))
    return points * rng.uniform(0.1, 10, (len(labels), 1)), labels


def named(n):
    return [f"text {k}" for k in range(n)]


def cluster(points, n_topics, **options):
    return cluster_topics(points, n_topics, ids=named(len(points)), **{"seed": 0, **options})


def mean_cosine(points, labels):
    """The slow twin of the similarity: each text with the direction of its topic's sum."""
    unit = [point / np.sqrt(sum(x * x for x in point)) for point in points]
    total = 0.0
    for topic in set(labels.tolist()):
        members = [each for each, label in zip(unit, labels, strict=True) if label == topic]
        summed = np.sum(members, axis=0)
        total += float(np.linalg.norm(summed))
    return total / len(points)


def test_planted_topics_are_found_and_numbered_by_size():
    points, labels = planted()
    found = cluster(points, 4)
    assert found.labels.tolist() == labels.tolist()
    assert found.converged
    assert np.linalg.norm(found.centres, axis=1) == pytest.approx(1)
    assert found.similarity == pytest.approx(mean_cosine(points, found.labels), abs=1e-5)


@pytest.mark.parametrize("n_topics", [2, 4, 7])
def test_the_order_of_rows_does_not_matter(n_topics):
    points, _ = planted(spread=0.5)
    order = np.random.default_rng(1).permutation(len(points))
    ids = named(len(points))
    one = cluster(points, n_topics)
    other = cluster_topics(points[order], n_topics, ids=[ids[k] for k in order], seed=0)
    assert other.labels.tolist() == one.labels[order].tolist()
    assert np.array_equal(other.centres, one.centres)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 8), st.integers(0, 5), st.integers(1, 25))
def test_every_text_is_at_its_nearest_centre(n_topics, seed, n):
    points = np.random.default_rng(seed).standard_normal((n, 3))
    found = cluster(points, n_topics, seed=seed)
    cosines = points @ found.centres.T
    assert (cosines.max(axis=1) - cosines[np.arange(n), found.labels] < 1e-5).all()
    sizes = np.bincount(found.labels, minlength=len(found.centres))
    assert (sizes > 0).all()
    assert (np.diff(sizes) <= 0).all()
    assert len(sizes) <= min(n, n_topics)


def test_lengths_of_vectors_do_not_matter():
    points, _ = planted(spread=0.5)
    one, other = cluster(points, 3), cluster(points * 1000, 3)
    assert one.labels.tolist() == other.labels.tolist()


def test_fewer_directions_than_topics_make_fewer_topics():
    found = cluster(np.array([[1.0, 0], [2.0, 0], [0, 3.0]]), 5)
    assert found.labels.tolist() == [0, 0, 1]
    assert len(found.centres) == 2


def test_opposite_texts_are_no_trouble():
    found = cluster(np.array([[1.0, 0], [-1.0, 0]]), 1)
    assert found.labels.tolist() == [0, 0]
    assert np.isfinite(found.centres).all()


def test_a_seed_is_repeated_and_a_pass_limit_is_said():
    points = np.random.default_rng(0).standard_normal((200, 3))
    one, again = cluster(points, 8, seed=3), cluster(points, 8, seed=3)
    assert np.array_equal(one.labels, again.labels)
    assert not cluster(points, 8, max_iter=1, restarts=1).converged


def test_no_texts_have_no_topics():
    assert cluster(np.zeros((0, 4)), 3).labels.tolist() == []


@pytest.mark.parametrize(
    ("points", "n_topics", "message"),
    [
        ([[1.0]], 0, "at least one each"),
        ([1.0, 2.0], 1, "must be a matrix"),
        ([["a"]], 1, "matrix of numbers"),
        ([[1.0], [float("nan")]], 1, "finite"),
        ([[1.0], [float("inf")]], 1, "finite"),
        ([[1.0, 1], [0, 0]], 1, "row 1 is zero"),
    ],
)
def test_embeddings_without_a_direction_are_refused(points, n_topics, message):
    with pytest.raises(CurationError, match=message):
        cluster(points, n_topics)


def test_ids_are_needed_for_every_row_and_differ():
    with pytest.raises(CurationError, match="Ids has 1 entries for 2 rows"):
        cluster_topics([[1.0], [2.0]], 1, ids=["a"], seed=0)
    with pytest.raises(CurationError, match="stands twice"):
        cluster_topics([[1.0], [2.0]], 1, ids=["a", "a"], seed=0)
