"""The losses of the kinds that are no pairs: definitions, gradients, limits and invariances."""

import math
from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling.core.losses import (
    bradley_terry_loss,
    classification_loss,
    outcome_loss,
    plackett_luce_loss,
    regression_loss,
    step_loss,
)

SCORE = st.floats(-6, 6)


def double(values):
    return torch.tensor(values, dtype=torch.float64)


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 4 * torch.rand(*shape, generator=generator, dtype=torch.float64) - 2


def shares(*shape, seed=0):
    return torch.softmax(random(*shape, seed=seed), dim=1)


def slow_plackett_luce(scores, places):
    """Sum the probabilities of every order that the tiers allow."""
    ranked = [index for index, place in enumerate(places) if place >= 0]
    allowed = 0.0
    for order in permutations(ranked):
        if [places[index] for index in order] == sorted(places[index] for index in ranked):
            allowed += math.exp(-order_loss(scores, order))
    return -math.log(allowed)


def order_loss(scores, order):
    loss = 0.0
    for place, index in enumerate(order):
        left = sum(math.exp(scores[other]) for other in order[place:])
        loss -= scores[index] - math.log(left)
    return loss


def test_a_ranking_without_ties_by_hand():
    # Worths 1, 2, 3 in the order 3, 1, 2: 3/6 · 1/3.
    scores = double([[math.log(1), math.log(2), math.log(3)]])
    loss = plackett_luce_loss(scores, torch.tensor([[1, 2, 0]]))
    assert loss.item() == pytest.approx(-math.log(1 / 2 * 1 / 3))


def test_a_tie_at_the_top_by_hand():
    # Worths 1 and 2 in either order before worth 3: 1/6 · 2/5 + 2/6 · 1/4.
    scores = double([[math.log(1), math.log(2), math.log(3)]])
    loss = plackett_luce_loss(scores, torch.tensor([[0, 0, 1]]))
    assert loss.item() == pytest.approx(-math.log(1 / 6 * 2 / 5 + 2 / 6 * 1 / 4))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SCORE, st.integers(-1, 3)), min_size=2, max_size=6))
def test_rankings_equal_the_sum_over_all_orders(responses):
    scores, places = [score for score, _ in responses], [place for _, place in responses]
    loss = plackett_luce_loss(double([scores]), torch.tensor([places]))
    assert loss.item() == pytest.approx(slow_plackett_luce(scores, places), abs=1e-8)


def test_rankings_of_a_batch_are_those_of_its_rows():
    scores = random(5, 4)
    places = torch.tensor([[0, 1, 2, 3], [0, 0, 1, -1], [2, 1, 1, 0], [1, 0, -1, -1], [0, 0, 0, 1]])
    each = plackett_luce_loss(scores, places, reduction="none")
    for row in range(5):
        expected = slow_plackett_luce(scores[row].tolist(), places[row].tolist())
        assert each[row].item() == pytest.approx(expected, abs=1e-8)
    weights = double([1, 2, 0, 3, 4])
    mean = plackett_luce_loss(scores, places, weights=weights)
    assert mean.item() == pytest.approx((each * weights).mean().item())


def test_two_responses_are_a_pair():
    scores = random(8, 2)
    loss = plackett_luce_loss(scores, torch.tensor([[0, 1]] * 8), reduction="none")
    pairs = bradley_terry_loss(scores[:, 0], scores[:, 1], reduction="none")
    assert loss.tolist() == pytest.approx(pairs.tolist(), abs=1e-12)


def test_a_tie_of_all_costs_nothing():
    assert plackett_luce_loss(random(3, 4), torch.zeros(3, 4, dtype=torch.int64)).item() == 0.0


@settings(max_examples=25, deadline=None)
@given(st.lists(SCORE, min_size=4, max_size=4), st.floats(-50, 50), st.permutations(range(4)))
def test_a_ranking_knows_neither_a_shift_nor_an_order_of_responses(scores, shift, order):
    values, places = double([scores]), torch.tensor([[0, 1, 1, 2]])
    loss = plackett_luce_loss(values, places).item()
    assert plackett_luce_loss(values + shift, places).item() == pytest.approx(loss, abs=1e-8)
    moved = plackett_luce_loss(values[:, order], places[:, order]).item()
    assert moved == pytest.approx(loss, abs=1e-8)


def test_unranked_responses_and_padding_do_not_count():
    scores = random(1, 5)
    places = torch.tensor([[1, 0, 2, -1, -1]])
    alone = plackett_luce_loss(scores[:, :3], places[:, :3])
    assert plackett_luce_loss(scores, places).item() == pytest.approx(alone.item(), abs=1e-12)


def test_a_partial_ranking_is_the_best_before_the_rest():
    scores = random(1, 4)
    top = plackett_luce_loss(scores, torch.tensor([[0, 1, 1, 1]]))
    assert top.item() == pytest.approx((torch.logsumexp(scores, 1) - scores[:, 0]).item(), abs=1e-8)


def test_large_tiers_and_great_distances_stay_finite():
    tiers = torch.tensor([[0] * 63 + [1]])
    even = plackett_luce_loss(torch.zeros(1, 64, dtype=torch.float64), tiers)
    assert even.item() == pytest.approx(math.log(64), abs=1e-8)
    scores = torch.tensor([[300.0, -300.0, 0.0, 90.0]], requires_grad=True)
    loss = plackett_luce_loss(scores, torch.tensor([[2, 0, 0, 1]]))
    loss.backward()
    assert math.isfinite(loss.item())
    assert torch.isfinite(scores.grad).all()
    assert scores.grad.sum().item() == pytest.approx(0.0, abs=1e-2)


