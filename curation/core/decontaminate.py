"""Texts that evaluation texts have leaked into: by long runs of words, and as near-duplicates.

A text is contaminated if a run of 13 words stands in it and in an evaluation text (Brown et al.,
2020, appendix C), or if the two are near-duplicates. Case, signs and spaces do not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from curation.core.dedupe.near import THRESHOLD, Method, checked_threshold, set_pairs
from curation.core.dedupe.sets import Sets, joinable_sets
from curation.core.dedupe.shingles import (
    CHARACTERS_EACH,
    WORDS_EACH,
    Shingles,
    ShingleSize,
    fitting_shingles,
    shingle,
)
from curation.core.dedupe.words import (
    Bools,
    Hashes,
    Ints,
    Words,
    as_texts,
    hash_words,
    text_blocks,
)
from curation.core.errors import CurationError

NGRAM, SHORTEST = 13, 8
CLEAN, BY_NGRAM, BY_SIMILARITY = "", "ngram", "near_duplicate"
TABLE_LOAD = 0.1


@dataclass(frozen=True)
class Decontamination:
    """Which texts repeat evaluation texts; all arrays have shape (n_texts,).

    `contaminated` is the verdict. `matched` is the row of the evaluation text: the one that holds
    most of the shared n-grams (each counted for the first evaluation text that has it), or the most
    similar one; the first of several, -1 where there is none. `reason` is "ngram", "near_duplicate"
    where only that holds, or "". `shared` counts the text's distinct n-grams that stand in any
    evaluation text.
    """

    contaminated: Bools
    matched: Ints
    reason: NDArray[np.str_]
    shared: Ints


def decontaminate(
    texts: Sequence[str],
    evaluation_texts: Sequence[str],
    *,
    ngram: int = NGRAM,
    min_overlap: int = 1,
    threshold: float = THRESHOLD,
    seed: int = 0,
    method: Method = "auto",
) -> Decontamination:
    """Find the texts that share n-grams with evaluation texts or are near-duplicates of one.

    ``min_overlap`` is how many distinct n-grams of a text must stand in evaluation texts; 1 is the
    strictest. In unspaced scripts an n-gram is five thirds as many characters. An evaluation text
    too short for one is looked for as a whole inside the texts if it has eight words or more (14
    characters in unspaced scripts), and below that only near-duplicates of it are found: whole
    texts equal to it, where it has under three words. Empty evaluation texts are passed over.

    Raises CurationError for an n-gram under eight words, an overlap under one, and what
    near-duplicates refuse.
    """
    if ngram < SHORTEST or min_overlap < 1:
        raise CurationError(f"ngram must be {SHORTEST} or more and min_overlap 1 or more.")
    texts, evaluation = as_texts(texts), as_texts(evaluation_texts)
    reach = checked_threshold(threshold)
    rows = np.array([row for row, text in enumerate(evaluation) if text.strip()], dtype=np.int64)
    evaluation = [evaluation[row] for row in rows]
    shared, matched = _shared_ngrams(texts, evaluation, ngram)
    by_ngram = shared >= min_overlap
    nearest = _most_similar(texts, evaluation, reach, seed, method)
    reason = np.where(nearest >= 0, BY_SIMILARITY, CLEAN)
    reason[by_ngram] = BY_NGRAM
    best = np.where(by_ngram, matched, nearest)
    return Decontamination(reason != CLEAN, np.append(rows, -1)[best], reason, shared)


@dataclass(frozen=True)
class _Index:
    """Where n-grams stand: `hashes` ascending, `rows` the first text with each.

    `lengths` are the lengths in words of texts that are shorter than an n-gram and whole in it.
    """

    size: ShingleSize
    lengths: tuple[int, ...]
    hashes: Hashes
    rows: Ints
    table: Bools

    @classmethod
    def of(cls, texts: list[str], size: ShingleSize) -> _Index:
        short: set[int] = set()
        found = [(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64))]
        for first, words in _word_blocks(texts):
            grams = fitting_shingles(words, size)
            found.append((grams.hashes, _rows(grams) + first))
            rows = _short_texts(words, grams)
            for length in np.unique(np.diff(words.bounds)[rows]).tolist():
                short.add(length)
                whole = fitting_shingles(_of_length(words, rows, length), _every(length))
                found.append((whole.hashes, _rows(whole) + first))
        hashes, rows = (np.concatenate([part[k] for part in found]) for k in (0, 1))
        order = np.lexsort((rows, hashes))
        hashes, rows = hashes[order], rows[order]
        new = np.ones(len(hashes), dtype=bool)
        np.not_equal(hashes[1:], hashes[:-1], out=new[1:])
        hashes, rows = hashes[new], rows[new]
        return cls(size, tuple(sorted(short)), hashes, rows, _table(hashes))

    def hits(self, words: Words) -> tuple[Ints, Ints]:
        """Each text's n-grams that stand here: the text, and the place in `hashes`; distinct."""
        sizes = [self.size, *map(_every, self.lengths)]
        found = [self._found(fitting_shingles(words, size)) for size in sizes]
        texts, places = (np.concatenate([part[k] for part in found]) for k in (0, 1))
        (texts, places), _ = _counted_pairs(texts, places)
        return texts, places

    def _found(self, grams: Shingles) -> tuple[Ints, Ints]:
        likely = np.flatnonzero(self.table[_slots(grams.hashes, self.table)])
        hashes = grams.hashes[likely]
        places = np.searchsorted(self.hashes, hashes)
        found = np.zeros(len(places), dtype=bool)
        inside = places < len(self.hashes)
        found[inside] = self.hashes[places[inside]] == hashes[inside]
        return _rows(grams)[likely[found]], places[found]


