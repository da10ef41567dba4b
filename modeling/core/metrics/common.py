"""What the evaluations of all kinds share."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.data import Example
from modeling.core.errors import ModelingError
from modeling.core.evaluate import bootstrap_interval
from modeling.core.files import plain

DRAWS = 1000
Doubles = NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Evaluation:
    """What every evaluation has: `n` rows with `groups` openings."""

    n: int
    groups: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, without NaN."""
        values: dict[str, Any] = plain(asdict(self))
        return values


def check_finite(outputs: Sequence[Doubles]) -> None:
    """Raise ModelingError where an output is not a finite number."""
    if not all(np.isfinite(values).all() for values in outputs):
        raise ModelingError("Some outputs are not finite; the model cannot be evaluated.")


def counts(examples: Sequence[Example]) -> dict[str, int]:
    """The fields of `Evaluation`."""
    return {"n": len(examples), "groups": len({example.opening() for example in examples})}


def interval(right: Doubles, openings: Sequence[str], seed: int) -> Interval | None:
    """95 % interval of the mean of `right`, resampling openings."""
    return bootstrap_interval(right, openings, draws=DRAWS, seed=seed)


def majority(labels: Sequence[Any]) -> float | None:
    """What always giving the commonest label would reach."""
    return max(Counter(labels).values()) / len(labels) if labels else None
