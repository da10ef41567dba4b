"""How rows become items and targets, and what an objective learns of its rows."""

import json

import numpy as np
import pytest
import torch

from modeling.core.collators import Collator
from modeling.core.config import OBJECTIVE_KINDS, RewardConfig, default_objective
from modeling.core.data import read_dataset
from modeling.core.heads import LinearHead
from modeling.core.losses import bradley_terry_loss, plackett_luce_loss
from modeling.core.objective_rules import TIE_OBJECTIVES
from modeling.core.objectives import OBJECTIVES, fitted_objective, restored_objective
from modeling.core.tokens import TextTokenizer
from tests.modeling.core.conftest import byte_tokenizer, preference_row, write_jsonl
from tests.modeling.core.rows import ROWS, stepwise_row, tied_row, write_kind


def config(kind, **changes):
    return RewardConfig(**{"objective": default_objective(kind), "frozen": False} | changes)


def ready(tmp_path, kind, rows=None, *, causal=True, max_length=128, **changes):
    """The objective, the items and the batch of a small dataset's training rows."""
    directory = write_kind(tmp_path / kind, kind, train=4)
    if rows is not None:
        write_jsonl(directory / "train.jsonl", rows)
    dataset = read_dataset(directory, ties=changes.get("objective") in TIE_OBJECTIVES)
    objective = fitted_objective(dataset, config(kind, **changes))
    tokenizer = TextTokenizer(byte_tokenizer(), max_length=max_length)
    items = objective.items(dataset.splits["train"], tokenizer, causal=causal)
    return objective, items, Collator(tokenizer.pad_id, objective.targets)(items)


def decoded(ids):
    return byte_tokenizer().decode(list(ids), skip_special_tokens=True)


def test_each_objective_has_a_kind():
    assert set(OBJECTIVES) == set(OBJECTIVE_KINDS)


KINDS_OF_OBJECTIVES = [(name, kind) for name, kinds in OBJECTIVE_KINDS.items() for kind in kinds]
SETTINGS = {"reasoning": {"lm_coefficient": 0.1}}


@pytest.mark.parametrize(("name", "kind"), KINDS_OF_OBJECTIVES)
def test_an_objective_comes_back_from_what_it_told(tmp_path, name, kind):
    rows = paired_rows() if kind == "preference" else None
    changes = {"objective": name, **SETTINGS.get(name, {})}
    objective, _, _ = ready(tmp_path, kind, rows, **changes)
    facts = json.loads(json.dumps(objective.facts()))
    parameters = {key: values + 0.25 for key, values in objective.own_parameters().items()}
    settled = config(kind, **changes)
    restored = restored_objective(objective.outputs, settled, facts, parameters)
    assert type(restored) is type(objective)
    assert restored.outputs == objective.outputs
    for key, values in restored.own_parameters().items():
        assert values.tolist() == pytest.approx(parameters[key].tolist())


def paired_rows():
    """Pairs of two strengths and with reasons, and one that came out even."""
    rows = [
        preference_row(n) | {"target_margin": 1.0 + n, "rationales": ["It says yes."]}
        for n in range(2)
    ]
    return [*rows, tied_row(2)]


def test_pairs_wait_side_by_side(tmp_path):
    rows = [
        preference_row(n) | {"chosen_probability": 0.75, "weight": w} for n, w in ((0, 3), (1, 1))
    ]
    objective, items, batch = ready(tmp_path, "preference", rows)
    assert [decoded(text)[-12:] for text in items[0].texts] == [
        "yes please 0",
        "istant: no 0",
    ]
    assert batch["weights"].tolist() == [1.5, 0.5]
    assert batch["share"].tolist() == [0.75, 0.75]
    scores = torch.tensor([[1.0], [0.0], [3.0], [5.0]])
    expected = bradley_terry_loss(
        torch.tensor([1.0, 3.0]),
        torch.tensor([0.0, 5.0]),
        weights=batch["weights"],
        target_probability=batch["share"],
    )
    assert objective.loss(scores, batch) == expected


def test_hard_labels_and_margins_when_asked(tmp_path):
    rows = [
        preference_row(n) | {"chosen_probability": 0.75, "target_margin": 2.0} for n in range(2)
    ]
    _, _, batch = ready(tmp_path, "preference", rows, use_soft_labels=False, use_margin=True)
    assert batch["share"].tolist() == [1.0, 1.0]
    assert batch["margin"].tolist() == [2.0, 2.0]


def test_a_ranking_stays_in_one_item_whatever_its_length(tmp_path):
    rows = [ROWS["ranking"](0), ROWS["ranking"](1)]
    rows[1] = rows[1] | {"completions": ["a", "b"], "tiers": [[1], [0]]}
    objective, items, batch = ready(tmp_path, "ranking", rows)
    assert [len(item.texts) for item in items] == [3, 2]
    assert batch["places"].tolist() == [[0, 1, 2], [1, 0, -1]]
    assert batch["rows"].tolist() == [[0, 1, 2], [3, 4, 0]]
    scores = torch.tensor([[1.0], [2.0], [3.0], [4.0], [5.0]])
    expected = plackett_luce_loss(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]]), batch["places"])
    assert objective.loss(scores, batch) == expected


