"""Several rankings of the same responses made into one."""

from collections import defaultdict
from collections.abc import Sequence


def mean_rank_tiers(rankings: Sequence[Sequence[Sequence[str]]]) -> tuple[tuple[str, ...], ...]:
    """Order by mean rank (Borda), best first; equal means share a tier, keys sorted inside it.

    Each ranking lists tiers of keys, best first, and all name the same keys. A tie group's members
    all take the mean of the positions it fills. Twice that is a whole number, so sums are exact
    and equal means are recognised as equal.
    """
    doubled: dict[str, int] = defaultdict(int)
    for tiers in rankings:
        position = 0
        for tier in tiers:
            for key in tier:
                doubled[key] += 2 * position + len(tier) - 1
            position += len(tier)
    by_rank: dict[int, list[str]] = defaultdict(list)
    for key in sorted(doubled):
        by_rank[doubled[key]].append(key)
    return tuple(tuple(by_rank[rank]) for rank in sorted(by_rank))
