"""What balancing returns, and the steps that all ways of balancing share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from curation.core.columns import Floats, Ints, Mask
from curation.core.errors import CurationError

BalanceMode: TypeAlias = Literal["drop", "weight"]

MAX_WEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class BalanceReport:
    """What balancing cost.

    `effective_rows` is Kish's effective sample size of the weights: so many equally weighted rows
    would give means as precise. `largest_weight` is in units of the mean weight. `exact` says
    whether the aim was reached; otherwise the largest weight allowed stood in the way.
    """

    rows_before: int
    rows_after: int
    effective_rows: float
    largest_weight: float
    exact: bool


@dataclass(frozen=True, slots=True, eq=False)
class Balance:
    """Which rows stay and what each counts.

    `keep` (n,); `weights` (n,), mean 1 over the rows that stay, above zero for them and zero for
    the others.
    """

    keep: Mask
    weights: Floats
    report: BalanceReport


def balanced(keep: Mask, weights: Floats, *, exact: bool = True) -> Balance:
    """Result with the weights of the rows that stay brought to mean 1."""
    final = np.zeros(len(keep))
    if keep.any():
        final[keep] = weights[keep] / weights[keep].mean()
    report = BalanceReport(
        rows_before=len(keep),
        rows_after=int(keep.sum()),
        effective_rows=effective_rows(final),
        largest_weight=float(final.max(initial=0.0)),
        exact=exact,
    )
    return Balance(keep, final, report)


def effective_rows(weights: Floats) -> float:
    """Kish's effective sample size: the squared sum over the sum of squares, 0 for no weight."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def first_within(groups: Ints, ranks: Ints, quotas: Ints) -> Mask:
    """Of each group the rows with the lowest ranks, as many as its quota; shape (n,).

    `groups` (n,) index `quotas`; ranks are distinct.
    """
    order = np.lexsort((ranks, groups))
    sorted_groups = groups[order]
    starts = np.searchsorted(sorted_groups, sorted_groups)
    keep = np.empty(len(groups), dtype=bool)
    keep[order] = np.arange(len(groups)) - starts < quotas[sorted_groups]
    return keep


def check_mode(mode: str) -> None:
    """Raise CurationError for an unknown mode."""
    if mode not in ("drop", "weight"):
        raise CurationError(f"Balancing is by drop or by weight, not by {mode!r}.")


def check_max_weight(max_weight: float) -> None:
    """Raise CurationError for a limit that not even equal weights keep."""
    if not max_weight > 1:
        raise CurationError(f"The largest weight must be above 1, not {max_weight}.")
