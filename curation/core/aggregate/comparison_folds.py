"""Comparisons dealt into folds by where they stand among the others, not by any names."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from curation.core.aggregate.comparison_data import PairVotes
from curation.core.aggregate.newton import Ints

N_FOLDS = 5
ENOUGH_VOTES = 50_000
ROUNDS = 2
Hashes = NDArray[np.uint64]
Mask = NDArray[np.bool_]
RESULTS = np.array([0x2545F4914F6CDD1D, 0x5851F42D4C957F2D, 0x9FB21C651E98DF25], dtype=np.uint64)
"""How an item fared: better, level, worse."""


def folds(votes: PairVotes, *, seed: int) -> Iterator[Mask]:
    """Yield masks of held-out votes, shape (n_votes,), from five folds.

    What one annotator says of a pair stays together, and a pair's annotators are spread over the
    folds, so that what is held out has other votes on its pair. Votes that are alone on their
    pair are held out only where most votes are. Where votes abound, no more folds are yielded
    than hold `ENOUGH_VOTES` of them. Folds follow from the seed and the pattern of votes: neither
    the order of rows, nor names, nor which item is left matter, save among votes that nothing
    tells apart.
    """
    fold, alone = _dealt(votes, seed)
    usable = ~alone if alone.sum() * 2 <= len(votes) else np.ones(len(votes), dtype=bool)
    n_held_out = 0
    for number in range(N_FOLDS):
        held_out = usable & (fold == number)
        if held_out.any():
            yield held_out
        n_held_out += int(held_out.sum())
        if n_held_out >= ENOUGH_VOTES:
            return


def _dealt(votes: PairVotes, seed: int) -> tuple[Ints, Mask]:
    """Each vote's fold, and whether its annotator is the only one on its pair."""
    n_annotators = max(len(votes.annotators), 1)
    keys, voice = np.unique(votes.pair * n_annotators + votes.annotator, return_inverse=True)
    items, hashes = _patterns(votes, seed)
    pair, pattern = keys // n_annotators, _sums(hashes, voice, len(keys))
    order = np.lexsort((pattern, pair))
    begins = np.flatnonzero(np.diff(pair, prepend=-1))
    sizes = np.diff(begins, append=len(pair))
    place = np.empty(len(pair), dtype=np.intp)
    place[order] = np.arange(len(pair)) - np.repeat(begins, sizes)
    first = spread(items[votes.low] + items[votes.high], seed) % np.uint64(N_FOLDS)
    fold = (place + first[pair].astype(np.intp)) % N_FOLDS
    alone = np.bincount(pair, minlength=votes.n_pairs)[pair] < 2
    return fold[voice], alone[voice]


def _patterns(votes: PairVotes, seed: int) -> tuple[Hashes, Hashes]:
    """Numbers that tell items, and votes, apart by what was said of whom by whom.

    Weisfeiler and Leman's refinement: an item is known by the votes on it, a vote by its items,
    how they fared and its annotator, an annotator by their votes.
    """
    n_items, n_annotators = len(votes.items), len(votes.annotators)
    low, high = votes.low[votes.pair], votes.high[votes.pair]
    fared_low, fared_high = RESULTS[votes.choice], RESULTS[2 - votes.choice]
    items, who = np.zeros(n_items, np.uint64), np.zeros(n_annotators, np.uint64)
    said = np.zeros(len(votes), np.uint64)
    for _ in range(ROUNDS):
        toward, away = spread(items[low] + fared_low, seed), spread(items[high] + fared_high, seed)
        said = spread(toward + away + who[votes.annotator], seed)
        who = spread(_sums(said, votes.annotator, n_annotators), seed)
        heard = _sums(said ^ toward, low, n_items) + _sums(said ^ away, high, n_items)
        items = spread(heard, seed)
    return items, said


def _sums(hashes: Hashes, group: Ints, n_groups: int) -> Hashes:
    """Sums modulo 2**64, in which order does not matter."""
    totals = np.zeros(n_groups, dtype=np.uint64)
    np.add.at(totals, group, hashes)
    return totals


def spread(numbers: Hashes, seed: int) -> Hashes:
    """Spread numbers over 64 bits. Steele, Lea and Flood (2014), splitmix64."""
    mixed = numbers + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
