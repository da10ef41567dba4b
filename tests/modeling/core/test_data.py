import gzip
import json

import pytest

from modeling.core.data import (
    Message,
    group_of,
    parse_prompt,
    read_dataset,
    read_pairs,
    render,
    render_parts,
)
from modeling.core.errors import DataError
from tests.modeling.core.conftest import preference_row, write_dataset, write_jsonl

USER, ASSISTANT = "user", "assistant"


def only_pair(tmp_path, row):
    return read_pairs(write_jsonl(tmp_path / "pairs.jsonl", [row])).examples[0]


def test_a_dataset_directory_is_read_by_split(tmp_path):
    dataset = read_dataset(write_dataset(tmp_path / "d", train=3, validation=0, test=1))
    assert dataset.rows == {"train": 3, "validation": 0, "test": 1}
    assert dataset.content_hash == "hash-3-0-1"
    first = dataset.splits["train"][0]
    assert first.prompt == (Message(USER, "Question 0?"),)
    assert (first.chosen, first.rejected) == ("yes please 0", "no 0")
    assert (first.group, first.item, first.category) == ("g0", "i0", "even")


def test_without_a_hash_in_the_manifest_the_files_are_hashed(tmp_path):
    directory = write_dataset(tmp_path / "d")
    (directory / "manifest.json").write_text("{}")
    before = read_dataset(directory).content_hash
    write_jsonl(directory / "test.jsonl", [preference_row(99)])
    assert read_dataset(directory).content_hash != before


def test_a_directory_without_a_manifest_is_no_dataset(tmp_path):
    with pytest.raises(DataError, match=r"manifest\.json"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chosen": None}, "both sides"),
        ({"chosen_probability": 0.2}, "chosen_probability"),
        ({"weight": -1}, "weight"),
        ({"weight": "1"}, "weight"),
        ({"prompt": 3}, "conversation"),
        ({"prompt": [{"role": "user"}]}, "message"),
        ({"chosen": [{"role": "user", "content": "x"}]}, "assistant turn"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path, change, words):
    rows = [preference_row(0), preference_row(1) | change]
    with pytest.raises(DataError, match=f"Line 2 .*{words}"):
        read_pairs(write_jsonl(tmp_path / "pairs.jsonl", rows))


def test_a_line_that_is_not_json_is_refused_with_its_number(tmp_path):
    (tmp_path / "pairs.jsonl").write_text('{"a": 1\n')
    with pytest.raises(DataError, match="Line 1"):
        read_pairs(tmp_path / "pairs.jsonl")


def test_gzipped_pairs_are_read(tmp_path):
    path = tmp_path / "pairs.jsonl.gz"
    row = {"id": "a", "prompt": "Hi", "chosen": "x", "rejected": "y", "subset": "s"}
    with gzip.open(path, "wt") as stream:
        stream.write(json.dumps(row) + "\n")
    pair = read_pairs(path).examples[0]
    assert pair.prompt == (Message(USER, "Hi"),)
    assert (pair.item, pair.category, pair.weight) == ("a", "s", 1.0)


def test_a_truncated_gzip_file_is_refused(tmp_path):
    whole = gzip.compress(b'{"prompt": "Hi", "chosen": "x", "rejected": "y"}\n' * 50)
    (tmp_path / "pairs.jsonl.gz").write_bytes(whole[:-12])
    with pytest.raises(DataError, match="Cannot read"):
        read_pairs(tmp_path / "pairs.jsonl.gz")


def test_majorities_choose_the_side_and_ties_are_counted(tmp_path):
    row = {"prompt": "Hi", "response_a": "x", "response_b": ""}
    rows = [row | {"majority": label} for label in ("a", "tie", "b")]
    found = read_pairs(write_jsonl(tmp_path / "pairs.jsonl", rows))
    assert found.ties == 1
    assert [(pair.chosen, pair.rejected) for pair in found.examples] == [("x", ""), ("", "x")]


def test_an_unknown_majority_is_refused(tmp_path):
    row = {"prompt": "Hi", "response_a": "x", "response_b": "y", "majority": "left"}
    with pytest.raises(DataError, match="majority"):
        only_pair(tmp_path, row)


def test_a_dialogue_string_becomes_turns():
    text = "\n\nHuman: One\n\nline two\n\nAssistant: Two\n\nHuman: Three\n\nAssistant:"
    assert parse_prompt(text) == (
        Message(USER, "One\n\nline two"),
        Message(ASSISTANT, "Two"),
        Message(USER, "Three"),
    )


def test_a_dialogue_may_begin_without_blank_lines():
    assert parse_prompt("Human: Hello") == (Message(USER, "Hello"),)


@pytest.mark.parametrize("text", ["Plain.", "See Human: not a turn", "Intro\n\nHuman: quoted", ""])
def test_other_texts_are_one_user_turn(text):
    assert parse_prompt(text) == (Message(USER, text),)


def test_hh_rlhf_pairs_share_their_beginning(tmp_path):
    start = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Joke?\n\nAssistant:"
    pair = only_pair(tmp_path, {"chosen": f"{start} Knock.", "rejected": f"{start} No."})
    assert [turn.content for turn in pair.prompt] == ["Hi", "Hello", "Joke?"]
    assert (pair.chosen, pair.rejected) == ("Knock.", "No.")


def test_sides_that_part_early_keep_their_later_turns(tmp_path):
    chosen = "\n\nHuman: Hi\n\nAssistant: A\n\nHuman: More\n\nAssistant: B"
    rejected = "\n\nHuman: Hi\n\nAssistant: C"
    pair = only_pair(tmp_path, {"chosen": chosen, "rejected": rejected})
    assert pair.prompt == (Message(USER, "Hi"),)
    assert (pair.chosen, pair.rejected) == ("A\n\nHuman: More\n\nAssistant: B", "C")


def test_message_lists_without_a_prompt_are_split_too(tmp_path):
    user = {"role": USER, "content": "Hi"}
    sides = {name: [user, {"role": ASSISTANT, "content": name}] for name in ("chosen", "rejected")}
    pair = only_pair(tmp_path, sides)
    assert pair.prompt == (Message(USER, "Hi"),)
    assert (pair.chosen, pair.rejected) == ("chosen", "rejected")


def test_the_template_names_turns_and_ends_with_the_response():
    prompt = [Message("system", "Be kind."), Message(USER, "Hi"), Message("tool", "42")]
    text = render(prompt, "Hello")
    assert text == "System: Be kind.\n\nHuman: Hi\n\nTool: 42\n\nAssistant: Hello"
    assert render_parts(prompt, "Hello").text == text


def test_both_readers_know_the_opening_beside_the_group(tmp_path):
    directory = write_dataset(tmp_path / "d", train=2, validation=0, test=0)
    first, second = preference_row(0), preference_row(0)
    second["prompt"] += [
        {"role": ASSISTANT, "content": "Yes."},
        {"role": USER, "content": "And then?"},
    ]
    second["group"] = "another"
    write_jsonl(directory / "train.jsonl", [first, second])
    loose = read_pairs(directory / "train.jsonl").examples
    for examples in (loose, read_dataset(directory).splits["train"]):
        assert [example.group for example in examples] == ["g0", "another"]
        opening = group_of((Message(USER, "Question 0?"),))
        assert [example.opening() for example in examples] == [opening, opening]


def test_prompts_with_the_same_first_question_are_one_group():
    first = parse_prompt("\n\nHuman: Why?\n\nAssistant: So.\n\nHuman: And?")
    assert group_of(first) == group_of(parse_prompt("Why? "))
    assert group_of(first) != group_of(parse_prompt("How?"))
