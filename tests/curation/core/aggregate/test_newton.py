"""The climb and the block inverses against dense linear algebra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from curation.core.aggregate import newton
from curation.core.aggregate.newton import blocks_of, component_means, maximise


class Quadratic:
    """Minus half a positive definite form around `target`; a `Point`."""

    def __init__(self, matrix, target, at):
        self.matrix, away = matrix, at - target
        self.value = float(-away @ matrix @ away / 2)
        self.gradient = -matrix @ away

    def product(self, vector):
        return self.matrix @ vector

    def inverse(self, *, rough=False):
        return inverse_of(self.matrix, rough=rough)


def inverse_of(matrix, *, rough=False):
    component = components(matrix)
    rows, columns = np.triu_indices(len(matrix), 1)
    kept = matrix[rows, columns] != 0
    pairs = [(rows[kept], columns[kept], matrix[rows[kept], columns[kept]])]
    return blocks_of(component).inverse(np.diag(matrix).copy(), pairs, rough=rough)


def components(matrix):
    return connected_components(matrix != 0, directed=False)[1].astype(np.intp)


def laplacian(edges, n, precision=0.3):
    """A precision on every parameter and a weight on every difference."""
    matrix = np.eye(n) * precision
    for left, right, weight in edges:
        matrix[[left, right], [left, right]] += weight
        matrix[[left, right], [right, left]] -= weight
    return matrix


edges = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.floats(0.1, 3)).filter(
        lambda edge: edge[0] != edge[1]
    ),
    max_size=12,
)


@given(edges)
def test_inverse_blocks_are_the_dense_inverse(given_edges):
    matrix = laplacian(given_edges, 8)
    inverse, dense = inverse_of(matrix), np.linalg.inv(matrix)
    np.testing.assert_allclose(inverse.variances, np.diag(dense), atol=1e-10)
    rows, columns = np.indices((8, 8)).reshape(2, -1)
    np.testing.assert_allclose(inverse.entries(rows, columns), dense.ravel(), atol=1e-10)
    np.testing.assert_allclose([inverse.solve(unit) for unit in np.eye(8)], dense, atol=1e-10)
    flat = np.eye(8)
    for members in np.unique(components(matrix)):
        own = components(matrix) == members
        flat[np.ix_(own, own)] -= own.sum() > 1 and 1 / own.sum()
    np.testing.assert_allclose(
        inverse.centred_variances(0.3), np.diag(flat @ dense @ flat), atol=1e-9
    )


@given(edges, st.lists(st.floats(-2, 2), min_size=8, max_size=8))
def test_the_climb_ends_at_the_top(given_edges, target):
    goal, matrix = np.array(target), laplacian(given_edges, 8)
    goal = goal - component_means(goal, components(matrix))
    top = maximise(lambda at: Quadratic(matrix, goal, at), np.zeros(8))
    assert top.converged
    np.testing.assert_allclose(top.parameters, goal, atol=1e-6)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(newton, "LARGEST_BLOCK", 3)


@pytest.mark.usefixtures("small_blocks")
def test_components_without_a_dense_block_are_climbed_too():
    rng = np.random.default_rng(0)
    pairs = [(k, (k + step) % 40, float(rng.uniform(0.5, 2))) for k in range(40) for step in (1, 7)]
    matrix = laplacian([*pairs, (40, 41, 1.0)], 42)
    goal = rng.normal(size=42)
    goal -= component_means(goal, components(matrix))
    top = maximise(lambda at: Quadratic(matrix, goal, at), np.zeros(42))
    assert top.converged
    np.testing.assert_allclose(top.parameters, goal, atol=1e-5)
    exact = np.diag(np.linalg.inv(matrix))
    np.testing.assert_allclose(top.inverse.variances[40:], exact[40:])
    near = top.inverse.centred_variances(0.3)[:40]
    assert (near <= exact[:40]).all()
    np.testing.assert_allclose(near, exact[:40] - 1 / (0.3 * 40), rtol=0.15)


@pytest.mark.usefixtures("small_blocks")
def test_far_pairs_beyond_memory_leave_the_first_term(monkeypatch):
    monkeypatch.setattr(newton, "MOST_FAR_PAIRS", 2)
    matrix = laplacian([(0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0)], 4)
    np.testing.assert_allclose(inverse_of(matrix).variances, 1 / np.diag(matrix))


def test_a_function_that_cannot_be_climbed_is_reported():
    class Cliff(Quadratic):
        def __init__(self, at):
            super().__init__(np.eye(1), np.ones(1), at)
            self.value = 0.0 if not at.any() else float("nan")

    top = maximise(Cliff, np.zeros(1))
    assert not top.converged
    assert top.parameters.tolist() == [0.0]
