"""Objectives that know ties and strengths: what they want, where they start, what they tell."""

import math

import numpy as np
import pytest
import torch

from modeling.core.errors import TrainingError
from modeling.core.losses import davidson_loss, rao_kupper_loss
from modeling.core.objectives import TrainingState
from tests.modeling.core.conftest import preference_row
from tests.modeling.core.objectives.ready import ready
from tests.modeling.core.rows import tied_row

OUTPUTS = torch.tensor([[1.0], [0.0], [0.5], [0.5], [2.0], [0.0], [0.0], [0.5]])


def rows():
    """Two pairs that were decided, of different strength, and two that came out even."""
    strong = {"target_margin": 3.0, "chosen_probability": 0.8, "tie_probability": 0.2}
    weak = {"target_margin": 1.0}
    return [preference_row(0) | strong, preference_row(1) | weak, tied_row(2), tied_row(3)]


@pytest.fixture(params=["davidson", "rao_kupper"])
def name(request):
    return request.param


def test_answers_are_shares_or_the_answer_that_won(tmp_path, name):
    soft = ready(tmp_path / "a", "preference", name, rows())
    assert soft.batch["answers"][0].tolist() == pytest.approx([0.7, 0.2, 0.1])
    assert soft.batch["answers"][1:].tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0]]
    hard = ready(tmp_path / "b", "preference", name, rows(), use_soft_labels=False)
    assert hard.batch["answers"].tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]]


def test_a_tie_parameter_starts_where_equals_tie_as_often_as_the_rows(tmp_path, name):
    made = ready(tmp_path, "preference", name, rows())
    logs = made.objective.log_probabilities(torch.zeros(1, dtype=torch.float64))
    assert logs.exp()[0, 1].item() == pytest.approx((0.2 + 2) / 4)


def test_the_loss_reads_the_parameter_as_trained(tmp_path, name):
    made = ready(tmp_path, "preference", name, rows())
    (key,) = made.objective.own_parameters()
    value = torch.tensor(-0.25, requires_grad=True)
    found = made.objective.loss(OUTPUTS, made.batch, TrainingState(parameters={key: value}))
    sides = (OUTPUTS[::2, 0], OUTPUTS[1::2, 0], made.batch["answers"])
    expected = (
        davidson_loss(*sides, log_nu=value)
        if name == "davidson"
        else rao_kupper_loss(*sides, log_theta=value.exp())
    )
    assert found.item() == pytest.approx(expected.item())
    found.backward()
    assert value.grad.item() != 0.0
    trained = made.objective.with_parameters({key: np.array(-0.25)})
    assert trained.loss(OUTPUTS, made.batch).item() == pytest.approx(expected.item())


def test_a_fixed_parameter_is_not_trained(tmp_path, name):
    made = ready(tmp_path, "preference", name, rows(), tie_parameter=1.5)
    assert made.objective.own_parameters() == {}
    assert made.objective.facts()["tie_parameter"] == pytest.approx(1.5)
    assert math.isfinite(made.objective.loss(OUTPUTS, made.batch).item())


def test_without_a_tie_there_is_nothing_to_learn_of_ties(tmp_path, name):
    with pytest.raises(TrainingError, match="set objective to bradley_terry"):
        ready(tmp_path, "preference", name)


def test_three_answers_are_measured_beside_the_decided_pairs(tmp_path, name):
    made = ready(tmp_path, "preference", name, rows(), use_soft_labels=False)
    outputs = [np.array([[a], [b]]) for a, b in ((9.0, 0.0), (-9.0, 0.0), (0.0, 0.1), (5.0, 5.0))]
    found = made.objective.evaluate(made.examples, outputs, seed=0).to_dict()
    assert (found["n"], found["accuracy"]) == (2, 0.5)
    assert (found["three_way"]["n"], found["three_way"]["ties"]) == (4, 2)
    assert found["three_way"]["accuracy"] == pytest.approx(0.75)
    assert found["three_way"]["majority"] == 0.5
    decided = made.objective.evaluate(made.examples[:2], outputs[:2], seed=0).to_dict()
    assert decided["three_way"]["majority"] == 0.5  # nobody is told which side was chosen
    differences = torch.tensor([9.0, -9.0, -0.1, 0.0], dtype=torch.float64)
    logs = made.objective.log_probabilities(differences).numpy()
    wanted = np.array([example.answers() for example in made.examples])
    assert found["three_way"]["nll"] == pytest.approx(-(wanted * logs).sum(axis=1).mean())


def likert(folder, given=None, **changes):
    return ready(folder, "preference", "cumulative_logit", given or rows(), **changes)


def test_strengths_are_classes_around_a_tie(tmp_path):
    made = likert(tmp_path, use_soft_labels=False)
    assert made.objective.bounds == (2.0,)
    assert made.batch["strengths"].tolist() == [
        [0, 0, 0, 0, 1],
        [0, 0, 0, 1, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0],
    ]


def test_votes_for_the_other_side_count_as_its_weakest(tmp_path):
    made = likert(tmp_path)
    assert made.batch["strengths"][0].tolist() == pytest.approx([0, 0.1, 0.2, 0, 0.7])


def test_without_ties_there_is_no_class_of_ties(tmp_path):
    pairs = [row | {"tie_probability": None} for row in rows()[:2]]
    made = likert(tmp_path, pairs)
    assert made.objective.classes == 4
    assert made.batch["strengths"].tolist() == [
        [0, pytest.approx(0.2), 0, pytest.approx(0.8)],
        [0, 0, 1, 0],
    ]
    assert made.objective.facts()["thresholds"][1] == 0.0


def test_thresholds_start_where_equals_are_judged_as_the_rows(tmp_path):
    made = likert(tmp_path, use_soft_labels=False)
    low, near, far, high = made.objective.facts()["thresholds"]
    assert (low, near) == (-high, -far)
    inner, outer = 1 / (1 + math.exp(-far)), 1 / (1 + math.exp(-high))
    assert 2 * inner - 1 == pytest.approx(0.5)  # two of four came out even
    assert 2 * outer - 1 == pytest.approx(0.75)


def test_many_margins_become_five_strengths_at_most(tmp_path):
    pairs = [preference_row(n) | {"target_margin": n / 7} for n in range(40)]
    made = likert(tmp_path, pairs)
    assert len(made.objective.bounds) == 4
    counts = made.batch["strengths"].sum(dim=0)
    assert counts[5:].tolist() == [8.0] * 5


def test_margins_that_do_not_differ_teach_no_strength(tmp_path):
    with pytest.raises(TrainingError, match="set objective to rao_kupper"):
        likert(tmp_path, [preference_row(n) for n in range(4)])


def test_strengths_are_measured_beside_three_answers(tmp_path):
    made = likert(tmp_path, use_soft_labels=False)
    outputs = [np.array([[a], [b]]) for a, b in ((9.0, 0.0), (9.0, 0.0), (0.0, 0.1), (5.0, 5.0))]
    found = made.objective.evaluate(made.examples, outputs, seed=0).to_dict()
    assert found["three_way"]["accuracy"] == 1.0
    assert found["strengths"]["accuracy"] == 0.75  # the weak one looks strong
    assert found["accuracy"] == 1.0
