import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize
from scipy.special import expit
from scipy.stats import chi2

from modeling.core.acquisition import select_batch
from modeling.core.errors import ConfigError, TrainingError
from modeling.core.heads import BradleyTerryHead, PairFeatures, fit_bradley_terry_head
from modeling.core.posterior import LastLayerLaplace
from modeling.core.votes import VoteModel

SIZE = 3


def judged(pairs, *, seed=0, weights=(1.0, -0.5, 0.3), **columns):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(2, pairs, SIZE))
    swap = rng.random(pairs) > expit((features[0] - features[1]) @ np.array(weights))
    features[:, swap] = features[::-1, swap]
    return PairFeatures(features[0], features[1], **columns)


def fitted(data, *, l2=0.05):
    return fit_bradley_terry_head(
        data.chosen,
        data.rejected,
        weights=data.weights,
        target_probability=data.target_probability,
        margin=data.margin,
        l2=l2,
    )


def posterior_of(data, **options):
    return LastLayerLaplace.fit(data, fitted(data), **options)


def slow_precision(data, head, scale, flip=0.0):
    """λI + Σ v x xᵀ in plain Python."""
    count = len(data.chosen)
    weights = [1.0] * count if data.weights is None else data.weights
    margins = [0.0] * count if data.margin is None else data.margin
    h = [[head.l2 * sum(weights) * (i == j) for j in range(SIZE)] for i in range(SIZE)]
    for a, b, weight, margin in zip(data.chosen, data.rejected, weights, margins, strict=True):
        x = [(p - q) / s for p, q, s in zip(a, b, scale, strict=True)]
        logit = sum(value * w * s for value, w, s in zip(x, head.weights, scale, strict=True))
        p = 1 / (1 + math.exp(margin - logit))
        q = flip + (1 - 2 * flip) * p
        v = (1 - 2 * flip) ** 2 * (p * (1 - p)) ** 2 / (q * (1 - q))
        for i in range(SIZE):
            for j in range(SIZE):
                h[i][j] += weight * v * x[i] * x[j]
    return np.array(h)


@pytest.mark.parametrize("flip", [0.0, 0.2])
def test_the_precision_equals_its_definition(flip):
    rng = np.random.default_rng(1)
    data = judged(40, weights=(1, 1, 1))
    data = PairFeatures(data.chosen, data.rejected, rng.random(40) + 0.1, None, rng.random(40))
    head = fitted(data)
    found = LastLayerLaplace.fit(data, head, votes=VoteModel(flip_rate=flip))
    assert found.precision == pytest.approx(slow_precision(data, head, found.scale, flip))
    assert found.pairs == pytest.approx(data.weights.sum())


def test_the_precision_is_the_hessian_of_what_the_fit_minimises():
    data = judged(200)
    head = fitted(data)
    found = LastLayerLaplace.fit(data, head)
    x = (data.chosen - data.rejected) / found.scale

    def gradient(vector):
        return 200 * head.l2 * vector - (1 - expit(x @ vector)) @ x

    hessian = approx_fprime(head.weights * found.scale, gradient, 1e-6)
    assert found.precision == pytest.approx(hessian, rel=1e-4, abs=1e-3)


def test_one_pair_by_hand():
    """x = 2 in a feature of scale 1 and w = 0, so H = λ + ¼·4 = 3 with λ = 2."""
    data = PairFeatures(np.array([[1.0]]), np.array([[-1.0]]))
    head = BradleyTerryHead(np.zeros(1), 0.0, l2=2.0, loss=None, n_iter=0, converged=True)
    found = LastLayerLaplace.fit(data, head)
    features, pairs = np.array([[3.0], [0.0]]), np.array([[0, 1]])
    assert found.variance(features, pairs) == pytest.approx([9 / 3])
    assert found.deviations(features) == pytest.approx([3 / math.sqrt(3), 0.0])
    assert found.margins(features, pairs) == pytest.approx([0.0])
    assert found.probability(features, pairs) == pytest.approx([0.5])


def test_planted_weights_lie_where_the_posterior_expects_them():
    planted = np.array([1.0, -0.5, 0.3])
    inside = 0
    for seed in range(40):
        data = judged(400, seed=seed)
        found = LastLayerLaplace.fit(data, fitted(data, l2=1e-3))
        away = found.factor.T @ ((found.weights - planted) * found.scale)
        inside += away @ away < chi2.ppf(0.9, SIZE)
    assert 31 <= inside <= 40  # 90 % of 40 is 36


def test_an_update_finds_the_mode_of_old_belief_and_new_judgments():
    old = posterior_of(judged(100))
    new = judged(15, seed=1, target_probability=np.linspace(0.5, 1, 15), margin=np.full(15, 0.2))
    found = old.update(new)
    x, start = new.chosen - new.rejected, old.weights

    def slow(weights):
        away = old.factor.T @ ((weights - start) * old.scale)
        loss = 0.0
        for row, q in zip(x, new.target_probability, strict=True):
            d = row @ weights - 0.2
            loss += q * math.log1p(math.exp(-d)) + (1 - q) * math.log1p(math.exp(d))
        return loss + away @ away / 2

    assert found.weights == pytest.approx(minimize(slow, start, tol=1e-12).x, abs=1e-5)


def test_an_update_adds_exactly_what_the_new_judgments_tell():
    old, new = posterior_of(judged(100)), judged(15, seed=1)
    found = old.update(new)
    x = (new.chosen - new.rejected) / old.scale
    p = expit(x @ (found.weights * old.scale))
    assert found.precision - old.precision == pytest.approx((x.T * (p * (1 - p))) @ x)
    assert found.pairs == 115


