"""What callers send is read once, and nonsense is refused with a sentence that says where."""

import pytest

from modeling.core.data import Message
from modeling.core.errors import DataError, TooMuchError
from modeling.core.serving import Limits, parse_inputs, parse_options

HELLO = (Message("user", "Hello"),)


def test_a_response_solution_or_several_responses_become_candidates():
    one, solved, several, solutions = parse_inputs(
        [
            {"prompt": "Hello", "response": "Hi"},
            {"prompt": [{"role": "user", "content": "Hello"}], "steps": ["a", "b"]},
            {"prompt": "Hello", "responses": ["Hi", "No"]},
            {"prompt": "Hello", "responses": [["a"], ["b", "c"]]},
        ]
    )
    assert {each.prompt for row in (one, solved, several) for each in row.candidates} == {HELLO}
    assert (one.candidates[0].response, one.many) == ("Hi", False)
    assert solved.candidates[0].steps == ("a", "b")
    assert ([each.response for each in several.candidates], several.many) == (["Hi", "No"], True)
    assert [each.steps for each in solutions.candidates] == [("a",), ("b", "c")]


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (None, "inputs must be a list"),
        ([], "inputs must be a list"),
        (["x"], "inputs.0 must be an object"),
        ([{"prompt": "x"}], "inputs.0 must be a prompt with"),
        ([{"response": "x"}], "inputs.0 must be a prompt with"),
        ([{"prompt": "x", "response": "y", "steps": ["z"]}], "only one of these"),
        ([{"prompt": "x", "response": "y", "colour": 1}], 'unknown field "colour"'),
        ([{"prompt": 3, "response": "y"}], "inputs.0.prompt"),
        ([{"prompt": [{"role": "user"}], "response": "y"}], "inputs.0.prompt"),
        ([{"prompt": "x", "response": None}], "inputs.0.response must be a text"),
        ([{"prompt": "x", "steps": []}], "inputs.0.steps must be a list"),
        ([{"prompt": "x", "steps": ["a", 2]}], "inputs.0.steps.1 must be a text"),
        ([{"prompt": "x", "responses": []}], "inputs.0.responses must be a list"),
        ([{"prompt": "x", "responses": [["a"], 2]}], "inputs.0.responses.1 must be a text"),
    ],
)
def test_what_is_malformed_is_named(value, where):
    with pytest.raises(DataError, match=where):
        parse_inputs(value)


@pytest.mark.parametrize(
    "value",
    [
        [{"prompt": "x", "response": "y"}] * 5,
        [{"prompt": "x", "responses": ["y"] * 5}],
        [{"prompt": "x", "steps": ["y"] * 5}],
        [{"prompt": "x", "responses": ["y"] * 4}, {"prompt": "x", "steps": ["y"] * 4}],
        [{"prompt": "x" * 60, "responses": ["y", "z"]}],
        [{"prompt": [{"role": "x" * 60, "content": ""}], "responses": ["y", "z"]}],
        [{"prompt": [{"role": "u", "content": ""}] * 30, "response": "y"}],
    ],
)
def test_what_is_too_much_is_refused(value):
    limits = Limits(inputs=4, candidates=4, steps=4, texts=6, characters=100)
    with pytest.raises(TooMuchError):
        parse_inputs(value, limits=limits)


@pytest.mark.parametrize(
    "values",
    [{"reduce": "sum"}, {"prune_below": 2}, {"prune_below": True}, {"calibrated": "yes"}],
)
def test_options_that_make_no_sense_are_refused(values):
    with pytest.raises(DataError, match=next(iter(values))):
        parse_options(values)
    assert parse_options({}) == parse_options({"reduce": "min", "prune_below": None})
