"""Rows of the kinds that are no pairs, from JSON Lines and from Parquet."""

import json
import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modeling.core.data import Message, read_dataset
from modeling.core.errors import DataError
from tests.modeling.core.conftest import write_jsonl
from tests.modeling.core.rows import ROWS, write_kind

LONE_SURROGATE = "\ud83d"


def only_row(tmp_path, kind, row, **manifest):
    """What a dataset of this one row reads as."""
    directory = tmp_path / kind
    directory.mkdir()
    write_jsonl(directory / "train.jsonl", [row])
    (directory / "manifest.json").write_text(json.dumps({"kind": kind, **manifest}))
    return read_dataset(directory).splits["train"][0]


def refusal(tmp_path, kind, change, **manifest):
    with pytest.raises(DataError) as caught:
        only_row(tmp_path, kind, ROWS[kind](1) | change, **manifest)
    return str(caught.value)


@pytest.mark.parametrize("kind", ROWS)
def test_every_kind_is_read_by_split(tmp_path, kind):
    dataset = read_dataset(write_kind(tmp_path / "d", kind, train=3, validation=0, test=2))
    assert dataset.kind == kind
    assert dataset.rows == {"train": 3, "validation": 0, "test": 2}
    first = dataset.splits["train"][0]
    assert first.prompt == (Message("user", "Question 0?"),)
    assert (first.group, first.item, first.weight) == ("g0", "i0", 1.0)
    assert dataset.facts["rows"] == dataset.rows


def test_a_ranking(tmp_path):
    row = ROWS["ranking"](0) | {"tiers": [[2], [0]], "weight": 2.5}
    example = only_row(tmp_path, "ranking", row)
    assert example.places() == [1, -1, 0]
    assert example.weight == 2.5
    assert example.texts()[0].text == "Human: Question 0?\n\nAssistant: yes please 0"


def test_a_solution_in_steps(tmp_path):
    example = only_row(tmp_path, "stepwise", ROWS["stepwise"](1))
    assert example.labels == (True, True, False)
    assert example.soft_labels == (1.0, 0.75, 0.25)
    assert example.ratings == (1, 0, -1)
    assert example.first_error == 2
    context, steps = example.parts()
    assert context == "Human: Question 1?\n\nAssistant:"
    assert steps == [" yes 1\n", "yes then\n", "no no no\n"]


def test_a_solution_without_shares_and_ratings(tmp_path):
    row = ROWS["stepwise"](1) | {"soft_labels": None, "ratings": None, "step_weights": [1, 0, 2.5]}
    example = only_row(tmp_path, "stepwise", row)
    assert example.soft_labels == (1.0, 1.0, 0.0)
    assert example.ratings is None
    assert example.step_weights == (1.0, 0.0, 2.5)


def test_a_prompt_of_turns_is_read_as_a_conversation(tmp_path):
    row = ROWS["stepwise"](0) | {"prompt": "Human: A?\n\nAssistant: B.\n\nHuman: C?"}
    example = only_row(tmp_path, "stepwise", row)
    assert [message.role for message in example.prompt] == ["user", "assistant", "user"]


def test_an_outcome(tmp_path):
    example = only_row(tmp_path, "outcome", ROWS["outcome"](1))
    assert (example.label, example.label_probability) == (False, 0.25)
    assert example.text().response == " no 1"


def test_an_outcome_without_votes_is_certain(tmp_path):
    row = ROWS["outcome"](1) | {"label_probability": None, "completion": "plain text"}
    example = only_row(tmp_path, "outcome", row)
    assert (example.label_probability, example.completion) == (0.0, "plain text")


def test_a_rating(tmp_path):
    row = ROWS["rating"](0) | {"scores": [4, None]}
    assert only_row(tmp_path, "rating", row).scores == {"helpfulness": 4.0}


