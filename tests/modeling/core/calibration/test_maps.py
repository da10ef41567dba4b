import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from modeling.core.calibration import fit_category_temperatures, fit_isotonic, fit_temperature
from modeling.core.calibration.maps import Isotonic
from modeling.core.evaluation.basics import log_losses


def pairs(count, *, temperature=1.0, seed=0, votes=1):
    """Margins, and shares of votes drawn with the probabilities σ(margin / temperature)."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(scale=2.0, size=count)
    chance = 1 / (1 + np.exp(-margins / temperature))
    return margins, rng.binomial(votes, chance) / votes


def slow_isotonic(margins, shares):
    """Put equal margins of the mirrored pairs together, then merge neighbours while one falls."""
    rows = list(zip(margins, shares, strict=True))
    rows += [(-m, 1 - q) for m, q in rows]
    blocks = [([m], [q for n, q in rows if n == m]) for m in sorted({m for m, _ in rows})]
    place = 0
    while place + 1 < len(blocks):
        (left, low), (right, high) = blocks[place : place + 2]
        if np.mean(low) > np.mean(high):
            blocks[place : place + 2] = [(left + right, low + high)]
            place = max(place - 1, 0)
        else:
            place += 1
    return {m: float(np.mean(votes)) for where, votes in blocks for m in where}


def test_a_temperature_by_hand():
    """Three of four votes at one margin: σ(m / T) is (3 + 1) / (4 + 2), so m / T is log 2."""
    shares = np.array([1.0, 1.0, 1.0, 0.0])
    assert fit_temperature(np.full(4, 3.0), shares) == pytest.approx(3 / math.log(2), rel=1e-4)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 5.0])
def test_a_temperature_is_found_again(temperature):
    margins, shares = pairs(20_000, temperature=temperature)
    assert fit_temperature(margins, shares) == pytest.approx(temperature, rel=0.06)


def test_no_other_temperature_has_a_lower_loss():
    margins, shares = pairs(200, temperature=2.0, votes=5)
    drawn = (200 * shares + 1) / 202
    best = fit_temperature(margins, shares)
    loss = log_losses(margins / best, drawn).mean()
    for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2.0):
        assert log_losses(margins / (best * factor), drawn).mean() >= loss


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.floats(-5, 5), st.sampled_from([0.0, 2 / 3, 1.0])),
        min_size=1,
        max_size=30,
    ),
    st.floats(0.01, 100),
)
def test_a_temperature_knows_no_sides_and_no_units(rows, unit):
    margins, shares = (np.array(column) for column in zip(*rows, strict=True))
    margins = np.round(margins, 1)
    assume(margins.any())
    best = fit_temperature(margins, shares)
    assert fit_temperature(-margins, 1 - shares) == pytest.approx(best, rel=1e-3)
    assert fit_temperature(unit * margins, shares) == pytest.approx(unit * best, rel=1e-3)


def test_a_perfect_order_gives_a_finite_temperature():
    best = fit_temperature(np.full(50, 2.0), np.ones(50))
    assert 1 / (1 + math.exp(-2 / best)) == pytest.approx(51 / 52, abs=1e-4)


def test_the_isotonic_map_by_hand():
    """Mirrored: −3: 0, −2: 1/2, −1: 0, 1: 1, 2: 1/2, 3: 1. Merged: −2 and −1, and 1 and 2."""
    found = fit_isotonic(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.5, 1.0]))
    assert found.margins == (0.0, 1.0, 2.0, 3.0)
    assert found.probabilities == (0.5, 0.75, 0.75, 0.8)


def test_the_isotonic_map_equals_pooling_by_hand():
    margins, shares = pairs(60, votes=3)
    margins = margins.round(1)
    found = fit_isotonic(margins, shares)
    chance = 1 / (1 + np.exp(-found.logits(margins)))
    slow = slow_isotonic(margins.tolist(), shares.tolist())
    least = 1 / 62
    expected = [min(max(slow[m], least), 1 - least) for m in margins.tolist()]
    assert chance == pytest.approx(np.array(expected), abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.floats(-4, 4), st.sampled_from([0.0, 0.5, 0.75, 1.0])), min_size=1, max_size=25
    )
)
def test_the_isotonic_map_rises_and_is_odd(rows):
    margins, shares = (np.array(column) for column in zip(*rows, strict=True))
    found = fit_isotonic(margins, shares)
    grid = np.linspace(-6, 6, 121)
    logits = found.logits(grid)
    assert (np.diff(logits) >= -1e-9).all()
    assert found.logits(-grid) == pytest.approx(-logits)
    assert Isotonic.from_dict(found.to_dict()) == found


def test_rewards_that_order_backwards_say_nothing():
    margins = np.linspace(0.1, 3, 30)
    assert fit_isotonic(margins, np.zeros(30)).logits(margins) == pytest.approx(np.zeros(30))


def test_alike_categories_share_one_temperature():
    margins, shares = pairs(4000, temperature=2.0)
    names = [f"c{k % 4}" for k in range(4000)]
    found = fit_category_temperatures(margins, shares, names)
    common = fit_temperature(margins, shares)
    assert list(found) == ["c0", "c1", "c2", "c3"]
    assert np.array(list(found.values())) == pytest.approx(common, rel=0.1)


def test_categories_that_differ_get_their_own():
    parts = [pairs(3000, temperature=t, seed=k) for k, t in enumerate((0.7, 1.0, 3.0))]
    margins, shares = (np.concatenate(column) for column in zip(*parts, strict=True))
    found = fit_category_temperatures(margins, shares, ["a"] * 3000 + ["b"] * 3000 + ["c"] * 3000)
    assert list(found.values()) == pytest.approx([0.7, 1.0, 3.0], rel=0.15)


def test_a_small_category_stays_near_the_common_temperature():
    parts = [pairs(2000, temperature=1.0), pairs(2000, temperature=1.5, seed=1)]
    margins, shares = (np.concatenate(column) for column in zip(*parts, strict=True))
    margins, shares = np.append(margins, np.full(4, 1.0)), np.append(shares, np.ones(4))
    names = ["a"] * 2000 + ["b"] * 2000 + ["tiny"] * 4
    found = fit_category_temperatures(margins, shares, names)
    assert found["a"] < found["tiny"] * 1.2
    assert found["tiny"] < found["b"]
    assert 0.7 < found["tiny"] < 1.5


def test_rows_without_a_category_get_none():
    margins, shares = pairs(40)
    assert fit_category_temperatures(margins, shares, [""] * 40) == {}
