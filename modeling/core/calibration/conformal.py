"""Sets of answers that hold the right one as often as promised."""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from modeling.core.evaluation.basics import Doubles

OUTCOMES = ("first", "tie", "second")
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Conformal:
    """Split conformal sets at `level`: {first, tie, second} or a part of it, never empty.

    Outcomes have Davidson's probabilities (1970), in the proportions e^(scale·m/2), tie and
    e^(−scale·m/2) for a reward difference m. A set holds every outcome that has at least
    1 − `threshold`, and the likeliest. `n` rows decided the threshold, and other rows the
    probabilities. A set then holds the majority's answer with a probability of at least `level`,
    whatever the model, for rows that come from where those `n` came from (Vovk et al., 2005;
    least ambiguous sets: Sadinle et al., arXiv:1609.00451). Rows of one prompt are alike, so the
    promise is an average over prompts; what was reached on test rows stands beside it.
    """

    level: float
    n: int
    scale: float
    tie: float
    threshold: float

    def probabilities(self, margins: Doubles) -> Doubles:
        """Probabilities (n, 3) of OUTCOMES."""
        return _probabilities(margins, self.scale, self.tie)

    def contains(self, margins: Doubles) -> NDArray[np.bool_]:
        """Which of OUTCOMES each set holds, (n, 3)."""
        chances = self.probabilities(margins)
        held: NDArray[np.bool_] = 1.0 - chances <= self.threshold
        return held | (chances == chances.max(axis=1, keepdims=True))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return dict(self.__dict__)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `to_dict` gave."""
        return cls(**values)


def fit_conformal(
    fitting: tuple[Doubles, Integers], ranking: tuple[Doubles, Integers], *, level: float = 0.9
) -> Conformal | None:
    """Fit on two disjoint sets of rows, each margins (n,) and outcomes (n,), indices of OUTCOMES.

    The first gives the probabilities, the second the threshold. None where the second is too
    small for `level`, or the first is empty.
    """
    margins, outcomes = ranking
    place = math.ceil((len(margins) + 1) * level)
    if place > len(margins) or not len(fitting[0]):
        return None
    scale, tie = _fit_davidson(*fitting)
    chances = _probabilities(margins, scale, tie)[np.arange(len(margins)), outcomes]
    threshold = float(np.sort(1.0 - chances)[place - 1])
    return Conformal(level, len(margins), scale, tie, threshold)


def _probabilities(margins: Doubles, scale: float, tie: float) -> Doubles:
    halves = scale * np.asarray(margins, np.float64) / 2
    logs = np.stack([halves, np.full_like(halves, math.log(tie)), -halves], axis=1)
    shifted = np.exp(logs - logs.max(axis=1, keepdims=True))
    chances: Doubles = shifted / shifted.sum(axis=1, keepdims=True)
    return chances


def _fit_davidson(margins: Doubles, outcomes: Integers) -> tuple[float, float]:
    """Scale and tie of greatest likelihood.

    Each outcome is seen once more at the typical |margin|, so that both are finite.
    """
    typical = float(np.sqrt(np.mean(margins**2))) or 1.0
    seen = np.concatenate([margins, np.full(3, typical)]) / typical
    labels = np.concatenate([outcomes, np.arange(3)])

    def loss(logs: Doubles) -> float:
        chances = _probabilities(seen, math.exp(logs[0]), math.exp(logs[1]))
        return -float(np.log(chances[np.arange(len(labels)), labels] + 1e-300).mean())

    found = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-6, 6), (-12, 6)])
    return math.exp(found.x[0]) / typical, math.exp(found.x[1])
