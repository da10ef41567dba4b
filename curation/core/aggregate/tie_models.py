"""How a tie's probability depends on the gap of two strengths: Davidson, Rao–Kupper, or none.

Each model turns gaps (log-strength of the first item minus that of the second) and one parameter
into the probabilities of a preference for the first, a tie and a preference for the second, and
into the derivatives of the log-likelihood. All are concave in gaps and parameter together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit

from curation.core.aggregate.newton import Floats

PARAMETER_SD = 3.0
SMALLEST_THRESHOLD = 1e-9


@dataclass(frozen=True)
class Slopes:
    """Log-likelihood and its derivatives; all but `value` have one entry for each pair.

    `gap` and `tie` are first derivatives in the gap and in the parameter; `gap_gap`, `gap_tie`
    and `tie_tie` are second derivatives with their sign reversed.
    """

    value: float
    gap: Floats
    tie: Floats
    gap_gap: Floats
    gap_tie: Floats
    tie_tie: Floats


class TieModel(Protocol):
    """What a fit needs of a model of ties.

    `start` is where its parameter starts, None if it has none; `without` is the value of `shown`
    where there are no ties.
    """

    @property
    def start(self) -> float | None: ...

    @property
    def without(self) -> float: ...

    def log_probabilities(self, gaps: Floats, parameter: float) -> Floats:
        """Log-probabilities of first, tie and second, shape (3, *gaps.shape)."""
        ...

    def slopes(self, gaps: Floats, parameter: float, counts: Floats) -> Slopes:
        """Return the derivatives, given how often each outcome was seen, shape (3, n_pairs)."""
        ...

    def shown(self, parameter: float) -> float:
        """Return the parameter as its paper defines it."""
        ...


class Davidson:
    """P(tie) is ν times the geometric mean of the preferences' weights. Davidson (1970).

    The parameter is log ν; ties are most likely, ν / (2 + ν), between equals.
    """

    start: float | None = -1.0
    without = 0.0

    def log_probabilities(self, gaps: Floats, parameter: float) -> Floats:
        """Log-probabilities of first, tie and second, shape (3, *gaps.shape)."""
        half = np.asarray(gaps) / 2
        size = np.abs(half)
        log_total = size + np.log(1 + np.exp(-2 * size) + np.exp(parameter - size))
        return np.stack([half - log_total, parameter - log_total, -half - log_total])

    def slopes(self, gaps: Floats, parameter: float, counts: Floats) -> Slopes:
        """Return the derivatives, given how often each outcome was seen."""
        logs = self.log_probabilities(gaps, parameter)
        first, tie, second = np.exp(logs)
        n, mean = counts.sum(axis=0), (first - second) / 2
        return Slopes(
            value=_expected(counts, logs),
            gap=(counts[0] - counts[2]) / 2 - n * mean,
            tie=counts[1] - n * tie,
            gap_gap=n * ((first + second) / 4 - mean**2),
            gap_tie=-n * mean * tie,
            tie_tie=n * tie * (1 - tie),
        )

    def shown(self, parameter: float) -> float:
        """ν, 0 or more."""
        return float(np.exp(parameter))


class RaoKupper:
    """A preference needs a gap beyond a threshold. Rao and Kupper (1967).

    The parameter is the threshold η = log θ > 0 on the logistic scale.
    """

    start: float | None = 0.5
    without = 1.0

    def log_probabilities(self, gaps: Floats, parameter: float) -> Floats:
        """Log-probabilities of first, tie and second, shape (3, *gaps.shape)."""
        first, _ = _log_preferences(gaps - parameter)
        _, second = _log_preferences(gaps + parameter)
        with np.errstate(divide="ignore", invalid="ignore"):
            tie = first + second + np.log(np.expm1(2 * parameter))
        return np.stack([first, tie, second])

    def slopes(self, gaps: Floats, parameter: float, counts: Floats) -> Slopes:
        """Return the derivatives, given how often each outcome was seen."""
        low, tie, high = counts
        miss, other = expit(parameter - gaps), expit(parameter + gaps)
        bend, other_bend = (low + tie) * miss * (1 - miss), (high + tie) * other * (1 - other)
        grown = -1 / np.expm1(-2 * parameter)
        return Slopes(
            value=_expected(counts, self.log_probabilities(gaps, parameter)),
            gap=(low + tie) * miss - (high + tie) * other,
            tie=2 * tie * grown - (low + tie) * miss - (high + tie) * other,
            gap_gap=bend + other_bend,
            gap_tie=other_bend - bend,
            tie_tie=bend + other_bend + 4 * tie * grown * (grown - 1),
        )

    def shown(self, parameter: float) -> float:
        """θ, 1 or more."""
        return float(np.exp(parameter))


@dataclass(frozen=True)
class NoTies:
    """Bradley and Terry (1952), for counts without ties; `without` is how a model says "none"."""

    without: float = 0.0
    start: float | None = None

    def log_probabilities(self, gaps: Floats, parameter: float) -> Floats:
        """Log-probabilities of first, tie (minus infinity) and second, shape (3, *gaps.shape)."""
        first, second = _log_preferences(np.asarray(gaps))
        return np.stack([first, np.full_like(first, -np.inf), second])

    def slopes(self, gaps: Floats, parameter: float, counts: Floats) -> Slopes:
        """Return the derivatives, given how often each outcome was seen."""
        wins, _, losses = counts
        n, none = wins + losses, np.zeros_like(gaps)
        weaker = np.exp(-np.abs(gaps))
        stronger = 1 / (1 + weaker)
        minor = weaker * stronger
        probability = np.where(gaps < 0, minor, stronger)
        against = np.maximum(gaps, 0)
        value = float(wins @ (gaps - against) - losses @ against - n @ np.log1p(weaker))
        return Slopes(value, wins - n * probability, none, n * stronger * minor, none, none)

    def shown(self, parameter: float) -> float:
        """The value at which the model of ties has none."""
        return self.without


def _log_preferences(gaps: Floats) -> tuple[Floats, Floats]:
    spill = np.log1p(np.exp(-np.abs(gaps)))
    return np.minimum(gaps, 0) - spill, np.minimum(-gaps, 0) - spill


def _expected(counts: Floats, logs: Floats) -> float:
    """The log-likelihood; an outcome that was never seen may have probability zero."""
    return float(sum(n[n > 0] @ log[n > 0] for n, log in zip(counts, logs, strict=True)))
