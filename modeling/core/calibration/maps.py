"""Maps from reward differences to logits of a preference, each odd: f(−m) = −f(m)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import isotonic_regression, minimize_scalar
from scipy.special import logit, logsumexp

from modeling.core.evaluation.basics import Doubles, log_losses

_LARGEST_LOG_SCALE = 6.0
_GRID = np.linspace(-_LARGEST_LOG_SCALE, _LARGEST_LOG_SCALE, 241)
_SPREADS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


@dataclass(frozen=True)
class Isotonic:
    """A rising curve through (margin, probability) knots at margins ≥ 0, and its mirror image.

    Between knots it is straight, beyond the last one level; at margin 0 it is one half.
    """

    margins: tuple[float, ...]
    probabilities: tuple[float, ...]

    def logits(self, margins: Doubles) -> Doubles:
        """Log-odds (n,) of margins (n,)."""
        chances = np.interp(np.abs(margins), self.margins, self.probabilities)
        found: Doubles = np.sign(margins) * logit(chances)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"margins": list(self.margins), "probabilities": list(self.probabilities)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `to_dict` gave."""
        return cls(tuple(values["margins"]), tuple(values["probabilities"]))


def fit_temperature(margins: Doubles, shares: Doubles) -> float:
    """The T > 0 that makes the log loss of margins / T against vote shares least.

    One number and no constant, so the fit does not depend on which side is named first (Guo et
    al., arXiv:1706.04599, symmetrised). Shares are drawn towards one half by one vote of each
    kind for all rows together, as Platt (1999) does: perfect order still gives a finite T.
    """
    scaled, unit = _in_units(margins)
    targets = _drawn_in(shares)
    found = minimize_scalar(
        lambda log_scale: float(log_losses(scaled * np.exp(log_scale), targets).mean()),
        bounds=(-_LARGEST_LOG_SCALE, _LARGEST_LOG_SCALE),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(unit / np.exp(found.x))


def _in_units(margins: Doubles) -> tuple[Doubles, float]:
    """Margins in units of their root mean square, and that unit."""
    unit = float(np.sqrt(np.mean(margins**2))) or 1.0
    return margins / unit, unit


def _drawn_in(shares: Doubles) -> Doubles:
    count = len(shares)
    drawn: Doubles = (count * shares + 1.0) / (count + 2.0)
    return drawn


def fit_isotonic(margins: Doubles, shares: Doubles) -> Isotonic:
    """The least-squares rising map of margins to vote shares, over each pair and its mirror image.

    Pool adjacent violators (Ayer et al., 1955; Zadrozny and Elkan, 2002) on (m, q) and
    (−m, 1 − q). Probabilities stay 1/(n + 2) away from 0 and 1.
    """
    where, mass, means = _mirrored(margins, shares)
    fitted = isotonic_regression(means, weights=mass)
    least = 1.0 / (len(margins) + 2.0)
    knots, values = [0.0], [0.5]
    for start, stop in zip(fitted.blocks[:-1], fitted.blocks[1:], strict=True):
        for end in (where[start], where[stop - 1]):
            if end > knots[-1]:
                knots.append(float(end))
                values.append(float(np.clip(fitted.x[start], 0.5, 1.0 - least)))
    return Isotonic(tuple(knots), tuple(values))


def _mirrored(margins: Doubles, shares: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Distinct margins of all pairs and their mirror images, how many have each, mean shares."""
    everywhere = np.concatenate([margins, -margins])
    where, codes = np.unique(everywhere, return_inverse=True)
    mass = np.bincount(codes).astype(np.float64)
    sums = np.bincount(codes, weights=np.concatenate([shares, 1.0 - shares]))
    return where, mass, sums / mass


def fit_category_temperatures(
    margins: Doubles, shares: Doubles, categories: Sequence[str]
) -> dict[str, float]:
    """A temperature for each named category, drawn towards the common one.

    Log-scales of the categories are normal around the common one; how far they spread is the
    value under which the votes are likeliest (empirical Bayes, Morris 1983), and each category
    gets its posterior mean, so a small category stays near the common temperature. Both come
    from sums over a grid: a category without errors gives no infinite estimate. Rows of one
    prompt count as independent.
    """
    common = fit_temperature(margins, shares)
    labels = np.asarray(categories, dtype=np.str_)
    names = sorted(set(categories) - {""})
    if not names:
        return {}
    fits = np.array(
        [_log_likelihoods(margins[labels == n], shares[labels == n], common) for n in names]
    )
    priors = [_log_prior(spread) for spread in _SPREADS]
    evidence = [logsumexp(fits + prior, axis=1).sum() for prior in priors]
    weights = fits + priors[int(np.argmax(evidence))]
    posterior = np.exp(weights - logsumexp(weights, axis=1, keepdims=True))
    return {
        name: float(common / np.exp(log_scale))
        for name, log_scale in zip(names, posterior @ _GRID, strict=True)
    }


def _log_likelihoods(margins: Doubles, shares: Doubles, common: float) -> Doubles:
    """Log-likelihood of the votes at each log-scale of the grid, relative to `common`."""
    scaled = margins / common
    found: Doubles = np.array(
        [-log_losses(scaled * np.exp(log_scale), shares).sum() for log_scale in _GRID]
    )
    return found


def _log_prior(spread: float) -> Doubles:
    """Log-weights of the grid under a normal with this deviation; all on the middle at zero."""
    if spread == 0.0:
        return np.where(np.arange(len(_GRID)) == len(_GRID) // 2, 0.0, -np.inf)
    weights = -0.5 * (_GRID / spread) ** 2
    normalised: Doubles = weights - logsumexp(weights)
    return normalised