def test_a_ranking_in_single_precision():
    scores, places = random(6, 4), torch.tensor([[0, 1, 1, 2]] * 6)
    exact = plackett_luce_loss(scores, places).item()
    assert plackett_luce_loss(scores.float(), places).item() == pytest.approx(exact, rel=1e-5)


def test_outcomes_equal_the_definition():
    scores, targets, weights = random(6), shares(6, 2)[:, 0], double([1, 2, 3, 4, 0, 1])
    expected = 0.0
    for s, q, w in zip(scores.tolist(), targets.tolist(), weights.tolist(), strict=True):
        p = 1 / (1 + math.exp(-s))
        expected += w * (-q * math.log(p) - (1 - q) * math.log(1 - p)) / 6
    assert outcome_loss(scores, targets, weights=weights).item() == pytest.approx(expected)


def test_a_hard_outcome_is_a_pair_against_zero():
    scores = random(6)
    pairs = bradley_terry_loss(scores, torch.zeros_like(scores))
    assert outcome_loss(scores, torch.ones_like(scores)).item() == pytest.approx(pairs.item())


def test_two_classes_of_steps_are_outcomes():
    logits, targets = random(5, 1), shares(5, 2)[:, :1]
    expected = outcome_loss(logits[:, 0], targets[:, 0])
    assert step_loss(logits, targets).item() == pytest.approx(expected.item())


def test_three_classes_of_steps_equal_the_definition():
    logits, targets = random(5, 3), shares(5, 3, seed=1)
    assert step_loss(logits, targets).item() == pytest.approx(slow_classes(logits, targets))


def slow_classes(logits, targets):
    total = 0.0
    for values, wanted in zip(logits.tolist(), targets.tolist(), strict=True):
        norm = sum(math.exp(value) for value in values)
        total -= sum(q * math.log(math.exp(v) / norm) for v, q in zip(values, wanted, strict=True))
    return total / len(logits)


def test_classes_equal_the_definition():
    logits, targets = random(6, 4), shares(6, 4, seed=1)
    expected = slow_classes(logits, targets)
    assert classification_loss(logits, targets).item() == pytest.approx(expected)
    assert classification_loss(logits + 7, targets).item() == pytest.approx(expected)


def test_scores_equal_the_definition_and_missing_ones_cost_nothing():
    predictions, targets = double([[1, 5], [2, 2], [0, 3]]), double([[0, 0], [0, 4], [9, 9]])
    present = torch.tensor([[True, False], [True, True], [False, False]])
    each = regression_loss(predictions, targets, present=present, reduction="none")
    assert each.tolist() == [1.0, (4 + 4) / 2, 0.0]
    weights = double([2, 1, 1])
    assert regression_loss(
        predictions, targets, present=present, weights=weights
    ).item() == pytest.approx((2 + 4 + 0) / 3)
    assert regression_loss(predictions, targets, reduction="sum").item() == pytest.approx(
        (1 + 25) / 2 + 4 + (81 + 36) / 2
    )


def test_a_missing_score_may_be_anything():
    predictions = random(2, 2).requires_grad_()
    targets = double([[1.0, math.nan], [math.inf, 2.0]])
    present = torch.tensor([[True, False], [False, True]])
    loss = regression_loss(predictions, targets, present=present)
    loss.backward()
    assert math.isfinite(loss.item())
    assert predictions.grad[~present].tolist() == [0.0, 0.0]


PLACES = torch.tensor([[0, 1, 2, 3], [0, 0, 1, -1], [1, 0, 1, 0], [0, 0, 0, 1]])
GRADIENTS = {
    "plackett_luce": (
        lambda s: plackett_luce_loss(s, PLACES, weights=double([1, 2, 3, 4])),
        (4, 4),
    ),
    "step_2": (lambda s: step_loss(s, shares(5, 2)[:, :1]), (5, 1)),
    "step_3": (lambda s: step_loss(s, shares(5, 3), weights=double([1, 0, 2, 1, 1])), (5, 3)),
    "outcome": (lambda s: outcome_loss(s[:, 0], shares(5, 2)[:, 0]), (5, 1)),
    "regression": (lambda s: regression_loss(s, shares(5, 3), present=shares(5, 3) > 0.3), (5, 3)),
    "classification": (lambda s: classification_loss(s, shares(5, 4)), (5, 4)),
}


@pytest.mark.parametrize(("loss", "shape"), GRADIENTS.values(), ids=GRADIENTS)
def test_gradients_equal_finite_differences(loss, shape):
    scores = random(*shape, seed=3).requires_grad_()
    assert torch.autograd.gradcheck(loss, (scores,), eps=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    "loss",
    [
        lambda s: plackett_luce_loss(s.to(torch.float32), PLACES),
        lambda s: outcome_loss(s[:, 0], torch.ones(4)),
        lambda s: classification_loss(s, torch.eye(4)),
        lambda s: regression_loss(s, torch.eye(4)),
    ],
    ids=["plackett_luce", "outcome", "classification", "regression"],
)
def test_huge_outputs_stay_finite(loss):
    scores = (1e4 * random(4, 4)).float().requires_grad_()
    value = loss(scores)
    value.backward()
    assert math.isfinite(value.item())
    assert torch.isfinite(scores.grad).all()
