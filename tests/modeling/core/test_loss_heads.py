"""Heads on frozen features that learn by other losses, with parameters of their own."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import check_grad

from modeling.core.checkpoint import load_checkpoint
from modeling.core.config import RewardConfig
from modeling.core.data import Message, PreferenceExample
from modeling.core.errors import TrainingError
from modeling.core.heads import fit_bradley_terry_head
from modeling.core.loss_heads import PairRows, _Fit, fit_loss_head
from modeling.core.objectives import BradleyTerry, Davidson, RaoKupper
from modeling.core.sides import Sides
from modeling.core.train import train_reward_model
from tests.modeling.core.objectives.test_training import write_case

PROMPT = (Message("user", "Hi?"),)
NOBODY = ((), Sides(*(np.zeros((0, 3), np.float32),) * 2, np.zeros(0, bool), np.zeros((0, 2))))


def sides_of(chosen, rejected, prior=None):
    count = len(chosen)
    known = np.zeros((count, 2)) if prior is None else prior
    return Sides(
        chosen.astype(np.float32), rejected.astype(np.float32), np.zeros(count, bool), known
    )


def example(**changes):
    fields = {"prompt": PROMPT, "group": "g", "chosen": "yes", "rejected": "no"}
    return PreferenceExample(**fields | changes)


def simulated(model, *, rows=4000, seed=0):
    """Features, and answers drawn by a model of ties from known weights."""
    rng = np.random.default_rng(seed)
    weights = np.array([1.5, -1.0, 0.5])
    first, second = rng.normal(size=(rows, 3)), rng.normal(size=(rows, 3))
    differences = torch.from_numpy((first - second) @ weights)
    chances = model.log_probabilities(differences).exp().numpy()
    drawn = (chances.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1)
    examples = [example(tied=True, tie_probability=1.0, chosen_probability=0.5)] * rows
    examples = [
        tied if answer == 1 else example() for tied, answer in zip(examples, drawn, strict=True)
    ]
    lost = (drawn == 2)[:, None]
    chosen, rejected = np.where(lost, second, first), np.where(lost, first, second)
    return examples, sides_of(chosen, rejected), weights


CONFIGS = {
    Davidson: RewardConfig(objective="davidson"),
    RaoKupper: RewardConfig(objective="rao_kupper"),
}


@pytest.mark.parametrize("model", CONFIGS, ids=lambda model: model.__name__)
def test_planted_weights_and_tie_parameters_come_back(model):
    truth = model(CONFIGS[model], parameter_value=model.of_shown(1.8))
    examples, sides, weights = simulated(truth)
    start = model(CONFIGS[model], parameter_value=model.of_shown(5.0))
    found = fit_loss_head(start, examples, sides, NOBODY, l2_grid=[1e-4])
    assert found.head.converged
    assert found.head.weights == pytest.approx(weights, abs=0.1)
    assert found.objective.shown() == pytest.approx(1.8, rel=0.1)
    assert found.objective.tie_share() == pytest.approx(truth.tie_share(), abs=0.03)


def test_with_the_plain_loss_it_is_the_plain_head():
    rng = np.random.default_rng(1)
    chosen, rejected = rng.normal(size=(200, 3)) + 0.3, rng.normal(size=(200, 3))
    shares, weights = rng.uniform(0.5, 1, 200), rng.uniform(0.2, 2, 200)
    examples = [
        example(chosen_probability=float(q), weight=float(w))
        for q, w in zip(shares, weights, strict=True)
    ]
    sides = sides_of(chosen, rejected)
    objective = BradleyTerry(RewardConfig())
    found = fit_loss_head(objective, examples, sides, NOBODY, l2_grid=[0.1])
    plain = fit_bradley_terry_head(
        sides.chosen, sides.rejected, weights=weights, target_probability=shares, l2=0.1
    )
    assert found.head.weights == pytest.approx(plain.weights, abs=1e-4)
    assert found.head.bias == pytest.approx(plain.bias, abs=1e-4)
    assert found.head.loss == pytest.approx(plain.loss, abs=1e-6)


def test_the_gradient_equals_finite_differences():
    truth = Davidson(CONFIGS[Davidson], parameter_value=0.3)
    examples, sides, _ = simulated(truth, rows=40)
    rows = PairRows.of(examples, sides, np.ones(3), truth)
    rows = replace(rows, differences=rows.differences.astype(np.float64))
    fit = _Fit(truth, rows, np.zeros(3), np.ones(3))
    point = np.array([0.4, -0.2, 0.7, -0.5])
    error = check_grad(
        lambda v: fit.loss_and_gradient(v, rows)[0],
        lambda v: fit.loss_and_gradient(v, rows)[1],
        point,
    )
    assert error < 1e-5


def test_what_a_prior_says_is_not_learned_again():
    truth = Davidson(CONFIGS[Davidson], parameter_value=0.0)
    examples, sides, weights = simulated(truth)
    known = np.stack([sides.chosen @ weights, sides.rejected @ weights], axis=1)
    told = sides_of(sides.chosen, sides.rejected, known)
    found = fit_loss_head(truth, examples, told, NOBODY, l2_grid=[1e-4])
    assert np.abs(found.head.weights).max() < 0.1


def test_rows_without_weight_teach_nothing():
    with pytest.raises(TrainingError, match="not all zero"):
        fit_loss_head(
            BradleyTerry(RewardConfig()),
            [example(weight=0.0)] * 3,
            sides_of(np.ones((3, 3)), np.zeros((3, 3))),
            NOBODY,
            l2_grid=[1.0],
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"objective": "davidson"},
        {"objective": "rao_kupper", "tie_parameter": 2.0},
        {"objective": "cumulative_logit"},
        {"pair_loss": "hinge", "hinge_margin": 0.5},
        {"pair_loss": "scaled"},
        {"flip_rate": 0.1, "learn_flip_rates": True},
        {"length_decorrelation": 0.5},
    ],
    ids=lambda changes: "-".join(map(str, changes.values())),
)
def test_a_frozen_backbone_learns_by_them(tmp_path, bert_dir, changes):
    directory = write_case(tmp_path / "d", "preference")
    config = RewardConfig(backbone=str(bert_dir), max_length=128, **changes)
    result = train_reward_model(directory, tmp_path / "out", config)
    test = result.metrics["test"]
    assert test["n"] == 8
    assert test["accuracy"] == 1.0
    ties = "three_way" in test
    assert ties == (config.objective != "bradley_terry")
    assert result.metrics["n_train"] == (12 if ties else 8)
    scorer = load_checkpoint(result.checkpoint)
    rewards = scorer.score([("Question 0?", "yes please 0"), ("Question 0?", "no 0")])
    assert rewards[0] > rewards[1]
    assert (scorer.posterior is None) == (config.pair_loss == "hinge")
