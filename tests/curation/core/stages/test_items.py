"""Items by their texts: language, length, emptiness, evaluation sets."""

from typing import Any

import pytest

from curation.core.build import Built, build_dataset
from curation.core.errors import RecipeError
from curation.core.inputs import Inputs
from curation.core.records import Judgment
from curation.recipe import Decontaminate, FilterTexts, Recipe
from tests.curation.core.small import build, comparison, corpus, outcome, prompt, response

ENGLISH = "Could you please tell me how the weather will be in the mountains tomorrow morning?"
GERMAN = "Kannst du mir bitte sagen, wie das Wetter morgen früh in den Bergen werden wird?"
TEXTS = corpus(
    [prompt("p", ENGLISH), prompt("q", GERMAN), prompt("r", "?")],
    [
        response("a", "Sunny."),
        response("b", "Rain, and then some more rain."),
        response("e", " \n"),
    ],
)
JUDGMENTS: list[Judgment] = [
    comparison("left", item="i"),
    comparison("left", item="j", prompt="q"),
    comparison("right", item="k", prompt="r"),
    comparison("left", item="l", right="e"),
]


def filtered(**settings: Any) -> dict[str, str]:
    built = build("preference", JUDGMENTS, TEXTS, texts=FilterTexts(**settings))
    return {entry.item: entry.reason for entry in built.left_out if entry.step == "texts"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {}),
        ({"languages": ("de",)}, {"i": "language", "l": "language"}),
        ({"min_chars": 5}, {"l": "too_short"}),
        ({"max_chars": 10}, {"i": "too_long", "j": "too_long", "k": "too_long"}),
        ({"max_prompt_chars": 2}, {"i": "prompt_too_long", "j": "prompt_too_long",
                                   "l": "prompt_too_long"}),
        ({"drop_empty": True}, {"l": "empty_response"}),
        ({"languages": ("de",), "drop_empty": True}, {"i": "language", "l": "language"}),
    ],
)  # fmt: skip
def test_each_item_leaves_for_one_reason(asked: dict[str, Any], expected: dict[str, str]) -> None:
    assert filtered(**asked) == expected


def test_the_counts_of_every_step_add_up() -> None:
    built = build("preference", JUDGMENTS, TEXTS, texts=FilterTexts(drop_empty=True, max_chars=10))
    for step in built.steps:
        assert step.before - step.after == sum(step.dropped.values())
    assert built.dropped == {"empty_response": 1, "too_long": 3}


def decontaminated(evaluation: list[str], **settings: Any) -> Built:
    recipe = Recipe("preference", decontaminate=Decontaminate(against=("exam",), **settings))
    inputs = Inputs(evaluations={"exam": evaluation}, digests={"evaluation/exam": "0" * 64})
    return build_dataset(TEXTS, JUDGMENTS, recipe, inputs=inputs)


def test_items_that_repeat_an_evaluation_set_leave() -> None:
    contained = decontaminated([f"Exercise 7. {ENGLISH} Explain."], ngram=8)
    reasons = {e.item: e.reason for e in contained.left_out if e.step == "decontaminate"}
    assert reasons == {"i": "evaluation_ngram", "l": "evaluation_ngram"}
    assert contained.inputs == {"evaluation/exam": "0" * 64}
    alike = decontaminated([ENGLISH.replace("please", "kindly")], ngram=13, threshold=0.5)
    reasons = {e.item: e.reason for e in alike.left_out if e.step == "decontaminate"}
    assert set(reasons.values()) == {"evaluation_near_duplicate"}
    assert decontaminated(["Something else entirely."]).dropped == {}


def test_an_evaluation_set_that_is_not_there_says_what_to_do() -> None:
    recipe = Recipe("preference", decontaminate=Decontaminate(against=("exam",)))
    with pytest.raises(RecipeError, match="no evaluation set 'exam'; add it to the project first"):
        build_dataset(TEXTS, JUDGMENTS, recipe)


def test_items_of_one_response_are_filtered_alike() -> None:
    judged = [outcome(True, item="o", response="e"), outcome(True, item="n")]
    built = build("outcome", judged, TEXTS, texts=FilterTexts(drop_empty=True))
    assert built.dropped == {"empty_response": 1}
