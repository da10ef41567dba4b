"""How far probabilities are from the votes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from modeling.core.evaluation.basics import (
    CALIBRATION_BINS,
    Doubles,
    Interval,
    bootstrap_interval,
    brier_losses,
    calibration_error,
    calibration_gaps,
    log_losses,
    mean,
    percentiles,
    picked,
    resampled,
)

_DRAWS = 500
_DIAGRAM_BINS = 10
_DIGITS = 9


@dataclass(frozen=True)
class Measures:
    """NLL (nats), Brier score and adaptive ECE against vote shares, with 95 % intervals."""

    nll: float | None
    nll_interval: Interval | None
    brier: float | None
    brier_interval: Interval | None
    ece: float | None
    ece_interval: Interval | None


@dataclass(frozen=True)
class ReliabilityBin:
    """`n` pairs with a confidence from `low` to `high`, 0.5 to 1.

    `confidence` is their mean probability for the side with the higher reward, `agreement` the
    mean share of votes that side got, with its `interval` over prompts.
    """

    low: float
    high: float
    n: int
    confidence: float
    agreement: float
    interval: Interval | None


def measured(logits: Doubles, shares: Doubles, groups: Sequence[str], *, seed: int = 0) -> Measures:
    """Measure log-odds (n,) against vote shares (n,) of the same sides, resampling `groups`."""
    losses, scores = log_losses(logits, shares), brier_losses(logits, shares)
    return Measures(
        nll=mean(losses),
        nll_interval=bootstrap_interval(losses, groups, seed=seed),
        brier=mean(scores),
        brier_interval=bootstrap_interval(scores, groups, seed=seed),
        ece=calibration_error(logits, shares),
        ece_interval=ece_interval(logits, shares, groups, seed=seed),
    )


def ece_interval(
    logits: Doubles, shares: Doubles, groups: Sequence[str], *, seed: int = 0
) -> Interval | None:
    """95 % interval of `calibration_error`; None below two groups.

    A mean of absolute values only grows under resampling, so the draws are reflected at the
    estimate (the basic bootstrap: Davison and Hinkley, 1997, chapter 5) and cut at zero.
    """
    drawn = resampled(
        lambda weights: resampled_errors(logits, shares, weights), groups, draws=_DRAWS, seed=seed
    )
    estimate = calibration_error(logits, shares)
    if drawn is None or estimate is None:
        return None
    low, high = percentiles(drawn)
    return max(0.0, 2 * estimate - high), max(0.0, 2 * estimate - low)


def resampled_errors(logits: Doubles, shares: Doubles, weights: Doubles) -> Doubles:
    """`calibration_error` (draws,) of rows weighted by (draws, n), in the bins of all rows.

    Confidences that only rounding tells apart count as equal, or right and wrong rows of one
    confidence could part into bins of their own.
    """
    order = np.argsort(np.abs(logits).round(_DIGITS), kind="stable")
    gaps = weights[:, order] * calibration_gaps(logits, shares)[order]
    starts = bin_starts(len(logits), CALIBRATION_BINS)
    errors: Doubles = np.abs(np.add.reduceat(gaps, starts, axis=1)).sum(axis=1)
    return errors / weights.sum(axis=1)


def bin_starts(count: int, bins: int) -> list[int]:
    """Where bins of equal size begin, as `numpy.array_split` cuts `count` rows."""
    parts = np.array_split(np.arange(count), min(bins, count))
    return [int(part[0]) for part in parts]


def reliability(
    logits: Doubles,
    shares: Doubles,
    groups: Sequence[str],
    *,
    bins: int = _DIAGRAM_BINS,
    seed: int = 0,
) -> tuple[ReliabilityBin, ...]:
    """Agreement with the votes by confidence, in bins of equal size from unsure to sure.

    The log-odds (n,) and shares (n,) are of the same sides, whichever they are: a pair is looked
    at from the side with the higher reward.
    """
    if not len(logits):
        return ()
    order = np.argsort(np.abs(logits), kind="stable")
    confidence = expit(np.abs(logits))
    agreement = confidence - calibration_gaps(logits, shares)
    return tuple(
        _bin(confidence[rows], agreement[rows], picked(groups, rows), seed)
        for rows in np.array_split(order, min(bins, len(order)))
    )


def _bin(
    confidence: Doubles, agreement: Doubles, groups: Sequence[str], seed: int
) -> ReliabilityBin:
    return ReliabilityBin(
        low=float(confidence.min()),
        high=float(confidence.max()),
        n=len(confidence),
        confidence=float(confidence.mean()),
        agreement=float(agreement.mean()),
        interval=bootstrap_interval(agreement, groups, draws=_DRAWS, seed=seed),
    )
