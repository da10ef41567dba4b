"""Maximise a concave function of many parameters that hang together in components.

Newton's method with conjugate gradients. Components that are small enough have a dense block of
second derivatives, whose inverse makes the gradients converge at once and gives exact variances;
larger ones are scaled by their diagonal. Only differences inside a component matter to the
functions here, apart from a normal prior with mean 0, so that every component stays centred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.intp]
Pairs: TypeAlias = tuple[Ints, Ints, Floats]
"""Rows, columns and values of a symmetric matrix, each pair off the diagonal once."""

LARGEST_BLOCK = 2_000
LARGE = 100
LARGEST_STORAGE = 20_000_000
MOST_FAR_PAIRS = 20_000_000
BATCH = 1_000_000
TOLERANCE = 1e-6
CG_TOLERANCE = 1e-2
CG_STEPS = 200
FEW, MANY = 4, 40
HALVINGS = 40
DRIFT = 1e-3


class Point(Protocol):
    """The function at one place: its value, its slope, and its curvature (minus the Hessian)."""

    value: float
    gradient: Floats

    def product(self, vector: Floats) -> Floats:
        """Return the curvature times a vector."""
        ...

    def inverse(self, *, rough: bool = False) -> Inverse:
        """Return the curvature's inverse, block by block; if `rough`, what is had cheaply."""
        ...


P = TypeVar("P", bound=Point)


@dataclass(frozen=True)
class Maximum(Generic[P]):
    """Where the climb ended, after how many steps, and whether it had come to rest.

    `inverse` is the curvature's inverse, taken there or less than `DRIFT` away.
    """

    parameters: Floats
    point: P
    inverse: Inverse
    n_iter: int
    converged: bool


@dataclass(frozen=True)
class Blocks:
    """Where each parameter's row of second derivatives is kept.

    `members` holds, for each size, the parameters of the components of that size, shape
    (n_components, size). Parameter i's row starts at `row[i]` and its column is `column[i]`;
    `row` is -1 in components that are too large for a dense block.
    """

    component: Ints
    members: tuple[Ints, ...]
    row: Ints
    column: Ints
    storage: int

    @cached_property
    def sizes(self) -> Ints:
        """The size of each parameter's component, shape (n,)."""
        return (
            np.bincount(self.component)[self.component] if len(self.component) else self.component
        )

    @cached_property
    def complete(self) -> bool:
        """Whether every component has a dense block."""
        return bool((self.row >= 0).all())

    @property
    def cheap(self) -> bool:
        """Whether inverting costs no more than a few steps do."""
        return all(members.shape[1] < LARGE for members in self.members)

    def inverse(self, diagonal: Floats, pairs: Iterable[Pairs], *, rough: bool = False) -> Inverse:
        """Invert the matrix that has this diagonal and, off it, these values and their mirror.

        Values of the same place are summed. `rough` leaves out those of large components.
        """
        if rough and not self.cheap:
            return Inverse(self, (), diagonal, 1 / diagonal, rough=True)
        flat, far = np.zeros(self.storage), _Far()
        for rows, columns, values in _gathered(pairs):
            if not self.complete:
                kept = self.row[rows] >= 0
                if not rough:
                    far.add(rows[~kept], columns[~kept], values[~kept])
                rows, columns, values = rows[kept], columns[kept], values[kept]
            places = self.row[rows] + self.column[columns]
            flat += np.bincount(places, weights=values, minlength=self.storage)
        dense = tuple(self._inverted(flat, diagonal))
        variances = far.variances(diagonal)
        for members, block in zip(self.members, dense, strict=True):
            variances[members] = np.einsum("nii->ni", block)
        return Inverse(self, dense, diagonal, variances, rough=rough and not self.complete)

    def _inverted(self, flat: Floats, diagonal: Floats) -> Iterator[Floats]:
        start = 0
        for members in self.members:
            n, size = members.shape
            block = flat[start : start + n * size * size].reshape(n, size, size)
            block = block + block.transpose(0, 2, 1)
            block[:, np.arange(size), np.arange(size)] += diagonal[members]
            small = size < LARGE
            yield np.asarray(np.linalg.inv(block)) if small else _positive_inverses(block)
            start += n * size * size


