"""The posterior of strengths given counted comparisons: its mode by Newton's method, its spread.

Each Newton step solves two sparse systems by conjugate gradients, one for the strengths and one
for how they move with the tie parameter, so that time and memory grow with the number of compared
pairs and never with the square of the number of items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curation.core.aggregate.comparison_data import HIGH, LOW, TIE, PairTable
from curation.core.aggregate.connectivity import Connectivity, connectivity
from curation.core.aggregate.graph_normal import GraphNormal, Laplacian, summed
from curation.core.aggregate.newton import Floats
from curation.core.aggregate.tie_models import PARAMETER_SD, Slopes, TieModel

DENSE_ITEMS = 2_000
MAX_ITER = 100
TOLERANCE = 1e-6
ROUGHEST, FINEST = 3e-2, 1e-4
HALVINGS = 40


@dataclass(frozen=True)
class Place:
    """Parameters, with the log-posterior, the log-likelihood and its slopes there."""

    strengths: Floats
    tie: float
    value: float
    likelihood: float
    slopes: Slopes


@dataclass(frozen=True)
class Mode:
    """Where the climb ended, after how many Newton steps, and whether it had come to rest."""

    place: Place
    n_iter: int
    converged: bool


@dataclass(frozen=True)
class Spread:
    """The normal distribution with the curvature at the mode.

    `variance` (n_items,) is around the mean of the item's component, of which the data say
    nothing, or the prior's for an item that is compared with no other; `n_determined` is how many
    strengths the data, not the prior, determine.
    """

    variance: Floats
    n_determined: float


class PairPosterior:
    """Counted comparisons laid out for a fit, with what hangs together in them."""

    def __init__(self, table: PairTable, ties: TieModel) -> None:
        table = _compared(table)
        self.low, self.high, self.ties = table.low, table.high, ties
        self.counts = np.ascontiguousarray(table.counts.T)
        self.n_items = len(table.items)
        self.has_tie = ties.start is not None
        self.connectivity = table_connectivity(table)
        component = self.connectivity.component
        self.sizes = np.bincount(component)[component] if self.n_items else component
        self.laplacian = Laplacian(self.low, self.high, self.n_items)

    def at(self, strengths: Floats, tie: float, precision: float) -> Place:
        """Evaluate the log-posterior, with a normal prior on the strengths and on the tie."""
        gaps = strengths[self.low] - strengths[self.high]
        slopes = self.ties.slopes(gaps, tie, self.counts)
        penalty = precision * float(strengths @ strengths) + (tie / PARAMETER_SD) ** 2
        return Place(strengths, tie, slopes.value - penalty / 2, slopes.value, slopes)

    def gradient(self, place: Place, precision: float) -> tuple[Floats, float]:
        """Return the log-posterior's slope in the strengths and in the tie parameter."""
        by_strength = self._per_item(place.slopes.gap) - precision * place.strengths
        return by_strength, float(place.slopes.tie.sum()) - place.tie / PARAMETER_SD**2

    def mode(self, strengths: Floats, tie: float, precision: float) -> Mode:
        """Climb from a start whose strengths have mean zero in each component."""
        place, length = self.at(strengths, tie, precision), 1.0
        for n_iter in range(1, MAX_ITER + 1):
            care = min(max(length, FINEST), ROUGHEST)
            step, tie_step = self._newton_step(place, precision, care)
            moved = self._risen(place, step, tie_step, precision)
            if moved is None:
                return Mode(place, n_iter, converged=False)
            place, length = moved, float(max(np.abs(step).max(initial=0.0), abs(tie_step)))
            if length <= TOLERANCE:
                return Mode(place, n_iter, converged=True)
        return Mode(place, MAX_ITER, converged=False)

    def spread(self, place: Place, precision: float) -> Spread:
        """Return the variances of the strengths, the tie parameter being unknown too."""
        component = self.connectivity.component
        normal = GraphNormal(self.low, self.high, component, dense_items=DENSE_ITEMS)
        moments = normal.moments(precision, place.slopes.gap_gap, place.slopes.gap_tie)
        compared = self.sizes > 1
        common = np.where(normal.is_far | ~compared, 0.0, 1 / (precision * self.sizes))
        variance = moments.variance - common
        if self.has_tie:
            variance = variance + moments.mean**2 / self._tie_precision(place, moments.mean)
        variance = np.maximum(variance, 0.0)
        determined = (1 - 1 / self.sizes - precision * variance)[compared]
        return Spread(variance, float(determined.sum()))

    def centred(self, strengths: Floats) -> Floats:
        """Strengths with mean zero in each component."""
        component = self.connectivity.component
        n = self.connectivity.n_components
        means = summed(component, strengths, n) / np.bincount(component, minlength=n)
        return strengths - means[component]

    def _newton_step(self, place: Place, precision: float, care: float) -> tuple[Floats, float]:
        """Return the step, solved for with a relative error of about `care`."""
        slope, tie_slope = self.gradient(place, precision)
        step = self._solved(place, precision, slope, care)
        if not self.has_tie:
            return step, 0.0
        drawn = self._solved(place, precision, self._per_item(place.slopes.gap_tie), care)
        along = float(place.slopes.gap_tie @ (step[self.low] - step[self.high]))
        tie_step = (tie_slope - along) / self._tie_precision(place, drawn)
        return step - tie_step * drawn, tie_step

    def _solved(self, place: Place, precision: float, pull: Floats, care: float) -> Floats:
        weight = place.slopes.gap_gap
        degree = self.laplacian.degrees(weight) + precision
        return self.laplacian.solve(degree, weight, pull, tolerance=care)

    def _tie_precision(self, place: Place, drawn: Floats) -> float:
        """The tie parameter's precision, strengths unknown; `drawn` is how they move with it."""
        along = float(place.slopes.gap_tie @ (drawn[self.low] - drawn[self.high]))
        return float(place.slopes.tie_tie.sum()) + 1 / PARAMETER_SD**2 - along

    def _risen(self, place: Place, step: Floats, tie_step: float, precision: float) -> Place | None:
        """Take the step, or the half of it that rises; None where none does beyond rounding."""
        slack = 1e-12 * (1 + abs(place.value))
        for halving in range(HALVINGS):
            part = 0.5**halving
            with np.errstate(all="ignore"):
                moved = self.at(
                    place.strengths + part * step, place.tie + part * tie_step, precision
                )
            if np.isfinite(moved.value) and moved.value >= place.value - slack:
                return moved
        return None

    def _per_item(self, values: Floats) -> Floats:
        n = self.n_items
        return summed(self.low, values, n) - summed(self.high, values, n)


def _compared(table: PairTable) -> PairTable:
    """Leave out pairs whose comparisons have no weight."""
    seen = table.counts.any(axis=1)
    if seen.all():
        return table
    return PairTable(table.items, table.low[seen], table.high[seen], table.counts[seen])


def table_connectivity(table: PairTable) -> Connectivity:
    """Return what the comparisons alone can tell; a tie counts as better and as worse."""
    low_wins, high_wins = (table.counts[:, [LOW, HIGH]] + table.counts[:, [TIE]] > 0).T
    better = np.concatenate([table.low[low_wins], table.high[high_wins]])
    worse = np.concatenate([table.high[low_wins], table.low[high_wins]])
    return connectivity(better, worse, len(table.items))
