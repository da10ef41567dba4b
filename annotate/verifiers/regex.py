"""Regular expression: a manager's pattern finds the answer, which must be the reference's.

The answer is the last match in the response that is not empty: its one group, or the whole match
of a pattern without a group. Both sides are normalised as in exact match.

Run as ``python -m annotate.verifiers.regex PATTERN`` it answers questions as
``annotate.verifiers.math`` does. A pattern may backtrack without end on some text; then an alarm
ends that question, which has no verdict.
"""

from __future__ import annotations

import re
import signal
import sys
import warnings
from types import FrameType
from typing import NoReturn

from annotate.verifiers.exact import NO_REFERENCE, known_answer, same
from annotate.verifiers.replies import TOO_LONG, answer_questions

SECONDS = 1.0
MAX_PATTERN = 300
NO_MATCH = "the pattern finds no answer in the response"


class PatternError(ValueError):
    """A pattern that cannot be used; the message says why."""


def main() -> None:
    """Answer the questions on standard input by the pattern that the command line gives."""
    pattern = compiled(sys.argv[1])
    signal.signal(signal.SIGALRM, _give_up)
    answer_questions(lambda reference, response: _in_time(pattern, reference, response))


def compiled(text: str) -> re.Pattern[str]:
    """The pattern. Raises PatternError where it is empty, too long, malformed or has two groups."""
    if not text:
        raise PatternError("Give a regular expression that finds the answer in a response.")
    if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text):
        raise PatternError("The pattern holds characters that are not text (NUL, surrogates).")
    if len(text) > MAX_PATTERN:
        raise PatternError(f"The pattern may have {MAX_PATTERN} characters at most.")
    try:
        with warnings.catch_warnings(action="ignore"):  # a future syntax is no fault today
            pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"This is no regular expression: {error}.") from error
    if pattern.groups > 1:
        raise PatternError(
            "The pattern has more than one group: keep the one that holds the answer "
            "and write the others as (?:…)."
        )
    return pattern


def compare(pattern: re.Pattern[str], reference: str, response: str) -> tuple[bool | None, str]:
    """Whether what the pattern finds is the reference's answer; None where it finds nothing."""
    known = known_answer(reference)
    if not known:
        return None, NO_REFERENCE
    given = found(pattern, response)
    return (None, NO_MATCH) if given is None else same(known, given)


def found(pattern: re.Pattern[str], text: str) -> str | None:
    """The last answer that the pattern finds; None where it finds none that is not blank."""
    last = None
    for match in pattern.finditer(text):
        answer = match[pattern.groups]
        if answer is not None and answer.strip():
            last = answer
    return last


def _in_time(pattern: re.Pattern[str], reference: str, response: str) -> tuple[bool | None, str]:
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return compare(pattern, reference, response)
    except TimeoutError:
        return None, TOO_LONG
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _give_up(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeoutError


if __name__ == "__main__":
    main()
