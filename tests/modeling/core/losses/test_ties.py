"""Pairs that may come out even, and pairs with a strength."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.aggregate.tie_models import Davidson, RaoKupper
from modeling.core.losses import (
    bradley_terry_loss,
    cumulative_logit_log_probabilities,
    cumulative_logit_loss,
    davidson_log_probabilities,
    davidson_loss,
    rao_kupper_log_probabilities,
    rao_kupper_loss,
    symmetric_thresholds,
)
from tests.modeling.core.losses.values import double, random, shares

DECIDED = double([[1.0, 0.0, 0.0]] * 6)
DIFFERENCE = st.floats(-12, 12)
PARAMETER = st.floats(-3, 2)


def slow_davidson(difference, nu):
    a, b = math.exp(difference / 2), math.exp(-difference / 2)
    total = a + b + nu * math.sqrt(a * b)
    return a / total, nu * math.sqrt(a * b) / total, b / total


def slow_rao_kupper(difference, theta):
    a, b = math.exp(difference / 2), math.exp(-difference / 2)
    first, second = a / (a + theta * b), b / (theta * a + b)
    tie = (theta**2 - 1) * a * b / ((a + theta * b) * (theta * a + b))
    return first, tie, second


def slow_cumulative(difference, thresholds):
    below = [0.0, *(1 / (1 + math.exp(difference - t)) for t in thresholds), 1.0]
    return [high - low for low, high in pairwise(below)]


@settings(max_examples=40, deadline=None)
@given(DIFFERENCE, PARAMETER)
def test_probabilities_equal_the_definitions(difference, parameter):
    value, log = double([difference]), double(parameter)
    found = davidson_log_probabilities(value, log).exp()[0]
    assert found.tolist() == pytest.approx(slow_davidson(difference, math.exp(parameter)))
    found = rao_kupper_log_probabilities(value, log.exp()).exp()[0]
    theta = math.exp(math.exp(parameter))
    assert found.tolist() == pytest.approx(slow_rao_kupper(difference, theta), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(DIFFERENCE, PARAMETER)
def test_answers_add_up_to_one_and_mirror_each_other(difference, parameter):
    both = double([difference, -difference])
    for logs in (
        davidson_log_probabilities(both, double(parameter)),
        rao_kupper_log_probabilities(both, double(parameter).exp()),
        cumulative_logit_log_probabilities(
            both, symmetric_thresholds(double([parameter, -0.5, 0.5]), ties=True)
        ),
        cumulative_logit_log_probabilities(
            both, symmetric_thresholds(double([parameter, 0.5]), ties=False)
        ),
    ):
        assert logs.exp().sum(dim=1).tolist() == pytest.approx([1.0, 1.0])
        assert logs[0].tolist() == pytest.approx(logs[1].flip(0).tolist())


def test_worked_examples():
    # Equal worths and ν = 1: each answer has probability 1/3.
    even = davidson_loss(double([2.0]), double([2.0]), double([[0, 1, 0]]), log_nu=double(0.0))
    assert even.item() == pytest.approx(math.log(3))
    # Equal worths and θ = 2: 1/3 either way, and what is left for a tie.
    even = rao_kupper_loss(
        double([2.0]), double([2.0]), double([[1, 0, 0]]), log_theta=double(math.log(2.0))
    )
    assert even.item() == pytest.approx(math.log(3))
    # Thresholds −ln 3 and ln 3 leave a quarter outside on either side.
    thresholds = double([-math.log(3.0), math.log(3.0)])
    logs = cumulative_logit_log_probabilities(double([0.0]), thresholds)
    assert logs.exp()[0].tolist() == pytest.approx([0.25, 0.5, 0.25])


def test_they_are_the_models_that_aggregate_votes():
    differences = random(9) * 3
    for mine, theirs in (
        (davidson_log_probabilities(differences, double(-0.4)), Davidson()),
        (rao_kupper_log_probabilities(differences, double(0.7)), RaoKupper()),
    ):
        parameter = -0.4 if isinstance(theirs, Davidson) else 0.7
        expected = theirs.log_probabilities(differences.numpy(), parameter)
        assert np.abs(mine.numpy().T - expected).max() < 1e-9


def test_losses_equal_the_cross_entropies():
    first, second, targets = random(6), random(6, seed=1), shares(6, 3)
    weights = double([1, 2, 0, 1, 3, 1])
    differences = (first - second).tolist()
    for loss, slow in (
        (davidson_loss(first, second, targets, log_nu=double(0.3), weights=weights), "davidson"),
        (
            rao_kupper_loss(first, second, targets, log_theta=double(0.3), weights=weights),
            "rao_kupper",
        ),
    ):
        expected = 0.0
        for d, q, w in zip(differences, targets.tolist(), weights.tolist(), strict=True):
            model = slow_davidson if slow == "davidson" else slow_rao_kupper
            p = model(d, math.exp(0.3))
            expected -= w * sum(qi * math.log(pi) for qi, pi in zip(q, p, strict=True)) / 6
        assert loss.item() == pytest.approx(expected)


def test_strengths_equal_the_definition():
    first, second, targets = random(6), random(6, seed=1), shares(6, 5)
    thresholds = double([-2.0, -0.5, 0.5, 2.0])
    loss = cumulative_logit_loss(first, second, targets, thresholds=thresholds, reduction="none")
    for row, d in enumerate((first - second).tolist()):
        p = slow_cumulative(d, thresholds.tolist())
        expected = -sum(q * math.log(pi) for q, pi in zip(targets[row].tolist(), p, strict=True))
        assert loss[row].item() == pytest.approx(expected)


def test_without_ties_they_are_bradley_terry():
    first, second = random(6).requires_grad_(), random(6, seed=1)
    plain = bradley_terry_loss(first, second)
    (slope,) = torch.autograd.grad(plain, first)
    for loss in (
        davidson_loss(first, second, DECIDED, log_nu=double(-60.0)),
        davidson_loss(first, second, DECIDED, log_nu=double(-math.inf)),
        rao_kupper_loss(first, second, DECIDED, log_theta=double(1e-14)),
        rao_kupper_loss(first, second, DECIDED, log_theta=double(0.0)),
        cumulative_logit_loss(
            first,
            second,
            DECIDED[:, [1, 0]],
            thresholds=symmetric_thresholds(double([]), ties=False),
        ),
    ):
        assert loss.item() == pytest.approx(plain.item(), abs=1e-9)
        (found,) = torch.autograd.grad(loss, first)
        assert found.tolist() == pytest.approx(slope.tolist(), abs=1e-9)


def test_rao_and_kupper_are_three_classes_of_a_cumulative_logit():
    first, second, targets = random(6), random(6, seed=1), shares(6, 3)
    thresholds = symmetric_thresholds(double([math.log(0.8)]), ties=True)
    cumulative = cumulative_logit_loss(first, second, targets.flip(1), thresholds=thresholds)
    loss = rao_kupper_loss(first, second, targets, log_theta=double(0.8))
    assert loss.item() == pytest.approx(cumulative.item())


def test_thresholds_keep_their_order_and_mirror_whatever_is_learned():
    gaps = random(4) * 5
    for ties, count in ((True, 8), (False, 9)):
        found = symmetric_thresholds(gaps, ties=ties)
        assert len(found) == count
        assert bool((found.diff() > 0).all())
        assert found.tolist() == (-found.flip(0)).tolist()
    assert symmetric_thresholds(gaps, ties=False)[4] == 0.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=4, max_size=4), st.floats(-50, 50))
def test_only_differences_count(values, shift):
    first, second, targets = double(values[:2]), double(values[2:]), shares(2, 3)
    for loss in (
        lambda a, b: davidson_loss(a, b, targets, log_nu=double(0.2)),
        lambda a, b: rao_kupper_loss(a, b, targets, log_theta=double(0.2)),
        lambda a, b: cumulative_logit_loss(a, b, targets, thresholds=double([-1.0, 1.0])),
    ):
        moved = loss(first + shift, second + shift).item()
        assert moved == pytest.approx(loss(first, second).item(), abs=1e-8)


def test_great_differences_stay_finite():
    scores = torch.tensor([1e4, -1e4], requires_grad=True)
    targets = torch.tensor([[0.2, 0.3, 0.5]] * 2)
    for loss in (
        davidson_loss(scores, -scores, targets, log_nu=torch.tensor(0.0)),
        rao_kupper_loss(scores, -scores, targets, log_theta=torch.tensor(0.5)),
        cumulative_logit_loss(scores, -scores, targets, thresholds=torch.tensor([-1.0, 1.0])),
    ):
        (slope,) = torch.autograd.grad(loss, scores)
        assert math.isfinite(loss.item())
        assert bool(torch.isfinite(slope).all())
