"""Which response stands left: drawn anew, so that the side tells nothing of the winner."""

from __future__ import annotations

import numpy as np

from curation.core.columns import Column, Ints, Mask, codes, numbers, require_length
from curation.core.errors import CurationError
from curation.core.seeded import seeded_keys, seeded_ranks


def assign_sides(ids: Column, *, seed: int) -> Mask:
    """Which rows exchange their two responses, each with probability one half; shape (n,).

    A row's side depends on its id and the seed alone, so that it stays when others come or go.
    """
    return (seeded_keys(ids, seed=seed, purpose="sides") & np.uint64(1)).astype(bool)


def balance_sides(
    left_won: Column, *, ids: Column, seed: int, strata: Column | None = None
) -> Mask:
    """Which rows exchange their two responses so that the left one wins exactly half of the time.

    `left_won` is 1 or true where the left response won, 0 where the right one did, 0.5 or None for
    ties, which are flipped at random. Half of the decided rows of each stratum get the winner on
    the left, an odd one at random; which ones is drawn from the ids by the seed, whatever their
    sides were.

    Raises CurationError for other values, ids that repeat, and columns of unequal length.
    """
    require_length(len(ids), Left_won=left_won, Strata=strata)
    won = numbers(left_won, "Left won")
    decided = (won == 0) | (won == 1)
    if not (decided | np.isnan(won) | (won == 0.5)).all():
        raise CurationError("Who won is 1 for left, 0 for right, 0.5 or None for neither.")
    coin = assign_sides(ids, seed=seed)
    flips = coin.copy()
    stratum = np.zeros(len(ids), dtype=np.intp) if strata is None else codes(strata) + 1
    ranks = seeded_ranks(ids, seed=seed, purpose="left")
    winner_left = _half(stratum[decided], ranks[decided], coin[decided])
    flips[decided] = winner_left != (won[decided] == 1)
    return flips


def _half(strata: Ints, ranks: Ints, coin: Mask) -> Mask:
    """Every other row of each stratum in the order of the ranks.

    The coin of a stratum's first row says whether it is the first, the third and so on, or the
    second, the fourth; so an odd row falls to either side equally often.
    """
    order = np.lexsort((ranks, strata))
    ordered = strata[order]
    starts = np.searchsorted(ordered, ordered)
    half = np.empty(len(strata), dtype=bool)
    half[order] = ((np.arange(len(strata)) - starts) % 2 == 0) == coin[order][starts]
    return half
