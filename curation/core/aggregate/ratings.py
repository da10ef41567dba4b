"""One score per item from several annotators' ratings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.candidates import Candidate, compare, preferred, reason_for
from curation.core.aggregate.cumulative_logit import MOST_LEVELS, fit_table
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.rating_data import RatingTable, rating_table
from curation.core.aggregate.rating_model import TOLERANCE, Differences, RatingFit, fit_ratings

RATING_METHODS = ("auto", "mean", "centred", "standardised", "weighted", "cumulative_logit")
FOLDS = 10
ENOUGH_RATINGS = 100_000
FOLD_TOLERANCE = 1e-3
SIGNATURE_DIGITS = 6
SUPPOSED_RATINGS = 3.0
TINY = 1e-300

_DIFFERENCES: Mapping[str, Differences] = {
    "centred": Differences(scale=False, noise=False),
    "standardised": Differences(scale=True, noise=False),
    "weighted": Differences(scale=True, noise=True),
}


@dataclass(frozen=True)
class StandardisedRatings:
    """Ratings without the annotators' habits, on the scale they came in.

    `values` (n_ratings,) are in the order given. `annotators` (n_annotators,) are the distinct
    ids, sorted; `bias` (n_annotators,) is how much higher each rates than a typical one, `scale`
    (n_annotators,) how much wider, 1 for a typical one. Both are shrunk towards the typical as far
    as few ratings warrant.
    """

    values: Floats
    annotators: NDArray[Any]
    bias: Floats
    scale: Floats
    n_iter: int
    converged: bool


@dataclass(frozen=True)
class RatingAggregation:
    """One score per item, and how sure it is.

    `items` (n_items,) and `annotators` (n_annotators,) are the distinct ids, sorted. `scores`
    (n_items,) are on the scale of the ratings, `stderr` (n_items,) their standard errors: for
    "mean" from the variance within items, pooled over all (NaN where no item has two ratings), else
    posterior standard deviations. `bias` (n_annotators,) is how much higher an annotator rates
    than a typical one, in the unit of the ratings (for "cumulative_logit" on the scale of its
    thresholds); `scale` (n_annotators,) how much wider, 1 for a typical one; `reliability`
    (n_annotators,) the share, in 0...1, of the variance of their ratings that comes from the
    items. Where the method does not tell annotators apart they are 0, 1 and the common share.

    `method` is the one used, `reason` a sentence saying why, `candidates` what auto compared, best
    first.
    """

    items: NDArray[Any]
    scores: Floats
    stderr: Floats
    annotators: NDArray[Any]
    bias: Floats
    scale: Floats
    reliability: Floats
    method: str
    reason: str
    candidates: tuple[Candidate, ...]
    n_iter: int
    converged: bool


def aggregate_ratings(
    items: ArrayLike,
    annotators: ArrayLike,
    values: ArrayLike,
    *,
    method: str = "auto",
    seed: int = 0,
) -> RatingAggregation:
    """Aggregate ratings, given as three arrays of equal length.

    "mean" is the plain mean. "centred" allows for how high each annotator rates, "standardised"
    for how widely too, and "weighted" for how noisily as well (see `rating_model`);
    "cumulative_logit" is for few ordered levels (see `fit_cumulative_logit`). The scores of all but
    the mean are shrunk towards the mean of all items where ratings are few.

    "auto" leaves out annotators, a tenth at a time, and takes the method whose scores from the
    others' ratings best foretell theirs, each annotator's own use of the scale allowed for; the
    mean unless another is clearly better. `seed` deals the annotators to the folds.

    Raises ValueError for an unknown method and for ratings that are none (see `rating_table`).
    """
    if method not in RATING_METHODS:
        raise ValueError(f"There is no method {method!r}; there are {', '.join(RATING_METHODS)}.")
    table = rating_table(items, annotators, values)
    if method != "auto":
        return _aggregated(table, method, f"The method {method} was asked for.", ())
    candidates = _compared(table, seed)
    if not candidates:
        return _aggregated(table, "mean", "auto took mean: no two annotators share an item.", ())
    taken = preferred(candidates, "mean")
    return _aggregated(table, taken, reason_for(candidates, taken, "ratings"), candidates)


def standardise_ratings(
    items: ArrayLike, annotators: ArrayLike, values: ArrayLike, *, scale: bool = True
) -> StandardisedRatings:
    """Take annotators' bias and, if `scale`, their scale out of ratings.

    Both are estimated together with the items' qualities, so that who rated better items is not
    taken for lenient, and shrunk (see `rating_model`). Raises ValueError as `aggregate_ratings`.
    """
    table = rating_table(items, annotators, values)
    fit = fit_ratings(table, Differences(scale=scale, noise=False))
    width = _widths(fit)
    who = table.annotator
    return StandardisedRatings(
        values=fit.mean + (table.values - fit.mean - fit.bias[who]) / width[who],
        annotators=table.annotators,
        bias=fit.bias,
        scale=width,
        n_iter=fit.n_iter,
        converged=fit.converged,
    )


@dataclass(frozen=True)
class _Scored:
    """What one method makes of a table; each annotator's habits as in `RatingAggregation`."""

    scores: Floats
    stderr: Floats
    bias: Floats
    scale: Floats
    reliability: Floats
    n_iter: int = 0
    converged: bool = True


def _aggregated(
    table: RatingTable, method: str, reason: str, candidates: tuple[Candidate, ...]
) -> RatingAggregation:
    found = _scorer(method)(table, None)
    return RatingAggregation(
        items=table.items,
        scores=found.scores,
        stderr=found.stderr,
        annotators=table.annotators,
        bias=found.bias,
        scale=found.scale,
        reliability=found.reliability,
        method=method,
        reason=reason,
        candidates=candidates,
        n_iter=found.n_iter,
        converged=found.converged,
    )


