import json
import math

import numpy as np
import pytest

from modeling.core.data import Message, PreferenceExample
from modeling.core.errors import ModelingError
from modeling.core.evaluate import (
    LISTED_FAILURES,
    bootstrap_interval,
    calibration_error,
    evaluate_examples,
    evaluate_pairs,
    log_losses,
    margin_histogram,
)


def slow_calibration(margins, shares=None, bins=15):
    """Sort by confidence, cut into bins, compare mean confidence and agreement with the votes."""
    shares = [1.0] * len(margins) if shares is None else shares
    pairs = zip(margins, shares, strict=True)
    credit = [q if m > 0 else 0.5 if m == 0 else 1 - q for m, q in pairs]
    rows = sorted(zip(map(abs, margins), credit, strict=True), key=lambda row: row[0])
    total = 0.0
    for part in np.array_split(np.array(rows), min(bins, len(rows))):
        confidence = sum(1 / (1 + math.exp(-size)) for size, _ in part) / len(part)
        accuracy = sum(credit for _, credit in part) / len(part)
        total += len(part) / len(rows) * abs(confidence - accuracy)
    return total


def slow_interval(correct, groups, draws, seed):
    """One draw after the other, row by row."""
    names = sorted(set(groups))
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(draws):
        picked = [names[k] for k in rng.integers(len(names), size=len(names))]
        values = [c for name in picked for c, g in zip(correct, groups, strict=True) if g == name]
        means.append(sum(values) / len(values))
    return tuple(np.percentile(means, (2.5, 97.5)))


def test_a_worked_example():
    evaluation = evaluate_pairs(
        np.array([2.0, 0.0, 1.0, 0.0]),
        np.array([0.0, 0.0, 3.0, -1.0]),
        groups=["a", "b", "c", "a"],
        categories=["x", "x", "y", ""],
        lengths=(np.array([5, 2, 1, 3]), np.array([4, 2, 2, 9])),
    )
    assert (evaluation.n, evaluation.groups) == (4, 3)
    assert evaluation.accuracy == 2.5 / 4
    assert evaluation.length_accuracy == 1.5 / 4
    expected = [math.log1p(math.exp(-m)) for m in (2, 0, -2, 1)]
    assert evaluation.nll == pytest.approx(sum(expected) / 4)
    assert {name: (part.n, part.accuracy) for name, part in evaluation.by_category.items()} == {
        "x": (2, 0.75),
        "y": (1, 0.0),
    }
    assert [failure.row for failure in evaluation.near_failures] == [2]
    assert evaluation.near_failures[0].margin == -2.0


def test_calibration_equals_the_definition():
    margins = np.random.default_rng(0).normal(size=101).round(1)
    assert calibration_error(margins) == pytest.approx(slow_calibration(margins.tolist()))


def test_calibration_against_votes_equals_the_definition():
    rng = np.random.default_rng(0)
    margins, shares = rng.normal(size=101).round(1), rng.choice([0.6, 2 / 3, 1.0], 101)
    expected = slow_calibration(margins.tolist(), shares.tolist())
    assert calibration_error(margins, shares) == pytest.approx(expected)


def test_the_log_loss_is_the_mean_over_the_votes():
    margins, votes_chosen = [-30.0, -1.5, 0.0, 0.4, 30.0], [3, 2, 2, 3, 2]
    for margin, count, loss in zip(
        margins,
        votes_chosen,
        log_losses(np.array(margins), np.array(votes_chosen) / 3),
        strict=True,
    ):
        votes = [margin] * count + [-margin] * (3 - count)
        assert loss == pytest.approx(sum(math.log1p(math.exp(-m)) for m in votes) / 3)


@pytest.mark.parametrize(("votes_chosen", "votes"), [(2, 3), (4, 5), (3, 3)])
def test_a_model_that_gives_the_share_of_votes_is_calibrated(votes_chosen, votes):
    q = min(votes_chosen / votes, 1 - 1e-9)
    margins = np.full(50, math.log(q / (1 - q)))
    found = evaluate_pairs(margins, np.zeros(50), probabilities=np.full(50, votes_chosen / votes))
    assert found.accuracy == 1.0
    assert found.ece == pytest.approx(0.0, abs=1e-8)
    assert found.nll == pytest.approx(-q * math.log(q) - (1 - q) * math.log(1 - q), abs=1e-7)


def test_neither_too_sure_nor_too_shy_a_model_has_a_lower_loss():
    shares = np.full(50, 2 / 3)
    nll = {
        scale: evaluate_pairs(
            np.full(50, scale * math.log(2)), np.zeros(50), probabilities=shares
        ).nll
        for scale in (0.5, 1, 2)
    }
    assert nll[1] < min(nll[0.5], nll[2])


def test_unanimous_votes_are_hard_labels():
    margins = np.random.default_rng(0).normal(size=40).round(1)
    hard = evaluate_pairs(margins, np.zeros(40))
    assert evaluate_pairs(margins, np.zeros(40), probabilities=np.ones(40)) == hard
    assert hard.nll == pytest.approx(np.logaddexp(0, -margins).mean(), rel=1e-15)


def test_split_votes_leave_the_accuracy_as_it_is():
    margins = np.random.default_rng(0).normal(size=40).round(1)
    hard = evaluate_pairs(margins, np.zeros(40))
    soft = evaluate_pairs(margins, np.zeros(40), probabilities=np.full(40, 2 / 3))
    assert (soft.accuracy, soft.interval) == (hard.accuracy, hard.interval)
    assert soft.nll != hard.nll


