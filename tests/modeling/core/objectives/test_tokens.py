"""Responses judged at each of their tokens, and turns of conversations."""

import numpy as np
import pytest
import torch

from modeling.core.heads import LinearHead
from modeling.core.losses import language_loss, token_outcome_loss, token_value_loss
from modeling.core.objectives import TrainingState
from tests.modeling.core.objectives.ready import decoded, ready
from tests.modeling.core.rows import ROWS


def places(item):
    return [position for _, position in item.readouts]


def test_a_response_is_read_at_each_of_its_tokens(tmp_path):
    made = ready(tmp_path, "outcome", "outcome", per_token=True)
    text, read = made.items[0].texts[0], places(made.items[0])
    assert decoded(text[: read[0]]).endswith("Assistant:")
    assert decoded(text[read[0] :]) == " yes please 0"
    assert read == list(range(read[0], len(text)))  # with the closing special token
    assert made.batch["token_rows"].tolist() == [
        row for row, item in enumerate(made.items) for _ in item.readouts
    ]


def test_tokens_want_what_the_response_wants(tmp_path):
    made = ready(tmp_path, "outcome", "outcome", per_token=True)
    outputs = torch.linspace(-1, 1, len(made.batch["token_rows"]))[:, None]
    expected = token_outcome_loss(
        outputs[:, 0],
        torch.tensor([1.0, 0.25, 1.0, 0.25]),
        rows=made.batch["token_rows"],
        weights=made.batch["weights"],
    )
    assert made.objective.loss(outputs, made.batch) == expected


def test_the_last_token_judges_the_whole(tmp_path):
    made = ready(tmp_path, "outcome", "outcome", per_token=True)
    outputs = [np.array([[9.0], [-9.0], [3.0]]), np.array([[9.0], [-3.0]])]
    assert made.objective.evaluate(made.examples[:2], outputs, seed=0).accuracy == 1.0


def test_a_response_that_was_cut_away_is_still_read_once(tmp_path):
    rows = [
        ROWS["outcome"](n) | {"completion": [{"role": "assistant", "content": ""}]}
        for n in range(2)
    ]
    made = ready(tmp_path, "outcome", "outcome", rows, per_token=True)
    assert all(item.outputs >= 1 for item in made.items)


def test_a_joint_language_model_learns_the_response(tmp_path):
    made = ready(tmp_path, "outcome", "outcome", per_token=True, lm_coefficient=0.5)
    assert made.objective.writes
    item, text = made.items[0], made.items[0].texts[0]
    foretold = tuple(after for _, _, after in item.language)
    assert decoded(foretold) == " yes please 0"
    assert all(text[place + 1] == after for _, place, after in item.language)
    outputs = torch.zeros(len(made.batch["token_rows"]), 1)
    logits = torch.randn(len(made.batch["language"]), 259)
    found = made.objective.loss(outputs, made.batch, TrainingState(language=logits))
    spoken = language_loss(
        logits,
        made.batch["language"][:, 2],
        rows=made.batch["language_rows"],
        count=4,
        weights=made.batch["weights"],
    )
    silent = made.objective.loss(outputs, made.batch)
    assert found.item() == pytest.approx((silent + 0.5 * spoken).item())


def test_a_value_foretells_ratings_at_each_token(tmp_path):
    made = ready(tmp_path, "rating", "value")
    outputs = torch.linspace(-1, 1, 2 * len(made.batch["token_rows"])).reshape(-1, 2)
    expected = token_value_loss(
        outputs,
        made.batch["scores"],
        rows=made.batch["token_rows"],
        present=made.batch["present"] > 0,
        weights=made.batch["weights"],
    )
    assert made.objective.loss(outputs, made.batch) == expected
    assert made.objective.facts() == {"kind": "rating"}


def test_a_value_of_outcomes_is_read_as_log_odds(tmp_path):
    made = ready(tmp_path, "outcome", "value")
    head = made.objective.in_units(LinearHead(np.eye(1), np.zeros(1), ("correct",)))
    assert head.outputs(np.array([[0.5], [0.75], [0.0]]))[:, 0].tolist() == [0.0, 1.0, -2.0]
    outputs = [head.outputs(np.array([[0.1], [p]])) for p in (0.9, 0.2, 0.6, 0.4)]
    assert made.objective.evaluate(made.examples, outputs, seed=0).accuracy == 1.0


def ends(made):
    text = made.items[0].texts[0]
    return [decoded(text[: place + 1]) for place in places(made.items[0])]


CONTEXT = "Human: Question 0?\n\nAssistant:"


def test_a_separator_closes_each_step(tmp_path):
    made = ready(tmp_path, "stepwise", "prm", step_separator=" ##\n")
    assert ends(made)[:2] == [f"{CONTEXT} yes 0 ##\n", f"{CONTEXT} yes 0 ##\nyes then ##\n"]


def test_turns_are_judged_at_their_ends(tmp_path):
    row = ROWS["stepwise"](0)
    said = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "yes then"}]
    row["completions"] = ["yes 0", said, "yes and so"]
    made = ready(tmp_path, "stepwise", "prm", [row, ROWS["stepwise"](1)], unit="turn")
    first = f"{CONTEXT} yes 0"
    second = f"{first}\n\nHuman: Why?\n\nAssistant: yes then"
    assert ends(made) == [first, second, f"{second}\n\nAssistant: yes and so"]
