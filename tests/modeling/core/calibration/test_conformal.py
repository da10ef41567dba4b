import math

import numpy as np
import pytest

from modeling.core.calibration import OUTCOMES, Conformal, fit_conformal


def judged(count, *, tie=0.5, scale=1.0, seed=0):
    """Margins of the preferred sides, and whether the pair was a tie, under Davidson's model."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(scale=2.0, size=count)
    weights = np.stack(
        [np.exp(scale * margins / 2), np.full(count, tie), np.exp(-scale * margins / 2)]
    )
    drawn = (rng.random(count) * weights.sum(axis=0) > weights.cumsum(axis=0)).sum(axis=0)
    outcomes = np.where(drawn == 1, 1, 0)
    return np.where(drawn == 2, -margins, margins), outcomes


def test_davidsons_probabilities_by_hand():
    found = Conformal(0.9, 10, scale=2.0, tie=3.0, threshold=0.5)
    margin = math.log(2)
    expected = np.array([2.0, 3.0, 0.5]) / 5.5
    assert found.probabilities(np.array([margin]))[0] == pytest.approx(expected)


def test_the_threshold_by_hand():
    """Nine rows at a level of 0.8: the eighth of the sorted scores."""
    fitting = (np.array([1.0, -1.0, 0.5, 2.0]), np.array([0, 0, 1, 0]))
    margins, outcomes = np.linspace(-2, 2, 9), np.zeros(9, dtype=int)
    found = fit_conformal(fitting, (margins, outcomes), level=0.8)
    scores = sorted(1 - found.probabilities(margins)[:, 0])
    assert found.threshold == pytest.approx(scores[7])


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_sets_hold_the_answer_as_often_as_promised(level):
    covered = []
    for seed in range(40):
        margins, outcomes = judged(400, seed=seed)
        found = fit_conformal(
            (margins[:100], outcomes[:100]), (margins[100:200], outcomes[100:200]), level=level
        )
        held = found.contains(margins[200:])
        covered.append(held[np.arange(200), outcomes[200:]].mean())
    assert level - 0.02 < np.mean(covered) < level + 0.05


def test_a_useless_model_still_keeps_the_promise():
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(40):
        margins, outcomes = rng.normal(size=300), rng.integers(0, 2, 300)
        found = fit_conformal(
            (margins[:100], outcomes[:100]), (margins[100:200], outcomes[100:200])
        )
        held = found.contains(margins[200:])
        covered.append(held[np.arange(100), outcomes[200:]].mean())
    assert np.mean(covered) > 0.88


def test_parameters_are_found_again():
    margins, outcomes = judged(20_000, tie=0.8, scale=1.5)
    found = fit_conformal((margins, outcomes), (margins, outcomes))
    assert found.scale == pytest.approx(1.5, rel=0.05)
    assert found.tie == pytest.approx(0.8, rel=0.08)


def test_sets_do_not_ask_which_side_is_named_and_are_never_empty():
    found = Conformal(0.9, 10, scale=1.0, tie=0.2, threshold=0.1)
    margins = np.linspace(-3, 3, 31)
    held = found.contains(margins)
    assert (held.sum(axis=1) >= 1).all()
    assert (held == found.contains(-margins)[:, ::-1]).all()


def test_too_few_rows_give_no_sets():
    rows = (np.ones(5), np.zeros(5, dtype=int))
    assert fit_conformal(rows, rows, level=0.9) is None
    assert (
        fit_conformal((np.zeros(0), np.zeros(0, dtype=int)), (np.ones(50), np.zeros(50, dtype=int)))
        is None
    )


def test_no_ties_seen_leave_ties_unlikely_and_finite():
    margins = np.random.default_rng(0).normal(size=100)
    outcomes = np.zeros(100, dtype=int)
    found = fit_conformal((margins, outcomes), (margins, outcomes))
    assert 0 < found.probabilities(np.zeros(1))[0, OUTCOMES.index("tie")] < 0.2
    assert Conformal.from_dict(found.to_dict()) == found
