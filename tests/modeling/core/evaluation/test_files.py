import gzip
import json

import pytest

from modeling.core.errors import DataError
from modeling.core.evaluation.files import kind_of, read_judged

PROMPT = {"prompt": "Question?"}


def read(tmp_path, *rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_judged(path)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"chosen": "a", "rejected": "b"}, "preference"),
        ({"response_a": "a", "response_b": "b", "majority": "a"}, "preference"),
        ({"responses": ["a", "b"], "ranking": [[0], [1]]}, "ranking"),
        ({"completions": ["a", "b"], "tiers": [[0], [1]]}, "ranking"),
        ({"steps": ["a"], "labels": [1]}, "stepwise"),
        ({"completions": ["a"], "labels": [True]}, "stepwise"),
        ({"response": "a", "correct": True}, "outcome"),
        ({"completion": "a", "label": False}, "outcome"),
        ({"response": "a", "ratings": [{"aspect": "x", "value": 1}]}, "rating"),
        ({"completion": "a", "aspects": ["x"], "scores": [1]}, "rating"),
        ({"completion": "a", "label": "good"}, "classification"),
    ],
)
def test_a_row_tells_its_kind(tmp_path, row, kind):
    assert kind_of(PROMPT | row) == kind
    found = read(tmp_path, PROMPT | row)
    assert (found.kind, len(found.examples)) == (kind, 1)


def test_a_public_ranking_keeps_its_ties(tmp_path):
    row = PROMPT | {"responses": ["a", "b", "c"], "ranking": [[2], [0, 1]]}
    all_tied = PROMPT | {"responses": ["a", "b"], "ranking": [[0, 1]]}
    found = read(tmp_path, row, all_tied)
    assert found.examples[0].tiers == ((2,), (0, 1))
    assert found.unlabelled == 1


def test_public_steps_end_with_the_first_unlabelled_one(tmp_path):
    row = PROMPT | {"steps": ["a", "b", "c"], "labels": [1, -1, None], "subset": "math"}
    found = read(tmp_path, row, PROMPT | {"steps": ["a"], "labels": [None]})
    (example,) = found.examples
    assert (example.steps, example.labels, example.ratings) == (("a", "b"), (True, False), (1, -1))
    assert (example.first_error, example.category, found.unlabelled) == (1, "math", 1)


def test_ratings_are_means_by_aspect_and_words_are_numbers(tmp_path):
    ratings = [
        {"aspect": "safe", "value": "Yes"},
        {"aspect": "safe", "value": "No"},
        {"aspect": "safe", "value": "Unsure"},
        {"aspect": "tone", "value": 4},
    ]
    found = read(tmp_path, PROMPT | {"response": "a", "ratings": ratings})
    assert found.examples[0].scores == {"safe": 0.5, "tone": 4.0}
    nothing = PROMPT | {"response": None, "ratings": ratings}
    assert read(tmp_path, nothing, PROMPT | {"response": "", "ratings": []}).unlabelled == 2


def test_ties_are_counted_and_steps_before_a_pair_are_read(tmp_path):
    tie = PROMPT | {"response_a": "a", "response_b": "b", "majority": "tie"}
    pair = PROMPT | {"prefix": ["one", "two"], "chosen": "a", "rejected": "b"}
    found = read(tmp_path, pair, tie)
    assert found.ties == 1
    assert (found.examples[0].chosen, found.examples[0].rejected) == ("one\ntwo\na", "one\ntwo\nb")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"answer": 1}, "none that can be evaluated"),
        ({"steps": ["a"], "labels": [2]}, "-1, 0, 1 or null"),
        ({"steps": ["a"], "labels": [1, 1]}, "a list of 1 entries"),
        ({"response": "a", "correct": "yes"}, "true or false"),
        ({"response": "a", "ratings": ["x"]}, "list of objects"),
        ({"response": "a", "ratings": [{"aspect": "x", "value": "much"}]}, "a number, yes or no"),
        ({"responses": ["a", "b"], "ranking": [[0], [3]]}, "indices from 0 to 1"),
        ({"prefix": ["a"], "response_a": "b", "chosen": None}, "chosen must be a text"),
    ],
)
def test_a_bad_row_is_a_sentence_with_its_line(tmp_path, row, sentence):
    with pytest.raises(DataError, match=f"Line 1 of rows.jsonl: .*{sentence}"):
        read(tmp_path, PROMPT | row)


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="no rows"):
        read(tmp_path)


def test_a_damaged_archive_is_a_sentence(tmp_path):
    path = tmp_path / "rows.jsonl.gz"
    whole = gzip.compress(json.dumps(PROMPT).encode() * 50)
    path.write_bytes(whole[:10] + b"\xff" * 12 + whole[22:])
    with pytest.raises(DataError, match="Cannot read"):
        read_judged(path)
