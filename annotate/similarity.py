"""How alike the responses of an item are, so that the same answer twice is noticed before anyone
is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations

WORDS = 3
CHARACTERS = 5
NEAR_IDENTICAL = 0.9
UNSPACED_SHARE = 0.3
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Tibetan, Burmese, Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # radicals, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"  # Han
)
Grams = frozenset[str] | frozenset[tuple[str, ...]]


def similarity(texts: Sequence[str]) -> float:
    """The highest Jaccard similarity of word 3-grams over all pairs of texts, 0 to 1.

    Width, case and spacing are ignored, so 1.0 also means equal but for those. Scripts that put no
    spaces between words are compared by 5 characters at a time, and a text too short for one gram
    as a whole. Fewer than two texts are like nothing: 0.0.
    """
    plain = [normalised(text) for text in texts]
    if len(set(plain)) < len(plain):
        return 1.0
    is_unspaced = _is_unspaced(plain)
    grams = [_character_grams(text) if is_unspaced else _word_grams(text) for text in plain]
    return max((_jaccard(a, b) for a, b in combinations(grams, 2)), default=0.0)


def normalised(text: str) -> str:
    """The text without what readers pass over: compatible forms, case and spacing."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def _is_unspaced(texts: Sequence[str]) -> bool:
    """Whether a good part of the texts is in scripts without spaces between words."""
    foreign = [text for text in texts if not text.isascii()]
    found = sum(len(_UNSPACED.findall(text)) for text in foreign)
    return found > 0 and found >= UNSPACED_SHARE * sum(map(len, texts))


def _word_grams(text: str) -> Grams:
    words = text.split()
    if len(words) < WORDS:
        return frozenset([text])
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _character_grams(text: str) -> Grams:
    letters = text.replace(" ", "")
    if len(letters) < CHARACTERS:
        return frozenset([text])
    return frozenset(letters[k : k + CHARACTERS] for k in range(len(letters) - CHARACTERS + 1))


def _jaccard(one: Grams, other: Grams) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
