"""How much of an accuracy is left when length cannot help."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modeling.core.evaluation.basics import (
    Doubles,
    Floats,
    Interval,
    bootstrap_interval,
    credit,
    mean,
    percentiles,
    picked,
    resampled,
)

Lengths = tuple[Floats | NDArray[np.integer], Floats | NDArray[np.integer]]
_DRAWS = 300
_EQUAL = 0.1  # lengths that differ by up to this share of the longer one count as equal
_PENALTY = 0.1  # keeps the fit finite where length separates right from wrong
_STEPS = 25
_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Stratum:
    """Accuracy among the pairs of one length relation; None where there are none."""

    n: int
    accuracy: float | None
    interval: Interval | None


@dataclass(frozen=True)
class LengthControl:
    """Accuracy at equal length, and by which side is longer.

    `accuracy` is σ(a) of the logistic regression P(right) = σ(a + b·d), with d the difference of
    lengths (chosen minus rejected) in standard deviations: what it foretells at d = 0. `slope`
    is b: above zero the model is right more often where the preferred side is longer, so it
    leans to length. After Dubois et al. (length-controlled AlpacaEval, arXiv:2404.04475).
    `strata` are pairs whose chosen side is longer, about as long, or shorter; `balanced` is the
    mean of the accuracies of longer and shorter, to which length alone contributes one half.
    """

    accuracy: float
    interval: Interval | None
    slope: float
    balanced: float | None
    strata: dict[str, Stratum]


def length_control(
    margins: Doubles, lengths: Lengths, groups: Sequence[str], *, seed: int = 0
) -> LengthControl | None:
    """Length-controlled accuracy of margins (n,), with lengths of (chosen, rejected), (n,) each.

    Intervals resample `groups`. None without pairs.
    """
    if not len(margins):
        return None
    right = credit(margins)
    difference = np.asarray(lengths[0], np.float64) - np.asarray(lengths[1], np.float64)
    covariate = difference / (float(np.sqrt(np.mean(difference**2))) or 1.0)
    level, slope = _fits(right, covariate, np.ones((1, len(right))))[0]
    drawn = resampled(
        lambda weights: _fits(right, covariate, weights), groups, draws=_DRAWS, seed=seed
    )
    strata = _strata(right, difference, lengths, groups, seed)
    return LengthControl(
        accuracy=float(expit(level)),
        interval=None if drawn is None else percentiles(expit(drawn[:, 0])),
        slope=float(slope),
        balanced=_balanced(strata),
        strata=strata,
    )


def _fits(right: Doubles, covariate: Doubles, weights: Doubles) -> Doubles:
    """(a, b) of the weighted logistic regressions, (draws, 2), by Newton's method on all at once.

    The log-likelihood is concave and the penalty bounds it, so 25 steps are plenty.
    """
    design = np.stack([np.ones_like(covariate), covariate])
    solution = np.zeros((len(weights), 2))
    for _ in range(_STEPS):
        chance = expit(solution @ design)
        gradient = (weights * (right - chance)) @ design.T - _PENALTY * solution
        curvature = np.einsum("wn,in,jn->wij", weights * chance * (1 - chance), design, design)
        curvature += _PENALTY * np.eye(2)
        step = np.clip(np.linalg.solve(curvature, gradient[..., None])[..., 0], -2.0, 2.0)
        solution += step
        if np.abs(step).max() < _TOLERANCE:
            break
    return solution


def _strata(
    right: Doubles,
    difference: Doubles,
    lengths: Lengths,
    groups: Sequence[str],
    seed: int,
) -> dict[str, Stratum]:
    near = np.abs(difference) <= _EQUAL * np.maximum(lengths[0], lengths[1])
    rows = {
        "longer": np.flatnonzero(~near & (difference > 0)),
        "equal": np.flatnonzero(near),
        "shorter": np.flatnonzero(~near & (difference < 0)),
    }
    return {
        name: Stratum(
            n=len(own),
            accuracy=mean(right[own]),
            interval=bootstrap_interval(right[own], picked(groups, own), seed=seed),
        )
        for name, own in rows.items()
    }


def _balanced(strata: dict[str, Stratum]) -> float | None:
    longer, shorter = strata["longer"].accuracy, strata["shorter"].accuracy
    return None if longer is None or shorter is None else (longer + shorter) / 2
