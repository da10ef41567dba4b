"""A linear reward head on fixed features: convex, so fitted to convergence in a few seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import expit

from modeling.core.errors import TrainingError

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
DEFAULT_L2 = 1.0
_BLOCK = 256  # rows whose double-precision copy stays in a core's own cache
_CURVATURE_ROWS = 8192
_MAX_ITERATIONS = 200
_JITTER = 1e-4  # of the mean curvature, against the rounding of single precision
_TOLERANCE = 1e-6
_LOOSE = 1e-5  # enough to compare penalties
_ROUGH = 1e-4  # far below what the draws of an ensemble differ by


@dataclass(frozen=True)
class BradleyTerryHead:
    """Rewards are features @ weights + bias, in logits: σ of a difference is a preference.

    `weights` (d,) apply to features as they come (the standardisation of the fit is folded in);
    `bias` makes the mean reward over the training responses zero. `loss` is the mean training
    loss without the penalty, in nats (None for a head that was trained with its backbone or is a
    mean of heads); `converged` says whether the gradient fell under 1e-5 (1e-3 for one of an
    ensemble).
    """

    weights: Doubles
    bias: float
    l2: float
    loss: float | None
    n_iter: int
    converged: bool

    def score(self, features: Floats) -> Doubles:
        """Rewards (n,) of features (n, d)."""
        scores: Doubles = features.astype(np.float64) @ self.weights + self.bias
        return scores


@dataclass(frozen=True)
class LinearHead:
    """Outputs are features @ weights.T + bias, trained together with a backbone.

    `weights` (outputs, d), `bias` (outputs,); `names` say what each output is.
    """

    weights: Doubles
    bias: Doubles
    names: tuple[str, ...]

    def outputs(self, features: Floats) -> Doubles:
        """Outputs (n, outputs) of features (n, d)."""
        found: Doubles = features.astype(np.float64) @ self.weights.T + self.bias
        return found

    def as_reward(self) -> BradleyTerryHead:
        """The same head for scoring, where it has one output."""
        (weights,), (bias,) = self.weights, self.bias
        return BradleyTerryHead(weights, float(bias), 0.0, loss=None, n_iter=0, converged=True)


@dataclass(frozen=True)
class HeadChoice:
    """The head with the least validation loss, and (l2, validation loss) of all that were tried."""

    head: BradleyTerryHead
    path: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class PairFeatures:
    """Features of both sides (n, d), with weights, probabilities and margins (n,) or None."""

    chosen: Floats
    rejected: Floats
    weights: Floats | None = None
    target_probability: Floats | None = None
    margin: Floats | None = None

    def part(self, rows: slice) -> "PairFeatures":
        """Some of the rows."""
        names = ("weights", "target_probability", "margin")
        columns = {name: getattr(self, name) for name in names}
        return PairFeatures(
            self.chosen[rows],
            self.rejected[rows],
            **{name: None if found is None else found[rows] for name, found in columns.items()},
        )


@dataclass(frozen=True)
class _Place:
    """Coefficients (d,), with the mean loss there and its gradient (d,), without the penalty."""

    vector: Doubles
    loss: float
    gradient: Doubles

    def penalised(self, l2: float) -> float:
        return self.loss + l2 / 2 * float(self.vector @ self.vector)

    def slope(self, l2: float) -> Doubles:
        return self.gradient + l2 * self.vector


@dataclass(frozen=True)
class _Problem:
    """Mean weighted loss on standardised differences; the arrays have one row for each pair."""

    differences: NDArray[np.float32]
    weights: Doubles
    targets: Doubles
    margins: Doubles

    def loss_and_gradient(self, vector: Doubles) -> tuple[float, Doubles]:
        """Mean loss at coefficients (d,) and its gradient, summed in double precision."""
        loss, gradient = 0.0, np.zeros(len(vector))
        for start in range(0, len(self.weights), _BLOCK):
            rows = slice(start, start + _BLOCK)
            block, weights = self.differences[rows].astype(np.float64), self.weights[rows]
            logits = block @ vector - self.margins[rows]
            loss += float(
                weights @ (np.logaddexp(0.0, -logits) + (1 - self.targets[rows]) * logits)
            )
            gradient += (weights * (expit(logits) - self.targets[rows])) @ block
        return loss, gradient

    def at(self, vector: Doubles) -> _Place:
        """The loss at these coefficients, remembered."""
        return _Place(vector, *self.loss_and_gradient(vector))

    def curvature(self, vector: Doubles) -> Doubles:
        """About the Hessian at `vector`, (d, d), from up to _CURVATURE_ROWS evenly spaced rows."""
        step = -(-len(self.weights) // _CURVATURE_ROWS)
        rows, weights = self.differences[::step], self.weights[::step]
        chance = expit(rows @ vector.astype(np.float32) - self.margins[::step])
        total = max(float(weights.sum()), np.finfo(np.float64).tiny)
        shares = weights * chance * (1 - chance) / total
        scaled = rows * np.sqrt(shares)[:, None].astype(np.float32)
        hessian: Doubles = (scaled.T @ scaled).astype(np.float64)
        return hessian


def fit_bradley_terry_head(
    features_chosen: Floats,
    features_rejected: Floats,
    *,
    weights: Floats | None = None,
    target_probability: Floats | None = None,
    margin: Floats | None = None,
    l2: float = DEFAULT_L2,
) -> BradleyTerryHead:
    """Fit reward = features @ w by penalised maximum likelihood.

    Minimises Σ wᵢ·ℓᵢ / Σ wᵢ + l2/2·|v|², where ℓ is `losses.bradley_terry_loss` and v are the
    coefficients of features scaled to unit standard deviation, so one l2 means the same for any
    backbone. Features are (n, d), the other arrays (n,). Raises TrainingError for features that
    are not finite or weights without a positive sum.
    """
    data = PairFeatures(features_chosen, features_rejected, weights, target_probability, margin)
    return _Fitter.of(data).fit(l2)


def choose_head(
    train: PairFeatures, validation: PairFeatures | None, *, l2_grid: Sequence[float]
) -> HeadChoice:
    """Fit a head for each l2, strongest first, and keep the least validation loss.

    Equal losses keep the stronger penalty. Without validation weight or with one value in
    `l2_grid` there is nothing to choose: l2 is DEFAULT_L2, or that value. Only the head that is
    kept is fitted to convergence.
    """
    fitter = _Fitter.of(train)
    if len(l2_grid) == 1:
        return HeadChoice(fitter.fit(l2_grid[0]), ())
    if validation is None or not _has_weight(validation):
        return HeadChoice(fitter.fit(DEFAULT_L2), ())
    held_out = _problem(validation, fitter.scale)
    place = fitter.origin
    places: list[_Place] = []
    path: list[tuple[float, float]] = []
    for l2 in sorted(l2_grid, reverse=True):
        place = fitter.minimise(l2, place, tolerance=_LOOSE).place
        places.append(place)
        path.append((l2, held_out.loss_and_gradient(place.vector)[0]))
    best = min(range(len(path)), key=lambda number: path[number][1])
    return HeadChoice(fitter.fit(path[best][0], start=places[best]), tuple(path))


def refit_heads(
    data: PairFeatures, weights: Sequence[Floats], *, start: BradleyTerryHead
) -> list[BradleyTerryHead]:
    """One head for each array of pair weights (n,), with the penalty of `start`, from there.

    Scale and curvature are those of `data` for all of them, so that a head costs a few passes.
    """
    fitter = _Fitter.of(data)
    first = start.weights * fitter.scale
    curvature = fitter.problem.curvature(first)
    heads = []
    for own in weights:
        fit = replace(fitter, problem=replace(fitter.problem, weights=_shares(own)))
        place = fit.problem.at(first)
        found = fit.minimise(start.l2, place, tolerance=_ROUGH, curvature=curvature)
        heads.append(fit.head(found, start.l2))
    return heads


class _Search:
    """The penalised loss in coordinates u = Lᵀv/c, LLᵀ the curvature: nearly round, so few steps.

    The first step of L-BFGS is one long whatever the slope; with c the length of the whitened
    slope at the start, that is the step to the lowest point of a round bowl. The last place is
    remembered, so that none is read twice.
    """

    def __init__(self, problem: _Problem, l2: float, factor: Floats, start: _Place) -> None:
        self._problem, self._l2, self._factor = problem, l2, factor
        self.length = float(np.linalg.norm(self.slope(start))) or 1.0
        self.origin: Floats = factor.T @ start.vector / self.length
        self._last: tuple[Floats, _Place] = (self.origin.copy(), start)

    def __call__(self, point: Floats) -> tuple[float, Doubles]:
        place = self.place(point)
        return place.penalised(self._l2), self.length * self.slope(place)

    def place(self, point: Floats) -> _Place:
        """What these coordinates stand for, (d,)."""
        if not np.array_equal(point, self._last[0]):
            vector = solve_triangular(self._factor.T, self.length * point, lower=False)
            self._last = (point.copy(), self._problem.at(vector))
        return self._last[1]

    def slope(self, place: _Place) -> Doubles:
        """The whitened slope there (d,)."""
        slope: Doubles = solve_triangular(self._factor, place.slope(self._l2), lower=True)
        return slope


@dataclass(frozen=True)
class _Minimum:
    """Where a search ended, its steps, and whether the slope is gone."""

    place: _Place
    n_iter: int
    converged: bool


@dataclass(frozen=True)
class _Fitter:
    """What fits of one data set with several penalties share."""

    problem: _Problem
    mean: Doubles
    scale: Doubles

    @classmethod
    def of(cls, data: PairFeatures) -> "_Fitter":
        mean, scale = feature_moments(data)
        return cls(_problem(data, scale), mean, scale)

    @property
    def origin(self) -> _Place:
        return self.problem.at(np.zeros(len(self.scale)))

    def fit(self, l2: float, *, start: _Place | None = None) -> BradleyTerryHead:
        """The head at the minimum; the way there is whitened anew where it bends."""
        near = self.minimise(l2, start or self.origin, tolerance=_LOOSE)
        found = self.minimise(l2, near.place, tolerance=_TOLERANCE)
        return self.head(replace(found, n_iter=near.n_iter + found.n_iter), l2)

    def minimise(
        self, l2: float, start: _Place, *, tolerance: float, curvature: Doubles | None = None
    ) -> _Minimum:
        """L-BFGS with curvature that is that at `start` unless it is given."""
        hessian = self.problem.curvature(start.vector) if curvature is None else curvature
        ridge = l2 + _JITTER * float(np.diag(hessian).mean())
        factor = np.linalg.cholesky(hessian + ridge * np.eye(len(start.vector)))
        search = _Search(self.problem, l2, factor, start)
        found = minimize(
            search,
            search.origin,
            jac=True,
            method="L-BFGS-B",
            options={"gtol": search.length * tolerance, "ftol": 0.0, "maxiter": _MAX_ITERATIONS},
        )
        place = search.place(found.x)
        converged = bool(np.abs(search.slope(place)).max() < 10 * tolerance)
        return _Minimum(place, int(found.nit), converged)

    def head(self, found: _Minimum, l2: float) -> BradleyTerryHead:
        """The minimum in the units of the features."""
        weights = found.place.vector / self.scale
        return BradleyTerryHead(
            weights=weights,
            bias=float(-self.mean @ weights),
            l2=float(l2),
            loss=found.place.loss,
            n_iter=found.n_iter,
            converged=found.converged,
        )


def _has_weight(data: PairFeatures) -> bool:
    return len(data.chosen) > 0 and (data.weights is None or bool(np.any(data.weights > 0)))


def feature_moments(data: PairFeatures) -> tuple[Doubles, Doubles]:
    """Mean and standard deviation (1 for constant columns) over all responses, each (d,)."""
    _check_features(data)
    count = 2 * len(data.chosen)
    mean = (_column_sum(data.chosen) + _column_sum(data.rejected)) / count
    squares = _column_sum(data.chosen, mean) + _column_sum(data.rejected, mean)
    scale = np.sqrt(squares / count)
    return mean, np.where(scale > 1e-12, scale, 1.0)


def _column_sum(features: Floats, center: Doubles | None = None) -> Doubles:
    """Σ of the columns, or of their squared distances from `center`, in double precision."""
    total = np.zeros(features.shape[1])
    for start in range(0, len(features), _BLOCK):
        block = features[start : start + _BLOCK].astype(np.float64)
        total += (block if center is None else (block - center) ** 2).sum(axis=0)
    return total


def _check_features(data: PairFeatures) -> None:
    if data.chosen.ndim != 2 or data.chosen.shape != data.rejected.shape:
        raise TrainingError("Chosen and rejected features must have the same shape (pairs, size).")
    if len(data.chosen) == 0:
        raise TrainingError("There are no pairs to fit a head on.")
    if not (np.isfinite(data.chosen).all() and np.isfinite(data.rejected).all()):
        raise TrainingError("Some features are not finite; choose another backbone or precision.")


def _problem(data: PairFeatures, scale: Doubles) -> _Problem:
    count = len(data.chosen)
    weights = _shares(column(data.weights, count, 1.0))
    differences = np.empty(data.chosen.shape, dtype=np.float32)
    for start in range(0, count, _BLOCK):
        rows = slice(start, start + _BLOCK)
        differences[rows] = (data.chosen[rows] - data.rejected[rows]) / scale
    return _Problem(
        differences=differences,
        weights=weights,
        targets=column(data.target_probability, count, 1.0),
        margins=column(data.margin, count, 0.0),
    )


def _shares(weights: Floats) -> Doubles:
    if weights.min() < 0 or weights.sum() <= 0:
        raise TrainingError("Pair weights must be zero or more, and not all zero.")
    return np.asarray(weights, dtype=np.float64) / weights.sum()


def column(values: Floats | None, count: int, default: float) -> Doubles:
    """The values (count,) in double precision, `default` where there are none."""
    if values is None:
        return np.full(count, default)
    return np.asarray(values, dtype=np.float64)
