"""How much an annotator's choices follow the strengths: a factor on them, 1 for a typical one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curation.core.aggregate.newton import Floats, Ints

PRIOR_WEIGHT = 1.0
LONGEST_PART = 0.75


@dataclass(frozen=True)
class Evidence:
    """What one annotator's choices say about the factor, each of shape (n_annotators,).

    `slope` and `bend` are the first and minus the second derivative of the log-likelihood in the
    factor, `spread` the trace of its curvature in the scaled strengths times their variances.
    """

    slope: Floats
    bend: Floats
    spread: Floats


def improved(factor: Floats, evidence: Evidence, weight: Floats) -> Floats:
    """Take one Newton step in all factors, whose mean by `weight` (n_annotators,) stays the same.

    Without that, factors and strengths could trade a common scale. The log-prior of a factor is
    `PRIOR_WEIGHT` times log factor - factor, a gamma distribution with its mode at 1. The
    log-likelihood is expected over the strengths' posterior to second order, so that strengths
    that are unsure do not make annotators look surer than they are. At rest every factor's slope
    is its weight times one number.
    """
    slope = evidence.slope - evidence.spread * factor + PRIOR_WEIGHT * (1 / factor - 1)
    bend = evidence.bend + evidence.spread + PRIOR_WEIGHT / factor**2
    shared = float((weight * slope / bend).sum() / (weight**2 / bend).sum())
    step = (slope - shared * weight) / bend
    falling = step < 0
    part = np.min(LONGEST_PART * factor[falling] / -step[falling], initial=1.0)
    return factor + part * step


def pair_variances(variances: Floats, sizes: Ints) -> Floats:
    """Variances that, added for two items of a component, give about that of their difference.

    A strength's variance against the mean of its component falls short of half the variance of a
    difference by (n - 1) / n, exactly so where all pairs are equally well compared.
    """
    return variances * sizes / np.maximum(sizes - 1, 1)
