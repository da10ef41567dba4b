"""Votes cut into parts that are worked on at once, with where everything is found in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from curation.core.aggregate.comparison_data import PairVotes
from curation.core.aggregate.newton import Ints

VOTES_AT_ONCE = 8_192
N_CHOICES = 3


@dataclass(frozen=True)
class Part:
    """Some pairs with all of their votes.

    `local` (n_votes,) is each vote's pair among these, `voted` those that have votes and `starts`
    where their votes start. Votes on one pair in one position are a run, which starts at
    `run_starts`. A table of probabilities has a row for each position, choice and pair, in that
    order; `row` and `opposite` (n_votes,) are the rows of a vote's choice and of the opposite
    one, `run_first` those of the run's choice of the low item, `gold_row` those of known choices
    on the pairs `gold_pair`.
    """

    pairs: slice
    votes: slice
    local: Ints
    voted: Ints
    starts: Ints
    run_starts: Ints
    run_first: Ints
    run_position: Ints
    row: Ints
    opposite: Ints
    gold_pair: Ints
    gold_row: Ints

    @property
    def n_pairs(self) -> int:
        """The number of pairs in this part."""
        return int(self.pairs.stop - self.pairs.start)


@dataclass(frozen=True)
class Layout:
    """Votes in parts. `positions` are the distinct ones, 0 among them, `middle` its place."""

    positions: Ints
    middle: int
    parts: tuple[Part, ...]


def laid_out(votes: PairVotes, gold: Ints) -> Layout:
    """Lay out votes; `gold` (n_pairs,) is a known choice, -1 where there is none."""
    positions = np.union1d(votes.position, [0]).astype(np.intp)
    middle = int(np.searchsorted(positions, 0))
    parts = [_part(votes, gold, positions, *cut) for cut in _cuts(votes)]
    return Layout(positions, middle, tuple(parts))


def _cuts(votes: PairVotes) -> Iterator[tuple[slice, slice]]:
    """Cut between pairs: into slices of the pairs and of their votes."""
    ends = np.searchsorted(votes.pair, np.arange(votes.n_pairs), side="right")
    first = begin = 0
    while first < votes.n_pairs:
        fits = int(np.searchsorted(ends, begin + VOTES_AT_ONCE, side="right"))
        last = min(max(fits, first + 1), first + VOTES_AT_ONCE)
        end = int(ends[last - 1])
        yield slice(first, last), slice(begin, end)
        first, begin = last, end


def _part(votes: PairVotes, gold: Ints, positions: Ints, pairs: slice, own: slice) -> Part:
    n = pairs.stop - pairs.start
    local, choice = votes.pair[own] - pairs.start, votes.choice[own]
    place = np.searchsorted(positions, votes.position[own])
    voted, starts = np.unique(local, return_index=True)
    run_starts = np.flatnonzero(np.diff(local * len(positions) + place, prepend=-1) != 0)
    first_rows = place * N_CHOICES * n + local
    gold_pair = np.flatnonzero(gold[pairs] >= 0)
    middle = int(np.searchsorted(positions, 0))
    return Part(
        pairs=pairs,
        votes=own,
        local=local,
        voted=voted,
        starts=starts,
        run_starts=run_starts,
        run_first=first_rows[run_starts],
        run_position=votes.position[own][run_starts],
        row=first_rows + choice * n,
        opposite=first_rows + (N_CHOICES - 1 - choice) * n,
        gold_pair=gold_pair,
        gold_row=(middle * N_CHOICES + gold[pairs][gold_pair]) * n + gold_pair,
    )
