"""What a preview keeps: a few examples of everything that a step drops."""

import json

from curation.core.build import build_dataset
from curation.preview import EXAMPLES, EXCERPT, preview_of
from curation.recipe import FilterTexts, Recipe, SelectJudgments
from tests.curation.core.small import comparison, small_corpus


def preview(judgments, **settings):
    recipe = Recipe("preference", aggregate="majority", **settings)
    return preview_of(build_dataset(small_corpus(), judgments, recipe))


def step_of(shown, name):
    (step,) = [step for step in shown["steps"] if step["step"] == name]
    return step


def test_counts_add_up_and_examples_are_few():
    judgments = [comparison("left", item=f"i{n}", seconds=float(n)) for n in range(20)]
    shown = preview(judgments, select=SelectJudgments(min_seconds=12, max_seconds=18))
    select = step_of(shown, "select")
    assert select["dropped"] == {"too_fast": 12, "too_slow": 1}
    assert select["before"] - select["after"] == 13
    examples = select["examples"]
    assert len(examples) == EXAMPLES + 1
    assert {one["reason"] for one in examples} == {"too_fast", "too_slow"}
    assert all(one["revision"] for one in examples)


def test_would_be_rows_show_their_responses_shortened():
    corpus = small_corpus()
    texts = dict(corpus.responses)
    texts["a"] = type(texts["a"])("a", "x" * 200_000)
    long = type(corpus)(corpus.prompts, texts)
    recipe = Recipe("preference", aggregate="majority")
    shown = preview_of(build_dataset(long, [comparison("tie")], recipe))
    (example,) = step_of(shown, "aggregate")["examples"]
    assert example["reason"] == "tie"
    assert len(example["text"]) < 2 * EXCERPT + 10


def test_an_empty_project_has_a_preview_too():
    shown = preview([])
    assert shown["rows"] == {"train": 0, "validation": 0, "test": 0}
    assert (shown["even"], shown["contradictions"]) == (0, 0)
    assert json.loads(json.dumps(shown)) == shown


def test_a_preview_is_plain_values():
    shown = preview([comparison("left"), comparison("right", annotator="z")], texts=FilterTexts())
    assert shown["even"] == 1
    assert shown["figures"]["aggregate"] == "majority"
    assert json.loads(json.dumps(shown)) == shown
