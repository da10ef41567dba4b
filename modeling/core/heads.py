"""A linear reward head on fixed features: convex, so fitted to convergence in a few seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import expit

from modeling.core.errors import TrainingError

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
DEFAULT_L2 = 1.0
_BLOCK = 8192
_CURVATURE_ROWS = 16_384
_MAX_ITERATIONS = 200
_JITTER = 1e-4  # of the mean curvature, against the rounding of single precision
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class BradleyTerryHead:
    """Rewards are features @ weights + bias, in logits: σ of a difference is a preference.

    `weights` (d,) apply to features as they come (the standardisation of the fit is folded in);
    `bias` makes the mean reward over the training responses zero. `loss` is the mean training
    loss without the penalty, in nats (None for a head that was trained with its backbone);
    `converged` says whether the gradient fell under 1e-5.
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

    def curvature(self) -> Doubles:
        """About the Hessian at zero, (d, d), from up to _CURVATURE_ROWS evenly spaced rows."""
        step = -(-len(self.weights) // _CURVATURE_ROWS)
        weights = self.weights[::step]
        scaled = self.differences[::step] * np.sqrt(weights)[:, None].astype(np.float32)
        total = max(float(weights.sum()), np.finfo(np.float64).tiny)
        hessian: Doubles = (scaled.T @ scaled).astype(np.float64) / (4 * total)
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
    `l2_grid` there is nothing to choose: l2 is DEFAULT_L2, or that value.
    """
    fitter = _Fitter.of(train)
    if len(l2_grid) == 1:
        return HeadChoice(fitter.fit(l2_grid[0]), ())
    if validation is None or not _has_weight(validation):
        return HeadChoice(fitter.fit(DEFAULT_L2), ())
    held_out = _problem(validation, fitter.scale)
    heads: list[BradleyTerryHead] = []
    path: list[tuple[float, float]] = []
    for l2 in sorted(l2_grid, reverse=True):
        heads.append(fitter.fit(l2, start=heads[-1] if heads else None))
        path.append((l2, held_out.loss_and_gradient(heads[-1].weights * fitter.scale)[0]))
    best = min(range(len(path)), key=lambda number: path[number][1])
    return HeadChoice(heads[best], tuple(path))


@dataclass(frozen=True)
class _Fitter:
    """What fits of one data set with several penalties share."""

    problem: _Problem
    mean: Doubles
    scale: Doubles
    curvature: Doubles

    @classmethod
    def of(cls, data: PairFeatures) -> "_Fitter":
        mean, scale = _moments(data)
        problem = _problem(data, scale)
        return cls(problem, mean, scale, problem.curvature())

    def fit(self, l2: float, *, start: BradleyTerryHead | None = None) -> BradleyTerryHead:
        """L-BFGS in coordinates u = Lᵀv, with LLᵀ the curvature: nearly round, so few steps."""
        ridge = l2 + _JITTER * float(np.diag(self.curvature).mean())
        factor = np.linalg.cholesky(self.curvature + ridge * np.eye(len(self.scale)))

        def objective(point: Doubles) -> tuple[float, Doubles]:
            vector = solve_triangular(factor.T, point, lower=False)
            loss, gradient = self.problem.loss_and_gradient(vector)
            slope = solve_triangular(factor, gradient + l2 * vector, lower=True)
            return loss + l2 / 2 * float(vector @ vector), slope

        first = np.zeros(len(self.scale)) if start is None else start.weights * self.scale
        found = minimize(
            objective,
            factor.T @ first,
            jac=True,
            method="L-BFGS-B",
            options={"gtol": _TOLERANCE, "ftol": 0.0, "maxiter": _MAX_ITERATIONS},
        )
        vector = solve_triangular(factor.T, found.x, lower=False)
        return self._head(vector, l2, found.nit, np.abs(found.jac).max())

    def _head(self, vector: Doubles, l2: float, n_iter: int, slope: float) -> BradleyTerryHead:
        weights = vector / self.scale
        return BradleyTerryHead(
            weights=weights,
            bias=float(-self.mean @ weights),
            l2=float(l2),
            loss=self.problem.loss_and_gradient(vector)[0],
            n_iter=int(n_iter),
            converged=bool(slope < 10 * _TOLERANCE),
        )


def _has_weight(data: PairFeatures) -> bool:
    return len(data.chosen) > 0 and (data.weights is None or bool(np.any(data.weights > 0)))


def _moments(data: PairFeatures) -> tuple[Doubles, Doubles]:
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
    weights = _column(data.weights, count, 1.0)
    if weights.min() < 0 or weights.sum() <= 0:
        raise TrainingError("Pair weights must be zero or more, and not all zero.")
    differences = np.empty(data.chosen.shape, dtype=np.float32)
    for start in range(0, count, _BLOCK):
        rows = slice(start, start + _BLOCK)
        differences[rows] = (data.chosen[rows] - data.rejected[rows]) / scale
    return _Problem(
        differences=differences,
        weights=weights / weights.sum(),
        targets=_column(data.target_probability, count, 1.0),
        margins=_column(data.margin, count, 0.0),
    )


def _column(values: Floats | None, count: int, default: float) -> Doubles:
    if values is None:
        return np.full(count, default)
    return np.asarray(values, dtype=np.float64)
