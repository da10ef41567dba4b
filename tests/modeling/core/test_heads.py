import math

import numpy as np
import pytest
from scipy.optimize import check_grad, minimize
from scipy.special import expit

from modeling.core import heads
from modeling.core.errors import TrainingError
from modeling.core.heads import (
    PairFeatures,
    choose_head,
    fit_bradley_terry_head,
    refit_heads,
)


def simulate(pairs, size, *, seed=0, offset=0.0):
    rng = np.random.default_rng(seed)
    scale = np.geomspace(0.1, 10, size)
    weights = rng.normal(size=size) / scale
    features = rng.normal(size=(2, pairs, size)) * scale + offset
    swap = rng.random(pairs) > expit((features[0] - features[1]) @ weights)
    features[:, swap] = features[::-1, swap]
    return features[0], features[1], weights


def slow_objective(vector, differences, targets, weights, margins, l2):
    """The penalised mean loss, in plain Python."""
    total = 0.0
    for row, q, w, m in zip(differences, targets, weights, margins, strict=True):
        d = sum(x * v for x, v in zip(row, vector, strict=True)) - m
        total += w * (q * math.log1p(math.exp(-d)) + (1 - q) * math.log1p(math.exp(d)))
    return total / sum(weights) + l2 / 2 * sum(v * v for v in vector)


def problem(pairs=12, size=3):
    chosen, rejected, _ = simulate(pairs, size)
    rng = np.random.default_rng(1)
    data = PairFeatures(
        chosen,
        rejected,
        weights=rng.random(pairs) + 0.1,
        target_probability=0.5 + rng.random(pairs) / 2,
        margin=rng.random(pairs),
    )
    return heads._problem(data, np.ones(size)), data


def test_the_loss_equals_the_definition():
    fast, data = problem()
    vector = np.array([0.3, -0.2, 0.1])
    arguments = (data.chosen - data.rejected, data.target_probability, data.weights, data.margin)
    slow = slow_objective(vector, *arguments, 0.0)
    assert fast.loss_and_gradient(vector)[0] == pytest.approx(slow, rel=1e-6)


def test_the_gradient_equals_finite_differences():
    fast, _ = problem()
    vector = np.array([0.3, -0.2, 0.1])
    error = check_grad(
        lambda v: fast.loss_and_gradient(v)[0], lambda v: fast.loss_and_gradient(v)[1], vector
    )
    assert error < 1e-6