def _scorer(method: str) -> Callable[[RatingTable, float | None], _Scored]:
    """Return what scores a table, to a tolerance or to the usual one."""
    if method == "mean":
        return lambda table, _: _by_mean(table)
    if method == "cumulative_logit":
        return _by_levels
    differences = _DIFFERENCES[method]
    return lambda table, tolerance: _by_model(table, differences, tolerance)


def _by_mean(table: RatingTable) -> _Scored:
    n, n_annotators = table.per_item, len(table.annotators)
    gaps = table.values - table.item_means[table.item]
    free = len(table) - int(np.count_nonzero(n))
    within = float(gaps @ gaps) / free if free > 0 else np.nan
    total = float(np.var(table.values)) if len(table) else 0.0
    share = np.clip(1 - within / total, 0, 1) if total > 0 else np.nan
    ones = np.ones(n_annotators)
    stderr = np.sqrt(within / np.maximum(n, 1))
    return _Scored(table.item_means, stderr, 0 * ones, ones, share * ones)


def _by_model(table: RatingTable, differences: Differences, tolerance: float | None) -> _Scored:
    fit = fit_ratings(table, differences, tolerance or TOLERANCE)
    total = fit.scale**2 + fit.noise**2
    share = np.divide(fit.scale**2, total, out=np.full_like(total, np.nan), where=total > 0)
    return _Scored(fit.scores, fit.stderr, fit.bias, _widths(fit), share, fit.n_iter, fit.converged)


def _widths(fit: RatingFit) -> Floats:
    return fit.scale / fit.common_scale if fit.common_scale > 0 else np.ones_like(fit.scale)


def _by_levels(table: RatingTable, tolerance: float | None) -> _Scored:
    fit = fit_table(table, tolerance) if tolerance else fit_table(table)
    width = fit.slope / fit.common_slope if fit.common_slope > 0 else np.ones_like(fit.slope)
    share = fit.slope**2 / (fit.slope**2 + np.pi**2 / 3)
    return _Scored(fit.scores, fit.stderr, fit.shift, width, share, fit.n_iter, fit.converged)


def _compared(table: RatingTable, seed: int) -> tuple[Candidate, ...]:
    """Compare the methods on annotators left out; none where no rating can be foretold.

    Where ratings abound, no more folds are tried than hold `ENOUGH_RATINGS` of them.
    """
    if not len(table):
        return ()
    fold = _folds(table, seed)
    methods = ["mean", *_DIFFERENCES]
    if len(np.unique(table.values)) <= MOST_LEVELS:
        methods.append("cumulative_logit")
    foretold = {method: np.full(len(table), np.nan) for method in methods}
    for held in range(int(fold.max()) + 1):
        out = fold[table.annotator] == held
        if out.all():
            continue
        training = table.where(~out)
        for method, scores in foretold.items():
            found = _scorer(method)(training, FOLD_TOLERANCE).scores
            scores[out] = np.where(training.per_item > 0, found, np.nan)[table.item[out]]
        if np.count_nonzero(~np.isnan(foretold["mean"])) >= ENOUGH_RATINGS:
            break
    known = ~np.isnan(foretold["mean"])
    if not known.any() or np.ptp(table.values[known]) == 0:
        return ()
    told = table.where(known)
    return compare({m: _log_likelihoods(told, s[known]) for m, s in foretold.items()}, told.item)


def _folds(table: RatingTable, seed: int) -> Ints:
    """A fold for each annotator, by what they did and not by what they are called."""
    n = np.maximum(table.per_annotator, 1)
    gaps = table.values - table.item_means[table.item]
    unit = float(np.std(table.values)) or 1.0
    marks = [gaps**2, gaps, table.values]
    signature = [
        np.round(table.annotator_sums(mark / unit) / n, SIGNATURE_DIGITS) for mark in marks
    ]
    order = np.lexsort([*signature, table.per_annotator])
    n_folds = min(FOLDS, len(n))
    fold = np.empty(len(n), dtype=np.intp)
    fold[order] = np.random.default_rng(seed).permutation(len(n)) % n_folds
    return fold


def _log_likelihoods(table: RatingTable, foretold: Floats) -> Floats:
    """Normal log-likelihood of ratings given scores, as each annotator uses the scale.

    Level, slope and variance are each annotator's own, shrunk towards those of all as if they had
    given `SUPPOSED_RATINGS` more like everybody's; a careless annotator so tells little about any
    method.
    """
    told, said = (_centred(table, values) for values in (foretold, table.values))
    n, who = table.per_annotator + SUPPOSED_RATINGS, table.annotator
    spread = max(float((told**2).mean()), TINY)
    common = max(float((told * said).mean()) / spread, 0.0)
    variance = max(float(((said - common * told) ** 2).mean()), TINY)
    along = table.annotator_sums(told * said) + SUPPOSED_RATINGS * spread * common
    slope = along / (table.annotator_sums(told**2) + SUPPOSED_RATINGS * spread)
    squares = (said - slope[who] * told) ** 2
    own = (table.annotator_sums(squares) + SUPPOSED_RATINGS * variance) / n
    return -(np.log(2 * np.pi * own[who]) + squares / own[who]) / 2


def _centred(table: RatingTable, values: Floats) -> Floats:
    gaps = values - values.mean()
    level = table.annotator_sums(gaps) / (table.per_annotator + 1)
    return gaps - level[table.annotator]
