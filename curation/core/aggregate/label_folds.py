"""Votes dealt into folds by where they stand among the others, not by what anything is called."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from curation.core.aggregate.label_votes import Cells
from curation.core.aggregate.newton import Ints

N_FOLDS = 5
ENOUGH_VOTES = 100_000
ROUNDS = 2
SUM_BITS = 24
Hashes = NDArray[np.uint64]


def folds(cells: Cells, *, seed: int) -> Iterator[tuple[Cells, Cells]]:
    """Deal the votes into five folds; yield what each leaves and what it holds out.

    An annotator's votes on an item stay together, and an item's annotators are spread over the
    folds, so what is held out always has other votes on its item; lone votes are never held out.
    Folds follow from the seed and the pattern of votes, so neither the order of rows nor the
    names of items, annotators and labels matter. Where votes abound, no more folds are yielded
    than hold `ENOUGH_VOTES` of them.
    """
    fold = _fold_of(cells, seed)
    lone = cells.voters()[cells.item] < 2
    held_out = 0
    for number in range(N_FOLDS):
        inside = (fold == number) & ~lone
        if inside.any():
            yield cells.where(~inside), cells.where(inside)
        held_out += int(inside.sum())
        if held_out >= ENOUGH_VOTES:
            return


def _fold_of(cells: Cells, seed: int) -> Ints:
    """Each cell's fold: its annotator's place in its item, counted on from the item's place.

    Items that look alike have places in a row, so that each fold gets as many of them.
    """
    items, annotators = _patterns(cells, seed)
    firsts = np.flatnonzero(np.diff(cells.group, prepend=-1))
    item, annotator = cells.item[firsts], cells.annotator[firsts]
    begins = np.flatnonzero(np.diff(item, prepend=-1))
    place = _ranks(np.lexsort((annotators[annotator], item)))
    place -= np.repeat(begins, np.diff(begins, append=len(firsts)))
    return ((place + _ranks(np.argsort(items, kind="stable"))[item]) % N_FOLDS)[cells.group]


def _ranks(order: Ints) -> Ints:
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    return ranks


def _patterns(cells: Cells, seed: int) -> tuple[Hashes, Hashes]:
    """Numbers that tell items, and annotators, apart by their votes.

    Weisfeiler & Leman's refinement: a label is known by how often it was given, an annotator by
    labels given and the items they went to, an item by labels received and who gave them.
    """
    n_items, n_annotators, n_classes = cells.shape
    label = _mixed(np.bincount(cells.label, minlength=n_classes).astype(np.uint64), seed)
    items, annotators = np.zeros(n_items, np.uint64), np.zeros(n_annotators, np.uint64)
    for _ in range(ROUNDS):
        said = _mixed(label[cells.label] ^ items[cells.item], seed)
        annotators = _mixed(_sums(said, cells.annotator, n_annotators), seed)
        heard = _mixed(label[cells.label] + annotators[cells.annotator], seed)
        items = _mixed(_sums(heard, cells.item, n_items), seed)
    return items, annotators


def _sums(hashes: Hashes, group: Ints, n_groups: int) -> Hashes:
    """Sums of the hashes' upper bits: whole numbers that a float holds exactly, in any order."""
    upper = (hashes >> np.uint64(64 - SUM_BITS)).astype(np.float64)
    return np.bincount(group, weights=upper, minlength=n_groups).astype(np.uint64)


def _mixed(numbers: Hashes, seed: int) -> Hashes:
    """Spread numbers over 64 bits. Steele, Lea & Flood (2014), splitmix64."""
    mixed = numbers + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
