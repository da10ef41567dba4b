from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.core.config import RewardConfig
from modeling.core.data import OutcomeExample, PreferenceExample
from modeling.core.errors import ConfigError, TrainingError
from modeling.core.samplers import (
    STAGES,
    BatchPlan,
    PlannedSampler,
    Size,
    clearness_of,
    padding_share,
    plan_batches,
    sized_batches,
)


def config(**changes):
    return RewardConfig(frozen=False, **changes)


def pairs(lengths):
    """Two sequences each, the second a token shorter."""
    return [Size(2, length, 2 * length - 1) for length in lengths]


def padded(batch, sizes):
    return sum(sizes[row].sequences for row in batch) * max(sizes[row].longest for row in batch)


def flat(batches):
    return [row for batch in batches for row in batch]


lengths = st.lists(st.integers(1, 60), min_size=1, max_size=40)
budgets = st.integers(1, 400)


@given(lengths, budgets, st.integers(1, 3), st.integers(1, 3))
def test_every_row_is_read_once_an_epoch_within_the_budget(found, budget, epochs, processes):
    sizes = pairs(found)
    plan = plan_batches(sizes, config(token_budget=budget, epochs=epochs, processes=processes))
    assert len(plan.batches) % processes == 0
    counts = Counter(flat(plan.batches))
    assert min(counts.values()) >= epochs
    assert set(counts) == set(range(len(sizes)))
    for batch in plan.batches:
        assert padded(batch, sizes) <= budget or len(batch) == 1


@given(lengths, st.integers(1, 7), st.integers(1, 3))
def test_without_a_budget_batches_have_so_many_rows(found, size, epochs):
    sizes = pairs(found)
    batches = plan_batches(sizes, config(batch_size=size, epochs=epochs)).batches
    per_epoch = -(-len(sizes) // size)
    assert len(batches) == epochs * per_epoch
    for epoch in range(epochs):
        own = batches[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert sorted(flat(own)) == list(range(len(sizes)))
        assert {len(batch) for batch in own[:-1]} <= {size}


def test_processes_share_the_batches_of_a_plan_and_none_is_lost():
    sizes = pairs(range(1, 24))
    alone = plan_batches(sizes, config(batch_size=4))
    shared = plan_batches(sizes, config(batch_size=4, processes=4))
    parts = [PlannedSampler(shared, rank) for rank in range(4)]
    assert {len(part) for part in parts} == {2}
    assert sorted(row for part in parts for batch in part for row in batch) == sorted(
        flat(alone.batches)
    )
    assert flat(shared.batches) == flat(alone.batches)


def test_single_rows_that_cannot_be_parted_are_read_again():
    shared = plan_batches(pairs([5, 5, 5]), config(batch_size=1, processes=2))
    assert len(shared.batches) == 4
    assert shared.batches[-1] == shared.batches[0]


def test_a_plan_depends_on_the_seed_alone_and_epochs_differ():
    sizes = pairs(np.random.default_rng(0).integers(5, 90, size=200))
    settings = {"token_budget": 600, "epochs": 2}
    plans = [plan_batches(sizes, config(**settings, seed=seed)).batches for seed in (0, 0, 1)]
    assert plans[0] == plans[1] != plans[2]
    half = len(plans[0]) // 2
    assert sorted(map(sorted, plans[0][:half])) != sorted(map(sorted, plans[0][half:]))


def test_rows_of_like_length_together_are_padded_less():
    sizes = pairs(np.random.default_rng(0).integers(5, 200, size=1000))
    mixed = padding_share(plan_batches(sizes, config(batch_size=16)), sizes)
    alike = padding_share(plan_batches(sizes, config(token_budget=3200)), sizes)
    assert alike < 0.1 < 0.4 < mixed


def test_the_share_of_padding_is_what_is_not_real():
    sizes = [Size(1, 4, 4), Size(1, 8, 8), Size(2, 3, 5)]
    assert padding_share(BatchPlan([[0, 1], [2]]), sizes) == pytest.approx(1 - 17 / 22)


def test_a_curriculum_goes_from_clear_to_close_in_its_first_epoch():
    clear = np.random.default_rng(0).permutation(np.linspace(0, 1, 40))
    chosen = config(sampling="curriculum", batch_size=4, epochs=2)
    batches = plan_batches(pairs([5] * 40), chosen, clearness=clear).batches
    means = [clear[batch].mean() for batch in batches]
    assert means[:STAGES] == sorted(means[:STAGES], reverse=True)
    assert means[STAGES:] != sorted(means[STAGES:], reverse=True)
    assert sorted(flat(batches[:STAGES])) == sorted(flat(batches[STAGES:])) == list(range(40))


def test_margin_weights_draw_each_row_its_expected_number_of_times():
    clear = np.array([0.0, 0.05, 0.5, 1.0] * 25)
    chosen = config(sampling="margin_weighted", batch_size=10, epochs=20)
    batches = plan_batches(pairs([5] * 100), chosen, clearness=clear).batches
    weights = np.maximum(clear, 0.1)
    expected = weights * 100 / weights.sum()
    drawn = np.zeros(100)
    for epoch in range(20):
        counts = Counter(flat(batches[10 * epoch : 10 * epoch + 10]))
        own = np.array([counts[row] for row in range(100)])
        assert own.sum() == 100
        assert (np.abs(own - expected) < 1).all()
        drawn += own
    assert drawn[3::4].sum() / drawn[0::4].sum() == pytest.approx(10, rel=0.15)


def test_equal_weights_draw_every_row_once():
    chosen = config(sampling="margin_weighted")
    plan = plan_batches(pairs([5] * 30), chosen, clearness=np.full(30, 0.7))
    assert sorted(flat(plan.batches)) == list(range(30))


def pair(**changes):
    return PreferenceExample(prompt=(), group="g", chosen="a", rejected="b", **changes)


def test_clearness_comes_from_the_margin_or_else_from_the_votes():
    examples = [pair(target_margin=-2.0), pair(chosen_probability=0.75), pair()]
    expected = [2 / (1 + np.exp(-2.0)) - 1, 0.5, 1.0]
    assert clearness_of(examples, "curriculum") == pytest.approx(expected)
    assert clearness_of(examples, "shuffled") is None


def test_rows_that_are_equally_clear_have_no_such_order():
    single = OutcomeExample(prompt=(), group="g", completion="a", label=True, label_probability=0.5)
    for examples in ([pair(), pair()], [single, single]):
        with pytest.raises(TrainingError, match='set sampling to "shuffled"'):
            clearness_of(examples, "margin_weighted")


@given(lengths, st.integers(1, 20))
def test_held_out_batches_hold_every_row_once(found, sequences):
    sizes = pairs(found)
    batches = sized_batches(sizes, sequences)
    assert sorted(flat(batches)) == list(range(len(sizes)))
    assert all(2 * len(batch) <= sequences or len(batch) == 1 for batch in batches)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"early_stop_patience": 2, "eval_steps": 0}, "set eval_steps"),
        ({"lora_dropout": 1.0}, "less than 1"),
        ({"fsdp": True, "lora_rank": 4}, "lora_rank to 0"),
        ({"fsdp": True, "objective": "davidson"}, "fsdp keeps weights from the loss"),
        ({"fsdp": True, "readout_l2": 0.1}, "fsdp keeps weights from the loss"),
        ({"token_budget": -1}, "zero or more"),
        ({"processes": 0}, "at least 1"),
        ({"sampling": "random"}, '"margin_weighted"'),
    ],
)
def test_training_settings_that_make_no_sense_are_refused(values, words):
    with pytest.raises(ConfigError, match=words):
        config(**values)
