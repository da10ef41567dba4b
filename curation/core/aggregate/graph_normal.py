"""The normal distribution of strengths whose differences were measured.

Its precision is that of independent strengths plus, for each pair, a weight on the squared
difference: the Laplacian of the comparison graph and a multiple of the identity. Components of
two have a closed form; components up to a limit are inverted densely, those of one size at once;
larger ones are solved by conjugate gradients, their variances by Gaussian belief propagation
(Weiss and Freeman 2001), which is exact on trees and close on sparse graphs without short cycles.
No matrix with a row and a column for each item is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack
from scipy.sparse import csr_array

from curation.core.aggregate.newton import Floats, Ints

DENSE_ITEMS = 1_000
BATCH_ENTRIES = 2_000_000
TOLERANCE = 1e-7
MOST_STEPS = 1_000


@dataclass(frozen=True)
class Moments:
    """Means (n_items,), variances (n_items,), and the variance of each pair's gap (n_pairs,)."""

    mean: Floats
    variance: Floats
    gap_variance: Floats


@dataclass(frozen=True)
class _Batch:
    """Components of one size, `items` (n_components, size), with their pairs.

    `pairs` are places among all pairs; `block`, `low` and `high` say in which component each of
    them is and where in it its items stand.
    """

    items: Ints
    pairs: Ints
    block: Ints
    low: Ints
    high: Ints

    @property
    def shape(self) -> tuple[int, int]:
        return self.items.shape[0], self.items.shape[1]


class GraphNormal:
    """The comparison graph, laid out once for many weights.

    `low` and `high` (n_pairs,) are the items of the distinct pairs, `component` (n_items,) the
    component of each item, numbered from 0.
    """

    def __init__(
        self, low: Ints, high: Ints, component: Ints, *, dense_items: int = DENSE_ITEMS
    ) -> None:
        self.low, self.high, self.n_items = low, high, len(component)
        sizes = np.bincount(component)
        self.batches = _batches(low, high, component, sizes, dense_items)
        far = sizes[component] > dense_items
        self.far_items = np.flatnonzero(far)
        self.far_pairs = np.flatnonzero(far[low]) if len(low) else np.zeros(0, dtype=np.intp)
        self.is_far = far
        self.far = _Far(low[self.far_pairs], high[self.far_pairs], self.far_items)

    def moments(self, precision: float, weight: Floats, shift: Floats) -> Moments:
        """Return the moments under prior precision, pair weights, and linear terms of the gaps.

        The density is proportional to exp(Σ shift·gap − Σ weight·gap²/2 − precision·Σ strength²/2)
        with sums over pairs, `weight` and `shift` (n_pairs,), and items. Weights are not negative.
        """
        mean = np.zeros(self.n_items)
        variance = np.full(self.n_items, 1 / precision)
        gap_variance = np.full(len(self.low), 2 / precision)
        for batch in self.batches:
            found = _moments_of(batch, precision, weight[batch.pairs], shift[batch.pairs])
            mean[batch.items], variance[batch.items] = found.mean, found.variance
            gap_variance[batch.pairs] = found.gap_variance
        if len(self.far_pairs):
            found = self.far.moments(precision, weight[self.far_pairs], shift[self.far_pairs])
            mean[self.far_items], variance[self.far_items] = found.mean, found.variance
            gap_variance[self.far_pairs] = found.gap_variance
        return Moments(mean, variance, gap_variance)