def test_a_class_and_the_probabilities_of_all(tmp_path):
    row = ROWS["classification"](0) | {"class_probabilities": [0.25, 0.75]}
    manifest = {"classes": ["unsafe", "acceptable"]}
    example = only_row(tmp_path, "classification", row, **manifest)
    assert example.label == "acceptable"
    assert example.class_probabilities == {"unsafe": 0.25, "acceptable": 0.75}


def test_a_row_may_name_the_classes_itself(tmp_path):
    row = ROWS["classification"](0) | {
        "class_probabilities": [0.75, 0.25],
        "classes": ["acceptable", "odd"],
    }
    directory = write_kind(tmp_path / "d", "classification", train=1, validation=0, test=0)
    write_jsonl(directory / "train.jsonl", [row])
    assert read_dataset(directory).classes == ("acceptable", "odd")


def test_classes_are_the_manifests_or_the_labels_sorted(tmp_path):
    directory = write_kind(tmp_path / "d", "classification")
    assert read_dataset(directory).classes == ("acceptable", "unacceptable", "unsafe")
    classes = ["unsafe", "unacceptable", "acceptable", "unused"]
    manifest = {"kind": "classification", "classes": classes}
    (directory / "manifest.json").write_text(json.dumps(manifest))
    assert read_dataset(directory).classes == tuple(classes)


BAD = [
    ("ranking", {"completions": ["a"]}, "indices from 0 to 0"),
    ("ranking", {"tiers": [[0, 1, 2]]}, "two tiers or more"),
    ("ranking", {"tiers": [[0], [0, 1]]}, "each at most once"),
    ("ranking", {"tiers": [[0], [3]]}, "indices from 0 to 2"),
    ("ranking", {"tiers": [[0], [1.0]]}, "whole number"),
    ("ranking", {"tiers": "0>1"}, "tiers must be a list"),
    ("ranking", {"completions": ["a", None, "c"]}, r"completions[1] must be a text"),
    ("ranking", {"weight": -1}, "weight must lie"),
    ("stepwise", {"completions": []}, "at least one step"),
    ("stepwise", {"labels": [True]}, "labels must have 3 entries, not 1"),
    ("stepwise", {"labels": [1, 1, 0]}, "true or false"),
    ("stepwise", {"soft_labels": [1.0, 2.0, 0.0]}, "between 0 and 1"),
    ("stepwise", {"ratings": [1, 0, 2]}, "-1, 0 or 1"),
    ("stepwise", {"step_weights": [1.0, -1.0, 1.0]}, "zero or more"),
    ("stepwise", {"prompt": None}, "conversation"),
    ("outcome", {"label": "yes"}, "true or false"),
    ("outcome", {"label": None}, "true or false"),
    ("outcome", {"label_probability": math.nan}, "finite number"),
    ("rating", {"aspects": ["a"], "scores": [10**400]}, "finite number"),
    ("outcome", {"completion": None}, "conversation"),
    ("outcome", {"completion": [{"role": "user", "content": "x"}]}, "assistant turn"),
    ("rating", {"scores": [1.0]}, "scores must have"),
    ("rating", {"aspects": ["a", "a"], "scores": [1.0, 2.0]}, "differ from one another"),
    ("rating", {"aspects": ["a"], "scores": [None]}, "at least one aspect"),
    ("rating", {"aspects": [], "scores": []}, "at least one aspect"),
    ("rating", {"aspects": ["a"], "scores": ["5"]}, "finite number"),
    ("classification", {"label": 3}, "label must be a text"),
    ("classification", {"class_probabilities": [1.0]}, "list of classes"),
    ("classification", {"classes": ["odd"]}, "one of odd"),
    (
        "classification",
        {"classes": ["unacceptable", "odd"], "class_probabilities": [0.5, 0.6]},
        "add up to 1",
    ),
]


@pytest.mark.parametrize(("kind", "change", "words"), BAD)
def test_a_bad_row_is_refused_with_its_line(tmp_path, kind, change, words):
    message = refusal(tmp_path, kind, change)
    assert message.startswith("Line 1 of train.jsonl: ")
    assert words in message


