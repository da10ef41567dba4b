"""Exact match: the response's final answer is the reference's, as normalised texts.

Where the response marks its answer, that one counts (``annotate.verifiers.final`` says how it is
found). Elsewhere the last line or the whole response must be the reference; a response that only
holds the reference among other words decides nothing.
"""

from __future__ import annotations

import re

from annotate.verifiers.final import last_line, marked_answer, normalised

MAX_DETAIL = 300
NO_REFERENCE = "the reference holds no answer"
NO_RESPONSE = "no result found in the response"
AMONG_WORDS = "the response names the reference among other words"


def compare(reference: str, response: str) -> tuple[bool | None, str]:
    """Whether the two have the same final answer, and what was compared; None: cannot tell."""
    known = known_answer(reference)
    if not known:
        return None, NO_REFERENCE
    given = marked_answer(response)
    return _unmarked(known, response) if given is None else same(known, given)


def known_answer(reference: str) -> str:
    """The reference's answer, normalised: the marked one, else all of it."""
    marked = marked_answer(reference)
    return normalised(reference if marked is None else marked)


def same(known: str, given: str) -> tuple[bool, str]:
    """Whether an answer is the known one, which is normalised already."""
    plain = normalised(given)
    return plain == known, f"{_short(plain)} against {_short(known)}"


def _short(text: str) -> str:
    most = MAX_DETAIL // 2 - len(" against ")
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _unmarked(known: str, response: str) -> tuple[bool | None, str]:
    last, whole = last_line(response), normalised(response)
    if not whole:
        return None, NO_RESPONSE
    if whole == known:
        return same(known, response)
    is_right, detail = same(known, last)
    if not is_right and _stands_in(known, whole):
        return None, AMONG_WORDS
    return is_right, detail


def _stands_in(known: str, text: str) -> bool:
    """Whether the text has the answer somewhere, not as a part of a longer word or number."""
    ungrouped = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    alone = rf"(?<![0-9a-z]){re.escape(known)}(?![0-9a-z])"
    return re.search(alone, ungrouped) is not None
