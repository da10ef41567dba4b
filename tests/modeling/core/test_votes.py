import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.core.errors import ConfigError
from modeling.core.votes import VoteModel

MODELS = [VoteModel(), VoteModel(flip_rate=0.2), VoteModel(tie=0.7), VoteModel(0.1, 1.5)]
MARGINS = np.array([-3.0, -0.4, 0.0, 0.4, 2.0])
STEP = 1e-6


def slow_chances(margin, votes):
    """First, second and tie, in plain Python."""
    first, second, even = math.exp(margin / 2), math.exp(-margin / 2), votes.tie
    total = first + second + even
    flip = votes.flip_rate
    return (
        ((1 - flip) * first + flip * second) / total,
        ((1 - flip) * second + flip * first) / total,
        even / total,
    )


def slow_slopes(margin, votes):
    """Derivatives of the chances, by finite differences."""
    above, below = slow_chances(margin + STEP, votes), slow_chances(margin - STEP, votes)
    return [(high - low) / (2 * STEP) for high, low in zip(above, below, strict=True)]


@pytest.mark.parametrize("votes", MODELS)
def test_the_information_is_fishers(votes):
    for margin, found in zip(MARGINS, votes.information(MARGINS), strict=True):
        pairs = zip(slow_slopes(margin, votes), slow_chances(margin, votes), strict=True)
        slow = sum(slope**2 / chance for slope, chance in pairs if chance > 0)
        assert found == pytest.approx(slow, rel=1e-6)


@pytest.mark.parametrize("votes", MODELS)
@pytest.mark.parametrize("outcome", [0.0, 0.3, 0.5, 1.0])
def test_the_slope_is_that_of_the_log_likelihood(votes, outcome):
    outcomes = np.full(len(MARGINS), outcome)
    rise = votes.log_likelihood(MARGINS + STEP, outcomes)
    fall = votes.log_likelihood(MARGINS - STEP, outcomes)
    assert votes.slope(MARGINS, outcomes) == pytest.approx((rise - fall) / (2 * STEP), abs=1e-8)


@pytest.mark.parametrize("votes", MODELS)
def test_the_log_likelihood_is_that_of_the_definition(votes):
    for margin in MARGINS:
        first, second, even = slow_chances(margin, votes)
        found = votes.log_likelihood(np.full(2, margin), np.array([1.0, 0.0]))
        assert found == pytest.approx([math.log(first), math.log(second)])
        if even:
            tie = votes.log_likelihood(np.array([margin]), np.array([0.5]))
            assert tie == pytest.approx([math.log(even)])


def test_information_by_hand():
    assert VoteModel().information(np.zeros(1)) == pytest.approx([0.25])
    # p = ½ and ε = 0.25: q = ½, so (1 − 2ε)²·(1/16)/(1/4) = 1/16.
    assert VoteModel(flip_rate=0.25).information(np.zeros(1)) == pytest.approx([1 / 16])
    # ν = 2 at equal rewards: chances ¼, ¼, ½ and slopes of ±½ and 0, so ¼·¼ + ¼·¼ = 1/8.
    assert VoteModel(tie=2.0).information(np.zeros(1)) == pytest.approx([1 / 8])


@given(st.floats(-20, 20), st.floats(0.001, 0.45))
def test_slips_as_the_closed_form_has_it(margin, flip):
    p = 1 / (1 + math.exp(-margin))
    q = flip + (1 - 2 * flip) * p
    closed = (1 - 2 * flip) ** 2 * (p * (1 - p)) ** 2 / (q * (1 - q))
    found = VoteModel(flip_rate=flip).information(np.array([margin]))[0]
    assert found == pytest.approx(closed, rel=1e-6, abs=1e-14)
    assert found <= VoteModel().information(np.array([margin]))[0] + 1e-12


@given(st.floats(-2000, 2000), st.sampled_from(MODELS))
def test_no_margin_is_too_wide(margin, votes):
    margins = np.array([margin])
    assert np.isfinite(votes.information(margins)).all()
    assert np.isfinite(votes.slope(margins, np.ones(1))).all()
    assert np.isfinite(votes.log_likelihood(margins, np.ones(1))).all()


@pytest.mark.parametrize("bad", [{"flip_rate": 0.5}, {"flip_rate": -0.1}, {"tie": -1.0}])
def test_impossible_votes_are_refused(bad):
    with pytest.raises(ConfigError):
        VoteModel(**bad)
