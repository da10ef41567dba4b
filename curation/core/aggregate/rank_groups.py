"""Rankings of many small groups of responses, numbered through."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.ids import coded, column
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.rank_data import Rankings, flattened

Tier: TypeAlias = tuple[Hashable, ...]


@dataclass(frozen=True)
class RankedGroups:
    """Groups, each with its own responses, and rankings of these.

    `ids` (n_groups,) are the groups, sorted; group g has the responses `keys[offsets[g]]` to
    `keys[offsets[g + 1] - 1]`, sorted, which are the items of `rankings`. `group_of` and
    `annotator_of` (n_rankings,) say which group a ranking is of and who made it; `annotators` are
    the distinct ids, sorted. `named` is false where annotators were not given: every ranking then
    has one of its own.
    """

    ids: NDArray[Any]
    keys: tuple[Hashable, ...]
    offsets: Ints
    rankings: Rankings
    group_of: Ints
    annotators: NDArray[Any]
    annotator_of: Ints
    named: bool

    @cached_property
    def sizes(self) -> Ints:
        """How many responses each group has, shape (n_groups,)."""
        return np.diff(self.offsets)

    @cached_property
    def per_group(self) -> Ints:
        """How many rankings each group has, shape (n_groups,)."""
        return np.bincount(self.group_of, minlength=len(self.ids))

    def split(self, values: Floats) -> tuple[Floats, ...]:
        """Cut what is given for every response into groups."""
        return tuple(values[start:end] for start, end in pairwise(self.offsets.tolist()))

    @property
    def keys_by_group(self) -> tuple[Tier, ...]:
        """Each group's responses, sorted."""
        return tuple(self.keys[start:end] for start, end in pairwise(self.offsets.tolist()))

    def tiers(self, scores: Floats, tolerance: float) -> tuple[tuple[Tier, ...], ...]:
        """Each group's responses by score, highest first; equal ones in one tier, sorted.

        Scores are equal that differ by no more than `tolerance`.
        """
        group = np.repeat(np.arange(len(self.ids)), self.sizes)
        order = np.lexsort((-scores, group))
        opens = np.append(True, np.diff(group[order]) != 0)[: len(order)]
        opens |= np.append(True, -np.diff(scores[order]) > tolerance)[: len(order)]
        tier = np.empty(len(order), dtype=np.intp)
        tier[order] = np.cumsum(opens) - 1
        sorted_keys = [self.keys[item] for item in np.argsort(tier, kind="stable").tolist()]
        cuts = [*np.flatnonzero(opens).tolist(), len(order)]
        tiers = [tuple(sorted_keys[start:end]) for start, end in pairwise(cuts)]
        per_group = np.bincount(group[order[opens]], minlength=len(self.ids))
        starts = np.concatenate([[0], np.cumsum(per_group)]).tolist()
        return tuple(tuple(tiers[start:end]) for start, end in pairwise(starts))

    def rankings_of(self, group: int) -> Rankings:
        """The rankings of one group, its responses numbered from 0."""
        data = self.rankings
        inside = self.group_of[data.ranking_of] == group
        lengths = data.lengths[self.group_of == group]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        items = data.items[inside] - self.offsets[group]
        return Rankings(items, data.opens[inside], offsets, int(self.sizes[group]))

    @classmethod
    def read(
        cls,
        groups: ArrayLike,
        annotators: ArrayLike | None,
        rankings: Sequence[Sequence[Sequence[Hashable]]],
    ) -> RankedGroups:
        """Number the groups, annotators and responses.

        Raises ValueError for columns of unequal length, a missing group, annotator or key, keys
        that cannot be sorted, an empty tier and a response that a ranking names twice.
        """
        ids, group_of = coded(column(groups, "group"))
        if len(group_of) != len(rankings):
            raise ValueError(f"There are {len(rankings)} rankings, but {len(group_of)} groups.")
        names, annotator_of = _annotators(annotators, len(rankings))
        named, opens, offsets = flattened(rankings)
        keys, codes = coded(column(named, "response"))
        group = np.repeat(group_of, np.diff(offsets))
        cells, items = np.unique(group * max(len(keys), 1) + codes, return_inverse=True)
        sizes = np.bincount(cells // max(len(keys), 1), minlength=len(ids))
        data = Rankings(items, opens, offsets, len(cells)).checked()
        return cls(
            ids=ids,
            keys=tuple(keys[cells % max(len(keys), 1)].tolist()),
            offsets=np.concatenate([[0], np.cumsum(sizes)]),
            rankings=data,
            group_of=group_of,
            annotators=names,
            annotator_of=annotator_of,
            named=annotators is not None,
        )


def _annotators(annotators: ArrayLike | None, n: int) -> tuple[NDArray[Any], Ints]:
    if annotators is None:
        return np.arange(n), np.arange(n)
    names, codes = coded(column(annotators, "annotator"))
    if len(codes) != n:
        raise ValueError(f"There are {n} rankings, but {len(codes)} annotators.")
    return names, codes
