"""Prompts in all their forms become messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.importers.prompts import (
    is_transcript,
    parse_prompt,
    parse_transcript,
    prompt_record,
    render_turns,
)
from annotate.importers.records import Message, RowError

turn_text = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))
    .map(str.strip)
    .filter(lambda text: "Human:" not in text and "Assistant:" not in text)
)


def user(text):
    return Message("user", text)


def assistant(text):
    return Message("assistant", text)


def test_a_plain_text_is_one_user_turn_as_it_stands():
    assert parse_prompt(" Say hi.\n") == (user(" Say hi.\n"),)


@pytest.mark.parametrize("text", ["Fix this: Human: hi", "Dialogue\n\nHuman: hi", "Humans: why?"])
def test_a_text_that_only_mentions_a_turn_is_no_transcript(text):
    assert parse_prompt(text) == (user(text),)


def test_a_transcript_that_awaits_a_reply_ends_with_the_last_human_turn():
    text = "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: Why?\n\nAssistant:"
    assert parse_prompt(text) == (user("Hi"), assistant("Hello!"), user("Why?"))


def test_a_transcript_may_start_at_once_and_hold_blank_lines():
    assert parse_prompt("Human: a\n\nb") == (user("a\n\nb"),)


def test_turns_are_set_apart_by_blank_lines_where_there_are_any():
    text = "Human: Continue:\nHuman: hi\n\nAssistant: ok\n\nHuman: more"
    assert [turn.content for turn in parse_prompt(text)] == [
        "Continue:\nHuman: hi",
        "ok",
        "more",
    ]


def test_turns_on_plain_lines_are_known_too():
    assert parse_prompt("Human: a\r\nAssistant: b\nHuman: c") == (
        user("a"),
        assistant("b"),
        user("c"),
    )


@given(st.lists(turn_text, min_size=1, max_size=6))
def test_a_transcript_comes_back_as_the_turns_it_was_written_from(texts):
    turns = [(user if k % 2 == 0 else assistant)(text) for k, text in enumerate(texts)]
    transcript = "\n\nHuman: " + render_turns(turns)
    assert is_transcript(transcript)
    assert list(parse_transcript(transcript)) == turns


def test_many_blank_lines_are_read_in_linear_time():
    assert len(parse_transcript("Human: a" + "\n" * 500_000 + "Assistant: b")) == 2


def test_chat_lists_of_both_dialects_are_read():
    ours = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    theirs = [{"from": "system", "value": "s"}, {"from": "human", "value": "u"}]
    assert parse_prompt(ours) == parse_prompt(theirs) == (Message("system", "s"), user("u"))


def test_text_parts_are_joined():
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert parse_prompt([{"role": "user", "content": parts}]) == (user("ab"),)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "an empty list"),
        (3, "not a number"),
        (["hi"], "an object with role and content"),
        ([{"role": "tool", "content": "x"}], "needs the role"),
        ([{"role": "user", "content": None}], "must be text"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "something else than text"),
    ],
)
def test_what_is_no_conversation_is_refused(value, reason):
    with pytest.raises(RowError, match=reason):
        parse_prompt(value)


def test_system_and_reference_columns_belong_to_the_prompt():
    record = prompt_record({"prompt": "p", "system": "s", "reference": 7})
    assert record.messages == (Message("system", "s"), user("p"))
    assert record.reference == "7"


def test_the_prompt_may_stand_in_the_messages_column():
    record = prompt_record({"messages": [{"role": "user", "content": "p"}]})
    assert record.messages == (user("p"),)


@pytest.mark.parametrize(("row", "reason"), [({}, "no prompt"), ({"prompt": " \n"}, "empty")])
def test_a_row_needs_a_prompt(row, reason):
    with pytest.raises(RowError, match=reason):
        prompt_record(row)
