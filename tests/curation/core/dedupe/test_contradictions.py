"""Merged items between which judgments disagree."""

from typing import Any

import pytest

from curation.core.records import Corpus, Judgment
from tests.curation.core.small import (
    build,
    comparison,
    corpus,
    outcome,
    prompt,
    ranking,
    response,
    steps,
)


def doubled() -> Corpus:
    """One question under two keys, its answers a, b, c as x, y, z under the other."""
    answers = [response(key, f"Answer {key}.") for key in "abc"]
    again = [response(k, f"Answer {o}.") for k, o in zip("xyz", "abc", strict=True)]
    solved = [response(key, steps=("one", "two")) for key in "st"]
    return corpus([prompt("p", "Why?"), prompt("q", "Why?")], [*answers, *again, *solved])


def found(kind: Any, *judgments: Judgment, **recipe: Any) -> tuple[tuple[str, ...], ...]:
    return build(kind, judgments, doubled(), **recipe).contradictions


OTHER: dict[str, Any] = {"item": "j", "prompt": "q"}
PAIR: dict[str, Any] = {"left": "x", "right": "y", **OTHER}
TURNED: dict[str, Any] = {"left": "y", "right": "x", **OTHER}


@pytest.mark.parametrize(
    ("kind", "one", "other", "contradictory"),
    [
        ("preference", comparison("left"), comparison("right", **PAIR), True),
        ("preference", comparison("left"), comparison("left", **TURNED), True),
        ("preference", comparison("left"), comparison("right", **TURNED), False),
        ("preference", comparison("left"), comparison("tie", **PAIR), False),
        ("outcome", outcome(True), outcome(False, response="x", **OTHER), True),
        ("outcome", outcome(True), outcome(True, response="x", **OTHER), False),
        ("ranking", ranking("a", "b", "c"), ranking("x", "z", "y", **OTHER), True),
        ("ranking", ranking("a", "b", "c"), ranking("x", "yz", **OTHER), False),
        ("stepwise", steps(1, -1), steps(1, 1, response="t", **OTHER), True),
        ("stepwise", steps(1, -1), steps(0, None, response="t", **OTHER), False),
    ],
)
def test_opposite_answers_to_one_question_are_found(
    kind: Any, one: Judgment, other: Judgment, contradictory: bool
) -> None:
    assert found(kind, one, other) == ((("i", "j"),) if contradictory else ())


def test_an_items_own_disagreement_is_its_own_matter() -> None:
    same = [comparison("left"), comparison("right")]
    assert found("preference", *same) == ()
    agreeing = comparison("tie", **PAIR)
    assert found("preference", *same, agreeing) == ()


def test_a_decision_is_no_side_of_a_contradiction() -> None:
    decided = comparison("right", left="x", right="y", overrides=True, **OTHER)
    assert found("preference", comparison("left"), decided) == ()


def test_items_kept_apart_do_not_contradict_each_other() -> None:
    other = comparison("right", **PAIR)
    assert found("preference", comparison("left"), other, dedupe={"exact": False}) == ()
