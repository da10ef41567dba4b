"""No more than so many rows: of one group, or in all."""

from __future__ import annotations

import math

import numpy as np

from curation.core.balance.result import first_within
from curation.core.columns import (
    NO_CODE,
    Column,
    Ints,
    Mask,
    codes,
    first_of_each,
    numbers,
    require_length,
)
from curation.core.errors import CurationError
from curation.core.seeded import seeded_keys, seeded_ranks


def cap_per_group(
    groups: Column, limit: int, *, ids: Column, seed: int, priority: Column | None = None
) -> Mask:
    """Rows to keep so that no group (annotator, prompt, near-duplicate cluster) exceeds a limit.

    Which ones is drawn from the row ids by the seed; rows of a higher `priority` go before, those
    without one (NaN) last. A lower limit keeps a part of what a higher one keeps. Rows whose group
    is None belong to none and stay.

    Raises CurationError for a limit below 1, ids that repeat, and columns of unequal length.
    """
    if limit < 1:
        raise CurationError(f"A group keeps at least one row; {limit} is not possible.")
    require_length(len(groups), Ids=ids, Priority=priority)
    ranks = seeded_ranks(ids, seed=seed, purpose="cap")
    if priority is not None:
        ranks = _after_priority(ranks, numbers(priority, "Priority"))
    group = codes(groups)
    keep = group == NO_CODE
    grouped = ~keep
    quotas = np.full(int(group.max(initial=NO_CODE)) + 1, limit)
    keep[grouped] = first_within(group[grouped], ranks[grouped], quotas)
    return keep


def subsample(
    ids: Column,
    *,
    seed: int,
    n: int | None = None,
    share: float | None = None,
    groups: Column | None = None,
) -> Mask:
    """Rows to keep so that n of them, or a share of them, are left.

    With `groups` (prompts) whole groups are kept, in an order drawn from their names, and as many
    of them as come nearest to n, at least one. A smaller sample of the same seed is part of a
    larger one.

    Raises CurationError unless exactly one of n >= 0 and 0 <= share <= 1 is given.
    """
    wanted = _wanted(len(ids), n, share)
    if groups is None:
        return seeded_ranks(ids, seed=seed, purpose="subsample") < wanted
    require_length(len(ids), Groups=groups)
    group = codes(groups)
    if (group == NO_CODE).any():
        raise CurationError("Every row needs a group to be kept or left with.")
    sizes = np.bincount(group)
    order = np.argsort(_group_keys(groups, group, seed), kind="stable")
    kept = np.zeros(len(sizes), dtype=bool)
    kept[order[: _nearest_prefix(sizes[order], wanted)]] = True
    return kept[group]


def _after_priority(ranks: Ints, priority: np.ndarray) -> Ints:
    """Ranks by falling priority, then by the ranks given."""
    order = np.lexsort((ranks, np.where(np.isnan(priority), np.inf, -priority)))
    after = np.empty_like(ranks)
    after[order] = np.arange(len(ranks))
    return after


def _wanted(total: int, n: int | None, share: float | None) -> int:
    if (n is None) == (share is None):
        raise CurationError("A subsample is of n rows or of a share of them: give one of the two.")
    if n is not None:
        if n < 0:
            raise CurationError(f"A subsample cannot have {n} rows.")
        return n
    if share is None or not 0 <= share <= 1:
        raise CurationError(f"A share lies between 0 and 1; {share} does not.")
    return math.floor(share * total + 0.5)


def _group_keys(groups: Column, group: Ints, seed: int) -> np.ndarray:
    names = [groups[row] for row in first_of_each(group).tolist()]
    return seeded_keys(names, seed=seed, purpose="subsample")


def _nearest_prefix(sizes: Ints, wanted: int) -> int:
    """How many leading groups come nearest to the rows wanted; of two equally near the fewer."""
    if not wanted or not len(sizes):
        return 0
    totals = np.cumsum(sizes)
    return int(np.argmin(np.abs(totals - wanted))) + 1
