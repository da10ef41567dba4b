"""Losses of pairs: definitions, hand-worked values, limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling.core.losses import (
    annealed_margin,
    bradley_terry_loss,
    hinge_loss,
    noisy_bradley_terry_loss,
    plackett_luce_loss,
    scaled_bradley_terry_loss,
)
from tests.modeling.core.losses.values import double, random

SCORES = st.lists(st.floats(-8, 8), min_size=4, max_size=4)
SHIFT = st.floats(-100, 100)


def each(values: torch.Tensor) -> list[float]:
    return values.tolist()


def test_both_published_forms_of_bradley_terry_agree():
    chosen, rejected = random(50) * 4, random(50, seed=1) * 4
    ratio = -torch.log(chosen.exp() / (chosen.exp() + rejected.exp()))
    softplus = torch.log1p((rejected - chosen).exp())
    loss = bradley_terry_loss(chosen, rejected, reduction="none")
    assert each(loss) == pytest.approx(each(ratio), abs=1e-6)
    assert each(loss) == pytest.approx(each(softplus), abs=1e-6)
    scores, places = torch.stack([chosen, rejected], dim=1), torch.tensor([[0, 1]] * 50)
    luce = plackett_luce_loss(scores, places, reduction="none")
    assert each(loss) == pytest.approx(each(luce), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(SCORES, SHIFT)
def test_only_differences_count(values, shift):
    chosen, rejected = double(values[:2]), double(values[2:])
    for loss in (
        bradley_terry_loss,
        hinge_loss,
        lambda a, b: scaled_bradley_terry_loss(a, b, scale=double([1.0, 2.0])),
        lambda a, b: noisy_bradley_terry_loss(a, b, flip_rate=double(0.2)),
    ):
        moved = loss(chosen + shift, rejected + shift).item()
        assert moved == pytest.approx(loss(chosen, rejected).item(), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(SCORES)
def test_a_margin_of_zero_is_bradley_terry(values):
    chosen, rejected = double(values[:2]), double(values[2:])
    plain = bradley_terry_loss(chosen, rejected).item()
    zero = bradley_terry_loss(chosen, rejected, margin=torch.zeros(2, dtype=torch.float64))
    assert zero.item() == pytest.approx(plain, abs=1e-12)


def test_a_margin_moves_the_difference():
    loss = bradley_terry_loss(double([2.0]), double([0.0]), margin=double([2.0]))
    assert loss.item() == pytest.approx(math.log(2))


def test_a_hinge_costs_what_is_missing_to_its_margin():
    loss = hinge_loss(double([2.0, 0.25, -1.0]), double([0.0, 0.0, 0.0]), reduction="none")
    assert each(loss) == [0.0, 0.75, 2.0]
    half = hinge_loss(double([0.25]), double([0.0]), margin=0.5)
    assert half.item() == 0.25
    own = hinge_loss(double([1.0, 1.0]), double([0.0, 0.0]), margin=double([0.5, 3.0]))
    assert own.item() == 1.0


def slow_hinge(differences, margin, shares, weights):
    total = 0.0
    for d, q, w in zip(differences, shares, weights, strict=True):
        total += w * (q * max(0.0, margin - d) + (1 - q) * max(0.0, margin + d))
    return total / len(differences)


def test_a_hinge_equals_the_definition():
    chosen, rejected = random(6), random(6, seed=1)
    shares, weights = double([1, 0.5, 0.75, 0.9, 1, 0.6]), double([1, 2, 0, 1, 3, 1])
    loss = hinge_loss(
        chosen, rejected, margin=0.5, target_probability=shares, weights=weights
    ).item()
    lists = ((chosen - rejected).tolist(), 0.5, shares.tolist(), weights.tolist())
    assert loss == pytest.approx(slow_hinge(*lists))


def test_an_annealed_margin_grows_in_a_line_and_stays():
    margins = [annealed_margin(2.0, anneal=0.5, progress=share / 4) for share in range(5)]
    assert margins == [0.0, 1.0, 2.0, 2.0, 2.0]
    assert annealed_margin(2.0, anneal=0.0, progress=0.0) == 2.0


def test_a_scaled_loss_is_multiplied():
    chosen, rejected, scale = random(5), random(5, seed=1), double([0, 1, 2, 3, 0.5])
    plain = bradley_terry_loss(chosen, rejected, reduction="none")
    scaled = scaled_bradley_terry_loss(chosen, rejected, scale=scale, reduction="none")
    assert each(scaled) == pytest.approx(each(plain * scale))
    ones = scaled_bradley_terry_loss(chosen, rejected, scale=torch.ones_like(scale))
    assert ones.item() == pytest.approx(plain.mean().item())


def slow_noisy(differences, rates, shares):
    total = 0.0
    for d, e, q in zip(differences, rates, shares, strict=True):
        p = e + (1 - 2 * e) / (1 + math.exp(-d))
        total += -q * math.log(p) - (1 - q) * math.log(1 - p)
    return total / len(differences)


def test_votes_that_may_be_wrong_equal_the_definition():
    chosen, rejected = random(6), random(6, seed=1)
    rates, shares = double([0.01, 0.1, 0.2, 0.3, 0.4, 0.49]), double([1, 0.5, 0.75, 0.9, 1, 0.6])
    loss = noisy_bradley_terry_loss(chosen, rejected, flip_rate=rates, target_probability=shares)
    expected = slow_noisy((chosen - rejected).tolist(), rates.tolist(), shares.tolist())
    assert loss.item() == pytest.approx(expected)


def test_a_worked_vote_that_may_be_wrong():
    # σ(ln 3) = 3/4; at a rate of 1/10 the vote has probability 1/10 + 8/10 · 3/4 = 7/10.
    loss = noisy_bradley_terry_loss(double([math.log(3.0)]), double([0.0]), flip_rate=double(0.1))
    assert loss.item() == pytest.approx(-math.log(0.7))


def test_votes_that_are_never_wrong_are_bradley_terry():
    chosen, rejected = random(6).requires_grad_(), random(6, seed=1)
    certain = noisy_bradley_terry_loss(chosen, rejected, flip_rate=double(0.0))
    assert certain.item() == pytest.approx(bradley_terry_loss(chosen, rejected).item())
    (noisy,) = torch.autograd.grad(certain, chosen)
    (plain,) = torch.autograd.grad(bradley_terry_loss(chosen, rejected), chosen)
    assert noisy.tolist() == pytest.approx(plain.tolist())


def test_a_vote_against_all_evidence_costs_the_flip_rate_and_stops_pulling():
    chosen = double([-300.0]).requires_grad_()
    loss = noisy_bradley_terry_loss(chosen, double([0.0]), flip_rate=double(0.05))
    loss.backward()
    assert loss.item() == pytest.approx(-math.log(0.05))
    assert chosen.grad.item() == pytest.approx(0.0, abs=1e-12)
