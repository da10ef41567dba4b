"""The losses and penalties of pairs, as the config chooses them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from modeling.core.collators import Collator
from modeling.core.errors import TrainingError
from modeling.core.losses import (
    bradley_terry_loss,
    centering_penalty,
    hinge_loss,
    length_correlation_penalty,
    noisy_bradley_terry_loss,
    scaled_bradley_terry_loss,
)
from modeling.core.objectives import TrainingState, fitted_objective
from tests.modeling.core.conftest import preference_row
from tests.modeling.core.objectives.ready import ready

OUTPUTS = torch.tensor([[1.0], [0.5], [-0.5], [0.25], [2.0], [0.0]])
CHOSEN, REJECTED = OUTPUTS[::2, 0], OUTPUTS[1::2, 0]


def rows():
    return [
        preference_row(n, good="yes " * (n + 1))
        | {"target_margin": float(n), "chosen_probability": 0.75, "weight": 1.0 + n}
        for n in range(3)
    ]


def pairs(folder, **changes):
    return ready(folder, "preference", "bradley_terry", rows(), **changes)


def test_a_hinge_grows_with_training_and_is_whole_when_measured(tmp_path):
    made = pairs(tmp_path, pair_loss="hinge", hinge_margin=2.0, hinge_anneal=0.5)
    share, weights = made.batch["share"], made.batch["weights"]

    def expected(margin):
        return hinge_loss(
            CHOSEN, REJECTED, margin=margin, target_probability=share, weights=weights
        )

    for progress, margin in ((0.0, 0.0), (0.25, 1.0), (0.75, 2.0)):
        state = TrainingState(progress=progress)
        assert made.objective.loss(OUTPUTS, made.batch, state) == expected(margin)
    assert made.objective.loss(OUTPUTS, made.batch) == expected(2.0)


def test_a_scaled_loss_multiplies_by_the_margin(tmp_path):
    made = pairs(tmp_path, pair_loss="scaled", use_soft_labels=False)
    expected = scaled_bradley_terry_loss(
        CHOSEN, REJECTED, scale=torch.tensor([0.0, 1.0, 2.0]), weights=made.batch["weights"]
    )
    assert made.objective.loss(OUTPUTS, made.batch) == expected


def test_where_nobody_was_asked_how_strongly_the_scale_is_one(tmp_path):
    made = ready(tmp_path, "preference", "bradley_terry", pair_loss="scaled")
    assert made.batch["scale"].tolist() == [1.0] * 4


def test_a_common_flip_rate_bounds_the_loss(tmp_path):
    made = pairs(tmp_path, flip_rate=0.1)
    expected = noisy_bradley_terry_loss(
        CHOSEN,
        REJECTED,
        flip_rate=torch.tensor(0.1),
        target_probability=made.batch["share"],
        weights=made.batch["weights"],
    )
    assert made.objective.loss(OUTPUTS, made.batch).item() == pytest.approx(expected.item())


def test_penalties_are_added_by_their_coefficients(tmp_path):
    made = pairs(tmp_path, center_rewards=0.25, length_decorrelation=2.0, readout_l2=0.5)
    batch, readout = made.batch, torch.tensor([[3.0, 4.0]])
    lengths = batch["length"]
    assert lengths.tolist() == [2.0, 6.0, 10.0]
    expected = (
        bradley_terry_loss(
            CHOSEN, REJECTED, weights=batch["weights"], target_probability=batch["share"]
        )
        + 0.25 * centering_penalty(CHOSEN, REJECTED, weights=batch["weights"])
        + 2.0 * length_correlation_penalty(CHOSEN - REJECTED, lengths)
    )
    assert made.objective.loss(OUTPUTS, batch).item() == pytest.approx(expected.item())
    state = TrainingState(readout=readout)
    with_head = made.objective.loss(OUTPUTS, batch, state)
    assert with_head.item() == pytest.approx(expected.item() + 0.5 * 12.5)


@pytest.fixture
def judged(tmp_path):
    """Pairs of two annotators; the second pair is of both, the third of nobody known."""
    made = pairs(tmp_path, flip_rate=0.1)
    names = (("ann",), ("ann", "bob"), ("cy",))
    examples = tuple(
        replace(example, annotators=who) for example, who in zip(made.examples, names, strict=True)
    )
    examples = (*examples[:2], replace(examples[2], annotators=()))
    config = replace(made.objective.config, learn_flip_rates=True)
    dataset = replace(made.dataset, splits={**made.dataset.splits, "train": examples})
    return made, examples, fitted_objective(dataset, config)


def collated(made, examples, objective):
    items = [
        replace(item, target={**objective.wanted(example), "length": item.target["length"]})
        for item, example in zip(made.items, examples, strict=True)
    ]
    return Collator(0, objective.targets)(items)


def test_annotators_have_flip_rates_of_their_own(judged):
    made, examples, objective = judged
    assert objective.annotators == ("ann", "bob")
    assert objective.own_parameters()["flip_logits"] == pytest.approx(np.log(1 / 9))
    batch = collated(made, examples, objective)
    assert batch["judges"].tolist() == [[0, -1], [0, 1], [-1, -1]]
    logits = torch.logit(torch.tensor([0.2, 0.4])).requires_grad_()
    found = objective.loss(OUTPUTS, batch, TrainingState(parameters={"flip_logits": logits}))
    expected = noisy_bradley_terry_loss(
        CHOSEN,
        REJECTED,
        flip_rate=torch.tensor([0.2, 0.3, 0.1]),
        target_probability=batch["share"],
        weights=batch["weights"],
    )
    start = torch.logit(torch.tensor(0.1))
    prior = ((logits - start) ** 2).sum() / 2 / 3
    assert found.item() == pytest.approx((expected + prior).item())
    found.backward()
    assert bool((logits.grad != 0).all())


def test_annotators_who_contradict_the_rewards_get_higher_rates(judged):
    made, examples, objective = judged
    batch = collated(made, examples, objective)
    batch = {**batch, "judges": torch.tensor([[0], [0], [1]]), "share": torch.ones(3)}
    outputs = torch.tensor([[4.0], [0.0], [5.0], [0.0], [-4.0], [0.0]])
    logits = torch.full((2,), -2.2, requires_grad=True)
    for _ in range(200):
        loss = objective.loss(outputs, batch, TrainingState(parameters={"flip_logits": logits}))
        (slope,) = torch.autograd.grad(loss, logits)
        logits = (logits - slope).detach().requires_grad_()
    careful, careless = torch.sigmoid(logits).tolist()
    assert careful < 0.1 < 0.2 < careless
    kept = objective.with_parameters({"flip_logits": logits.detach().numpy()})
    assert kept.flip_logits == pytest.approx(tuple(logits.tolist()))


def test_flip_rates_need_to_know_who_judged(tmp_path):
    with pytest.raises(TrainingError, match="set learn_flip_rates to false"):
        pairs(tmp_path, flip_rate=0.1, learn_flip_rates=True)
