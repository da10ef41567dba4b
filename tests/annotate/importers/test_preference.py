"""TRL preference rows in all their shapes."""

from __future__ import annotations

import pytest

from annotate.importers.records import Message

CHAT = [{"role": "user", "content": "Why?"}]


def says(text):
    return [{"role": "assistant", "content": text}]


def better(item):
    return item.responses[0 if item.known.choice == "left" else 1].content


def worse(item):
    return item.responses[1 if item.known.choice == "left" else 0].content


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Why?", "chosen": "yes", "rejected": "no"},
        {"prompt": "Human: Why?", "chosen": "yes", "rejected": "no"},
        {"prompt": "\n\nHuman: Why?\n\nAssistant:", "chosen": "yes", "rejected": "no"},
        {"prompt": CHAT, "chosen": says("yes"), "rejected": says("no")},
        {"prompt": CHAT, "chosen": says("yes")[0], "rejected": says("no")[0]},
        {"prompt": CHAT, "chosen": "yes", "rejected": says("no")},
        {"chosen": CHAT + says("yes"), "rejected": CHAT + says("no")},
        {"prompt": "Why?", "chosen": CHAT + says("yes"), "rejected": CHAT + says("no")},
    ],
)
def test_every_shape_of_a_pair_gives_the_same_item(load, row):
    (item,) = load(row)
    assert item.prompt.messages == (Message("user", "Why?"),)
    assert (better(item), worse(item)) == ("yes", "no")
    assert item.labels[0].answer == item.known


def test_a_prompt_of_words_may_be_inside_both_texts(load):
    (item,) = load({"chosen": "The sky is blue.", "rejected": "The sky is blond."})
    assert item.prompt.messages == (Message("user", "The sky is"),)
    assert (better(item), worse(item)) == (" blue.", " blond.")


def test_the_system_text_comes_once(load):
    system = {"role": "system", "content": "Be short."}
    chat = [system, *CHAT]
    rows = [
        {"chosen": chat + says("yes"), "rejected": chat + says("no")},
        {"prompt": "Why?", "chosen": chat + says("yes"), "rejected": chat + says("no")},
        {"prompt": "Why?", "system": "Be short.", "chosen": "yes", "rejected": "no"},
        {
            "system": "Be short.",
            "prompt": "Why?",
            "chosen": CHAT + says("yes"),
            "rejected": CHAT + says("no"),
        },
    ]
    for item in load(*rows):
        assert [turn.role for turn in item.prompt.messages] == ["system", "user"]


def test_the_stored_order_does_not_tell_which_was_chosen(load):
    rows = [{"prompt": "p", "chosen": f"good {k}", "rejected": f"bad {k}"} for k in range(400)]
    items = load(*rows)
    assert 150 < sum(item.known.choice == "left" for item in items) < 250
    assert items == load(*rows)


def test_the_same_pair_with_the_other_choice_is_stored_alike(load):
    one, other = load(
        {"prompt": "p", "chosen": "a", "rejected": "b"},
        {"prompt": "p", "chosen": "b", "rejected": "a"},
    )
    assert one.responses == other.responses
    assert one.known != other.known


def test_the_steps_so_far_are_an_assistant_turn(load):
    row = {"prompt": "2+2?", "prefix": ["Add.", "Twice."], "chosen": "4", "rejected": "5"}
    with_steps, without = load(row, row | {"prefix": []})
    assert with_steps.prompt.messages[-1] == Message("assistant", "Add.\n\nTwice.")
    assert without.prompt.messages == (Message("user", "2+2?"),)


def test_gap_category_generators_and_the_rest_are_kept(load):
    row = {"id": "r7", "prompt": "p", "chosen": "a", "rejected": "b", "margin": 2, "subset": "x"}
    (item,) = load(row | {"chosen_model": "m1", "rejected_model": "m2", "annotator": "pos1"})
    assert (item.gap, item.category, item.details) == (2.0, "x", {"id": "r7"})
    assert {response.sources for response in item.responses} == {("m1",), ("m2",)}
    assert (item.labels[0].annotator, item.labels[0].positional) == ("pos1", True)


def test_identical_responses_are_an_item_without_a_label(load):
    (item,) = load({"prompt": "p", "chosen": "same", "rejected": "same"})
    assert [response.content for response in item.responses] == ["same", "same"]
    assert (item.labels, item.known) == ((), None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"prompt": "p", "chosen": None, "rejected": "b"}, "chosen must be text or a list"),
        ({"prompt": "p", "chosen": 3, "rejected": "b"}, "chosen must be text or a list"),
        ({"chosen": "a b", "rejected": "c d"}, "share no beginning"),
        ({"chosen": says("a"), "rejected": says("b")}, "share no first turn"),
        ({"prompt": "p", "chosen": CHAT, "rejected": says("b")}, "share no turn"),
        ({"prompt": "p", "prefix": [1], "chosen": "a", "rejected": "b"}, "prefix must be text"),
    ],
)
def test_a_row_that_is_no_pair_is_refused(refuse, row, reason):
    assert reason in refuse(row)
