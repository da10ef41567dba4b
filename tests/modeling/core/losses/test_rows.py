"""Losses of rankings by pairs and of tokens, and the penalties."""

import math
from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling.core.errors import ConfigError
from modeling.core.losses import (
    bradley_terry_loss,
    centering_penalty,
    flip_rate_penalty,
    language_loss,
    length_correlation_penalty,
    outcome_loss,
    ranking_pairs_loss,
    readout_penalty,
    regression_loss,
    row_means,
    token_outcome_loss,
    token_value_loss,
)
from tests.modeling.core.losses.values import double, random, shares

PLACES = torch.tensor([[0, 1, 2, 3], [0, 0, 1, -1], [1, 0, 1, 0], [0, 0, 0, 0]])


def slow_ranking_pairs(scores, places, ties):
    losses = []
    for i, j in combinations([k for k, place in enumerate(places) if place >= 0], 2):
        if places[i] == places[j] and ties == "skip":
            continue
        share = 0.5 if places[i] == places[j] else float(places[i] < places[j])
        p = 1 / (1 + math.exp(scores[j] - scores[i]))
        losses.append(-share * math.log(p) - (1 - share) * math.log(1 - p))
    return sum(losses) / len(losses) if losses else 0.0


@pytest.mark.parametrize("ties", ["skip", "half"])
def test_pairs_of_a_ranking_equal_the_definition(ties):
    scores = random(4, 4)
    each = ranking_pairs_loss(scores, PLACES, ties=ties, reduction="none")
    for row in range(4):
        expected = slow_ranking_pairs(scores[row].tolist(), PLACES[row].tolist(), ties)
        assert each[row].item() == pytest.approx(expected)


def test_a_ranking_counts_once_however_many_pairs_it_holds():
    even = torch.zeros(2, 4, dtype=torch.float64)
    places = torch.tensor([[0, 1, 2, 3], [0, 1, -1, -1]])
    assert ranking_pairs_loss(even, places, reduction="none").tolist() == pytest.approx(
        [math.log(2)] * 2
    )


def test_two_responses_are_a_pair():
    scores = random(8, 2)
    pairs = bradley_terry_loss(scores[:, 0], scores[:, 1])
    found = ranking_pairs_loss(scores, torch.tensor([[0, 1]] * 8))
    assert found.item() == pytest.approx(pairs.item())


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(-6, 6), min_size=4, max_size=4),
    st.floats(-50, 50),
    st.permutations(range(4)),
    st.sampled_from(["skip", "half"]),
)
def test_a_ranking_knows_neither_a_shift_nor_an_order_of_responses(values, shift, order, ties):
    scores, places = double([values]), torch.tensor([[0, 1, 1, 2]])
    loss = ranking_pairs_loss(scores, places, ties=ties).item()
    moved = ranking_pairs_loss(scores + shift, places, ties=ties).item()
    assert moved == pytest.approx(loss, abs=1e-8)
    turned = ranking_pairs_loss(scores[:, order], places[:, order], ties=ties).item()
    assert turned == pytest.approx(loss, abs=1e-8)


def test_ties_are_skipped_or_half():
    with pytest.raises(ConfigError, match="skip"):
        ranking_pairs_loss(random(1, 2), torch.tensor([[0, 1]]), ties="drop")


ROWS = torch.tensor([0, 0, 0, 1, 1, 3])


def test_rows_average_their_own_tokens():
    means = row_means(double([1, 2, 3, 10, 20, 7]), ROWS, 4)
    assert means.tolist() == [2.0, 15.0, 0.0, 7.0]


def test_each_token_of_a_response_is_an_outcome():
    scores, targets, weights = random(6), double([1.0, 0.0, 1.0, 0.25]), double([1, 2, 1, 0.5])
    loss = token_outcome_loss(scores, targets, rows=ROWS, weights=weights)
    expected = 0.0
    for row, tokens in enumerate(([0, 1, 2], [3, 4], [], [5])):
        own = [outcome_loss(scores[[t]], targets[[row]]).item() for t in tokens]
        expected += weights[row].item() * (sum(own) / len(own) if own else 0.0) / 4
    assert loss.item() == pytest.approx(expected)


