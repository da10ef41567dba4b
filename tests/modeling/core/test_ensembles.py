from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from modeling.core.ensembles import HeadSet, bootstrap_heads
from modeling.core.errors import ConfigError, TrainingError
from modeling.core.heads import BradleyTerryHead, PairFeatures, fit_bradley_terry_head
from modeling.core.posterior import LastLayerLaplace


def judged(pairs, size=3, *, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(2, pairs, size))
    swap = rng.random(pairs) > expit((features[0] - features[1]) @ np.linspace(1, -1, size))
    features[:, swap] = features[::-1, swap]
    return PairFeatures(features[0], features[1])


def head_of(data, l2=0.05):
    return fit_bradley_terry_head(data.chosen, data.rejected, weights=data.weights, l2=l2)


def ensemble(data, groups, heads=4, **options):
    return bootstrap_heads(data, groups, start=head_of(data), heads=heads, **options)


def test_a_head_is_fitted_to_a_draw_of_whole_prompts():
    data, groups = judged(60), np.repeat(np.arange(20), 3)
    found = ensemble(data, groups, seed=5)
    counts = np.random.default_rng(5).multinomial(20, np.full(20, 1 / 20))
    slow = head_of(replace(data, weights=counts[groups].astype(float)))
    assert found.weights[0] == pytest.approx(slow.weights, abs=1e-3)


def test_the_same_seed_gives_the_same_heads():
    data, groups = judged(60), [str(row // 3) for row in range(60)]
    first, second = ensemble(data, groups, seed=1), ensemble(data, groups, seed=1)
    assert np.array_equal(first.weights, second.weights)
    assert not np.array_equal(first.weights, ensemble(data, groups, seed=2).weights)


def test_the_spread_is_about_the_posteriors_deviation():
    data = judged(600)
    found = ensemble(data, np.arange(600), heads=40)
    posterior = LastLayerLaplace.fit(data, head_of(data))
    rewards = judged(50, seed=3).chosen
    ratio = found.spread(rewards) / posterior.deviations(rewards)
    assert 0.6 < np.median(ratio) < 1.4


def test_the_mean_head_gives_the_mean_reward():
    data = judged(60)
    found = ensemble(data, np.arange(60))
    mean = found.mean(like=head_of(data))
    assert mean.score(data.chosen) == pytest.approx(found.score(data.chosen).mean(axis=1))
    assert mean.l2 == 0.05
    assert mean.loss is None


def test_the_spread_by_hand():
    heads = HeadSet("ensemble", ("a", "b"), np.array([[1.0], [3.0]]), np.array([0.0, 0.0]))
    assert heads.spread(np.array([[1.0], [2.0]])) == pytest.approx([2**0.5, 2 * 2**0.5])
    assert heads.score(np.array([[2.0]])) == pytest.approx(np.array([[2.0, 6.0]]))


def test_one_head_does_not_spread():
    heads = HeadSet("ensemble", ("a",), np.array([[1.0]]), np.zeros(1))
    assert heads.spread(np.ones((3, 1))) == pytest.approx(np.zeros(3))


def test_prompts_without_weight_are_not_drawn():
    data, groups = judged(30), np.repeat(np.arange(3), 10)
    weighted = replace(data, weights=np.repeat([1.0, 1.0, 0.0], 10))
    draws = [np.repeat([counts, 2 - counts, 0.0], 10) for counts in (0.0, 1.0, 2.0)]
    possible = [head_of(replace(data, weights=draw)).weights for draw in draws]
    for weights in ensemble(weighted, groups).weights:
        assert min(np.abs(weights - other).max() for other in possible) < 1e-3


def test_one_prompt_is_too_few():
    with pytest.raises(TrainingError, match="two prompts"):
        ensemble(judged(10), ["only"] * 10)


@pytest.mark.parametrize(
    ("role", "names", "biases"), [("choir", ("a",), [0.0]), ("ensemble", ("a", "b"), [0.0])]
)
def test_a_set_that_does_not_fit_is_refused(role, names, biases):
    with pytest.raises(ConfigError):
        HeadSet(role, names, np.ones((1, 2)), np.array(biases))


def test_a_set_keeps_each_head_as_it_was():
    heads = [
        BradleyTerryHead(np.array([1.0, 2.0]), 0.5, l2=1.0, loss=None, n_iter=0, converged=True),
        BradleyTerryHead(np.array([0.0, 1.0]), -1.0, l2=1.0, loss=None, n_iter=0, converged=True),
    ]
    features = np.random.default_rng(0).normal(size=(4, 2))
    found = HeadSet.of("aspects", heads, ["x", "y"]).score(features)
    expected = np.stack([head.score(features) for head in heads], axis=1)
    assert found == pytest.approx(expected)
