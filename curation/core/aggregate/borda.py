"""Items by the share of others they are ranked above: Borda's count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from curation.core.aggregate.ids import weights_of
from curation.core.aggregate.newton import Floats
from curation.core.aggregate.rank_data import Rankings, Tiers, rankings_of


@dataclass(frozen=True)
class BordaScores:
    """How high items stand on average.

    `scores` (n_items,) are mean shares, in 0...1, of a ranking's other items that an item is
    above, tied ones counting half; NaN for an item that is ranked with no other. `stderr`
    (n_items,) are their standard errors over rankings, NaN below two rankings. `n_rankings`
    (n_items,) says how many rankings of two items or more name each.
    """

    scores: Floats
    stderr: Floats
    n_rankings: Floats


def borda_scores(
    rankings: Rankings | Sequence[Tiers], *, n_items: int, weights: ArrayLike | None = None
) -> BordaScores:
    """Average each item's share of others below it over the rankings that name it.

    Where all rankings name the same items the order is that of the mean ranks. Raises ValueError
    as `fit_plackett_luce` does.
    """
    data = rankings_of(rankings, n_items)
    weight = weights_of(weights, len(data))[data.ranking_of]
    told = data.lengths[data.ranking_of] > 1
    share, items, weight = data.shares[told], data.items[told], weight[told]
    total = np.bincount(items, weights=weight, minlength=n_items)
    n_rankings = np.bincount(items[weight > 0], minlength=n_items).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(items, weights=weight * share, minlength=n_items) / total
        gap = weight**2 * (share - mean[items]) ** 2
        spread = np.bincount(items, weights=gap, minlength=n_items) / total**2
        stderr = np.sqrt(spread * n_rankings / (n_rankings - 1))
    return BordaScores(mean, np.where(n_rankings > 1, stderr, np.nan), n_rankings)