def _batches(low: Ints, high: Ints, component: Ints, sizes: Ints, dense_items: int) -> list[_Batch]:
    order = np.argsort(component, kind="stable")
    starts = np.cumsum(sizes) - sizes
    place = np.empty(len(component), dtype=np.intp)
    place[order] = np.arange(len(component)) - starts[component[order]]
    near = np.flatnonzero(sizes[component[low]] <= dense_items)
    of_pair = component[low]
    by_size = near[np.lexsort((of_pair[near], sizes[of_pair[near]]))]
    pair_sizes = sizes[of_pair[by_size]]
    found = []
    for size in np.unique(sizes[(sizes > 1) & (sizes <= dense_items)]):
        begin, end = np.searchsorted(pair_sizes, [size, size + 1])
        own = by_size[begin:end]
        blocks = np.flatnonzero(sizes == size)
        at_once = max(1, BATCH_ENTRIES // int(size) ** 2)
        for first in range(0, len(blocks), at_once):
            some = blocks[first : first + at_once]
            within = own[slice(*np.searchsorted(of_pair[own], [some[0], some[-1] + 1]))]
            block = np.searchsorted(some, of_pair[within])
            items = order[starts[some][:, None] + np.arange(size)]
            found.append(_Batch(items, within, block, place[low[within]], place[high[within]]))
    return found


def _moments_of(batch: _Batch, precision: float, weight: Floats, shift: Floats) -> Moments:
    if batch.shape[1] == 2:
        return _moments_of_two(batch, precision, weight, shift)
    n, size = batch.shape
    row = batch.block * size
    pull = summed(row + batch.low, shift, n * size) - summed(row + batch.high, shift, n * size)
    covariance = _inverses(_precision_matrices(batch, precision, weight))
    mean = (covariance @ pull.reshape(n, size, 1))[..., 0]
    variance = np.einsum("nii->ni", covariance)
    gap = variance[batch.block, batch.low] + variance[batch.block, batch.high]
    gap = gap - 2 * covariance[batch.block, batch.low, batch.high]
    return Moments(mean, variance, gap)


def _moments_of_two(batch: _Batch, precision: float, weight: Floats, shift: Floats) -> Moments:
    """The closed form for two items with one pair; pairs come in the order of the components."""
    gap_precision = precision + 2 * weight
    sign = np.where(batch.low < batch.high, 1.0, -1.0)
    mean = sign * shift / gap_precision
    variance = (1 / precision + 1 / gap_precision) / 2
    return Moments(
        np.stack([mean, -mean], axis=1), np.stack([variance, variance], axis=1), 2 / gap_precision
    )


def _precision_matrices(batch: _Batch, precision: float, weight: Floats) -> Floats:
    n, size = batch.shape
    row = batch.block * size
    places = (row + batch.low) * size + batch.high
    flat = summed(places, weight, n * size * size)
    matrices = -flat.reshape(n, size, size)
    matrices = matrices + matrices.transpose(0, 2, 1)
    matrices[:, np.arange(size), np.arange(size)] = precision - matrices.sum(axis=2)
    return matrices


def _inverses(matrices: Floats) -> Floats:
    if len(matrices) > 1:
        return np.asarray(np.linalg.inv(matrices), dtype=float)
    factor, _ = lapack.dpotrf(matrices[0])
    upper = np.triu(lapack.dpotri(factor)[0])
    return (upper + np.triu(upper, 1).T)[None]


class _Far:
    """Components that are too large for dense matrices; starts from what it found before."""

    def __init__(self, low: Ints, high: Ints, items: Ints) -> None:
        self.n = len(items)
        place = np.zeros(int(items.max(initial=-1)) + 1, dtype=np.intp)
        place[items] = np.arange(self.n)
        self.low, self.high = place[low], place[high]
        self.laplacian = Laplacian(self.low, self.high, self.n)
        self.mean = np.zeros(self.n)
        self.to_low, self.to_high = np.zeros(len(low)), np.zeros(len(low))

    def moments(self, precision: float, weight: Floats, shift: Floats) -> Moments:
        pull = summed(self.low, shift, self.n) - summed(self.high, shift, self.n)
        degree = self.laplacian.degrees(weight) + precision
        self.mean = self.laplacian.solve(degree, weight, pull, start=self.mean)
        received = self._propagate(degree, weight)
        from_low = received[self.low] - self.to_low
        from_high = received[self.high] - self.to_high
        determinant = from_low * from_high - weight**2
        gap = (from_low + from_high - 2 * weight) / determinant
        return Moments(self.mean, 1 / received, gap)

    def _propagate(self, degree: Floats, weight: Floats) -> Floats:
        """Pass messages until each item's precision stands still, and return the precisions."""
        squared = weight**2
        received = degree + self._gathered(self.to_low, self.to_high)
        for _ in range(MOST_STEPS):
            to_high = -squared / (received[self.low] - self.to_low)
            to_low = -squared / (received[self.high] - self.to_high)
            before, received = received, degree + self._gathered(to_low, to_high)
            self.to_low, self.to_high = to_low, to_high
            if (np.abs(received - before) <= 1e-4 * received).all():
                break
        return received

    def _gathered(self, to_low: Floats, to_high: Floats) -> Floats:
        return summed(self.low, to_low, self.n) + summed(self.high, to_high, self.n)


def summed(places: Ints, values: Floats, n: int) -> Floats:
    """Sums of the values at each place from 0 to n - 1, shape (n,)."""
    return np.asarray(np.bincount(places, weights=values, minlength=n), dtype=float)


class Laplacian:
    """Weighted differences as a sparse matrix whose pattern is laid out once.

    The pairs are sorted by `low`, so that their weights are the upper triangle's data as they are.
    """

    def __init__(self, low: Ints, high: Ints, n_items: int) -> None:
        self.low, self.high, self.n_items = low, high, n_items
        starts = np.searchsorted(low, np.arange(n_items + 1))
        self.upper = csr_array((np.zeros(len(low)), high, starts), shape=(n_items, n_items))
        self.lower = self.upper.T

    def degrees(self, weight: Floats) -> Floats:
        """Sums of the weights of each item's pairs, shape (n_items,)."""
        return summed(self.low, weight, self.n_items) + summed(self.high, weight, self.n_items)

    def weigh(self, weight: Floats) -> None:
        """Set the pairs' weights, for `product`."""
        self.upper.data[:] = weight

    def product(self, vector: Floats) -> Floats:
        """The matrix that has each pair's weight in both of its places, times a vector."""
        return self.upper @ vector + self.lower @ vector

    def solve(
        self,
        degree: Floats,
        weight: Floats,
        pull: Floats,
        *,
        start: Floats | None = None,
        tolerance: float = TOLERANCE,
    ) -> Floats:
        """Solve (diag(degree) − adjacency) x = pull by conjugate gradients scaled by `degree`."""
        self.weigh(weight)
        if start is None:
            solution, residual = np.zeros(self.n_items), pull.copy()
        else:
            solution = start.copy()
            residual = pull - degree * solution + self.product(solution)
        scaled = residual / degree
        direction, rising = scaled, float(residual @ scaled)
        goal = tolerance**2 * float(pull @ (pull / degree))
        for _ in range(MOST_STEPS):
            if rising <= goal:
                break
            bent = degree * direction - self.product(direction)
            length = rising / float(direction @ bent)
            solution += length * direction
            residual -= length * bent
            scaled = residual / degree
            before, rising = rising, float(residual @ scaled)
            direction = scaled + (rising / before) * direction
        return solution
