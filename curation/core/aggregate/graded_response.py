"""Ordered answers to a quality: probabilities, expected counts, and one step of their fit.

An annotator who sees quality s answers level k or less with the logistic probability of
threshold k minus (shift + slope · s): proportional odds (McCullagh 1980), the graded response model
(Samejima 1969) with thresholds that all annotators share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, log_expit

from curation.core.aggregate.newton import Floats

SUPPOSED_SLOPE_SD = 0.4
SUPPOSED_ANNOTATORS = 20.0
LEAST_SLOPE = 0.02
NARROWEST = 1e-3
LONGEST_STEP = 1.0


@dataclass(frozen=True)
class Graded:
    """How annotators answer.

    `thresholds` (n_levels - 1,) rise; `shift` and `slope` (n_annotators,) are each annotator's.
    `shift_sd`, `common_slope` and `slope_sd` are the normal priors' width, mean and width.
    """

    thresholds: Floats
    shift: Floats
    slope: Floats
    shift_sd: float
    common_slope: float
    slope_sd: float

    def log_probabilities(self, nodes: Floats) -> Floats:
        """Each annotator's log-probability of each level, (n_annotators, n_levels, n_nodes)."""
        lower, upper = self._edges(nodes)
        return log_expit(upper) + log_expit(-lower) + _log_room(lower, upper)

    def typical(self) -> Graded:
        """The habits of one annotator without a shift and with the common slope."""
        return replace(self, shift=np.zeros(1), slope=np.full(1, self.common_slope))

    def slopes(self, nodes: Floats, counts: Floats) -> GradedSlopes:
        """Derivatives of the log-posterior, given expected counts like `log_probabilities`."""
        lower, upper = self._edges(nodes)
        below, until = expit(lower), expit(upper)
        rise = (counts * (below + until - 1)).sum(axis=1)
        bend = (counts * (below * (1 - below) + until * (1 - until))).sum(axis=1)
        room = _log_room(lower, upper)
        pull_up = np.exp(log_expit(-upper) - log_expit(-lower) - room)
        pull_down = np.exp(log_expit(lower) - log_expit(upper) - room)
        return GradedSlopes(
            shift=rise.sum(axis=1) - self.shift / self.shift_sd**2,
            slope=rise @ nodes - (self.slope - self.common_slope) / self.slope_sd**2,
            shift_shift=bend.sum(axis=1) + self.shift_sd**-2,
            shift_slope=bend @ nodes,
            slope_slope=bend @ nodes**2 + self.slope_sd**-2,
            thresholds=_per_level(counts * pull_up)[:-1] - _per_level(counts * pull_down)[1:],
            curvature=_tridiagonal(
                _per_level(counts * pull_up * (pull_up - 1 + 2 * until))[:-1]
                + _per_level(counts * pull_down * (pull_down + 1 - 2 * below))[1:],
                -_per_level(counts * pull_up * pull_down)[1:-1],
            ),
        )

    def _edges(self, nodes: Floats) -> tuple[Floats, Floats]:
        seen = self.shift[:, None, None] + self.slope[:, None, None] * nodes
        edges = np.concatenate([[-np.inf], self.thresholds, [np.inf]])[None, :, None]
        return edges[:, :-1] - seen, edges[:, 1:] - seen


@dataclass(frozen=True)
class GradedSlopes:
    """First derivatives of the log-posterior, and minus the second ones.

    Those in `shift` and `slope` are per annotator; `thresholds` (n_levels - 1,) and `curvature`
    belong together.
    """

    shift: Floats
    slope: Floats
    shift_shift: Floats
    shift_slope: Floats
    slope_slope: Floats
    thresholds: Floats
    curvature: Floats


def improved(graded: Graded, nodes: Floats, counts: Floats, rated: Floats) -> Graded:
    """Take a Newton step in each annotator's habits, then in the thresholds, then in the priors.

    `rated` (n_annotators,) is how many ratings each gave. The log-posterior is concave in habits
    for given thresholds and the other way round.
    """
    found = graded.slopes(nodes, counts)
    inner = found.shift_shift * found.slope_slope - found.shift_slope**2
    shift = (found.slope_slope * found.shift - found.shift_slope * found.slope) / inner
    slope = (found.shift_shift * found.slope - found.shift_slope * found.shift) / inner
    moved = replace(
        graded,
        shift=graded.shift + np.clip(shift, -LONGEST_STEP, LONGEST_STEP),
        slope=np.maximum(
            graded.slope + np.clip(slope, -LONGEST_STEP, LONGEST_STEP),
            LEAST_SLOPE * graded.common_slope,
        ),
    )
    moved = replace(moved, thresholds=_moved_thresholds(moved, nodes, counts))
    return _widened(moved, found.slope_slope / inner, found.shift_shift / inner, rated)


def _moved_thresholds(graded: Graded, nodes: Floats, counts: Floats) -> Floats:
    found = graded.slopes(nodes, counts)
    step = np.linalg.solve(found.curvature, found.thresholds)
    step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), LONGEST_STEP))
    while (np.diff(graded.thresholds + step) < NARROWEST).any() and np.abs(step).max() > NARROWEST:
        step = step / 2
    moved = graded.thresholds + step
    return moved if (np.diff(moved) > 0).all() else graded.thresholds


def _widened(graded: Graded, shift_var: Floats, slope_var: Floats, rated: Floats) -> Graded:
    """Set the priors to what the annotators' posterior moments come to.

    The shifts' mean goes into the thresholds.
    """
    seen = rated > 0
    middle = float(np.average(graded.shift, weights=rated))
    common = float(np.average(graded.slope, weights=rated))
    shift, n = graded.shift - middle, float(seen.sum())
    shift_square = float((shift**2 + shift_var)[seen].sum())
    slope_square = float(((graded.slope - common) ** 2 + slope_var)[seen].sum())
    supposed = SUPPOSED_ANNOTATORS * (SUPPOSED_SLOPE_SD * common) ** 2
    return Graded(
        thresholds=graded.thresholds - middle,
        shift=shift,
        slope=graded.slope,
        shift_sd=float(np.sqrt((shift_square + NARROWEST) / (n + 1))),
        common_slope=common,
        slope_sd=float(np.sqrt((slope_square + supposed) / (n + SUPPOSED_ANNOTATORS))),
    )


def _log_room(lower: Floats, upper: Floats) -> Floats:
    """The logarithm of 1 - exp(lower - upper); 0 where one of them is infinite."""
    return np.log1p(-np.exp(lower - upper))


def _tridiagonal(diagonal: Floats, beside: Floats) -> Floats:
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)


def _per_level(values: Floats) -> Floats:
    return np.asarray(values.sum(axis=(0, 2)))