def _shared_ngrams(texts: list[str], evaluation: list[str], ngram: int) -> tuple[Ints, Ints]:
    """How many n-grams of each text stand in evaluation texts, and in which most; -1 for none."""
    index = _Index.of(evaluation, ShingleSize(ngram, _characters(ngram)))
    shared = np.zeros(len(texts), dtype=np.int64)
    matched = np.full(len(texts), -1)
    for first, words in _word_blocks(texts):
        rows, places = index.hits(words)
        shared[first : first + len(words.bounds) - 1] = np.bincount(
            rows, minlength=len(words.bounds) - 1
        )
        text, most = _most_frequent(rows, index.rows[places])
        matched[first + text] = most
    return shared, matched


def _most_frequent(rows: Ints, values: Ints) -> tuple[Ints, Ints]:
    """Each row that occurs, with its most frequent value, the least of several."""
    (row, value), counts = _counted_pairs(rows, values)
    order = np.lexsort((value, -counts, row))
    row, value = row[order], value[order]
    first = np.diff(row, prepend=-1) != 0
    return row[first], value[first]


def _counted_pairs(rows: Ints, values: Ints) -> tuple[tuple[Ints, Ints], Ints]:
    """Distinct pairs of a row and a value, in order, and how often each occurs."""
    base = int(values.max(initial=0)) + 1
    pairs = np.sort(rows * base + values)
    starts = np.flatnonzero(np.diff(pairs, prepend=-1))
    counts = np.diff(starts, append=len(pairs))
    pairs = pairs[starts]
    return (pairs // base, pairs % base), counts


def _most_similar(
    texts: list[str], evaluation: list[str], reach: float, seed: int, method: Method
) -> Ints:
    """Row of the evaluation text most similar to each text, -1 where none reaches the threshold."""
    n_texts = len(texts)
    sets = joinable_sets(shingle([*texts, *evaluation]), reach, n_left=n_texts)
    found, _, _ = set_pairs(sets, reach, seed, method)
    first = _first_text(sets)
    order = np.lexsort((first[found.right], -found.jaccard, found.left))
    left, right = found.left[order], found.right[order]
    best = np.diff(left, prepend=-1) != 0
    of_set = np.full(len(sets.bounds) - 1, -1)
    of_set[left[best]] = first[right[best]] - n_texts
    nearest = np.full(n_texts, -1)
    ours = sets.texts < n_texts
    nearest[sets.texts[ours]] = of_set[sets.sets[ours]]
    return nearest


def _first_text(sets: Sets) -> Ints:
    first = np.full(len(sets.bounds) - 1, np.iinfo(np.int64).max)
    np.minimum.at(first, sets.sets, sets.texts)
    return first


def _word_blocks(texts: list[str]) -> Iterator[tuple[int, Words]]:
    """The words of a block of texts at a time, with the row of its first text."""
    first = 0
    for block in text_blocks(texts):
        yield first, hash_words(block)
        first += len(block)


def _characters(words: int) -> int:
    return ceil(words * CHARACTERS_EACH / WORDS_EACH)


def _every(length: int) -> ShingleSize:
    return ShingleSize(length, length)


def _rows(grams: Shingles) -> Ints:
    return np.repeat(np.arange(len(grams.counts)), grams.counts)


def _short_texts(words: Words, grams: Shingles) -> Ints:
    """Texts without an n-gram that are long enough to be looked for as a whole."""
    lengths = np.diff(words.bounds)
    needed = np.full(len(lengths), SHORTEST)
    if words.unspaced is not None:
        before = np.concatenate([[0], np.cumsum(words.unspaced)])
        needed[np.diff(before[words.bounds]) > 0] = _characters(SHORTEST)
    return np.flatnonzero((grams.counts == 0) & (lengths >= needed))


def _of_length(words: Words, rows: Ints, length: int) -> Words:
    """The words of those texts among ``rows`` that have so many; the others' texts are empty."""
    lengths = np.diff(words.bounds)
    kept = np.zeros(len(lengths), dtype=bool)
    kept[rows] = lengths[rows] == length
    counts = np.where(kept, lengths, 0)
    bounds = np.concatenate([[0], np.cumsum(counts)])
    return Words(words.hashes[np.repeat(kept, lengths)], bounds, None)


def _table(hashes: Hashes) -> Bools:
    """Which first bits of a hash occur, so that most lookups need no search."""
    table = np.zeros(1 << max(8, int(len(hashes) / TABLE_LOAD).bit_length()), dtype=bool)
    table[_slots(hashes, table)] = True
    return table


def _slots(hashes: Hashes, table: Bools) -> Ints:
    return (hashes >> np.uint64(65 - len(table).bit_length())).view(np.int64)
