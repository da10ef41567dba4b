"""What holds of every loss: its gradient, and half precision that is computed in single."""

import pytest
import torch

from modeling.core import losses
from modeling.core.losses import (
    bradley_terry_loss,
    centering_penalty,
    classification_loss,
    cumulative_logit_loss,
    davidson_loss,
    flip_rate_penalty,
    hinge_loss,
    language_loss,
    length_correlation_penalty,
    noisy_bradley_terry_loss,
    outcome_loss,
    plackett_luce_loss,
    ranking_pairs_loss,
    rao_kupper_loss,
    readout_penalty,
    regression_loss,
    scaled_bradley_terry_loss,
    step_loss,
    symmetric_thresholds,
    token_outcome_loss,
    token_value_loss,
)
from tests.modeling.core.losses.values import random, shares

PLACES = torch.tensor([[0, 1, 2], [0, 0, 1], [1, 0, -1], [2, 1, 0]])
ROWS = torch.tensor([0, 0, 1, 2])


def like(scores, values):
    """Constants in the precision of the scores, or single where these are half."""
    return values.to(torch.float32 if scores.dtype == torch.bfloat16 else scores.dtype)


def sides(scores):
    return scores[:, 0], scores[:, 1]


def _pairs(loss, **tensors):
    return lambda s: loss(*sides(s), **{n: like(s, v) for n, v in tensors.items()})


SHARE, ONES = shares(4, 2)[:, 0], torch.linspace(0.5, 2, 4, dtype=torch.float64)
LOSSES = {
    "bradley_terry_loss": _pairs(
        bradley_terry_loss, weights=ONES, target_probability=SHARE, margin=ONES
    ),
    "scaled_bradley_terry_loss": _pairs(
        scaled_bradley_terry_loss, scale=ONES, target_probability=SHARE
    ),
    "hinge_loss": _pairs(hinge_loss, margin=ONES, target_probability=SHARE),
    "noisy_bradley_terry_loss": _pairs(
        noisy_bradley_terry_loss, flip_rate=SHARE / 2, target_probability=SHARE, margin=ONES
    ),
    "davidson_loss": lambda s: davidson_loss(
        *sides(s), like(s, shares(4, 3)), log_nu=like(s, SHARE[0])
    ),
    "rao_kupper_loss": lambda s: rao_kupper_loss(
        *sides(s), like(s, shares(4, 3)), log_theta=like(s, SHARE[0])
    ),
    "cumulative_logit_loss": lambda s: cumulative_logit_loss(
        *sides(s),
        like(s, shares(4, 5)),
        thresholds=symmetric_thresholds(like(s, SHARE[:2]), ties=True),
    ),
    "plackett_luce_loss": lambda s: plackett_luce_loss(s, PLACES, weights=like(s, ONES)),
    "ranking_pairs_loss": lambda s: ranking_pairs_loss(s, PLACES, ties="half"),
    "step_loss": lambda s: step_loss(s, like(s, shares(4, 3))),
    "outcome_loss": lambda s: outcome_loss(s[:, 0], like(s, SHARE)),
    "regression_loss": lambda s: regression_loss(s, like(s, shares(4, 3))),
    "classification_loss": lambda s: classification_loss(s, like(s, shares(4, 3))),
    "token_outcome_loss": lambda s: token_outcome_loss(s[:, 0], like(s, SHARE), rows=ROWS),
    "token_value_loss": lambda s: token_value_loss(s, like(s, shares(4, 3)), rows=ROWS),
    "language_loss": lambda s: language_loss(s, torch.tensor([0, 2, 1, 0]), rows=ROWS, count=3),
    "centering_penalty": _pairs(centering_penalty),
    "readout_penalty": readout_penalty,
    "length_correlation_penalty": lambda s: length_correlation_penalty(
        s[:, 0], like(s, random(4, seed=5))
    ),
    "flip_rate_penalty": lambda s: flip_rate_penalty(s[:, 0], start=like(s, SHARE[0]), spread=1.0),
}


@pytest.fixture(params=LOSSES.values(), ids=LOSSES)
def loss(request):
    return request.param


def test_no_loss_is_forgotten():
    named = {name for name in losses.__all__ if name.endswith(("_loss", "_penalty"))}
    assert named == set(LOSSES)


def test_gradients_equal_finite_differences(loss):
    scores = random(4, 3, seed=3).requires_grad_()
    assert torch.autograd.gradcheck(loss, (scores,), eps=1e-6, atol=1e-8)


def test_single_precision_is_near_double(loss):
    scores = random(4, 3, seed=3)
    single = loss(scores.float())
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(loss(scores).item(), rel=1e-5)


def test_half_precision_is_computed_in_single(loss):
    half = random(4, 3, seed=3).bfloat16()
    leaf = half.clone().requires_grad_()
    found = loss(leaf)
    found.backward()
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(loss(half.float()).item(), rel=1e-6)
    assert bool(torch.isfinite(leaf.grad).all())


PARAMETERS = {
    "log_nu": lambda p: davidson_loss(random(6), random(6, seed=1), shares(6, 3), log_nu=p[0]),
    "log_theta": lambda p: rao_kupper_loss(
        random(6), random(6, seed=1), shares(6, 3), log_theta=p[0].exp()
    ),
    "thresholds": lambda p: cumulative_logit_loss(
        random(6),
        random(6, seed=1),
        shares(6, 7),
        thresholds=symmetric_thresholds(p, ties=True),
    ),
    "middle": lambda p: cumulative_logit_loss(
        random(6),
        random(6, seed=1),
        shares(6, 8),
        thresholds=symmetric_thresholds(p, ties=False),
    ),
    "flip_rates": lambda p: noisy_bradley_terry_loss(
        random(6), random(6, seed=1), flip_rate=torch.sigmoid(p)[torch.tensor([0, 1, 2, 0, 1, 2])]
    ),
}


@pytest.mark.parametrize("loss", PARAMETERS.values(), ids=PARAMETERS)
def test_gradients_of_the_losses_own_parameters_equal_finite_differences(loss):
    parameters = random(3, seed=7).requires_grad_()
    assert torch.autograd.gradcheck(loss, (parameters,), eps=1e-6, atol=1e-8)
