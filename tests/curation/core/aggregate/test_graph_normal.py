"""Normal distributions on comparison graphs against dense matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.aggregate.connectivity import connectivity
from curation.core.aggregate.graph_normal import GraphNormal, Laplacian, Moments

PRECISION = 0.3


def pairs_of(edges: Any, n_items: int) -> tuple[Any, Any, Any]:
    low, high = np.array(sorted(edges), dtype=np.intp).reshape(-1, 2).T
    return low, high, connectivity(low, high, n_items).component


def slow_moments(low: Any, high: Any, n: int, weight: Any, shift: Any) -> Moments:
    precision, pull = np.eye(n) * PRECISION, np.zeros(n)
    for one, other, w, h in zip(low, high, weight, shift, strict=True):
        unit = np.zeros(n)
        unit[one], unit[other] = 1, -1
        precision += w * np.outer(unit, unit)
        pull += h * unit
    covariance = np.linalg.inv(precision)
    variance = np.diagonal(covariance)
    gap = variance[low] + variance[high] - 2 * covariance[low, high]
    return Moments(covariance @ pull, variance, gap)


def assert_same(one: Moments, other: Moments, **close: float) -> None:
    for name in ("mean", "variance", "gap_variance"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), **close)


edges = st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda p: p[0] < p[1]))


@given(edges, st.integers(0, 1000))
def test_components_of_any_size_are_exact(some: set[tuple[int, int]], seed: int) -> None:
    low, high, component = pairs_of(some, 9)
    rng = np.random.default_rng(seed)
    weight, shift = rng.gamma(1, 1, len(low)), rng.normal(size=len(low))
    graph = GraphNormal(low, high, component)
    found = graph.moments(PRECISION, weight, shift)
    assert_same(found, slow_moments(low, high, 9, weight, shift), rtol=1e-8, atol=1e-10)


def random_tree(n: int, rng: np.random.Generator) -> set[tuple[int, int]]:
    return {(int(rng.integers(child)), child) for child in range(1, n)}


@settings(max_examples=20)
@given(st.integers(3, 40), st.integers(0, 1000))
def test_large_trees_are_exact_without_any_dense_matrix(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low, high, component = pairs_of(random_tree(n, rng), n)
    weight, shift = rng.gamma(1, 1, len(low)), rng.normal(size=len(low))
    found = GraphNormal(low, high, component, dense_items=2).moments(PRECISION, weight, shift)
    assert_same(found, slow_moments(low, high, n, weight, shift), rtol=2e-3, atol=1e-4)


def test_large_graphs_with_many_neighbours_are_close() -> None:
    rng = np.random.default_rng(0)
    n = 300
    some = {tuple(sorted(rng.choice(n, 2, replace=False).tolist())) for _ in range(1500)}
    low, high, component = pairs_of(some, n)
    weight, shift = rng.gamma(4, 0.25, len(low)), rng.normal(size=len(low))
    found = GraphNormal(low, high, component, dense_items=2).moments(PRECISION, weight, shift)
    slow = slow_moments(low, high, n, weight, shift)
    np.testing.assert_allclose(found.mean, slow.mean, atol=1e-5)
    np.testing.assert_allclose(found.gap_variance, slow.gap_variance, rtol=0.1)
    np.testing.assert_allclose(found.variance, slow.variance - 1 / (PRECISION * n), rtol=0.05)


def test_moments_start_from_those_before_and_do_not_depend_on_them() -> None:
    rng = np.random.default_rng(1)
    low, high, component = pairs_of(random_tree(30, rng), 30)
    shift = rng.normal(size=len(low))
    graph = GraphNormal(low, high, component, dense_items=2)
    graph.moments(PRECISION, rng.gamma(1, 1, len(low)), -shift)
    weight = rng.gamma(1, 1, len(low))
    fresh = GraphNormal(low, high, component, dense_items=2)
    assert_same(
        graph.moments(PRECISION, weight, shift),
        fresh.moments(PRECISION, weight, shift),
        rtol=1e-3,
        atol=1e-3,
    )


def test_a_laplacian_multiplies_as_its_matrix_does() -> None:
    low, high = np.array([0, 0, 1]), np.array([1, 2, 2])
    laplacian = Laplacian(low, high, 4)
    weight = np.array([1.0, 2.0, 4.0])
    laplacian.weigh(weight)
    assert laplacian.product(np.array([1.0, 10, 100, 1000])).tolist() == [210, 401, 42, 0]
    assert laplacian.degrees(weight).tolist() == [3, 5, 6, 0]


def test_without_pairs_the_prior_is_left() -> None:
    none = np.zeros(0, dtype=np.intp)
    found = GraphNormal(none, none, np.arange(3)).moments(4.0, np.zeros(0), np.zeros(0))
    assert found.mean.tolist() == [0, 0, 0]
    assert found.variance == pytest.approx([0.25] * 3)
