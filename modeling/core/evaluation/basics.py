"""Figures that every evaluation uses: credit, means, losses, calibration error, bootstraps."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

CALIBRATION_BINS = 15
DRAWS = 1000
_INTERVAL = (2.5, 97.5)
_DRAWN_AT_ONCE = 2_000_000

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
Interval = tuple[float, float]
T = TypeVar("T")


def credit(margins: Floats | NDArray[np.integer]) -> Doubles:
    """1 for the right order, 0.5 for a tie, 0 for the wrong order."""
    return (np.sign(margins) + 1) / 2.0


def picked(values: Sequence[T], rows: NDArray[np.integer]) -> list[T]:
    """The values of these rows."""
    return [values[row] for row in rows.tolist()]


def mean(values: Doubles) -> float | None:
    """The mean; None of nothing."""
    return float(values.mean()) if len(values) else None


def log_losses(margins: Doubles, probabilities: Floats | None = None) -> Doubles:
    """−q·log σ(m) − (1 − q)·log σ(−m) of margins m and vote shares q (1 by default), in nats.

    The cross-entropy of the votes, least at σ(m) = q; `losses.bradley_terry_loss` without weight
    and margin (Bradley and Terry, 1952).
    """
    share = shares_of(probabilities, len(margins))
    losses: Doubles = share * np.logaddexp(0.0, -margins)
    return losses + (1 - share) * np.logaddexp(0.0, margins)


def brier_losses(margins: Doubles, probabilities: Floats | None = None) -> Doubles:
    """Mean squared distance of σ(m) from the votes: q·(1 − p)² + (1 − q)·p² with p = σ(m).

    Least at p = q, where what is left is the votes' own variance (Brier, 1950).
    """
    share, given = shares_of(probabilities, len(margins)), expit(margins)
    losses: Doubles = share * (1 - given) ** 2 + (1 - share) * given**2
    return losses


def shares_of(probabilities: Floats | None, count: int) -> Doubles:
    """Shares of votes (n,) for the chosen sides, 1 where none are given."""
    return np.ones(count) if probabilities is None else np.asarray(probabilities, np.float64)


def calibration_gaps(margins: Doubles, probabilities: Floats | None = None) -> Doubles:
    """Confidence minus agreement of each pair, (n,); see `calibration_error`."""
    agreement = 0.5 + np.sign(margins) * (shares_of(probabilities, len(margins)) - 0.5)
    gaps: Doubles = expit(np.abs(margins)) - agreement
    return gaps


def calibration_error(margins: Doubles, probabilities: Floats | None = None) -> float | None:
    """Mean |confidence − agreement| over bins of equal size, weighted by size: 0 to 1.

    Confidence is σ(|margin|), the probability given to the side with the higher reward;
    agreement is the share of votes that side got, from the chosen sides' `probabilities` (1 by
    default), and 0.5 at equal rewards. Expected calibration error: Naeini et al., AAAI 2015;
    bins of equal size as in Nguyen and O'Connor, arXiv:1508.05154.
    """
    if not len(margins):
        return None
    order = np.argsort(np.abs(margins), kind="stable")
    gaps = calibration_gaps(margins, probabilities)[order]
    bins = np.array_split(gaps, min(CALIBRATION_BINS, len(gaps)))
    return float(sum(abs(part.sum()) for part in bins) / len(gaps))


def bootstrap_interval(
    correct: Doubles, groups: Sequence[str], *, draws: int = DRAWS, seed: int = 0
) -> Interval | None:
    """95 % percentile interval of the mean, resampling whole groups; None below two groups."""
    names, codes = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    if len(names) < 2:
        return None
    sums = np.bincount(codes, weights=correct).astype(np.float64)
    sizes = np.bincount(codes).astype(np.float64)
    means = _in_blocks(
        lambda counts: (counts @ sums) / (counts @ sizes), len(names), draws=draws, seed=seed
    )
    low, high = np.percentile(means, _INTERVAL)
    return float(low), float(high)


def resampled(
    statistic: Callable[[Doubles], Doubles],
    groups: Sequence[str],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Doubles | None:
    """A statistic of every draw of whole groups, first axis draws; None below two groups.

    `statistic` gets the weights (block, n) that a block of draws gives to the rows: how often a
    row's group was drawn. Two statistics with the same groups and seed see the same draws, so
    that their differences are paired.
    """
    names, codes = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    if len(names) < 2:
        return None
    return _in_blocks(
        lambda counts: statistic(counts[:, codes]), len(names), len(codes), draws=draws, seed=seed
    )


def percentiles(values: Doubles, level: float = 0.95) -> Interval:
    """The central interval of draws that holds `level` of them."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _in_blocks(
    statistic: Callable[[Doubles], Doubles],
    groups: int,
    width: int = 0,
    *,
    draws: int,
    seed: int,
) -> Doubles:
    """Draw how often each group comes, some draws at a time so that memory stays bounded."""
    rng = np.random.default_rng(seed)
    at_once = max(1, _DRAWN_AT_ONCE // max(groups, width))
    parts = []
    for start in range(0, draws, at_once):
        picks = rng.integers(groups, size=(min(at_once, draws - start), groups))
        cells = (picks + groups * np.arange(len(picks))[:, None]).ravel()
        counts = np.bincount(cells, minlength=picks.size).reshape(picks.shape)
        parts.append(statistic(counts.astype(np.float64)))
    return np.concatenate(parts)
