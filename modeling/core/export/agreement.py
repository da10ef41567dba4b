"""How far an export ranks texts as its checkpoint does."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

from modeling.core.serving.engine import Engine
from modeling.core.serving.rows import Candidate

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Of the first output: rank correlations, and differences as shares of its spread.

    `n` values were compared; correlations are None where one side has no two values.
    """

    n: int
    kendall: float | None
    spearman: float | None
    largest_difference: float
    mean_difference: float
    spread: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def agreement(exact: Engine, exported: Engine, candidates: Sequence[Candidate]) -> Agreement:
    """Compare two engines of one model on the same candidates."""
    return compared(first_outputs(exact, candidates), first_outputs(exported, candidates))


def compared(exact: Doubles, exported: Doubles) -> Agreement:
    """Compare outputs (n,) of the same texts."""
    gaps = np.abs(exact - exported)
    ranked = len(set(exact.tolist())) > 1 and len(set(exported.tolist())) > 1
    return Agreement(
        n=len(exact),
        kendall=float(kendalltau(exact, exported).statistic) if ranked else None,
        spearman=float(spearmanr(exact, exported).statistic) if ranked else None,
        largest_difference=float(gaps.max()),
        mean_difference=float(gaps.mean()),
        spread=float(exact.std()),
    )


def first_outputs(engine: Engine, candidates: Sequence[Candidate]) -> Doubles:
    """The first output wherever the engine reads, one candidate after another."""
    found = [
        engine.join([engine.run([each])[0] for each in planned.passes])[:, 0]
        for planned in engine.plan(candidates)
    ]
    return np.concatenate(found)
