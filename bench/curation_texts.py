"""Texts with near-duplicates planted in them, and which pairs those are.

Words are drawn from a made vocabulary by Zipf's law, so that some runs of words are everywhere and
most are seen once, as in answers of language models. A copy differs from its original by
punctuation and case, and by words replaced, left out or put in until it has about the wanted
Jaccard similarity of word 3-grams; copies below the threshold are planted as well, and are not
among the pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

THRESHOLD = 0.7
FURTHEST = 0.45
VOCABULARY = 20_000
LENGTHS = (30, 160)
MOST_COPIES = 4
SIGNS = (" ", " ", " ", " ", " ", " ", ", ", ". ", "; ", " - ")
ENDS = (".", "!", "")
CUMULATIVE = np.cumsum(1 / np.arange(3, VOCABULARY + 3))
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Planted:
    """A corpus and what was planted in it.

    `left`, `right` (n_pairs,) are the rows of `texts` whose similarity is at least `threshold`,
    left before right, each pair once; `jaccard` (n_pairs,) is their true similarity of word
    3-grams. Unrelated texts share hardly a 3-gram, so there are no other pairs.
    """

    texts: tuple[str, ...]
    left: Ints
    right: Ints
    jaccard: NDArray[np.float64]
    threshold: float


def planted_texts(
    n: int, duplicates_share: float = 0.2, seed: int = 0, *, threshold: float = THRESHOLD
) -> Planted:
    """``n`` texts of 30 to 160 words, in random order, of which a share are copies of others.

    An original has one to four copies; each copy's similarity to it is drawn evenly from 0.45 to 1,
    so some pairs, of copies too, lie below the threshold and are not to be found.
    """
    rng = np.random.default_rng(seed)
    vocabulary = _vocabulary(rng)
    originals = _originals(n, duplicates_share, rng)
    words = _documents(originals, rng)
    texts = _written(words, vocabulary, rng)
    order = rng.permutation(n)
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    left, right, jaccard = _pairs(words, originals, place, threshold)
    return Planted(tuple(texts[k] for k in order), left, right, jaccard, threshold)


def _vocabulary(rng: np.random.Generator) -> list[str]:
    """Pronounceable words, short ones first, as frequent words are."""
    syllables = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er")]
    found = dict.fromkeys(syllables)
    while len(found) < VOCABULARY:
        drawn = rng.integers(len(syllables), size=2 + rng.binomial(2, 0.3))
        found.setdefault("".join(syllables[k] for k in drawn.tolist()))
    return sorted(found, key=len)


def _originals(n: int, share: float, rng: np.random.Generator) -> Ints:
    """For each text the row of the text it copies; itself where it copies none. Sorted."""
    n_copies = round(n * share)
    copies_each = rng.integers(1, MOST_COPIES + 1, size=n_copies)
    copies_each = copies_each[: int(np.searchsorted(np.cumsum(copies_each), n_copies)) + 1]
    copied = np.repeat(np.arange(len(copies_each)), copies_each)[:n_copies]
    return np.concatenate([np.arange(n - n_copies), copied])


def _documents(originals: Ints, rng: np.random.Generator) -> list[Ints]:
    n_originals = int((originals == np.arange(len(originals))).sum())
    lengths = rng.integers(LENGTHS[0], LENGTHS[1] + 1, size=n_originals)
    drawn = _zipf(rng, int(lengths.sum()))
    documents = np.split(drawn, np.cumsum(lengths)[:-1])
    for original in originals[n_originals:]:
        documents.append(_copy(documents[original], rng))
    return documents


def _zipf(rng: np.random.Generator, size: int) -> Ints:
    return np.searchsorted(CUMULATIVE, rng.random(size) * CUMULATIVE[-1]).astype(np.int64)


def _copy(document: Ints, rng: np.random.Generator) -> Ints:
    """Edits at places three words apart or more cost three 3-grams each, on both sides."""
    similarity = rng.uniform(FURTHEST, 1.0)
    n_lost = (len(document) - 2) * (1 - similarity) / (1 + similarity)
    places = np.sort(rng.choice(len(document), size=round(n_lost / 3), replace=False))[::-1]
    kinds, drawn = rng.integers(4, size=len(places)), _zipf(rng, len(places))
    copy = document.tolist()
    for place, kind, word in zip(places, kinds, drawn.tolist(), strict=True):
        copy[place : place + (kind != 3)] = [word] if kind != 2 else []
    return np.array(copy, dtype=np.int64)


def _written(documents: list[Ints], vocabulary: list[str], rng: np.random.Generator) -> list[str]:
    """Each document as a text, with a capital letter and signs of its own."""
    pieces = np.array([word + sign for word in vocabulary for sign in SIGNS], dtype=object)
    texts = []
    for document in documents:
        signs = rng.integers(len(SIGNS), size=len(document))
        joined = "".join(pieces[document * len(SIGNS) + signs].tolist())
        texts.append(joined.rstrip(" ,.;-").capitalize() + ENDS[signs[0] % len(ENDS)])
    return texts


def _pairs(
    words: Sequence[Ints], originals: Ints, place: Ints, threshold: float
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Pairs within each family that reach the threshold, in order of their rows."""
    found: list[tuple[int, int, float]] = []
    by_family = np.argsort(originals, kind="stable")
    families = np.split(by_family, np.flatnonzero(np.diff(originals[by_family])) + 1)
    for family in families:
        grams = [_grams(words[k]) for k in family] if len(family) > 1 else []
        for one in range(len(grams)):
            for other in range(one):
                jaccard = _jaccard(grams[one], grams[other])
                if jaccard >= threshold:
                    rows = sorted((int(place[family[one]]), int(place[family[other]])))
                    found.append((rows[0], rows[1], jaccard))
    found.sort()
    left, right = (np.array([row[k] for row in found], dtype=np.int64) for k in (0, 1))
    return left, right, np.array([row[2] for row in found], dtype=np.float64)


def _grams(words: Ints) -> set[tuple[int, int, int]]:
    listed = words.tolist()
    return set(zip(listed, listed[1:], listed[2:], strict=False))


def _jaccard(one: set[tuple[int, int, int]], other: set[tuple[int, int, int]]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
