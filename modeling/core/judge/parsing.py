"""Replies to verdicts: a verdict that is not clear is a failure, never a guess.

A verdict stands in double brackets, as MT-Bench asks for it. A reply may repeat it; a reply that
holds two different ones is not read either way.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

from modeling.core.judge.verdicts import Reading

Side = Literal["A", "B", "C"]
T = TypeVar("T")

_SIDE = re.compile(r"\[\[\s*([ABC])\s*\]\]")
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_SCORE = re.compile(rf"\[\[\s*({_NUMBER})\s*\]\]")
_CRITERION = re.compile(rf"\[\[\s*(\d{{1,9}})\s*:\s*({_NUMBER})\s*\]\]")
_OUTCOME = re.compile(r"\[\[\s*(correct|incorrect)\s*\]\]", re.IGNORECASE)
_MARKS = re.compile(r"\[\[\s*(?:[ABC]|correct|incorrect|(?:\d+\s*:\s*)?[-+]?\d[\d.]*)\s*\]\]", re.I)

NOTHING = "the reply holds no verdict"
EMPTY = "the reply is empty"
CUT = "the reply was cut off before its verdict"
CONTRADICTION = "the reply holds contradictory verdicts"


def read_side(text: str, *, cut: bool = False) -> Reading[Side]:
    """The better side, A or B, or C for a tie."""
    found: set[Side] = set(_SIDE.findall(text))
    return _only(found, text, cut)


def read_score(text: str, *, low: float, high: float, cut: bool = False) -> Reading[float]:
    """A number from `low` to `high`."""
    reading = _only({float(number) for number in _SCORE.findall(text)}, text, cut)
    if reading.value is not None and not low <= reading.value <= high:
        return Reading(None, text, f"the score is not from {low:g} to {high:g}")
    return reading


def read_outcome(text: str, *, cut: bool = False) -> Reading[bool]:
    """Whether the result is right."""
    found = {word.lower() == "correct" for word in _OUTCOME.findall(text)}
    return _only(found, text, cut)


def read_rubric(
    text: str, *, criteria: Sequence[str], low: float, high: float, cut: bool = False
) -> Reading[Mapping[str, float]]:
    """A score for every criterion, which the reply names by numbers from 1."""
    if failure := _unreadable(_CRITERION.search(text) is not None, text, cut):
        return Reading(None, text, failure)
    found: dict[int, set[float]] = {}
    for number, score in _CRITERION.findall(text):
        found.setdefault(int(number), set()).add(float(score))
    failure = _wrong(found, len(criteria), low, high)
    if failure:
        return Reading(None, text, failure)
    return Reading({name: found[n].pop() for n, name in enumerate(criteria, start=1)}, text)


def _wrong(found: Mapping[int, set[float]], n: int, low: float, high: float) -> str:
    """What is wrong with the scores by criterion; empty where nothing is."""
    if any(len(scores) > 1 for scores in found.values()):
        return CONTRADICTION
    if set(found) - set(range(1, n + 1)):
        return "the reply scores a criterion that was not asked for"
    if len(found) < n:
        return "the reply leaves a criterion without a score"
    if not all(low <= score <= high for scores in found.values() for score in scores):
        return f"a score is not from {low:g} to {high:g}"
    return ""


def without_marks(text: str) -> str:
    """The explanation alone, for people: the reply without its verdict marks."""
    return re.sub(r"[ \t]+(?=\n|$)", "", _MARKS.sub("", text)).strip()


def _only(found: set[T], text: str, cut: bool) -> Reading[T]:
    if failure := _unreadable(bool(found), text, cut):
        return Reading(None, text, failure)
    return Reading(found.pop(), text) if len(found) == 1 else Reading(None, text, CONTRADICTION)


def _unreadable(is_found: bool, text: str, cut: bool) -> str:
    """A reply that was cut off may have been about to say something else."""
    if cut:
        return CUT
    if not text.strip():
        return EMPTY
    return "" if is_found else NOTHING