@dataclass(frozen=True)
class Inverse:
    """The inverse of a curvature: exact in dense blocks, 1 over the diagonal elsewhere.

    `variances` (n,) is its diagonal: exact in dense blocks, elsewhere the first terms of the
    Neumann series, a lower bound that is close where each parameter has many neighbours.
    `rough` marks an inverse that leaves out what could be had.
    """

    blocks: Blocks
    dense: tuple[Floats, ...]
    diagonal: Floats
    variances: Floats
    rough: bool

    def solve(self, vector: Floats) -> Floats:
        """Return the inverse times a vector, which sums to 0 outside dense blocks."""
        solved = vector / self.diagonal
        solved -= component_means(solved, self.blocks.component)
        for members, block in zip(self.blocks.members, self.dense, strict=False):
            solved[members] = (block @ vector[members][..., None])[..., 0]
        return solved

    @property
    def improvable(self) -> bool:
        """Whether a dense block was left out to save time."""
        return self.rough and not self.blocks.cheap

    def centred_variances(self, precision: float) -> Floats:
        """Variances against the mean of the component, given the prior's precision.

        Along the mean nothing but the prior is known, so dense blocks carry its variance there in
        full; it is taken out. A parameter that stands alone keeps it.
        """
        sizes = self.blocks.sizes
        common = (self.blocks.row >= 0) & (sizes > 1)
        along = np.where(common, 1 / (precision * np.maximum(sizes, 1)), 0)
        return np.maximum(self.variances - along, 0)

    def entries(self, rows: Ints, columns: Ints) -> Floats:
        """Return single entries; outside dense blocks those off the diagonal count as 0."""
        blocks = self.blocks
        found = np.where(rows == columns, 1 / self.diagonal[rows], 0.0)
        if not self.dense:
            return found
        flat = np.concatenate([block.ravel() for block in self.dense])
        dense = (blocks.row[rows] >= 0) & (blocks.component[rows] == blocks.component[columns])
        places = np.where(dense, blocks.row[rows] + blocks.column[columns], 0)
        return np.where(dense, flat[places], found)


def blocks_of(component: Ints) -> Blocks:
    """Lay out dense blocks for components, numbered from 0, smallest first while they fit."""
    sizes = np.bincount(component) if len(component) else np.zeros(0, dtype=np.intp)
    order = np.lexsort((component, sizes[component]))
    members, row, column, storage = [], np.full(len(component), -1), np.zeros_like(component), 0
    for size in np.unique(sizes[sizes > 0]):
        own = order[sizes[component[order]] == size].reshape(-1, size)
        if size > LARGEST_BLOCK or storage + own.size * size > LARGEST_STORAGE:
            break
        members.append(own)
        row[own] = storage + np.arange(own.size).reshape(own.shape) * size
        column[own] = np.arange(size)
        storage += own.size * int(size)
    return Blocks(component, tuple(members), row, column, storage)


def maximise(
    at: Callable[[Floats], P],
    start: Floats,
    *,
    max_iter: int = 100,
    tolerance: float = TOLERANCE,
) -> Maximum[P]:
    """Climb from `start` until no parameter moves by more than `tolerance`."""
    parameters, point = start, at(start)
    inverse, drift, converged = point.inverse(rough=True), 0.0, False
    n_iter = 0
    while n_iter < max_iter and not converged:
        step, n_cg = _conjugate_gradients(point, inverse)
        if n_cg > (MANY if inverse.rough else FEW) and (inverse.improvable or drift > DRIFT):
            inverse, drift = point.inverse(rough=not inverse.improvable), 0.0
        moved = _climb(at, parameters, point, step)
        if moved is None:
            break
        n_iter += 1
        length = float(np.abs(step).max(initial=0.0))
        parameters, point, drift = moved[0], moved[1], drift + length
        converged = length <= tolerance
    if inverse.rough or drift > DRIFT:
        inverse = point.inverse()
    return Maximum(parameters, point, inverse, n_iter, converged)


