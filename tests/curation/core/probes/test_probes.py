"""Probes: they find what was planted, and nothing where nothing was."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.errors import CurationError
from curation.core.probes import (
    FEW_CLUSTERS,
    label_probe,
    length_probe,
    pair_probe,
    position_probe,
    score_probe,
)

ADVANTAGES = st.lists(
    st.tuples(st.integers(-3, 3), st.sampled_from("abcdefghijklmno")), min_size=1, max_size=60
)


def pairs(n, seed, win, groups=None):
    """Advantages of the chosen one, where the first of two wins with probability win(advantage)."""
    rng = np.random.default_rng(seed)
    advantage = rng.normal(0, 1, n)
    return np.where(rng.random(n) < win(advantage), advantage, -advantage)


def test_longer_wins_is_found():
    found = length_probe([9] * 80 + [4] * 20, [4] * 80 + [9] * 20)
    assert found.rule.value == pytest.approx(0.8)
    assert found.fitted.value == pytest.approx(0.8)
    assert found.log_odds == pytest.approx(math.log(4), abs=0.1)
    assert found.rule.interval[0] > 0.7
    assert (found.n, found.clusters, found.effective_n) == (100, 100, 100)


def test_shorter_wins_is_found_as_well():
    found = length_probe([4] * 80 + [9] * 20, [9] * 80 + [4] * 20)
    assert found.rule.value == pytest.approx(0.2)
    assert found.fitted.value == pytest.approx(0.8)
    assert found.log_odds < -1


def test_what_turns_round_with_the_size_of_the_difference_is_found():
    advantage = pairs(4000, 0, lambda x: np.where(np.abs(x) > 0.7, x > 0, x < 0) * 0.6 + 0.2)
    found = pair_probe(advantage)
    assert found.rule.holds(0.5)
    assert found.fitted.value > 0.7


def test_where_nothing_is_to_be_found_nothing_is_found_on_average():
    found = [pair_probe(pairs(200, seed, lambda x: np.full(len(x), 0.5))) for seed in range(60)]
    for figure in ("rule", "fitted"):
        scores = [getattr(probe, figure) for probe in found]
        assert np.mean([score.value for score in scores]) == pytest.approx(0.5, abs=0.015)
        assert np.mean([score.holds(0.5) for score in scores]) > 0.85


def test_draws_count_one_half():
    found = length_probe([5] * 20, [5] * 20)
    assert found.rule.value == found.fitted.value == 0.5


def test_a_side_that_wins_is_found():
    found = position_probe([1] * 70 + [0] * 20 + [0.5] * 10)
    assert found.rule.value == pytest.approx(0.75)
    assert found.fitted.value == pytest.approx(0.75)
    assert position_probe([True, False] * 30).fitted.holds(0.5)


def test_unknown_rows_are_left_out():
    found = position_probe([1, None, 0] * 10, groups=list("abc") * 10)
    assert (found.n, found.clusters) == (20, 2)


def test_rows_of_a_prompt_count_as_one_observation():
    won = [1, 0, 1, 1] * 6
    alone = position_probe(won * 5)
    together = position_probe(won * 5, groups=list(range(len(won))) * 5)
    assert together.rule.value == alone.rule.value
    assert together.clusters == len(won)
    width, narrow = (probe.rule.interval[1] - probe.rule.interval[0] for probe in (together, alone))
    assert width == pytest.approx(position_width(won), rel=1e-6)
    assert narrow < width / 2


def position_width(won):
    interval = position_probe(won).rule.interval
    return interval[1] - interval[0]


@pytest.mark.parametrize("clusters", [1, 2, FEW_CLUSTERS - 1, FEW_CLUSTERS])
def test_too_few_prompts_have_no_interval(clusters):
    found = position_probe([1, 0, 1] * clusters, groups=list(range(clusters)) * 3)
    assert found.too_few == (clusters < FEW_CLUSTERS)
    assert math.isnan(found.rule.interval[0]) == found.too_few
    assert math.isnan(found.fitted.value) == (clusters < 2)
    assert not (found.too_few and found.rule.holds(0.5))


@settings(deadline=None)
@given(ADVANTAGES, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_names_of_prompts_matter(rows, random):
    other = [(value, f"prompt {ord(group) * 31 % 17}") for value, group in rows]
    random.shuffle(other)
    one, two = (
        pair_probe([value for value, _ in each], groups=[group for _, group in each])
        for each in (rows, other)
    )
    for figure in ("rule", "fitted"):
        assert getattr(two, figure).value == pytest.approx(getattr(one, figure).value, nan_ok=True)
        assert getattr(two, figure).interval == pytest.approx(
            getattr(one, figure).interval, nan_ok=True
        )
    assert two.log_odds == pytest.approx(one.log_odds, abs=1e-6)


@settings(deadline=None)
@given(ADVANTAGES, st.integers(2, 4))
def test_equal_weights_change_nothing_and_a_weight_of_k_is_k_rows_of_a_prompt(rows, k):
    values, groups = [value for value, _ in rows], [group for _, group in rows]
    plain = pair_probe(values, groups=groups)
    assert pair_probe(values, groups=groups, weights=[7.0] * len(values)).rule == plain.rule
    repeated = pair_probe(values + values[:1] * (k - 1), groups=groups + groups[:1] * (k - 1))
    weighted = pair_probe(values, groups=groups, weights=[float(k)] + [1.0] * (len(values) - 1))
    assert weighted.rule.value == pytest.approx(repeated.rule.value)
    assert weighted.rule.interval == pytest.approx(repeated.rule.interval, nan_ok=True)


@settings(deadline=None)
@given(ADVANTAGES)
def test_exchanging_chosen_and_rejected_turns_the_rule_round(rows):
    values, groups = [value for value, _ in rows], [group for _, group in rows]
    one, other = (pair_probe([s * v for v in values], groups=groups) for s in (1, -1))
    assert one.rule.value + other.rule.value == pytest.approx(1)
    assert one.log_odds == pytest.approx(-other.log_odds, abs=1e-6)


def test_no_rows_score_nothing():
    for found in (length_probe([], []), position_probe([None]), label_probe([], [])):
        assert found.n == 0
        assert math.isnan(found.rule.value)
        assert math.isnan(found.fitted.value)
    assert math.isnan(score_probe([], []).correlation.value)


def test_a_label_that_goes_with_length_is_found():
    rng = np.random.default_rng(0)
    correct = rng.random(400) < 0.5
    lengths = rng.normal(100, 10, 400) + 10 * correct
    found = label_probe(lengths, correct)
    assert found.rule.value == pytest.approx(0.76, abs=0.05)
    assert found.fitted.value == pytest.approx(found.rule.value, abs=0.02)
    assert found.majority == pytest.approx(max(correct.mean(), 1 - correct.mean()))


def test_a_label_that_goes_with_middle_lengths_is_found():
    rng = np.random.default_rng(1)
    lengths = rng.normal(0, 1, 600)
    found = label_probe(lengths, np.abs(lengths) < 0.6)
    assert found.rule.holds(0.5)
    assert found.fitted.value > 0.95


def test_weights_undo_what_the_place_of_a_step_tells():
    place = np.array([0] * 50 + [1] * 50)
    good = np.array([1] * 40 + [0] * 10 + [1] * 10 + [0] * 40)
    assert label_probe(place, good).rule.value == pytest.approx(0.2)
    undone = np.where(place == 0, np.where(good, 1, 4), np.where(good, 4, 1))
    assert label_probe(place, good, weights=undone).rule.value == pytest.approx(0.5)


def test_one_label_alone_cannot_be_told_from_another():
    found = label_probe([1, 2, 3], [1, 1, 1])
    assert math.isnan(found.rule.value)
    assert found.majority == 1


def test_labels_are_yes_or_no():
    with pytest.raises(CurationError, match="true or false"):
        label_probe([1, 2], [0, 2])
    with pytest.raises(CurationError, match="true or false"):
        label_probe([1, 2], [0, None])


def test_a_score_that_goes_with_length_is_found():
    rng = np.random.default_rng(2)
    lengths = rng.lognormal(5, 1, 300)
    found = score_probe(lengths, np.log(lengths) + rng.normal(0, 1, 300))
    assert found.correlation.value == pytest.approx(0.69, abs=0.08)
    assert found.correlation.interval[0] > 0.5
    assert score_probe([1, 2, None], [3, None, 5]).n == 1
    assert math.isnan(score_probe([1, 1, 1], [1, 2, 3]).correlation.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": ["a"]}, "Groups has 1 entries for 2 rows"),
        ({"weights": [1, 0]}, "above zero"),
        ({"weights": [1]}, "Weights has 1 entries for 2 rows"),
    ],
)
def test_columns_that_do_not_fit_are_refused(options, message):
    with pytest.raises(CurationError, match=message):
        pair_probe([1, 2], **options)
