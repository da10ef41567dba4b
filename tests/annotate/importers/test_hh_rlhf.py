"""HH-RLHF rows: two whole transcripts with a shared beginning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.importers import hh_rlhf
from annotate.importers.records import Message

ROW = {
    "chosen": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: Because.",
    "rejected": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: No idea.",
}
words = st.text("abc .!?é", min_size=1).map(str.strip)


def contents(item):
    return {response.content for response in item.responses}


def chosen_content(item):
    return item.responses[0 if item.known.choice == "left" else 1].content


def test_the_shared_turns_are_the_prompt_and_the_last_ones_the_responses(load):
    (item,) = load(ROW)
    assert item.kind == "comparison"
    assert item.prompt.messages == (
        Message("user", "Hi"),
        Message("assistant", "Hello"),
        Message("user", "Why?"),
    )
    assert contents(item) == {"Because.", "No idea."}
    assert chosen_content(item) == "Because."


def test_the_choice_is_an_unattributed_label(load):
    (item,) = load(ROW)
    (label,) = item.labels
    assert label.annotator is None
    assert label.answer == item.known


def test_an_empty_reply_is_kept(load):
    (item,) = load(
        ROW | {"rejected": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant:"}
    )
    assert contents(item) == {"Because.", ""}


def test_transcripts_that_part_early_keep_their_later_turns(load):
    (item,) = load(ROW | {"rejected": "\n\nHuman: Hi\n\nAssistant: Go away"})
    assert len(item.prompt.messages) == 1
    assert chosen_content(item) == "Hello\n\nHuman: Why?\n\nAssistant: Because."


@pytest.mark.parametrize(
    ("rejected", "reason"),
    [
        ("\n\nHuman: Bye\n\nAssistant: Bye", "share no turn that both of them answer"),
        ("\n\nHuman: Hi", "share no turn that both of them answer"),
    ],
)
def test_transcripts_that_answer_no_one_question_are_refused(refuse, rejected, reason):
    assert reason in refuse(ROW | {"rejected": rejected})


def test_a_row_with_a_prompt_is_another_format():
    assert hh_rlhf.matches(ROW)
    assert not hh_rlhf.matches(ROW | {"prompt": "Hi"})
    assert not hh_rlhf.matches({"chosen": "plain", "rejected": "text"})


@given(st.lists(st.tuples(words, words), max_size=3), words, words, words)
def test_prompt_and_responses_are_those_the_transcripts_were_written_from(
    history, question, good, bad
):
    start = "".join(f"\n\nHuman: {one}\n\nAssistant: {other}" for one, other in history)
    start += f"\n\nHuman: {question}\n\nAssistant: "
    row = {"chosen": start + good, "rejected": start + bad}
    (item,) = hh_rlhf.parse(row, kind=None, source="s")
    asked = [turn.content for turn in item.prompt.messages]
    assert asked == [text for pair in history for text in pair] + [question]
    assert sorted(response.content for response in item.responses) == sorted([good, bad])
