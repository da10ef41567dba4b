"""Normal ratings against a slow twin, their own slope, planted truth and golden rows.

`golden/ratings.json` was printed by `python -m tests.curation.core.aggregate.rating_twins`.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import polygamma

from curation.core.aggregate.rating_data import rating_table
from curation.core.aggregate.rating_model import Differences, _inverse_trigamma, fit_ratings
from tests.curation.core.aggregate.rating_twins import marginal, simulated_ratings, slow_weighted

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "ratings.json").read_text(encoding="utf-8")
)
MODELS = {
    "centred": Differences(scale=False, noise=False),
    "standardised": Differences(scale=True, noise=False),
    "weighted": Differences(scale=True, noise=True),
}
ratings = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 2), st.sampled_from([0.0, 1.0, 2.0, 5.0])),
    min_size=2,
    max_size=15,
).filter(lambda rows: len({value for _, _, value in rows}) > 1)


def table_of(rows):
    return rating_table(*map(list, zip(*rows, strict=True)))


def assert_equal(fit, expected, atol):
    np.testing.assert_allclose(fit.scores, expected["scores"], atol=atol)
    np.testing.assert_allclose(fit.bias, expected["bias"], atol=atol)
    np.testing.assert_allclose(fit.scale / fit.common_scale, expected["scale"], atol=atol)
    np.testing.assert_allclose(fit.noise, expected["noise"], atol=atol)


@pytest.mark.parametrize("model", MODELS)
def test_golden_rows(model):
    fit = fit_ratings(table_of(GOLDEN["ratings"]), MODELS[model], 1e-9)
    assert fit.converged
    assert_equal(fit, GOLDEN[model], 1e-6)


@settings(max_examples=5, deadline=None)
@given(ratings)
def test_the_fit_equals_the_twin(rows):
    fit = fit_ratings(table_of(rows), MODELS["weighted"], 1e-9)
    if fit.converged:
        assert_equal(fit, slow_weighted(rows), 1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_at_rest_the_marginal_posterior_has_no_slope(model):
    rows = GOLDEN["ratings"]
    fit = fit_ratings(table_of(rows), MODELS[model], 1e-9)
    people = {who: who for _, who, _ in rows}
    assert sorted(people) == list(range(len(fit.bias)))
    step = 1e-4
    for annotator in range(len(fit.bias)):
        move = np.eye(len(fit.bias))[annotator] * step
        up, down = (replace(fit, bias=fit.bias + sign * move) for sign in (1, -1))
        assert (marginal(rows, up) - marginal(rows, down)) / (2 * step) == pytest.approx(
            0, abs=1e-4
        )
        if model == "centred":
            continue
        up, down = (replace(fit, scale=fit.scale + sign * move) for sign in (1, -1))
        assert (marginal(rows, up) - marginal(rows, down)) / (2 * step) == pytest.approx(
            0, abs=1e-4
        )
    up, down = (replace(fit, mean=fit.mean + sign * step) for sign in (1, -1))
    assert (marginal(rows, up) - marginal(rows, down)) / (2 * step) == pytest.approx(0, abs=1e-4)


def test_planted_habits_and_qualities_are_recovered():
    made = simulated_ratings(np.random.default_rng(0), n_items=400, n_annotators=20, levels=0)
    fit = fit_ratings(rating_table(*made["rows"]), MODELS["weighted"])
    assert fit.converged
    assert np.corrcoef(fit.bias, made["bias"])[0, 1] > 0.95
    assert np.corrcoef(fit.scale, made["scale"])[0, 1] > 0.9
    z = (fit.scores - fit.mean) / fit.common_scale - made["quality"]
    assert 0.85 < np.sqrt(((z / fit.deviation) ** 2).mean()) < 1.15


def test_annotators_who_are_alike_are_found_alike():
    rng = np.random.default_rng(1)
    quality, item = rng.normal(size=300), np.repeat(np.arange(300), 5)
    who = np.concatenate([rng.choice(20, 5, replace=False) for _ in range(300)])
    values = quality[item] + 0.8 * rng.normal(size=1500)
    fit = fit_ratings(rating_table(item, who, values), MODELS["weighted"])
    assert fit.degrees > 8
    assert fit.bias_sd < 0.15
    assert np.ptp(fit.noise) < 0.3
    assert fit.common_scale == pytest.approx(1, rel=0.1)
    assert fit.noise.mean() == pytest.approx(0.8, rel=0.1)


def test_equal_ratings_and_none_are_no_error():
    level = fit_ratings(rating_table([1, 2], ["a", "b"], [3.0, 3.0]), MODELS["weighted"])
    assert level.scores.tolist() == [3.0, 3.0]
    assert level.stderr.tolist() == [0.0, 0.0]
    none = fit_ratings(rating_table([], [], []), MODELS["weighted"])
    assert len(none.scores) == len(none.bias) == 0


@given(st.floats(1e-5, 1e3))
def test_the_trigamma_function_is_inverted(value):
    at = _inverse_trigamma(value)
    assert float(polygamma(1, at)) == pytest.approx(value, rel=1e-6)
