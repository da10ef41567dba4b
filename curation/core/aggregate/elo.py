"""Strengths on the scale of Elo ratings: a way to look at a fit, not another estimator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from curation.core.aggregate.bradley_terry import BradleyTerryFit
from curation.core.aggregate.newton import Floats

POINTS_PER_UNIT = 400 / math.log(10)
CENTRE = 1000.0


@dataclass(frozen=True)
class EloView:
    """Ratings (n_items,) and their standard errors in Elo points; `items` as in the fit."""

    items: NDArray[Any]
    ratings: Floats
    stderr: Floats


def elo_view(fit: BradleyTerryFit, *, centre: float = CENTRE) -> EloView:
    """A fit's strengths as ratings: 400 points for odds of ten to one, `centre` on average.

    Every component of the comparison graph has that average; ratings of items in two of them
    cannot be compared. Elo (1978).
    """
    return EloView(
        items=fit.items,
        ratings=centre + POINTS_PER_UNIT * fit.strengths,
        stderr=POINTS_PER_UNIT * fit.stderr,
    )