def _climb(
    at: Callable[[Floats], P], parameters: Floats, point: P, step: Floats
) -> tuple[Floats, P] | None:
    """Take the step, or the half of it that rises; None where none does beyond rounding."""
    slack = 1e-12 * abs(point.value)
    for halving in range(HALVINGS):
        moved = parameters + step * 0.5**halving
        with np.errstate(all="ignore"):
            reached = at(moved)
        if np.isfinite(reached.value) and reached.value >= point.value - slack:
            return moved, reached
    return None


def _conjugate_gradients(point: Point, inverse: Inverse) -> tuple[Floats, int]:
    """Solve curvature · step = gradient to two digits, and say in how many steps."""
    residual = point.gradient.copy()
    step = np.zeros_like(residual)
    scaled = inverse.solve(residual)
    direction, rising = scaled, float(residual @ scaled)
    goal = CG_TOLERANCE**2 * rising
    for n_steps in range(CG_STEPS):
        if rising <= goal or rising == 0:
            return step, n_steps
        bent = point.product(direction)
        length = rising / float(direction @ bent)
        step = step + length * direction
        residual = residual - length * bent
        scaled = inverse.solve(residual)
        before, rising = rising, float(residual @ scaled)
        direction = scaled + (rising / before) * direction
    return step, CG_STEPS


def summed(places: Ints, values: Floats, n: int) -> Floats:
    """Sum values by place, shape (n,)."""
    return np.asarray(np.bincount(places, weights=values, minlength=n), dtype=float)


def component_means(values: Floats, component: Ints) -> Floats:
    """Return, for each parameter, the mean over its component."""
    totals = np.bincount(component, weights=values)
    return (totals / np.bincount(component))[component]


def _positive_inverses(blocks: Floats) -> Floats:
    """Invert positive definite matrices over their Cholesky factors."""
    inverses = np.empty_like(blocks)
    for block, inverse in zip(blocks, inverses, strict=True):
        factor, failed = lapack.dpotrf(block)
        if failed:
            raise np.linalg.LinAlgError("A curvature is not positive definite.")
        upper = np.triu(lapack.dpotri(factor)[0])
        inverse[:] = upper + np.triu(upper, 1).T
    return inverses


class _Far:
    """Values off the diagonal that stand in no dense block."""

    def __init__(self) -> None:
        self.pairs: list[Pairs] = []
        self.n_pairs = 0

    def add(self, rows: Ints, columns: Ints, values: Floats) -> None:
        self.n_pairs += len(rows)
        few = self.n_pairs <= MOST_FAR_PAIRS
        self.pairs = [*self.pairs, (rows, columns, values)] if few else []

    def variances(self, diagonal: Floats) -> Floats:
        """1/d_i + Σ_j b_ij² / (d_i² d_j): the first terms of the inverse's diagonal."""
        if not self.pairs:
            return 1 / diagonal
        n = len(diagonal)
        rows, columns, values = (np.concatenate(part) for part in zip(*self.pairs, strict=True))
        low, high = np.minimum(rows, columns), np.maximum(rows, columns)
        pairs, which = np.unique(low * n + high, return_inverse=True)
        squares = np.bincount(which, weights=values) ** 2
        left, right = pairs // n, pairs % n
        spread = np.bincount(left, squares / diagonal[right], minlength=n)
        spread += np.bincount(right, squares / diagonal[left], minlength=n)
        return 1 / diagonal + spread / diagonal**2


def _gathered(pairs: Iterable[Pairs]) -> Iterator[Pairs]:
    """Put small batches together into ones worth a pass over the storage."""
    waiting: list[Pairs] = []
    for batch in pairs:
        waiting.append(batch)
        if sum(len(values) for _, _, values in waiting) >= BATCH:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[Pairs]) -> Pairs:
    rows, columns, values = (np.concatenate(part) for part in zip(*batches, strict=True))
    return rows, columns, values
