"""Texts cut into hashed words, a block of texts at a time and without a loop over words.

A word is a run of letters, marks and digits after compatibility normalisation (NFKC) and case
folding; signs and spaces only separate, and invisible format characters are as if they were not
there. A character of a script that puts no spaces between words (Chinese, Japanese, Thai, Khmer,
Lao, Burmese, Tibetan and others) is a word of its own, and is marked as such.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from curation.core.errors import CurationError

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CHARACTERS_AT_ONCE = 1 << 20
TEXT_END, UNSPACED_MARK = "\x00", "\x01"
SEPARATOR, WORD, UNSPACED, IGNORED, UNKNOWN = range(5)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
FOLLOWING = np.uint64(0xBF58476D1CE4E5B9)
EMPTY = np.uint64(0x6A09E667F3BCC909)
UNSPACED_BLOCKS = (
    (0x0E00, 0x109F),  # Thai, Lao, Tibetan, Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA980, 0xA9FF),  # Javanese, more Burmese
    (0xAA60, 0xAADF),  # more Burmese, Tai Viet
    (0xF900, 0xFAFF),
    (0x1B000, 0x1B16F),  # more kana
    (0x20000, 0x323AF),
)
SELECTORS = ((0x034F, 0x034F), (0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_BYTES = bytes(
    byte + 1 if byte < 2 else byte if byte > 127 else ord(chr(byte).lower()) * chr(byte).isalnum()
    for byte in range(256)
)
_MASKS = np.array([2 ** (8 * n) - 1 for n in range(9)], dtype=np.uint64)
_kinds: NDArray[np.uint8] = np.full(0x110000, UNKNOWN, dtype=np.uint8)


@dataclass(frozen=True)
class Words:
    """The words of some texts, one text after the other.

    `hashes` (n_words,) names each word by 64 bits, equal for equal words. `bounds` (n_texts + 1,)
    says where each text's words begin. `unspaced` (n_words,) marks characters that are words of
    their own; None where there are none.
    """

    hashes: Hashes
    bounds: Ints
    unspaced: Bools | None


def as_texts(texts: Sequence[str]) -> list[str]:
    """The texts as a list; raises CurationError for anything that is no text, saying where."""
    listed = list(texts)
    if set(map(type, listed)) <= {str}:
        return listed
    for row, text in enumerate(listed):
        if not isinstance(text, str):
            kind = "missing" if text is None or isinstance(text, float) else type(text).__name__
            raise CurationError(
                f"Text {row} is {kind}, not a text; give a string, or leave the row out."
            )
    return [str(text) for text in listed]


def text_blocks(texts: Sequence[str], size: int = CHARACTERS_AT_ONCE) -> Iterator[list[str]]:
    """The texts in order, in runs of about ``size`` characters, so that memory stays bounded."""
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    block = np.cumsum(lengths + 1) // size
    cuts = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(texts)]
    for start, stop in pairwise(cuts):
        if start < stop:
            yield list(texts[start:stop])


def hash_words(texts: list[str]) -> Words:
    """The words of a block of texts, one or more.

    Words of up to eight UTF-8 bytes have hashes of their own; longer ones could share one by
    chance, once in 2⁶⁴ pairs.
    """
    raw = word_bytes(texts)
    buffer = np.frombuffer(raw, dtype=np.uint8)
    in_word = buffer > 2
    edges = np.flatnonzero(in_word[1:] != in_word[:-1])
    edges += 1
    starts, stops = edges[::2], edges[1::2]
    ends = np.flatnonzero(buffer == 1)
    bounds = np.searchsorted(starts, ends)
    marks = buffer[starts - 1] == 2 if b"\x02" in raw else None
    return Words(_hash_runs(raw, starts, stops - starts), bounds, marks)


def word_bytes(texts: list[str]) -> bytes:
    """The texts as UTF-8 in which words stand between bytes below three.

    Byte 1 stands before the first text and after each one, 2 right before a character of an
    unspaced script, 0 for every other separator; eight zeros follow at the end.
    """
    joined = TEXT_END.join(texts)
    if joined.count(TEXT_END) >= len(texts) or UNSPACED_MARK in joined:
        blank = {0: " ", 1: " "}
        texts = [text.translate(blank) for text in texts]
        joined = TEXT_END.join(texts)
    if not joined.isascii():
        joined = TEXT_END.join(_all_folded(texts))
    return f"\x00{joined}\x00".encode().translate(_BYTES) + bytes(8)


def hash_signs(text: str) -> np.uint64:
    """What stands for a text without words: its signs, spaces apart; EMPTY where it has none."""
    folded = fold(text)
    seen = (character for character in folded if not character.isspace())
    signs = "".join(c for c in seen if _kind(c) != IGNORED and unicodedata.category(c) != "Cc")
    if not signs:
        return EMPTY
    digest = blake2b(signs.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def fold(text: str) -> str:
    """The text without differences of case and compatible forms; for comparing only."""
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def mix(hashes: Hashes) -> Hashes:
    """Spread every bit over the whole number, in place; a bijection."""
    hashes ^= hashes >> np.uint64(32)
    hashes *= MULTIPLIER
    hashes ^= hashes >> np.uint64(29)
    return hashes


def _hash_runs(raw: bytes, starts: Ints, lengths: Ints) -> Hashes:
    """Hash runs of bytes, eight of them at a time."""
    eights: Hashes = np.ndarray((len(raw) - 7,), dtype="<u8", buffer=raw, strides=(1,))
    hashes = eights[starts]
    hashes &= _MASKS.take(lengths, mode="clip")
    mix(hashes)
    rows, done = np.flatnonzero(lengths > 8), 8
    while len(rows):
        more = eights[starts[rows] + done]
        more &= _MASKS.take(lengths[rows] - done, mode="clip")
        more += hashes[rows] * FOLLOWING
        hashes[rows] = mix(more)
        done += 8
        rows = rows[lengths[rows] > done]
    return hashes


def _all_folded(texts: list[str]) -> list[str]:
    """The texts, those beyond ASCII folded and with their separators made plain."""
    foreign = [row for row, text in enumerate(texts) if not text.isascii()]
    separated = _separated(fold(TEXT_END.join(texts[row] for row in foreign)))
    folded = list(texts)
    for row, text in zip(foreign, separated.split(TEXT_END), strict=True):
        folded[row] = text
    return folded


def _separated(text: str) -> str:
    """Separators become spaces, ignored characters go, unspaced ones stand marked and alone."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").copy()
    kinds = _kinds_of(codes)
    codes[(kinds == SEPARATOR) & (codes != 0)] = ord(" ")
    if (kinds == UNSPACED).any():
        width = np.where(kinds == UNSPACED, 3, 1)
        kinds, wide = np.repeat(kinds, width), np.repeat(codes, width)
        alone = np.cumsum(width)[width == 3]
        wide[alone - 3], wide[alone - 1] = ord(UNSPACED_MARK), ord(" ")
        codes = wide
    return codes[kinds != IGNORED].tobytes().decode("utf-32-le")


def _kinds_of(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    kinds = _kinds[codes]
    unknown = kinds == UNKNOWN
    if unknown.any():
        for code in np.unique(codes[unknown]).tolist():
            _kinds[code] = _kind(chr(code))
        kinds = _kinds[codes]
    return kinds


def _kind(character: str) -> int:
    code, category = ord(character), unicodedata.category(character)
    if category == "Cf" or _is_within(code, SELECTORS):
        return IGNORED
    if category[0] not in "LMN":
        return SEPARATOR
    return UNSPACED if _is_within(code, UNSPACED_BLOCKS) else WORD


def _is_within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)
