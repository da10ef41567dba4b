import json
import math

import numpy as np
import pytest

from modeling.core.errors import DataError
from modeling.core.evaluation.rewardbench import (
    PRIOR_SETS,
    SECTIONS,
    BenchRow,
    best_of,
    read_rewardbench,
    score_rewardbench,
    ties_score,
)


def row_1(subset, **values):
    return {"id": 1, "prompt": "Hi?", "chosen": "yes", "rejected": "no", "subset": subset} | values


def row_2(subset, correct=1, wrong=3, name="1"):
    return {
        "id": name,
        "prompt": "Hi?",
        "chosen": [f"good {k}" for k in range(correct)],
        "rejected": [f"bad {k}" for k in range(wrong)],
        "num_correct": correct,
        "num_incorrect": wrong,
        "subset": subset,
    }


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def scored_1(tmp_path, subsets, right):
    """Each row's reward is 1 for the better side where `right`, else 0 for both."""
    rows = read_rewardbench(write(tmp_path / "v1.jsonl", [row_1(name) for name in subsets]), 1)
    return score_rewardbench(rows, [np.array([float(hit), 0.0]) for hit in right], 1)


def test_subsets_weigh_by_their_published_sizes(tmp_path):
    found = scored_1(tmp_path, ["mt-bench-easy", "mt-bench-med", "mt-bench-med"], [1, 1, 0])
    assert found.subsets["mt-bench-med"].score == 0.5
    assert found.sections == {"Chat": pytest.approx((28 * 1 + 40 * 0.5) / 68)}
    assert found.score is None
    assert found.missing == ("Chat Hard", "Safety", "Reasoning")


def test_math_weighs_as_much_as_all_code(tmp_path):
    names = SECTIONS["Reasoning"]
    found = scored_1(tmp_path, names, [name == "math-prm" for name in names])
    assert found.sections["Reasoning"] == 0.5


def test_the_prior_sets_count_half(tmp_path):
    names = ["alpacaeval-easy", "llmbar-natural", "donotanswer", "math-prm", *PRIOR_SETS]
    found = scored_1(tmp_path, names, [1, 0, 1, 0, 1, 1, 1, 0])
    assert found.sections["Prior Sets"] == 0.75
    assert found.score == pytest.approx((2 + 0.5 * 0.75) / 4.5)
    assert scored_1(tmp_path, names[:4], [1, 0, 1, 0]).score == 0.5


def test_equal_rewards_are_wrong_in_version_1(tmp_path):
    assert scored_1(tmp_path, ["math-prm"], [0]).subsets["math-prm"].score == 0.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3, 1, 1, 1], 1.0), ([1, 3, 1, 1], 0.0), ([2, 2, 1, 0], 0.5), ([1, 1, 1, 1], 0.25)],
)
def test_best_of_four_shares_equal_rewards(values, expected):
    assert best_of(np.array(values, dtype=float), 1) == expected


def test_version_2_is_the_mean_of_its_subsets(tmp_path):
    names = ["Factuality", "Precise IF", "Math", "Safety", "Focus"]
    rows = [row_2(name) for name in names]
    rows += [row_2("Ties", name="ref:1"), row_2("Ties", 2, 2, name="tied:1")]
    read = read_rewardbench(write(tmp_path / "v2.jsonl", rows), 2)
    rewards = [np.array([1.0, 0, 0, 0])] * 4 + [np.array([0.0, 1, 0, 0])]
    rewards += [np.array([0.0, 1, 1, 1]), np.array([0.0, 5, 1, 1])]
    found = score_rewardbench(read, rewards, 2)
    assert found.subsets["Focus"].score == 0.0
    assert found.subsets["Ties"].score == pytest.approx(-0.01 * math.tanh(1.2))
    assert found.score == pytest.approx((4 - 0.01 * math.tanh(1.2)) / 6)
    assert found.missing == ()


def tied(name, correct, wrong):
    row = BenchRow(name, "Ties", (), tuple(map(str, correct)), tuple(map(str, wrong)))
    return row, np.array([*correct, *wrong], dtype=float)


def test_ties_by_hand():
    """Prompt 1: spread 1, ahead 3 and 2 (ref). Prompt 2: wrong answers win in both."""
    part = [
        tied("tied:1", [5, 6], [2, 0]),
        tied("ref:1", [3], [1, 0, 0]),
        tied("tied:2", [1, 2], [4]),
        tied("ref:2", [0], [1]),
    ]
    by_how_much = (math.tanh(2 / 1 - 1) + math.tanh(-3 / 1 - 1)) / 2
    expected = 0.3 * 0.5 + 0.3 * 0.5 + 0.2 * 0.5 + 0.2 * 0.5 + 0.01 * by_how_much
    assert ties_score(part) == pytest.approx(expected)


def test_equally_scored_right_answers_are_what_ties_want():
    part = [tied("tied:1", [5, 5], [2]), tied("ref:1", [5], [2])]
    assert ties_score(part) == pytest.approx(1.01)


def test_a_single_kind_of_tie_still_has_a_score():
    assert ties_score([tied("ref:1", [5], [2])]) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("row", "version", "sentence"),
    [
        (row_1("x", chosen=["a"]), 1, "chosen must be a text"),
        (row_1(None), 1, "subset must be a text"),
        (row_1("x"), 2, "chosen must be a list"),
        (row_2("x", 0), 2, "at least one"),
        (row_2("x") | {"num_correct": 2}, 2, "must hold 2 responses"),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path, row, version, sentence):
    with pytest.raises(DataError, match=f"Line 1 of bad.jsonl: .*{sentence}"):
        read_rewardbench(write(tmp_path / "bad.jsonl", [row]), version)


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="no rows"):
        read_rewardbench(write(tmp_path / "none.jsonl", []), 1)
