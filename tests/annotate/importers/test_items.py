"""Files of mixed formats: which format a row has, where it comes from, what is wrong with it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.importers import FORMATS, BadRow, ImportFileError, ItemRecord, read_items
from annotate.importers.formats import detect, parse_row
from annotate.importers.items import row_hash
from annotate.importers.limits import check_limits
from annotate.importers.records import RowError

SAMPLES = {
    "turns": {"prompt": "q", "turns": [{"role": "assistant", "content": "a"}]},
    "hh_rlhf": {
        "chosen": "\n\nHuman: q\n\nAssistant: a",
        "rejected": "\n\nHuman: q\n\nAssistant: b",
    },
    "preference": {"prompt": "q", "chosen": "a", "rejected": "b"},
    "pairs_multi": {"prompt": "q", "response_a": "a", "response_b": "b", "majority": "a"},
    "responses": {"prompt": "q", "responses": ["a", "b"], "ranking": [[1], [0]]},
    "ratings": {"prompt": "q", "response": "a", "ratings": []},
    "rollouts": {"prompt": "q", "steps": ["a"], "rollouts": [[True, False]]},
    "steps": {"prompt": "q", "steps": ["a"], "labels": [1]},
    "outcomes": {"prompt": "q", "response": "a", "correct": True},
    "votes": {"item": "q", "model_a": "a", "model_b": "b", "winner": "model_a"},
    "crowd": {"item": "q", "annotator": "w1", "label": 1},
}


def test_there_is_a_sample_of_every_format():
    assert list(SAMPLES) == list(FORMATS)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_row_is_recognised_by_its_columns(name):
    assert detect(SAMPLES[name]) == name


def test_formats_may_be_mixed_in_one_file(load):
    kinds = [item.kind for item in load(*SAMPLES.values())]
    assert kinds[:4] == ["steps"] + ["comparison"] * 3
    assert kinds[4:7] == ["ranking", "rating", "steps"]
    assert kinds[7:] == ["steps", "outcome", "comparison", "rating"]


def test_a_row_of_no_format_is_told_its_columns_and_what_formats_need(refuse):
    reason = refuse({"question": "q", "answer": "a"})
    assert reason.startswith("No format knows a row with the columns answer, question:")
    assert "outcomes needs prompt, response and correct" in reason


def test_a_row_without_columns_is_refused(refuse):
    assert "a row with no columns" in refuse({})


def test_a_named_format_takes_only_its_own_rows(load, refuse):
    assert load(SAMPLES["steps"], fmt="steps")
    reason = refuse(SAMPLES["steps"], fmt="ratings")
    assert "Format ratings needs prompt, response and ratings; the row has" in reason


@pytest.mark.parametrize(
    ("name", "kind"), [("preference", "ranking"), ("ratings", "outcome"), ("outcomes", "steps")]
)
def test_a_kind_that_a_row_cannot_give_is_refused_in_a_sentence(refuse, name, kind):
    reason = refuse(SAMPLES[name], kind=kind)
    assert reason == f"A row of format {name} gives {FORMATS[name].kinds[0]} items, not {kind}."


def test_unknown_kinds_and_formats_are_an_error_at_once(write):
    path = write("a.jsonl", "{}")
    with pytest.raises(ValueError, match="There is no kind 'poem'"):
        read_items(path, kind="poem")
    with pytest.raises(ValueError, match="There is no format 'xml'"):
        read_items(path, fmt="xml")


def test_a_missing_file_is_an_error_at_once(tmp_path):
    with pytest.raises(ImportFileError, match="There is no file"):
        read_items(tmp_path / "none.jsonl")


def test_the_source_is_named_by_the_caller_or_the_row_or_the_file(load):
    row = SAMPLES["preference"]
    assert [item.source for item in load(row, row | {"source": "hh"})] == ["rows", "hh"]
    assert [item.source for item in load(row | {"source": "hh"}, source="mine")] == ["mine"]


def test_items_know_their_line_and_bad_rows_do_too(write):
    lines = [json.dumps(SAMPLES["responses"]), "{", json.dumps(SAMPLES["steps"])]
    path = write("a.jsonl", "\n".join(lines))
    first, bad, last = read_items(path)
    assert (first.line, last.line) == (1, 3)
    assert isinstance(bad, BadRow)
    assert (bad.file, bad.line) == ("a.jsonl", 2)


def test_the_hash_of_a_row_tells_rows_apart_but_not_orders_of_columns(load):
    one, other, third = load(
        {"id": 1, **SAMPLES["steps"]}, {**SAMPLES["steps"], "id": 1}, SAMPLES["steps"]
    )
    assert one.row == other.row == row_hash({"id": 1, **SAMPLES["steps"]})
    assert one.row != third.row


def test_a_second_reading_gives_the_same(load):
    assert load(*SAMPLES.values()) == load(*SAMPLES.values())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_csv_file_gives_the_same_items_as_json_lines(name, write, load):
    row = SAMPLES[name]
    cells = [value if isinstance(value, str) else json.dumps(value) for value in row.values()]
    text = io.StringIO()
    csv.writer(text).writerows([list(row), cells])
    (from_csv,) = read_items(write("rows.csv", text.getvalue()))
    (from_json,) = load(row)
    fields = ("kind", "prompt", "responses", "labels", "known")
    assert [getattr(from_csv, name) for name in fields] == [
        getattr(from_json, name) for name in fields
    ]


COLUMNS = (
    "prompt",
    "system",
    "chosen",
    "rejected",
    "prefix",
    "margin",
    "response_a",
    "response_b",
    "annotations",
    "majority",
    "gold",
    "responses",
    "ranking",
    "scores",
    "labels",
    "systems",
    "response",
    "ratings",
    "steps",
    "completions",
    "first_error",
    "correct",
    "solution_correct",
    "reference",
    "annotator",
    "source",
    "subset",
    "comment",
    "messages",
)
ENTRY_COLUMNS = (
    "annotator",
    "label",
    "aspect",
    "value",
    "comment",
    "strength",
    "shown_first",
    "content",
)
small = (
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.floats(-2, 2)
    | st.text("ab tie", max_size=3)
)
message = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "x"]), "content": small}
)
entry = st.dictionaries(
    st.sampled_from(ENTRY_COLUMNS),
    small,
)
turns = st.sampled_from(
    ["\n\nHuman: a\n\nAssistant: b", "Human: a", "\n\nHuman:", "Human: a\nAssistant:"]
)
cell = small | turns | st.lists(small | message | entry | st.lists(small, max_size=3), max_size=3)
rows = st.dictionaries(st.sampled_from(COLUMNS), cell, max_size=10)
broken = st.builds(lambda name, more: SAMPLES[name] | more, st.sampled_from(list(SAMPLES)), rows)


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows | broken, st.sampled_from([None, "comparison", "ranking", "rating", "steps", "outcome"])
)
def test_whatever_a_row_holds_it_gives_items_or_a_reason(row, kind):
    try:
        items = parse_row(row, kind=kind, fmt="auto", source="s")
    except RowError:
        items = ()
    for item in items:
        check_limits(item)
        assert isinstance(item, ItemRecord)
        assert kind is None or item.kind == kind
        assert item.prompt.messages
        assert item.responses
