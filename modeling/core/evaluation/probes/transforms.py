"""Rewrites that leave the meaning as it is, each the same for the same text.

They follow reWordBench (Wu et al., arXiv:2503.11751) where no language model is needed.
"""

import re
import zlib
from collections.abc import Callable

Transform = Callable[[str], str]

FILLER = (
    " I hope this is helpful. Please let me know if there is anything else that you would like to "
    "know about this, and I will be glad to go on. Thank you again for asking."
)
_SYNONYMS = {
    "answer": "reply",
    "begin": "start",
    "big": "large",
    "buy": "purchase",
    "many": "a lot of",
    "maybe": "perhaps",
    "help": "assist",
    "important": "crucial",
    "often": "frequently",
    "quick": "fast",
    "show": "display",
    "small": "little",
    "sure": "certainly",
    "try": "attempt",
    "use": "employ",
    "very": "really",
}
_WORD = re.compile(r"[A-Za-z]+")
_SIGN = re.compile(r"\s*([,.;:!?])(?=\s|$)")
_CODE = re.compile(r"(```[^\n`]*\n)(.*?(?:```|\Z))", re.DOTALL)
_EVERY = 8  # a typo in one of so many words


def whitespace(text: str) -> str:
    """Two blanks between sentences, and a blank line at the end."""
    return re.sub(r"([.!?]) (?=\S)", r"\1  ", text) + "\n\n"


def lower_case(text: str) -> str:
    """No capitals."""
    return text.lower()


def punctuation_spaces(text: str) -> str:
    """A blank before punctuation."""
    return _SIGN.sub(r" \1", text)


def quotes(text: str) -> str:
    """The text in quotation marks."""
    return f'"{text}"'


def typos(text: str) -> str:
    """Two inner letters swapped in about every eighth long word; which ones, the word decides."""
    return _WORD.sub(lambda found: _misspelt(found[0]), text)


def _misspelt(word: str) -> str:
    number = zlib.crc32(word.lower().encode())
    if len(word) < 4 or number % _EVERY:
        return word
    place = 1 + number // _EVERY % (len(word) - 3)
    swapped = word[place + 1 : place + 2] + word[place]
    return word[:place] + swapped + word[place + 2 :]


def synonyms(text: str) -> str:
    """Common words replaced by others of the same meaning, capitals kept."""
    return _WORD.sub(lambda found: _other(found[0]), text)


def _other(word: str) -> str:
    found = _SYNONYMS.get(word.lower())
    if found is None:
        return word
    return found.capitalize() if word[0].isupper() else found


def code_comment(text: str) -> str:
    """An empty remark at the start of each block of code; texts without code stay."""
    return _CODE.sub(r"\1# code\n\2", text)


def padded(text: str) -> str:
    """Three polite sentences more that say nothing."""
    return text.rstrip() + FILLER


def shortened(text: str) -> str:
    """The first half of the words."""
    words = text.split()
    return " ".join(words[: -(-len(words) // 2)])


REWRITES: dict[str, Transform] = {
    "whitespace": whitespace,
    "lower_case": lower_case,
    "punctuation_spaces": punctuation_spaces,
    "quotes": quotes,
    "typos": typos,
    "synonyms": synonyms,
    "code_comment": code_comment,
}
