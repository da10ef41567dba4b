"""Mathematics: compares the final results of two texts with math-verify.

Run as ``python -m annotate.verifiers.math``: reads JSON lines ``{id, reference, response}`` and
writes one line ``{id, correct, detail}`` for each, in order. Parsing may hang on what a model
wrote; math-verify bounds it with a signal, which works in a main thread only, and whoever started
the process bounds the whole of it.
"""

from __future__ import annotations

import re
import sys
from itertools import product
from typing import Any

from annotate.verifiers.final import last_line, named_answer
from annotate.verifiers.replies import TOO_LONG, answer_questions

SECONDS = 3
UNSURE = "the two results could not be compared"
_BOXED = re.compile(r"\\f?boxed\b")
_DELIMITED = re.compile(r"\$[^$]+\$|\\\(|\\\[|\\f?boxed\b")
_WRITTEN_OUT = re.compile(
    r"\\(?:text|textbf|mathrm|mathbf|mbox|operatorname)\s*\{[^{}]*\}|\\[a-zA-Z]+"
)
_WORD = re.compile(r"[^\W\d_]{2}")
_NUMBER = re.compile(r"[$+−-]?[\d.,\s]+%?")


def main() -> None:
    """Answer the questions on standard input until it ends."""
    import math_verify  # noqa: F401 - heavy, and its absence is no fault of a question

    sys.set_int_max_str_digits(0)  # long numbers are bounded by time
    answer_questions(compare)


def compare(reference: str, response: str) -> tuple[bool | None, str]:
    """Whether the two end in the same result, and what was compared; None: cannot tell."""
    from math_verify.errors import TimeoutException

    try:
        known, given = _parsed(reference), _parsed(response)
        if not known or not given:
            return None, f"no result found in the {'response' if known else 'reference'}"
        is_same = _same(known, given)
        return is_same, UNSURE if is_same is None else f"{given[-1]} against {known[-1]}"[:300]
    except TimeoutException:  # no Exception, so that nothing on the way swallows it
        return None, TOO_LONG


def _parsed(text: str) -> list[Any]:
    """The text's results as math-verify reads them; empty where there is none."""
    from math_verify import parse

    delimited = with_delimiters(text)
    return parse(delimited, parsing_timeout=SECONDS, raise_on_error=True) if delimited else []


def with_delimiters(text: str) -> str:
    """The text, or the answer that a line of it names, with delimiters where it has none.

    Outside of delimiters math-verify sees numbers only: of ``3\\sqrt{2}`` it would read 3. What
    holds no words is mathematics as a whole; LaTeX among words could be anything, so then the
    result is empty, as it is of nothing.
    """
    named = None if _BOXED.search(text) else named_answer(text)
    text = text if named is None else named
    if _DELIMITED.search(text):
        return text
    result = last_line(text)
    if not result:
        return ""
    is_latex = "\\" in result or "^" in result
    if _WORD.search(_WRITTEN_OUT.sub(" ", result)):
        return "" if is_latex else text
    is_whole = result == text.strip() and not _NUMBER.fullmatch(result)
    return f"${result}$" if is_latex or is_whole else text


def _same(known: list[Any], given: list[Any]) -> bool | None:
    """Whether any reading of the one is any of the other.

    None where a comparison failed, and where one side alone could be read as mathematics.
    """
    from math_verify import verify

    if _written(known) & _written(given):
        return True
    is_sure = _is_symbolic(known) == _is_symbolic(given)
    for one, other in product(known, given):
        try:
            if verify(one, other, timeout_seconds=SECONDS, raise_on_error=True):
                return True
        except Exception:  # whatever symbolic algebra makes of the pair
            is_sure = False
    return False if is_sure else None


def _written(readings: list[Any]) -> set[str]:
    return {one for one in readings if isinstance(one, str)}


def _is_symbolic(readings: list[Any]) -> bool:
    return any(not isinstance(one, str) for one in readings)


if __name__ == "__main__":
    main()