def test_the_curvature_is_the_slope_of_the_gradient():
    fast, _ = problem()
    step, at = 1e-4, np.array([0.3, -0.2, 0.1])
    rows = [
        (fast.loss_and_gradient(at + step * e)[1] - fast.loss_and_gradient(at - step * e)[1])
        / (2 * step)
        for e in np.eye(3)
    ]
    assert fast.curvature(at) == pytest.approx(np.array(rows), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("l2", [1e-3, 0.1, 10.0])
def test_the_fit_minimises_the_slow_objective(l2):
    _, data = problem()
    head = fit_bradley_terry_head(
        data.chosen,
        data.rejected,
        weights=data.weights,
        target_probability=data.target_probability,
        margin=data.margin,
        l2=l2,
    )
    scale = np.vstack([data.chosen, data.rejected]).std(axis=0)
    differences = (data.chosen - data.rejected) / scale
    arguments = (differences, data.target_probability, data.weights, data.margin, l2)
    best = minimize(slow_objective, np.zeros(3), args=arguments, tol=1e-12)
    assert head.converged
    assert head.weights * scale == pytest.approx(best.x, abs=1e-4)


def test_planted_weights_are_recovered():
    chosen, rejected, weights = simulate(20_000, 8)
    head = fit_bradley_terry_head(chosen, rejected, l2=1e-6)
    assert head.converged
    scale = np.geomspace(0.1, 10, 8)
    assert head.weights * scale == pytest.approx(weights * scale, abs=0.1)


def test_rewards_are_centred_and_the_scale_of_features_does_not_matter():
    chosen, rejected, _ = simulate(500, 4, offset=3.0)
    head = fit_bradley_terry_head(chosen, rejected, l2=0.1)
    assert head.score(np.vstack([chosen, rejected])).mean() == pytest.approx(0.0, abs=1e-6)
    scaled = fit_bradley_terry_head(chosen * 100, rejected * 100, l2=0.1)
    assert scaled.score(chosen * 100) == pytest.approx(head.score(chosen), abs=1e-4)


def test_a_weight_counts_like_repetition():
    chosen, rejected, _ = simulate(60, 3)
    weights = np.ones(60)
    weights[:10] = 3.0
    repeated = np.r_[np.arange(60), np.arange(10), np.arange(10)]
    weighted = fit_bradley_terry_head(chosen, rejected, weights=weights, l2=1e-3)
    again = fit_bradley_terry_head(chosen[repeated], rejected[repeated], l2=1e-3)
    # Only the standardisation differs, and with it a little of the penalty.
    assert weighted.weights == pytest.approx(again.weights, rel=0.05)


def test_even_votes_leave_the_weights_at_zero():
    chosen, rejected, _ = simulate(50, 3)
    head = fit_bradley_terry_head(chosen, rejected, target_probability=np.full(50, 0.5), l2=0.1)
    assert head.weights == pytest.approx(np.zeros(3), abs=1e-5)


def test_separable_and_constant_features_still_converge():
    chosen = np.c_[np.ones(20), np.ones(20)]
    rejected = np.c_[np.zeros(20), np.ones(20)]
    head = fit_bradley_terry_head(chosen, rejected, l2=0.01)
    assert head.converged
    assert head.weights[1] == 0.0


def test_more_features_than_pairs_are_no_problem():
    chosen, rejected, _ = simulate(5, 40)
    assert fit_bradley_terry_head(chosen, rejected, l2=0.1).converged


def test_validation_chooses_the_penalty():
    chosen, rejected, _ = simulate(300, 30)
    train = PairFeatures(chosen[:200], rejected[:200])
    validation = PairFeatures(chosen[200:], rejected[200:])
    choice = choose_head(train, validation, l2_grid=(1e-4, 0.01, 0.1, 100.0))
    losses = dict(choice.path)
    assert choice.head.l2 == min(losses, key=losses.get)
    alone = fit_bradley_terry_head(chosen[:200], rejected[:200], l2=choice.head.l2)
    assert choice.head.weights == pytest.approx(alone.weights, abs=1e-4)


def test_without_validation_the_penalty_is_the_default():
    chosen, rejected, _ = simulate(30, 3)
    empty = PairFeatures(chosen[:0], rejected[:0])
    choice = choose_head(PairFeatures(chosen, rejected), empty, l2_grid=(0.1, 0.01))
    assert choice.head.l2 == heads.DEFAULT_L2
    assert choice.path == ()


def test_validation_without_weight_chooses_nothing():
    chosen, rejected, _ = simulate(30, 3)
    weightless = PairFeatures(chosen, rejected, weights=np.zeros(30))
    choice = choose_head(PairFeatures(chosen, rejected), weightless, l2_grid=(0.1, 0.01))
    assert choice.head.l2 == heads.DEFAULT_L2


@pytest.mark.parametrize("l2", [1e-9, 1e6])
def test_extreme_penalties_are_no_problem(l2):
    chosen, rejected, _ = simulate(400, 20)
    assert fit_bradley_terry_head(chosen, rejected, l2=l2).converged


def test_a_given_penalty_is_used_with_and_without_validation():
    data = PairFeatures(*simulate(30, 3)[:2])
    for validation in (None, data):
        assert choose_head(data, validation, l2_grid=(0.1,)).head.l2 == 0.1


@pytest.mark.parametrize(
    ("chosen", "rejected", "weights"),
    [
        (np.zeros((0, 2)), np.zeros((0, 2)), None),
        (np.zeros((2, 2)), np.zeros((2, 3)), None),
        (np.full((2, 2), np.nan), np.zeros((2, 2)), None),
        (np.zeros((2, 2)), np.zeros((2, 2)), np.zeros(2)),
        (np.zeros((2, 2)), np.zeros((2, 2)), np.array([1.0, -1.0])),
    ],
)
def test_impossible_input_is_refused(chosen, rejected, weights):
    with pytest.raises(TrainingError):
        fit_bradley_terry_head(chosen, rejected, weights=weights)


def test_no_place_is_read_twice(monkeypatch):
    chosen, rejected, _ = simulate(400, 6)
    read = heads._Problem.loss_and_gradient
    seen = []

    def watch(self, vector):
        seen.append((len(self.weights), vector.tobytes()))
        return read(self, vector)

    monkeypatch.setattr(heads._Problem, "loss_and_gradient", watch)
    validation = PairFeatures(chosen[:50], rejected[:50])
    choose_head(PairFeatures(chosen, rejected), validation, l2_grid=(0.01, 0.1, 1.0))
    assert len(seen) == len(set(seen))


def test_refitted_heads_are_those_of_their_own_weights():
    chosen, rejected, _ = simulate(300, 4)
    data = PairFeatures(chosen, rejected)
    start = fit_bradley_terry_head(chosen, rejected, l2=0.05)
    rng = np.random.default_rng(0)
    draws = [rng.multinomial(300, np.full(300, 1 / 300)).astype(float) for _ in range(3)]
    for found, weights in zip(refit_heads(data, draws, start=start), draws, strict=True):
        alone = fit_bradley_terry_head(chosen, rejected, weights=weights, l2=0.05)
        assert found.converged
        assert found.weights == pytest.approx(alone.weights, abs=1e-3)
        assert found.loss == pytest.approx(alone.loss, abs=1e-5)
    with pytest.raises(TrainingError, match="not all zero"):
        refit_heads(data, [np.zeros(300)], start=start)


def test_many_pairs_are_fitted_by_the_curvature_of_some(monkeypatch):
    chosen, rejected, _ = simulate(3000, 5)
    exact = fit_bradley_terry_head(chosen, rejected, l2=0.01)
    monkeypatch.setattr(heads, "_CURVATURE_ROWS", 200)
    rough = fit_bradley_terry_head(chosen, rejected, l2=0.01)
    assert rough.converged
    assert rough.weights == pytest.approx(exact.weights, abs=1e-4)