def test_a_worked_outcome_at_tokens():
    # σ(0) = 1/2 and σ(ln 3) = 3/4: the mean of ln 2 and ln 4/3.
    loss = token_outcome_loss(
        double([0.0, math.log(3.0)]), double([1.0]), rows=torch.tensor([0, 0])
    )
    assert loss.item() == pytest.approx((math.log(2) + math.log(4 / 3)) / 2)


def test_a_value_is_wanted_at_each_token():
    values, targets = random(6, 2), random(4, 2, seed=1)
    present = torch.tensor([[True, True], [True, False], [True, True], [False, False]])
    each = token_value_loss(values, targets, rows=ROWS, present=present, reduction="none")
    for row, tokens in enumerate(([0, 1, 2], [3, 4], [], [5])):
        own = [
            regression_loss(values[[t]], targets[[row]], present=present[[row]]).item()
            for t in tokens
        ]
        assert each[row].item() == pytest.approx(sum(own) / len(own) if own else 0.0)
    worked = token_value_loss(double([[1.0], [3.0]]), double([[2.0]]), rows=torch.tensor([0, 0]))
    assert worked.item() == 1.0


def test_what_is_written_costs_its_tokens():
    logits, tokens = random(6, 5), torch.tensor([0, 4, 2, 1, 3, 0])
    loss = language_loss(logits, tokens, rows=ROWS, count=4, reduction="none")
    costs = [-torch.log_softmax(logits[t], dim=0)[tokens[t]].item() for t in range(6)]
    expected = [sum(costs[:3]) / 3, sum(costs[3:5]) / 2, 0.0, costs[5]]
    assert loss.tolist() == pytest.approx(expected)
    even = language_loss(torch.zeros(1, 8), torch.tensor([3]), rows=torch.tensor([0]), count=1)
    assert even.item() == pytest.approx(math.log(8))


def test_centring_wants_a_pairs_rewards_around_zero():
    each = centering_penalty(double([1.0, 2.0]), double([-1.0, 1.0]), reduction="none")
    assert each.tolist() == [0.0, 9.0]
    weighted = centering_penalty(double([2.0]), double([1.0]), weights=double([2.0]))
    assert weighted.item() == 18.0


def test_the_readout_costs_half_its_square():
    assert readout_penalty(double([[3.0, 4.0]])).item() == 12.5


def slow_correlation(scores, lengths):
    """Pearson's over the pairs in both orders, whose means are zero."""
    both = [*zip(scores, lengths, strict=True)] + [
        (-s, -length) for s, length in zip(scores, lengths, strict=True)
    ]
    top = sum(s * length for s, length in both)
    return top**2 / (sum(s * s for s, _ in both) * sum(length**2 for _, length in both))


def test_length_counts_by_its_squared_correlation():
    scores, lengths = random(7), random(7, seed=1) * 30
    found = length_correlation_penalty(scores, lengths).item()
    assert found == pytest.approx(slow_correlation(scores.tolist(), lengths.tolist()))
    assert length_correlation_penalty(lengths / 9, lengths).item() == pytest.approx(1.0)
    turned = length_correlation_penalty(scores * double([1, -1] * 3 + [1]), lengths).item()
    flipped = length_correlation_penalty(scores, lengths * double([1, -1] * 3 + [1])).item()
    assert turned == pytest.approx(flipped)


@pytest.mark.parametrize(
    ("scores", "lengths"),
    [
        ([0.5, 0.1], [3.0, 1.0]),
        ([0.0, 0.0, 0.0], [1.0, 2.0, 3.0]),
        ([0.1, 0.2, 0.3], [0.0, 0.0, 0.0]),
        ([], []),
    ],
)
def test_batches_that_say_nothing_of_length_cost_nothing(scores, lengths):
    values = double(scores).requires_grad_()
    found = length_correlation_penalty(values, double(lengths))
    assert found.item() == 0.0
    (slope,) = torch.autograd.grad(found, values)
    assert slope.tolist() == [0.0] * len(scores)


def test_annotators_are_held_to_the_common_rate():
    start = double(-2.0)
    assert flip_rate_penalty(double([-2.0, -2.0]), start=start, spread=1.0).item() == 0.0
    assert flip_rate_penalty(double([0.0, -2.0]), start=start, spread=2.0).item() == 0.5


def test_a_response_without_tokens_teaches_nothing():
    loss = token_outcome_loss(
        random(1), shares(2, 2)[:, 0], rows=torch.tensor([1]), reduction="none"
    )
    assert loss[0] == 0.0
