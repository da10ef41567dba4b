"""Strengths, annotators' factors on them, and the prior's precision, fitted in turns.

For rankings and comparisons alike: a model says what the posterior is at given strengths.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.connectivity import Connectivity
from curation.core.aggregate.ids import coded, column
from curation.core.aggregate.newton import (
    TOLERANCE,
    Blocks,
    Floats,
    Ints,
    Inverse,
    Point,
    maximise,
    summed,
)
from curation.core.aggregate.reliability import Evidence, improved

PRIOR = 0.25
LEAST_PRECISION = 1e-3
MAX_ROUNDS = 200
ROUND_TOLERANCE = 1e-5
ROUGHEST = 1e-2


class StrengthPoint(Point, Protocol):
    """The log-posterior at given strengths; `likelihood` is the log-likelihood alone."""

    likelihood: float

    def evidence(self, annotators: Ints, n_annotators: int, inverse: Inverse) -> Evidence:
        """Return what each annotator's rows say about their factor on the strengths."""
        ...


P = TypeVar("P", bound=StrengthPoint, covariant=True)
Q = TypeVar("Q", bound=StrengthPoint)


class StrengthModel(Protocol[P]):
    """Rows of data laid out for a fit.

    `weight` (n_rows,) is how much each row counts, `start` (n_items,) where to begin, with mean
    zero in each component.
    """

    weight: Floats
    start: Floats
    connectivity: Connectivity
    blocks: Blocks

    def at(self, strengths: Floats, scale: Floats, precision: float) -> P:
        """Return the posterior at strengths that each row sees multiplied by `scale`."""
        ...


@dataclass(frozen=True)
class StrengthState(Generic[Q]):
    """The strengths that fit best for given factors, one per annotator, and a given precision."""

    strengths: Floats
    factor: Floats
    precision: float
    point: Q
    inverse: Inverse
    n_iter: int
    converged: bool

    @property
    def deviation(self) -> Floats:
        """Standard deviations against the mean of the component, shape (n_items,)."""
        return np.sqrt(self.inverse.centred_variances(self.precision))


class StrengthFit(Generic[Q]):
    """A model and who made each row; `codes` (n_rows,) is None where nobody knows.

    The strengths are climbed to a maximum; then each annotator's factor takes a step and, if it
    is to be estimated, so does the prior's precision; and so on until all are at rest.
    """

    def __init__(self, model: StrengthModel[Q], codes: Ints | None) -> None:
        self.model, self.codes = model, codes
        total = max(float(model.weight.sum()), 1e-300)
        who = np.zeros(0, dtype=np.intp) if codes is None else codes
        n_annotators = int(who.max(initial=-1)) + 1
        self.shares = summed(who, model.weight[: len(who)] / total, n_annotators)

    def alternate(self, prior: float | None) -> StrengthState[Q]:
        """Fit with this precision of the prior, or with one that is estimated."""
        factor = np.ones(len(self.shares))
        fixed = self.codes is None and prior is not None
        care = TOLERANCE if fixed else ROUGHEST
        state = self._climb(self.model.start, factor, prior or 1.0, 0, care)
        if fixed:
            return state
        for _ in range(MAX_ROUNDS):
            factor = self._factor(state)
            precision = prior or self._precision(state)
            moved = abs(np.log(precision / state.precision))
            moved = float(np.abs(np.log(factor / state.factor)).max(initial=moved))
            care = np.clip(moved / 10, TOLERANCE, ROUGHEST)
            state = self._climb(state.strengths, factor, precision, state.n_iter, float(care))
            if moved <= ROUND_TOLERANCE:
                return state
        return replace(state, converged=False)

    def _climb(
        self, start: Floats, factor: Floats, precision: float, n_iter: int, care: float
    ) -> StrengthState[Q]:
        """Find the strengths that fit best, until none moves by more than `care`."""
        ones = np.ones(len(self.model.weight))
        scale = ones if self.codes is None else factor[self.codes]
        top = maximise(
            lambda strengths: self.model.at(strengths, scale, precision), start, tolerance=care
        )
        return StrengthState(
            strengths=top.parameters,
            factor=factor,
            precision=precision,
            point=top.point,
            inverse=top.inverse,
            n_iter=n_iter + top.n_iter,
            converged=top.converged,
        )

    def _factor(self, state: StrengthState[Q]) -> Floats:
        """Each annotator's factor after one step, with mean 1 over the rows."""
        if self.codes is None or not self.model.weight.any():
            return state.factor
        evidence = state.point.evidence(self.codes, len(state.factor), state.inverse)
        return improved(state.factor, evidence, self.shares)

    def _precision(self, state: StrengthState[Q]) -> float:
        """The prior's precision that MacKay's fixed point comes to next."""
        known = float((1 - state.precision * state.inverse.variances).sum())
        squares = float(state.strengths @ state.strengths)
        return max((known + 1) / (squares + 1), LEAST_PRECISION)


def coded_annotators(
    annotators: ArrayLike | None, n_rows: int, rows: str
) -> tuple[NDArray[np.generic] | None, Ints | None]:
    """Return the distinct ids, sorted, and each row's place among them; None without annotators.

    Raises ValueError unless there is one for each row; `rows` is what rows are called.
    """
    if annotators is None:
        return None, None
    ids = column(annotators, "annotator")
    if len(ids) != n_rows:
        raise ValueError(f"There are {n_rows} {rows}, but {len(ids)} annotators.")
    return coded(ids)


def check_prior(prior: float | None) -> None:
    """Raise ValueError for a precision that is not positive and finite."""
    if prior is not None and not 0 < prior < np.inf:
        raise ValueError("The precision of the prior is positive, or None to estimate it.")