def test_a_decoder_reads_a_solution_once_at_its_steps_ends(tmp_path):
    _, items, batch = ready(tmp_path, "stepwise")
    (text,) = items[0].texts
    ends = [decoded(text[: position + 1]) for _, position in items[0].readouts]
    context = "Human: Question 0?\n\nAssistant:"
    assert ends == [
        f"{context} yes 0\n",
        f"{context} yes 0\nyes then\n",
        f"{context} yes 0\nyes then\nyes and so\n",
    ]
    assert len(batch["readouts"]) == 12
    assert batch["readouts"][3].tolist() == [1, items[1].readouts[0][1]]


def test_an_encoder_reads_each_beginning_as_a_text(tmp_path):
    _, items, _ = ready(tmp_path, "stepwise", causal=False)
    assert [decoded(text)[-9:] for text in items[0].texts] == [
        "t: yes 0\n",
        "yes then\n",
        "s and so\n",
    ]
    assert items[0].outputs == 3


def test_steps_count_the_same_in_any_company(tmp_path):
    rows = [stepwise_row(1), stepwise_row(0), stepwise_row(3) | {"weight": 2.0}]
    rows[1] = rows[1] | {"step_weights": [1.0, 0.0, 3.0]}
    objective, items, batch = ready(tmp_path, "stepwise", rows)
    weights = batch["step_weights"]
    assert weights.sum().item() == pytest.approx(3.0)
    assert (weights / weights[0]).tolist() == pytest.approx([1, 1, 1, 1, 0, 3, 2, 2, 2])
    outputs = torch.linspace(-1, 1, 9)[:, None]
    together = objective.loss(outputs, batch)
    apart = [
        objective.loss(outputs[3 * n : 3 * n + 3], Collator(0, objective.targets)([items[n]]))
        for n in range(3)
    ]
    assert together.item() == pytest.approx(torch.stack(apart).mean().item())


def test_steps_want_shares_labels_or_ratings(tmp_path):
    rows = [stepwise_row(1), stepwise_row(0)]
    _, _, soft = ready(tmp_path / "a", "stepwise", rows)
    assert soft["steps"][:3, 0].tolist() == [1.0, 0.75, 0.25]
    _, _, hard = ready(tmp_path / "b", "stepwise", rows, use_soft_labels=False)
    assert hard["steps"][:3, 0].tolist() == [1.0, 1.0, 0.0]
    objective, _, three = ready(tmp_path / "c", "stepwise", rows, step_classes=3)
    assert three["steps"][:3].tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    assert objective.outputs == ("-1", "0", "1")


def test_scores_are_learned_in_deviations_and_given_in_units(tmp_path):
    objective, _, batch = ready(tmp_path, "rating")
    assert objective.outputs == ("helpfulness", "length")
    scores, present = batch["scores"], batch["present"]
    assert present.tolist() == [[1, 1], [1, 1], [1, 1], [1, 0]]
    assert scores[3, 1] == 0.0
    assert scores.mean(dim=0).tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
    assert scores[:, 0].std(correction=0).item() == pytest.approx(1.0)
    head = objective.in_units(LinearHead(np.eye(2), np.zeros(2), objective.outputs))
    outputs = head.outputs(scores.numpy())
    assert outputs[:, 0] == pytest.approx([5.0, 3.0, 1.0, 5.0], abs=1e-5)
    assert outputs[:3, 1] == pytest.approx([0.0, 10.0, 20.0], abs=1e-5)


@pytest.mark.parametrize("score", [3.0, 0.7])  # the mean of three 0.7 is rounded to another number
def test_an_aspect_that_never_varies_is_learned_as_it_is(tmp_path, score):
    rows = [ROWS["rating"](n) | {"aspects": ["a"], "scores": [score]} for n in range(3)]
    objective, _, batch = ready(tmp_path, "rating", rows)
    assert batch["scores"].flatten().tolist() == pytest.approx([0.0] * 3, abs=1e-9)
    assert (objective.center, objective.scale) == (pytest.approx((score,)), (1.0,))


def test_classes_want_probabilities_where_there_are_some(tmp_path):
    rows = [ROWS["classification"](n) for n in range(3)]
    rows[0] |= {
        "classes": ["acceptable", "unacceptable", "unsafe"],
        "class_probabilities": [0.5, 0.25, 0.25],
    }
    objective, _, batch = ready(tmp_path / "a", "classification", rows)
    assert objective.outputs == ("acceptable", "unacceptable", "unsafe")
    assert batch["classes"].tolist() == [[0.5, 0.25, 0.25], [0, 1, 0], [0, 0, 1]]
    _, _, hard = ready(tmp_path / "b", "classification", rows, use_soft_labels=False)
    assert hard["classes"].tolist() == torch.eye(3).tolist()


def test_weights_of_zero_alone_are_left_as_they_are(tmp_path):
    rows = [ROWS["outcome"](n) | {"weight": 0.0} for n in range(2)]
    _, _, batch = ready(tmp_path, "outcome", rows)
    assert batch["weights"].tolist() == [0.0, 0.0]
