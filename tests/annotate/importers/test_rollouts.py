"""Steps rated by rollouts: every way to write them, and the labels that follow."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.answers import MAX_TRIALS, ItemShape, StepsAnswer, answer_to_json, parse_answer
from annotate.importers import read_items
from annotate.importers.rollouts import parse

ROW = {"prompt": "2+2?", "steps": ["Add.", "So 5.", "Done."]}
COUNTS = [[3, 8], [0, 8], [0, 0]]


def answer_of(item):
    (label,) = item.labels
    return label.answer


@pytest.mark.parametrize(
    "columns",
    [
        {"rollouts": COUNTS},
        {"rollouts": [[3.0, 8.0], [0, 8], None]},
        {"rollouts": [[True] * 3 + [False] * 5, [False] * 8, []]},
        {"rollouts": [[1, 1, 1, 0, 0, 0, 0, 0], [0] * 8, None]},
        {"rollouts": [["true", "yes", "1"] + ["false"] * 5, ["no"] * 8, []]},
        {"soft_labels": [0.375, 0, None], "rollout_counts": [8, 8, 0]},
        {"soft_labels": [0.375, 0.0, 0.5], "rollout_counts": [8, 8, None]},
    ],
    ids=range(7),
)
def test_each_way_to_write_rollouts_keeps_their_numbers(load, columns):
    (item,) = load(ROW | columns)
    answer = answer_of(item)
    assert answer.labels == (1, -1, None)
    assert answer.soft == (0.375, 0.0, None)
    assert answer.trials == (8, 8, 0)
    assert answer.successes == (3, 0, None)


def test_soft_labels_without_numbers_of_rollouts_are_kept_as_they_are(load):
    (item,) = load(ROW | {"soft_labels": [0.1, "0.0", None]})
    answer = answer_of(item)
    assert answer == StepsAnswer((1, -1, None), soft=(0.1, 0.0, None), trials=(0, 0, 0))
    assert answer.successes == (None, None, None)


def test_the_labels_are_a_programs_in_the_namespace_of_the_source(load):
    columns = {"rollouts": COUNTS, "source": "shepherd", "annotator": "qwen-7b"}
    (item,) = load(ROW | columns)
    (label,) = item.labels
    assert (item.kind, item.source) == ("steps", "shepherd")
    assert (label.machine, label.annotator, label.positional) == ("rollouts", "qwen-7b", False)
    assert item.responses[0].steps == ("Add.", "So 5.", "Done.")


def test_the_known_answer_is_the_signs_alone(load):
    (item,) = load(ROW | {"rollouts": COUNTS})
    assert item.known == StepsAnswer((1, -1, None))


@pytest.mark.parametrize(
    "columns",
    [
        {"rollouts": [None, None, None]},
        {"rollouts": [[], [], []]},
        {"soft_labels": [None] * 3},
        {"soft_labels": [0.5] * 3, "rollout_counts": [0, 0, 0]},
    ],
)
def test_steps_without_any_rollout_are_an_item_to_label(load, columns):
    (item,) = load(ROW | columns)
    assert (item.labels, item.known) == ((), None)


def test_rollouts_go_before_steps_and_soft_labels_beside_labels_do_not(load):
    ours = ROW | {"labels": [1, -1, None], "soft_labels": [0.9, 0.1, None]}
    (item,) = load(ours)
    assert item.labels[0].machine == ""
    (item,) = load({"prompt": "p", "completions": ["a"], "rollouts": [[True]]})
    assert item.labels[0].machine == "rollouts"


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"rollouts": [[3, 8], [0, 8]]}, "rollouts has 2 entries for 3 steps"),
        ({"soft_labels": [0.5] * 4}, "soft_labels has 4 entries for 3 steps"),
        (
            {"soft_labels": [0.5] * 3, "rollout_counts": [8]},
            "rollout_counts has 1 entries for 3 steps",
        ),
        ({"rollouts": [[9, 8], [0, 8], [1, 8]]}, "9 successes of only 8 trials"),
        ({"rollouts": [[-1, 8], [0, 8], [1, 8]]}, "must not be negative, but one is -1"),
        ({"rollouts": [[2.5, 8], [0, 8], [1, 8]]}, "must be a whole number"),
        ({"rollouts": [[3, MAX_TRIALS + 1]] * 3}, "1,000,001 rollouts; at most 1,000,000"),
        ({"rollouts": [[3, 8], [1], [0, 8]]}, "must be true or false, but it is 3"),
        ({"rollouts": [[True, None], [True], [False]]}, "true or false, but one is null"),
        ({"rollouts": [[0, 1], [1, 1], [1, 1]]}, "can be outcomes or [successes, trials]"),
        ({"rollouts": [[0, 0], [0, 0], None]}, "can be outcomes or [successes, trials]"),
        ({"rollouts": "all"}, "rollouts must be a list, but it is text"),
        ({"rollouts": [1, 1, 1]}, "Each entry of rollouts must be a list"),
        ({"rollouts": COUNTS, "labels": [1, 1, 1]}, "Give rollouts or labels, not both"),
        ({"rollouts": COUNTS, "soft_labels": [0.5] * 3}, "Give rollouts or soft_labels, not both"),
        ({"soft_labels": [0.5, 1.5, None]}, "must be from 0 to 1, but one is 1.5"),
        ({"soft_labels": [-0.1, 1, None]}, "must be from 0 to 1, but one is -0.1"),
        ({"soft_labels": ["nan", 1, None]}, "must be a number, but it is 'nan'"),
        ({"soft_labels": [True, 1, None]}, "must be a number"),
        (
            {"soft_labels": [None, 1, 1], "rollout_counts": [8, 8, 8]},
            "needs its soft label",
        ),
        ({"soft_labels": [0.5] * 3, "rollout_counts": [-8, 8, 8]}, "must not be negative"),
        ({"rollouts": COUNTS, "annotator": ["x"]}, "annotator must be an id"),
        ({"rollouts": [], "steps": []}, "nothing to judge"),
    ],
)
def test_wrong_rollouts_are_refused_with_the_reason(refuse, columns, reason):
    assert reason in refuse(ROW | columns)


def test_nan_is_refused_before_it_is_read(write):
    path = write("rows.jsonl", json.dumps(ROW)[:-1] + ', "soft_labels": [NaN, 1, 1]}')
    (bad,) = read_items(path)
    assert "NaN" in bad.reason


def test_rows_of_format_rollouts_give_steps_only(refuse):
    reason = refuse(ROW | {"rollouts": COUNTS}, kind="outcome")
    assert reason == "A row of format rollouts gives steps items, not outcome."


def test_cells_of_a_table_hold_json(write):
    cells = ['"[""a"", ""b""]"', '"[[2, 4], [0, 4]]"', "", ""]
    header = "prompt,steps,rollouts,soft_labels,rollout_counts\n"
    (item,) = read_items(write("rows.csv", header + ",".join(["q", *cells]) + "\n"))
    assert answer_of(item).successes == (2, 0)


def test_texts_may_be_long_and_in_any_script(load):
    steps = ["計算" * 100_000, "🧮\u202e٤٢", "e\u0301"]
    (item,) = load({"prompt": "q", "steps": steps, "rollouts": COUNTS})
    assert item.responses[0].steps == tuple(steps)


@given(st.integers(1, MAX_TRIALS).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_successes_and_trials_come_back_exactly(pair):
    row = {"prompt": "q", "steps": ["a", "b"], "rollouts": [list(pair), [5, 9]]}
    (item,) = parse(row, kind=None, source="s")
    stored = json.loads(json.dumps(answer_to_json(answer_of(item))))
    read = parse_answer(stored, ItemShape("steps", n_steps=2, by_machine=True))
    assert read == answer_of(item)
    assert (read.successes, read.trials) == ((pair[0], 5), (pair[1], 9))