def test_a_calibrated_model_has_a_small_error():
    rng = np.random.default_rng(0)
    size = rng.normal(size=20_000) ** 2
    sign = np.where(rng.random(20_000) < 1 / (1 + np.exp(-size)), 1, -1)
    assert calibration_error(sign * size) < 0.02
    assert calibration_error(sign * size * 5) > 0.1


def test_the_interval_equals_row_by_row_resampling():
    rng = np.random.default_rng(1)
    correct = rng.integers(0, 3, 40) / 2
    groups = [f"g{k}" for k in rng.integers(0, 9, 40)]
    fast = bootstrap_interval(correct, groups, draws=50, seed=3)
    assert fast == pytest.approx(slow_interval(correct, groups, 50, 3))


def test_the_interval_depends_on_the_seed_alone():
    correct, groups = np.array([1.0, 0, 1, 1]), ["a", "b", "c", "d"]
    first = bootstrap_interval(correct, groups, draws=100, seed=0)
    assert first == bootstrap_interval(correct, groups, draws=100, seed=0)


def test_correlated_rows_widen_the_interval():
    correct = np.repeat(np.random.default_rng(0).integers(0, 2, 40), 25).astype(float)
    by_prompt = [f"g{k}" for k in np.repeat(np.arange(40), 25)]
    by_row = [str(k) for k in range(1000)]
    wide = bootstrap_interval(correct, by_prompt, draws=500, seed=0)
    narrow = bootstrap_interval(correct, by_row, draws=500, seed=0)
    assert wide[1] - wide[0] > 3 * (narrow[1] - narrow[0])


def test_one_prompt_has_no_interval():
    assert evaluate_pairs(np.ones(3), np.zeros(3), groups=["a"] * 3).interval is None


def test_nothing_to_evaluate_gives_none_and_plain_json():
    evaluation = evaluate_pairs(np.zeros(0), np.zeros(0))
    assert (evaluation.n, evaluation.accuracy, evaluation.ece) == (0, None, None)
    assert json.loads(json.dumps(evaluation.to_dict(), allow_nan=False))["interval"] is None


def test_the_histogram_counts_every_pair_once():
    margins = np.array([0.0, 0.5, -0.5, 2.0, -1.0])
    histogram = margin_histogram(margins)
    assert len(histogram.edges) == len(histogram.right) + 1
    assert (sum(histogram.right), sum(histogram.wrong)) == (2, 3)


def test_failures_are_listed_from_both_ends():
    margins = -np.arange(1.0, 101.0)
    evaluation = evaluate_pairs(margins, np.zeros(100))
    near = [failure.margin for failure in evaluation.near_failures]
    sure = [failure.margin for failure in evaluation.sure_failures]
    assert near == [-float(k) for k in range(1, LISTED_FAILURES + 1)]
    assert sure == [-float(k) for k in range(100, 100 - LISTED_FAILURES, -1)]


def test_rewards_that_are_not_finite_are_refused():
    with pytest.raises(ModelingError, match="finite"):
        evaluate_pairs(np.array([np.nan]), np.zeros(1))


def test_undecided_examples_are_counted_apart():
    prompt = (Message("user", "Hi"),)
    decided = PreferenceExample(
        prompt=prompt, chosen="yes", rejected="no", group="a", item="i", category="c"
    )
    even = PreferenceExample(
        prompt=prompt, chosen="yes", rejected="no", group="a", chosen_probability=0.5
    )
    evaluation = evaluate_examples([even, decided], np.array([9.0, -1.0]), np.zeros(2))
    assert (evaluation.n, evaluation.undecided) == (1, 1)
    text = evaluation.near_failures[0].text
    assert (text.item, text.prompt, text.chosen) == ("i", "Human: Hi", "yes")


def test_examples_are_measured_against_their_votes():
    prompt = (Message("user", "Hi"),)
    example = PreferenceExample(
        prompt=prompt, chosen="yes", rejected="no", group="a", chosen_probability=2 / 3
    )
    evaluation = evaluate_examples([example] * 4, np.full(4, math.log(2)), np.zeros(4))
    assert evaluation.ece == pytest.approx(0.0, abs=1e-12)
    assert evaluation.nll == pytest.approx(math.log(3) - 2 / 3 * math.log(2))


def continuations(conversations, turns):
    """Examples of growing conversations, each prompt a group of its own, as datasets hold them."""
    examples = []
    for number in range(conversations):
        prompt = (Message("user", f"Question {number}?"),)
        for turn in range(turns):
            group = f"{number}-{turn}"
            examples.append(
                PreferenceExample(prompt=prompt, chosen="yes", rejected="no", group=group)
            )
            prompt = (*prompt, Message("assistant", "yes"), Message("user", "And then?"))
    return examples


def test_the_interval_of_examples_resamples_openings():
    examples = continuations(30, 8)
    margins = np.repeat(np.random.default_rng(0).choice([-1.0, 1.0], 30), 8)
    found = evaluate_examples(examples, margins, np.zeros(240))
    by_opening = evaluate_pairs(
        margins, np.zeros(240), groups=[e.opening() for e in examples]
    ).interval
    by_prompt = evaluate_pairs(margins, np.zeros(240), groups=[e.group for e in examples]).interval
    assert (found.n, found.groups) == (240, 30)
    assert found.interval == by_opening
    assert np.diff(found.interval) > 2 * np.diff(by_prompt)
    assert found.near_failures[0].group == examples[found.near_failures[0].row].group