def test_updates_equal_a_refit_up_to_the_curve_of_the_likelihood():
    first, second = judged(1500), judged(300, seed=1)
    both = PairFeatures(*(np.vstack(s) for s in zip(sides(first), sides(second), strict=True)))
    whole = LastLayerLaplace.fit(both, fitted(both, l2=0.01))
    updated = LastLayerLaplace.fit(first, fitted(first, l2=0.01 * 1800 / 1500)).update(second)
    deviation = np.sqrt(np.diag(np.linalg.inv(whole.precision))) / whole.scale
    assert np.abs(updated.weights - whole.weights).max() < 0.1 * deviation.max()
    features, pairs = first.chosen, np.array([[0, 1], [2, 3], [4, 5]])
    expected = whole.variance(features, pairs)
    assert updated.variance(features, pairs) == pytest.approx(expected, rel=0.05)


def sides(data):
    return data.chosen, data.rejected


def test_blocks_of_judgments_may_come_one_by_one():
    old, new = posterior_of(judged(1000)), judged(20, seed=1)
    single = old
    for row in range(20):
        single = single.update(new.part(slice(row, row + 1)))
    assert single.weights == pytest.approx(old.update(new).weights, abs=2e-3)
    assert single.precision == pytest.approx(old.update(new).precision, rel=5e-3, abs=0.5)


def test_more_new_judgments_than_old_are_no_trouble():
    found = posterior_of(judged(20)).update(judged(50_000, seed=1))
    assert found.weights == pytest.approx([1.0, -0.5, 0.3], abs=0.05)


def test_an_update_with_slips_and_ties_still_climbs():
    old = posterior_of(judged(30), votes=VoteModel(flip_rate=0.2, tie=0.5))
    shares = np.tile([1.0, 0.5, 0.0], 10)
    new = judged(30, seed=2, weights=(9, 9, 9), target_probability=shares)
    found = old.update(new)
    votes, x = old.votes, new.chosen - new.rejected

    def slow(weights):
        away = old.factor.T @ ((weights - old.weights) * old.scale)
        return away @ away / 2 - votes.log_likelihood(x @ weights, shares).sum()

    assert found.weights == pytest.approx(minimize(slow, old.weights, tol=1e-12).x, abs=1e-4)


@settings(max_examples=20)
@given(st.integers(1, 10), st.integers(0, 1000))
def test_more_judgments_never_make_a_margin_less_certain(count, seed):
    old = posterior_of(judged(50))
    features, pairs = judged(10, seed=3).chosen, np.array([[0, 1], [2, 3]])
    updated = old.update(judged(count, seed=seed))
    assert (updated.variance(features, pairs) <= old.variance(features, pairs) + 1e-12).all()


def test_units_and_origin_of_the_features_do_not_matter():
    data = judged(80)
    moved = PairFeatures(data.chosen * 10 + 5, data.rejected * 10 + 5)
    here, there = posterior_of(data), posterior_of(moved)
    pairs = np.array([[0, 1], [2, 3]])
    expected = here.variance(data.chosen, pairs)
    assert there.variance(moved.chosen, pairs) == pytest.approx(expected, rel=1e-3)
    expected = here.deviations(data.chosen)
    assert there.deviations(moved.chosen) == pytest.approx(expected, rel=1e-3)


def test_the_adjusted_chance_is_that_of_drawn_weights():
    found = posterior_of(judged(20))
    features, pairs = judged(50, seed=4).chosen, np.arange(50).reshape(-1, 2)
    draws = np.random.default_rng(0).normal(size=(SIZE, 20_000))
    weights = np.linalg.solve(found.factor.T, draws) / found.scale[:, None] + found.weights[:, None]
    rewards = features @ weights
    expected = expit(rewards[pairs[:, 0]] - rewards[pairs[:, 1]]).mean(axis=1)
    assert found.probability(features, pairs) == pytest.approx(expected, abs=0.02)


def test_batches_are_chosen_with_it():
    found = posterior_of(judged(50))
    features, pairs = judged(30, seed=5).chosen, np.arange(30).reshape(-1, 2)
    chosen = select_batch(features, pairs, posterior=found, size=5)
    least = np.argsort(np.abs(found.margins(features, pairs)))
    assert set(chosen.indices[1:].tolist()) <= set(least[:6].tolist())


def test_it_comes_back_from_its_arrays():
    found = posterior_of(judged(30), votes=VoteModel(0.1, 0.3))
    again = LastLayerLaplace.restored(found.tensors(), found.facts())
    assert again.votes == found.votes
    assert again.pairs == found.pairs
    features = judged(4).chosen
    assert again.deviations(features) == pytest.approx(found.deviations(features), abs=0)


def test_arrays_that_do_not_fit_are_refused():
    found = posterior_of(judged(30))
    with pytest.raises(ConfigError, match="train again"):
        LastLayerLaplace.restored(found.tensors() | {"scale": np.ones(2)}, found.facts())


def test_without_a_penalty_there_is_no_posterior():
    data = judged(10)
    head = BradleyTerryHead(np.zeros(SIZE), 0.0, l2=0.0, loss=None, n_iter=0, converged=True)
    with pytest.raises(TrainingError, match="l2 above zero"):
        LastLayerLaplace.fit(data, head)
