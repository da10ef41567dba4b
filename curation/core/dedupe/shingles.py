"""Texts as sets of shingles: runs of three words, or of five characters in unspaced scripts.

The shingle that begins at a word is that word and the two after it; the one that begins at a
character of an unspaced script is that character and the four words or characters after it. A text
too short for any shingle stands whole, as one shingle of its own; a text without words stands for
its signs. So every text has a shingle, and a text in two scripts has shingles of both kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from curation.core.dedupe.words import (
    EMPTY,
    MULTIPLIER,
    Bools,
    Hashes,
    Ints,
    Words,
    hash_signs,
    hash_words,
    mix,
    text_blocks,
)

WORDS_EACH, CHARACTERS_EACH = 3, 5
WHOLE = np.uint64(0x3C6EF372FE94F82B)


@dataclass(frozen=True)
class Shingles:
    """Hashed shingles, one text after the other, repeated ones included.

    `hashes` (n_shingles,) of 64 bits; `counts` (n_texts,), one or more each.
    """

    hashes: Hashes
    counts: Ints

    @property
    def bounds(self) -> Ints:
        """Where each text's shingles begin, and the end of all, shape (n_texts + 1,)."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    def of(self, kept: Bools) -> Shingles:
        """The shingles of some texts, by a mask of shape (n_texts,)."""
        return Shingles(self.hashes[np.repeat(kept, self.counts)], self.counts[kept])


@dataclass(frozen=True)
class ShingleSize:
    """How many words, or characters of unspaced scripts, make a shingle."""

    words: int = WORDS_EACH
    characters: int = CHARACTERS_EACH


def shingle(texts: Sequence[str], size: ShingleSize = ShingleSize()) -> Shingles:
    """The shingles of every text, in the texts' order."""
    blocks = list(shingle_blocks(texts, size))
    counts = np.concatenate([np.empty(0, dtype=np.int64), *(block.counts for block in blocks)])
    hashes = np.empty(int(counts.sum()), dtype=np.uint64)
    blocks.reverse()
    start = 0
    while blocks:  # each block is let go when it is copied, so that no shingle is held twice
        block = blocks.pop().hashes
        hashes[start : start + len(block)] = block
        start += len(block)
    return Shingles(hashes, counts)


def shingle_blocks(texts: Sequence[str], size: ShingleSize = ShingleSize()) -> Iterator[Shingles]:
    """The same, a block of texts at a time."""
    for block in text_blocks(texts):
        words = hash_words(block)
        yield _with_whole_texts(fitting_shingles(words, size), words, block)


def fitting_shingles(words: Words, size: ShingleSize) -> Shingles:
    """The shingles that fit into their text; none for a text too short."""
    fits = _starts(words.bounds, size.words)
    hashes = _runs(words.hashes, size.words)
    if words.unspaced is not None:
        long = _runs(words.hashes, size.characters)
        hashes = np.where(words.unspaced, long, hashes)
        fits = np.where(words.unspaced, _starts(words.bounds, size.characters), fits)
    before = np.concatenate([[0], np.cumsum(fits)])
    return Shingles(hashes[fits], np.diff(before[words.bounds]))


def _starts(bounds: Ints, length: int) -> Bools:
    """Which words have enough words after them in their own text, shape (n_words,)."""
    fits = np.ones(int(bounds[-1]), dtype=bool)
    for back in range(1, length):
        last = bounds[1:] - back
        fits[last[last >= bounds[:-1]]] = False
    return fits


def _runs(hashes: Hashes, length: int) -> Hashes:
    """A hash of each word with those after it, shape (n_words,); runs over the end are cut off."""
    run = hashes * MULTIPLIER
    factor = MULTIPLIER
    for ahead in range(1, min(length, len(hashes))):
        factor = _times(factor, MULTIPLIER)
        run[:-ahead] += hashes[ahead:] * factor
    return run


def _with_whole_texts(shingles: Shingles, words: Words, texts: list[str]) -> Shingles:
    """Give each text without a shingle one for all of it."""
    without = np.flatnonzero(shingles.counts == 0)
    if not len(without):
        return shingles
    whole = _whole_texts(words, without, texts)
    at = np.cumsum(shingles.counts)[without]
    counts = shingles.counts.copy()
    counts[without] = 1
    return Shingles(np.insert(shingles.hashes, at, whole), counts)


def _whole_texts(words: Words, rows: Ints, texts: list[str]) -> Hashes:
    starts, stops = words.bounds[:-1][rows], words.bounds[1:][rows]
    lengths = stops - starts
    whole = lengths.astype(np.uint64) * WHOLE
    factor = MULTIPLIER
    for ahead in range(int(lengths.max())):
        more = ahead < lengths
        whole[more] += words.hashes[starts[more] + ahead] * factor
        factor = _times(factor, MULTIPLIER)
    for k in np.flatnonzero(lengths == 0).tolist():
        text = texts[rows[k]]
        whole[k] = hash_signs(text) if text else EMPTY
    return mix(whole)


def _times(one: np.uint64, other: np.uint64) -> np.uint64:
    return np.uint64(int(one) * int(other) % 2**64)
