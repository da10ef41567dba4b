import numpy as np
import pytest

from modeling.core.acquisition import Quotas, select_batch
from modeling.core.errors import ConfigError
from modeling.core.posterior import PointPosterior


def pool(pairs=200, prompts=20, *, seed=0, held_share=0.3):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(2 * pairs, 4))
    ids = np.arange(2 * pairs).reshape(pairs, 2)
    names = rng.integers(0, prompts, pairs)
    held = names < held_share * prompts
    return features, ids, names, held


def choose(size, quotas=None, *, strategy="low_margin", seed=0, **changes):
    features, ids, names, held = pool(**changes)
    posterior = PointPosterior(np.array([1.0, -0.5, 0.2, 0.0]))
    return select_batch(
        features,
        ids,
        posterior=posterior,
        size=size,
        strategy=strategy,
        quotas=quotas,
        prompts=names,
        held_out=held,
        seed=seed,
    )


def slow_active(taken, size, cap):
    """The active part, one candidate after the other."""
    features, ids, names, held = pool()
    weights = [1.0, -0.5, 0.2, 0.0]
    reward = [sum(x * w for x, w in zip(row, weights, strict=True)) for row in features]
    margin = [abs(reward[i] - reward[j]) for i, j in ids]
    used = {name: sum(names[k] == name for k in taken) for name in set(names.tolist())}
    picked = []
    for row in sorted(range(len(ids)), key=lambda k: margin[k]):
        free = not held[row] and row not in taken
        if free and used[names[row]] < cap and len(taken) + len(picked) < size:
            used[names[row]] += 1
            picked.append(row)
    return picked


def arms(selection, name):
    pairs = zip(selection.indices.tolist(), selection.arm, strict=True)
    return [index for index, arm in pairs if arm == name]


@pytest.mark.parametrize("cap", [1, 2, 5, 1000])
def test_the_active_part_equals_the_slow_twin(cap):
    selection = choose(40, Quotas(max_per_prompt=cap))
    taken = arms(selection, "random")
    assert arms(selection, "active") == slow_active(set(taken), 40, cap)


def test_a_batch_has_its_shares():
    selection = choose(40)
    held = pool()[3]
    random = arms(selection, "random")
    assert len(selection.indices) == len(set(selection.indices.tolist())) == 40
    assert len(random) == 10
    assert held[random].sum() == 5
    assert not held[arms(selection, "active")].any()


def test_probabilities_are_those_of_the_strata():
    selection = choose(40)
    held = pool()[3]
    for index, probability, arm in zip(
        selection.indices, selection.probability, selection.arm, strict=True
    ):
        stratum = held.sum() if held[index] else (~held).sum()
        assert probability == (5 / stratum if arm == "random" else None)


def test_random_picks_are_uniform_and_ignore_the_margin():
    drawn = np.zeros(200)
    for seed in range(400):
        np.add.at(drawn, arms(choose(40, seed=seed), "random"), 1)
    held = pool()[3]
    expected = np.where(held, 5 / held.sum(), 5 / (~held).sum()) * 400
    z = (drawn - expected) / np.sqrt(expected)
    assert abs(z).max() < 4.5
    assert np.mean(z**2) == pytest.approx(1.0, abs=0.3)


def test_the_gain_is_largest_for_the_least_margin():
    selection = choose(40)
    active = selection.gain[[arm == "active" for arm in selection.arm]]
    assert np.all(np.diff(active) <= 1e-12)
    assert active[0] <= 0.25


def test_the_same_seed_gives_the_same_batch():
    first, again, other = choose(40, seed=1), choose(40, seed=1), choose(40, seed=2)
    assert first.indices.tolist() == again.indices.tolist()
    assert first.indices.tolist() != other.indices.tolist()


def test_equal_margins_keep_the_given_order():
    pairs = np.arange(20).reshape(10, 2)
    selection = select_batch(
        np.zeros((20, 2)),
        pairs,
        posterior=PointPosterior(np.ones(2)),
        size=4,
        quotas=Quotas(random_share=0),
    )
    assert selection.indices.tolist() == [0, 1, 2, 3]
    assert selection.probability == (None,) * 4


def test_the_random_strategy_is_a_random_arm_altogether():
    selection = choose(40, strategy="random")
    held = pool()[3]
    assert set(selection.arm) == {"random"}
    assert held[selection.indices].sum() == 5
    assert selection.probability[-1] == 35 / (~held).sum()


@pytest.mark.parametrize("size", [200, 999])
def test_a_size_that_covers_the_pool_takes_everything(size):
    selection = choose(size, Quotas(max_per_prompt=1))
    assert selection.indices.tolist() == list(range(200))
    assert selection.probability == (1.0,) * 200


def test_an_empty_pool_gives_an_empty_batch():
    selection = choose(10, pairs=0)
    assert selection.indices.tolist() == []
    assert selection.gain.shape == (0,)
    assert (selection.probability, selection.arm) == ((), ())


def test_one_stratum_fills_in_for_the_other():
    none_held = choose(40, held_share=0.0)
    assert len(arms(none_held, "random")) == 10
    all_held = choose(40, held_share=1.0)
    assert len(all_held.indices) == len(arms(all_held, "random")) == 10


def few_training_pairs(size, seed=0):
    """A random batch from 100 held-out and 10 training pairs."""
    return select_batch(
        np.zeros((220, 1)),
        np.arange(220).reshape(110, 2),
        posterior=PointPosterior(np.ones(1)),
        size=size,
        strategy="random",
        held_out=np.arange(110) < 100,
        seed=seed,
    )


@pytest.mark.parametrize("size", [0, 1, 10, 16, 17, 50, 109, 110, 111])
def test_the_random_strategy_fills_up_from_held_out_pairs(size):
    selection = few_training_pairs(size)
    assert len(set(selection.indices.tolist())) == len(selection.indices) == min(size, 110)


def test_filled_up_picks_come_as_often_as_their_probability_says():
    drawn, stated = np.zeros(110), np.zeros(110)
    for seed in range(2000):
        selection = few_training_pairs(50, seed)
        np.add.at(drawn, selection.indices, 1)
        stated[selection.indices] = selection.probability
    assert np.unique(stated).tolist() == [0.4, 1.0]
    assert drawn[100:].tolist() == [2000] * 10
    z = (drawn[:100] - 2000 * 0.4) / np.sqrt(2000 * 0.4 * 0.6)
    assert abs(z).max() < 4.5
    assert np.mean(z**2) == pytest.approx(1.0, abs=0.4)


def test_a_small_batch_still_has_a_random_pick():
    assert choose(2).arm == ("random", "active")


def test_without_marks_every_pair_is_a_training_pair():
    features, ids, _, _ = pool()
    selection = select_batch(features, ids, posterior=PointPosterior(np.ones(4)), size=20)
    assert selection.probability[:5] == (5 / 200,) * 5


@pytest.mark.parametrize(
    "call",
    [
        lambda: choose(5, strategy="best"),
        lambda: choose(-1),
        lambda: Quotas(random_share=1.5),
        lambda: Quotas(held_out_share=-0.1),
        lambda: Quotas(max_per_prompt=0),
        lambda: select_batch(
            np.zeros((4, 1)),
            np.array([[0, 1], [2, 3]]),
            posterior=PointPosterior(np.ones(1)),
            size=1,
            quotas=Quotas(max_per_prompt=1),
        ),
    ],
)
def test_impossible_requests_are_refused(call):
    with pytest.raises(ConfigError):
        call()
