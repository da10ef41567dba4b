"""A linear head on fixed features, fitted with an objective's own loss and parameters.

For pairs with ties, with strengths, or of votes that may be wrong; Bradley and Terry's plain loss
has a faster way in heads.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from torch import Tensor

from modeling.core.collators import Item
from modeling.core.data import PreferenceExample
from modeling.core.errors import TrainingError
from modeling.core.heads import DEFAULT_L2, BradleyTerryHead, PairFeatures, feature_moments
from modeling.core.objectives.base import TrainingState, relative_weights
from modeling.core.objectives.pairs import PairObjective
from modeling.core.sides import Sides

Doubles = NDArray[np.float64]
_BLOCK = 8192
_CURVATURE_ROWS = 16_384
_MAX_ITERATIONS = 300
_TOLERANCE, _LOOSE = 1e-5, 1e-3  # of the slope: of the head that stays, of those that are tried
_JITTER = 1e-4  # of the mean curvature, against the rounding of single precision


@dataclass(frozen=True)
class LossHead:
    """A head, the objective with fitted parameters, and (l2, validation loss) of all tried."""

    head: BradleyTerryHead
    objective: PairObjective
    path: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class PairRows:
    """Rows for a fit: standardised differences (n, d), what the prior says, and the batch."""

    differences: NDArray[np.floating]
    ahead: Doubles
    batch: Mapping[str, Tensor]

    @classmethod
    def of(
        cls,
        examples: Sequence[PreferenceExample],
        sides: Sides,
        scale: Doubles,
        objective: PairObjective,
    ) -> "PairRows":
        """The examples as one batch."""
        differences = sides.chosen - sides.rejected
        differences /= scale.astype(np.float32)
        items = [
            Item((), objective.wanted(example) | {"length": _longer(example)}, weight)
            for example, weight in zip(examples, relative_weights(examples), strict=True)
        ]
        weights = torch.tensor([item.weight for item in items], dtype=torch.float64)
        batch = {"weights": weights, **objective.targets(items)}
        return cls(differences, sides.ahead, batch)


def _longer(example: PreferenceExample) -> float:
    return float(len(example.chosen) - len(example.rejected))


def fit_loss_head(
    objective: PairObjective,
    examples: Sequence[PreferenceExample],
    sides: Sides,
    validation: tuple[Sequence[PreferenceExample], Sides],
    *,
    l2_grid: Sequence[float],
) -> LossHead:
    """Fit reward = features @ w and the objective's parameters together.

    Minimises the objective's mean loss plus l2/2·|v|², v the coefficients of features scaled to
    unit standard deviation, as `heads.fit_bradley_terry_head` does; the parameters are free. Of
    `l2_grid` the value with the least validation loss stays, DEFAULT_L2 where there is no
    validation row. TrainingError for weights that are all zero.
    """
    if not any(example.weight > 0 for example in examples):
        raise TrainingError("Pair weights must be zero or more, and not all zero.")
    mean, scale = feature_moments(PairFeatures(sides.chosen, sides.rejected))
    fit = _Fit(objective, PairRows.of(examples, sides, scale, objective), mean, scale)
    if len(l2_grid) == 1:
        return LossHead(*fit.head(fit.minimise(l2_grid[0])), ())
    if not validation[0]:
        return LossHead(*fit.head(fit.minimise(DEFAULT_L2)), ())
    held_out = PairRows.of(*validation, scale, objective)
    found: list[_Point] = []
    path: list[tuple[float, float]] = []
    for l2 in sorted(l2_grid, reverse=True):
        found.append(fit.minimise(l2, start=found[-1] if found else None, tolerance=_LOOSE))
        path.append((l2, fit.loss_and_gradient(found[-1].vector, held_out)[0]))
    best = min(range(len(path)), key=lambda number: path[number][1])
    kept = fit.minimise(found[best].l2, start=found[best])
    return LossHead(*fit.head(kept), tuple(path))


@dataclass(frozen=True)
class _Point:
    """Coefficients and parameters (d + m,), the penalty, and how they were found."""

    vector: Doubles
    l2: float
    n_iter: int
    converged: bool


@dataclass(frozen=True)
class _Fit:
    """What fits with several penalties share."""

    objective: PairObjective
    rows: PairRows
    mean: Doubles
    scale: Doubles

    @property
    def width(self) -> int:
        return len(self.scale)

    def parameters(self, vector: Doubles) -> dict[str, Doubles]:
        """The objective's own parameters, from the end of `vector`."""
        found: dict[str, Doubles] = {}
        start = self.width
        for name, values in self.objective.own_parameters().items():
            found[name] = vector[start : start + values.size].reshape(values.shape)
            start += values.size
        return found

    def start(self) -> Doubles:
        """No reward, and parameters where the objective has them."""
        own = [values.ravel() for values in self.objective.own_parameters().values()]
        return np.concatenate([np.zeros(self.width), *own])

    def loss_and_gradient(self, vector: Doubles, rows: PairRows) -> tuple[float, Doubles]:
        """The mean loss without the penalty, and its gradient (d + m,)."""
        weights = vector[: self.width]
        differences = torch.from_numpy(_times(rows.differences, weights) + rows.ahead)
        differences.requires_grad_()
        own = {
            name: torch.tensor(values, requires_grad=True)
            for name, values in self.parameters(vector).items()
        }
        loss = self._loss(differences, own, rows)
        slopes = torch.autograd.grad(loss, [differences, *own.values()])
        gradient = _transposed_times(rows.differences, slopes[0].numpy())
        return float(loss.detach()), np.concatenate(
            [gradient, *(part.numpy().ravel() for part in slopes[1:])]
        )

    def _loss(self, differences: Tensor, own: Mapping[str, Tensor], rows: PairRows) -> Tensor:
        """Of pairs whose rejected side has reward 0, since only differences count."""
        sides = torch.stack([differences, torch.zeros_like(differences)], dim=1)
        return self.objective.data_loss(
            sides.reshape(-1, 1), rows.batch, TrainingState(parameters=own)
        )

    def minimise(
        self, l2: float, *, start: _Point | None = None, tolerance: float = _TOLERANCE
    ) -> _Point:
        """L-BFGS in coordinates in which Bradley and Terry's loss is nearly round."""
        factor = self._factor(l2)
        width = self.width

        def unfold(point: Doubles) -> Doubles:
            own = point[width:]
            return np.concatenate([solve_triangular(factor.T, point[:width], lower=False), own])

        def objective(point: Doubles) -> tuple[float, Doubles]:
            vector = unfold(point)
            loss, gradient = self.loss_and_gradient(vector, self.rows)
            weights = vector[:width]
            slope = solve_triangular(factor, gradient[:width] + l2 * weights, lower=True)
            return loss + l2 / 2 * float(weights @ weights), np.concatenate(
                [slope, gradient[width:]]
            )

        first = self.start() if start is None else start.vector
        found: Any = minimize(
            objective,
            np.concatenate([factor.T @ first[:width], first[width:]]),
            jac=True,
            method="L-BFGS-B",
            options={"gtol": tolerance, "ftol": 0.0, "maxiter": _MAX_ITERATIONS},
        )
        slope = float(np.abs(found.jac).max())
        return _Point(unfold(found.x), l2, int(found.nit), slope < 10 * tolerance)

    def _factor(self, l2: float) -> Doubles:
        """The Cholesky factor of about the Hessian at zero, from evenly spaced rows."""
        step = -(-len(self.rows.differences) // _CURVATURE_ROWS)
        rows = self.rows.differences[::step]
        hessian: Doubles = (rows.T @ rows).astype(np.float64) / (4 * len(rows))
        ridge = l2 + _JITTER * float(np.diag(hessian).mean())
        factor = np.linalg.cholesky(hessian + ridge * np.eye(self.width))
        return np.asarray(factor, dtype=np.float64)

    def head(self, found: _Point) -> tuple[BradleyTerryHead, PairObjective]:
        """The head on features as they come, and the objective with its parameters."""
        weights: Doubles = found.vector[: self.width] / self.scale
        head = BradleyTerryHead(
            weights=weights,
            bias=float(-self.mean @ weights),
            l2=float(found.l2),
            loss=self.loss_and_gradient(found.vector, self.rows)[0],
            n_iter=found.n_iter,
            converged=found.converged,
        )
        return head, self.objective.with_parameters(self.parameters(found.vector))


def _times(rows: NDArray[np.floating], vector: Doubles) -> Doubles:
    """rows @ vector, in the rows' precision."""
    found: Doubles = (rows @ vector.astype(rows.dtype)).astype(np.float64)
    return found


def _transposed_times(rows: NDArray[np.floating], vector: Doubles) -> Doubles:
    """vector @ rows, in the rows' precision but for the sum over blocks."""
    total = np.zeros(rows.shape[1])
    own = vector.astype(rows.dtype)
    for start in range(0, len(rows), _BLOCK):
        total += own[start : start + _BLOCK] @ rows[start : start + _BLOCK]
    return total