def test_a_label_that_the_manifest_does_not_list_is_refused(tmp_path):
    assert "one of good, bad" in refusal(tmp_path, "classification", {}, classes=["good", "bad"])


@pytest.mark.parametrize("classes", ["good", [1, 2], ["good", "good"]])
def test_a_manifest_with_odd_classes_is_refused(tmp_path, classes):
    assert "classes in manifest.json" in refusal(tmp_path, "classification", {}, classes=classes)


def test_a_kind_that_is_not_known_is_refused_with_those_that_are(tmp_path):
    directory = write_kind(tmp_path / "d", "ranking")
    (directory / "manifest.json").write_text('{"kind": "haiku"}')
    with pytest.raises(DataError, match=r'reads datasets of preference, .* not of kind "haiku"'):
        read_dataset(directory)


def test_half_a_character_is_refused_and_a_whole_one_is_not(tmp_path):
    message = refusal(tmp_path, "outcome", {"completion": LONE_SURROGATE})
    assert "Line 1" in message
    assert "surrogate" in message
    (tmp_path / "whole").mkdir()
    row = ROWS["outcome"](0) | {"completion": "\U0001f600 \0 \u202e שלום"}
    assert only_row(tmp_path / "whole", "outcome", row).completion.startswith("\U0001f600")


def as_parquet(directory, *, shards):
    """Replace the JSON Lines of a dataset by Parquet files."""
    for name in ("train", "validation", "test"):
        lines = directory / f"{name}.jsonl"
        rows = [json.loads(line) for line in lines.read_text().splitlines()]
        size = -(-len(rows) // shards)
        for shard in range(shards):
            table = pa.Table.from_pylist(rows[shard * size : (shard + 1) * size])
            path = f"{name}.parquet" if shards == 1 else f"{name}-{shard:05}-of-{shards:05}.parquet"
            pq.write_table(table, directory / path)
        lines.unlink()
    return directory


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("kind", ROWS)
def test_parquet_reads_as_json_lines_do(tmp_path, kind, shards):
    directory = write_kind(tmp_path / "d", kind)
    lines = read_dataset(directory)
    assert read_dataset(as_parquet(directory, shards=shards)) == lines


def test_json_lines_are_preferred(tmp_path):
    directory = write_kind(tmp_path / "d", "outcome")
    pq.write_table(pa.table({"odd": [1]}), directory / "train.parquet")
    assert read_dataset(directory).rows["train"] == 12


def test_a_missing_shard_is_noticed(tmp_path):
    directory = as_parquet(write_kind(tmp_path / "d", "outcome"), shards=3)
    (directory / "train-00001-of-00003.parquet").unlink()
    with pytest.raises(DataError, match="2 of the 3 Parquet files of train"):
        read_dataset(directory)


def test_a_bad_row_of_a_parquet_file_is_refused_with_its_number(tmp_path):
    directory = write_kind(tmp_path / "d", "outcome", train=2)
    rows = [ROWS["outcome"](0), ROWS["outcome"](1) | {"label_probability": 2.0}]
    write_jsonl(directory / "train.jsonl", rows)
    with pytest.raises(DataError, match=r"Row 2 of train.parquet: label_probability"):
        read_dataset(as_parquet(directory, shards=1))


def test_a_broken_parquet_file_is_refused(tmp_path):
    directory = as_parquet(write_kind(tmp_path / "d", "outcome"), shards=1)
    (directory / "train.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(DataError, match=r"Cannot read .*train.parquet"):
        read_dataset(directory)


def test_without_a_hash_in_the_manifest_all_shards_are_hashed(tmp_path):
    directory = write_kind(tmp_path / "d", "outcome")
    (directory / "manifest.json").write_text('{"kind": "outcome"}')
    before = read_dataset(as_parquet(directory, shards=2)).content_hash
    pq.write_table(
        pa.Table.from_pylist([ROWS["outcome"](9)]), directory / "test-00001-of-00002.parquet"
    )
    assert read_dataset(directory).content_hash != before
