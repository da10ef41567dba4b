"""Ratings as a normal quality of the item, seen through each annotator's place, scale and noise.

A rating is mean + bias + scale · quality + noise: quality is standard normal, an annotator's bias
is normal around 0, their scale normal around a common one, and their noise variance is scaled
inverse chi-square around a common one (Smyth 2004). How far annotators differ in each is estimated
from all of them, so that few ratings move an annotator little. Fitted by expectation–maximisation:
qualities are integrated over, biases and scales maximised, the widths set to what the annotators'
posterior moments come to. With biases alone this is the usual two-way random effects model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

from curation.core.aggregate.newton import Floats
from curation.core.aggregate.rating_data import RatingTable

MAX_ITER = 1_000
TOLERANCE = 1e-5
LEAST_SCALE = 0.02
LEAST_BIAS = 0.02
LEAST_NOISE = 1e-4
SUPPOSED_SCALE_SD = 0.4
SUPPOSED_DEGREES = 6.0
SUPPOSED_ANNOTATORS = 20.0
MOST_DEGREES = 1e6


@dataclass(frozen=True)
class Differences:
    """In what annotators may differ besides their bias."""

    scale: bool
    noise: bool


@dataclass(frozen=True)
class RatingFit:
    """Qualities of items and habits of annotators.

    `quality` (n_items,) are posterior means in units of the spread of qualities, `deviation`
    (n_items,) their standard deviations. `bias`, `scale` and `noise` (n_annotators,) are in the
    unit of the ratings, `noise` a standard deviation. `mean` and `common_scale` carry a quality to
    a typical annotator's rating. `bias_sd` and `scale_sd` say how far annotators differ,
    `degrees` how many ratings the common noise is worth as evidence on an annotator's.
    """

    quality: Floats
    deviation: Floats
    bias: Floats
    scale: Floats
    noise: Floats
    mean: float
    common_scale: float
    bias_sd: float
    scale_sd: float
    degrees: float
    n_iter: int = 0
    converged: bool = False

    @property
    def scores(self) -> Floats:
        """What a typical annotator is expected to rate each item, shape (n_items,)."""
        return self.mean + self.common_scale * self.quality

    @property
    def stderr(self) -> Floats:
        """The standard deviations of `scores`, shape (n_items,)."""
        return self.common_scale * self.deviation


def fit_ratings(
    table: RatingTable, differences: Differences, tolerance: float = TOLERANCE
) -> RatingFit:
    """Fit until no quality moves by more than `tolerance`."""
    spread = float(np.std(table.values)) if len(table) else 0.0
    if spread == 0:
        return _level(table)
    fit = _qualities(table, _start(table, spread))
    for n_iter in range(1, MAX_ITER + 1):
        moved = _qualities(table, _habits(table, fit, differences))
        change = float(np.abs(moved.quality - fit.quality).max(initial=0.0))
        fit = moved
        if change <= tolerance:
            return replace(fit, n_iter=n_iter, converged=True)
    return replace(fit, n_iter=MAX_ITER)


def _level(table: RatingTable) -> RatingFit:
    """All ratings are the same, or there are none."""
    zeros, none = np.zeros(len(table.items)), np.zeros(len(table.annotators))
    mean = float(table.values[0]) if len(table) else 0.0
    return RatingFit(zeros, zeros, none, none, none, mean, 0.0, 0.0, 0.0, 0.0, 0, True)


def _start(table: RatingTable, spread: float) -> RatingFit:
    """Everybody alike; half of the spread is that of the items."""
    n_annotators = len(table.annotators)
    share = spread / np.sqrt(2)
    return RatingFit(
        quality=np.zeros(len(table.items)),
        deviation=np.ones(len(table.items)),
        bias=np.zeros(n_annotators),
        scale=np.full(n_annotators, share),
        noise=np.full(n_annotators, share),
        mean=float(table.values.mean()),
        common_scale=share,
        bias_sd=0.3 * spread,
        scale_sd=SUPPOSED_SCALE_SD * share,
        degrees=SUPPOSED_DEGREES,
    )


def _qualities(table: RatingTable, fit: RatingFit) -> RatingFit:
    """The posterior of qualities for given habits."""
    seen = (fit.scale / fit.noise**2)[table.annotator]
    precision = 1 + table.item_sums(seen * fit.scale[table.annotator])
    shown = table.values - fit.mean - fit.bias[table.annotator]
    return replace(
        fit, quality=table.item_sums(seen * shown) / precision, deviation=precision**-0.5
    )


def _habits(table: RatingTable, fit: RatingFit, differences: Differences) -> RatingFit:
    """Improve everything but the qualities, whose posterior is given."""
    sums = _Sums.of(table, fit)
    habits = _Habits.of(sums, fit) if differences.scale else _Habits.alike(sums, fit)
    rated = table.per_annotator > 0
    common = _average(table, habits.scale)
    left = (sums.said - habits.explained(sums)) / fit.noise**2
    mean = fit.mean + float(left.sum() / (sums.n / fit.noise**2).sum())
    noise, degrees = _noise(sums, habits, fit.mean - mean, differences, rated)
    supposed = SUPPOSED_ANNOTATORS * (SUPPOSED_SCALE_SD * common) ** 2
    scale_square = (habits.scale - common) ** 2 + habits.scale_variance
    return replace(
        fit,
        bias=habits.bias,
        scale=habits.scale,
        noise=noise,
        mean=mean,
        common_scale=common,
        bias_sd=_width(
            habits.bias**2 + habits.bias_variance, rated, LEAST_BIAS * noise.mean() ** 2, 1
        ),
        scale_sd=_width(scale_square, rated, supposed, SUPPOSED_ANNOTATORS),
        degrees=degrees,
    )


@dataclass(frozen=True)
class _Sums:
    """Each annotator's sums over ratings, expected over the qualities, (n_annotators,) each.

    `n` ratings, `said` their distance from the mean and its square, `quality` and its square, and
    the product of distance and quality.
    """

    n: Floats
    said: Floats
    said_square: Floats
    quality: Floats
    quality_square: Floats
    product: Floats

    @classmethod
    def of(cls, table: RatingTable, fit: RatingFit) -> _Sums:
        said, quality = table.values - fit.mean, fit.quality[table.item]
        square = quality**2 + fit.deviation[table.item] ** 2
        parts = (said, said**2, quality, square, said * quality)
        return cls(table.per_annotator, *(table.annotator_sums(part) for part in parts))


@dataclass(frozen=True)
class _Habits:
    """The posterior of each annotator's bias and scale, (n_annotators,) each."""

    bias: Floats
    scale: Floats
    bias_variance: Floats
    scale_variance: Floats
    covariance: Floats

    @classmethod
    def of(cls, sums: _Sums, fit: RatingFit) -> _Habits:
        """Regress ratings on qualities, each annotator with a scale of their own."""
        noise = fit.noise**2
        level = sums.n / noise + fit.bias_sd**-2
        steep = sums.quality_square / noise + fit.scale_sd**-2
        shared = sums.quality / noise
        pulled = sums.product / noise + fit.common_scale * fit.scale_sd**-2
        inner = steep * level - shared**2
        scale = (level * pulled - shared * sums.said / noise) / inner
        scale = np.maximum(scale, LEAST_SCALE * fit.common_scale)
        bias = (sums.said / noise - shared * scale) / level
        return cls(bias, scale, steep / inner, level / inner, -shared / inner)

    @classmethod
    def alike(cls, sums: _Sums, fit: RatingFit) -> _Habits:
        """Regress ratings on qualities with one scale for everybody."""
        noise = fit.noise**2
        level = sums.n / noise + fit.bias_sd**-2
        steep = float((sums.quality_square / noise).sum())
        along = float(((sums.product - fit.bias * sums.quality) / noise).sum())
        scale, zeros = np.full_like(fit.bias, along / steep), np.zeros_like(fit.bias)
        bias = (sums.said - scale * sums.quality) / noise / level
        return cls(bias, scale, 1 / level, zeros, zeros)

    def explained(self, sums: _Sums) -> Floats:
        """The sum of what bias and quality account for, (n_annotators,)."""
        return sums.n * self.bias + sums.quality * self.scale

    def squares(self, sums: _Sums, shift: float) -> Floats:
        """The expected sum of squared noise after the mean moved by minus `shift`."""
        bias = self.bias - shift
        own = sums.said_square - 2 * (bias * sums.said + self.scale * sums.product)
        own += sums.n * bias**2 + 2 * bias * self.scale * sums.quality
        own += self.scale**2 * sums.quality_square
        unsure = self.bias_variance * sums.n + self.scale_variance * sums.quality_square
        return np.maximum(own + unsure + 2 * self.covariance * sums.quality, 0.0)


def _noise(
    sums: _Sums, habits: _Habits, shift: float, differences: Differences, rated: NDArray[np.bool_]
) -> tuple[Floats, float]:
    """Each annotator's noise, and how many ratings the common one is worth."""
    squares = habits.squares(sums, shift)
    common = float(squares.sum() / sums.n.sum())
    squares = np.maximum(squares, LEAST_NOISE * common * sums.n)
    if not differences.noise:
        return np.full(len(rated), np.sqrt(common)), MOST_DEGREES
    common, degrees = _common_variance(squares[rated], sums.n[rated])
    return np.sqrt((squares + degrees * common) / (sums.n + degrees)), degrees


def _common_variance(squares: Floats, n: Floats) -> tuple[float, float]:
    """Fit the distribution of variances to sums of squares; Smyth (2004), section 6.2.

    `SUPPOSED_ANNOTATORS` more, who differ as `SUPPOSED_DEGREES` has it, steady the estimate.
    """
    logs = np.log(squares / n) - digamma(n / 2) + np.log(n / 2)
    sampling = polygamma(1, n / 2)
    trust = 1 / (sampling + polygamma(1, SUPPOSED_DEGREES / 2))
    centre = float(np.average(logs, weights=trust))
    excess = float(np.average((logs - centre) ** 2 - sampling, weights=trust))
    supposed = float(polygamma(1, SUPPOSED_DEGREES / 2))
    spread = (len(n) * excess + SUPPOSED_ANNOTATORS * supposed) / (len(n) + SUPPOSED_ANNOTATORS)
    degrees = 2 * _inverse_trigamma(spread)
    return float(np.exp(centre + digamma(degrees / 2) - np.log(degrees / 2))), degrees


def _inverse_trigamma(value: float) -> float:
    """Where the trigamma function takes a value, by Newton's method (Smyth 2004, appendix)."""
    if value <= 2 / MOST_DEGREES:
        return MOST_DEGREES / 2
    at = 0.5 + 1 / value
    for _ in range(50):
        reached = float(polygamma(1, at))
        step = reached * (1 - reached / value) / float(polygamma(2, at))
        at += step
        if -step < 1e-10 * at:
            break
    return min(at, MOST_DEGREES / 2)


def _average(table: RatingTable, values: Floats) -> float:
    """The mean over ratings of a value per annotator."""
    return float(values @ table.per_annotator / len(table))


def _width(squares: Floats, rated: NDArray[np.bool_], supposed: float, n_supposed: float) -> float:
    """The root mean square over annotators, and some supposed ones."""
    return float(np.sqrt((squares[rated].sum() + supposed) / (rated.sum() + n_supposed)))
