"""The cumulative-logit model against a slow twin, its own slope, and planted truth."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from curation.core.aggregate import fit_cumulative_logit
from curation.core.aggregate.cumulative_logit import _Work
from curation.core.aggregate.graded_response import Graded
from curation.core.aggregate.rating_data import rating_table
from tests.curation.core.aggregate.rating_twins import (
    graded_marginal,
    graded_scores,
    level_probability,
    simulated_ratings,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "cumulative_logit.json"
LEVELS = 4
levels = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(0, LEVELS - 1)),
    min_size=1,
    max_size=15,
)
few = settings(max_examples=8, deadline=None)


def habits(random, n_annotators):
    rng = np.random.default_rng(random.randint(0, 9999))
    return Graded(
        thresholds=np.sort(rng.normal(size=LEVELS - 1)) + np.arange(LEVELS - 1) * 0.3,
        shift=rng.normal(size=n_annotators),
        slope=rng.uniform(0.3, 2, n_annotators),
        shift_sd=0.7,
        common_slope=1.2,
        slope_sd=0.5,
    )


def work_of(rows):
    table = rating_table(*map(list, zip(*rows, strict=True)))
    level = table.values.astype(int)
    return table, _Work(table, level, LEVELS)


def log_posterior(rows, work, graded):
    told = graded_marginal(
        rows, work.nodes, list(graded.thresholds), list(graded.shift), list(graded.slope)
    )
    told -= sum(graded.shift**2) / (2 * graded.shift_sd**2)
    return told - sum((graded.slope - graded.common_slope) ** 2) / (2 * graded.slope_sd**2)


def named(rows):
    """Number the annotators through, so that they are places in arrays."""
    people = sorted({who for _, who, _ in rows})
    return [(item, people.index(who), level) for item, who, level in rows]


@few
@given(levels, st.randoms(use_true_random=False))
def test_the_slope_of_the_marginal_posterior_is_that_of_the_twin(rows, random):
    rows = named(rows)
    table, work = work_of(rows)
    graded, step = habits(random, len(table.annotators)), 1e-5
    found = graded.slopes(work.nodes, work.expected(work.posterior(graded)))
    for name, slope in (
        ("shift", found.shift),
        ("slope", found.slope),
        ("thresholds", found.thresholds),
    ):
        at = getattr(graded, name)
        for place in range(len(at)):
            move = np.eye(len(at))[place] * step
            up, down = (replace(graded, **{name: at + sign * move}) for sign in (1, -1))
            change = log_posterior(rows, work, up) - log_posterior(rows, work, down)
            assert slope[place] == pytest.approx(change / (2 * step), abs=1e-4)


@few
@given(levels, st.randoms(use_true_random=False))
def test_the_curvature_is_that_of_the_expected_log_posterior(rows, random):
    table, work = work_of(named(rows))
    graded, step = habits(random, len(table.annotators)), 1e-5
    counts = work.expected(work.posterior(graded))
    found = graded.slopes(work.nodes, counts)

    def moved(name, place, sign):
        at = getattr(graded, name)
        change = np.eye(len(at))[place] * step * sign
        return replace(graded, **{name: at + change}).slopes(work.nodes, counts)

    bends = [
        (moved("thresholds", k, -1).thresholds - moved("thresholds", k, 1).thresholds) / (2 * step)
        for k in range(LEVELS - 1)
    ]
    np.testing.assert_allclose(found.curvature, bends, atol=1e-5)
    for own in range(len(table.annotators)):
        shift = (moved("shift", own, -1).shift - moved("shift", own, 1).shift)[own]
        both = (moved("shift", own, -1).slope - moved("shift", own, 1).slope)[own]
        slope = (moved("slope", own, -1).slope - moved("slope", own, 1).slope)[own]
        assert found.shift_shift[own] == pytest.approx(shift / (2 * step), abs=1e-5)
        assert found.shift_slope[own] == pytest.approx(both / (2 * step), abs=1e-5)
        assert found.slope_slope[own] == pytest.approx(slope / (2 * step), abs=1e-5)


def test_probabilities_are_those_of_the_definition():
    graded = Graded(np.array([-1.0, 0.5]), np.array([0.3]), np.array([1.4]), 1, 1, 1)
    nodes = np.array([-2.0, 0.0, 40.0])
    expected = [
        [level_probability(level, [-1.0, 0.5], 0.3 + 1.4 * node) for node in nodes[:2]]
        for level in range(3)
    ]
    found = np.exp(graded.log_probabilities(nodes)[0])
    np.testing.assert_allclose(found[:, :2], expected)
    np.testing.assert_allclose(found.sum(axis=0), 1)


@pytest.fixture(scope="module")
def golden_fit():
    rows = [
        (item, who, said)
        for who, row in enumerate(["01230123", "02330112", "00231033"])
        for item, said in enumerate(map(int, row))
    ]
    return rows, fit_cumulative_logit(*map(list, zip(*rows, strict=True)))


def test_scores_equal_the_twin_at_the_fitted_habits(golden_fit):
    rows, fit = golden_fit
    expected = graded_scores(
        rows, np.linspace(-4.5, 4.5, 25), fit.levels, list(fit.thresholds), list(fit.shift),
        list(fit.slope), fit.common_slope,
    )  # fmt: skip
    assert fit.converged
    np.testing.assert_allclose(fit.scores, expected, atol=1e-9)


@pytest.mark.parametrize("name", ["scores", "stderr", "thresholds", "shift", "slope"])
def test_golden_rows(golden_fit, name):
    """What this version of the model found, once its scores had been compared with the twin's."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    np.testing.assert_allclose(getattr(golden_fit[1], name), golden[name], atol=1e-4)


def planted(seed, n_items=500, n_annotators=20, per_item=6):
    rng = np.random.default_rng(seed)
    quality, shift = rng.normal(size=n_items), 0.7 * rng.normal(size=n_annotators)
    slope, thresholds = rng.uniform(1, 3, n_annotators), np.array([-2.5, -0.5, 1.0, 3.0])
    item = np.repeat(np.arange(n_items), per_item)
    who = np.concatenate([rng.choice(n_annotators, per_item, replace=False) for _ in quality])
    seen = shift[who] + slope[who] * quality[item]
    until = expit(thresholds[:, None] - seen)
    return (
        quality,
        shift - shift.mean(),
        slope,
        thresholds,
        item,
        who,
        (rng.random(len(item)) > until).sum(axis=0) + 1,
    )


def test_planted_habits_and_qualities_are_recovered():
    quality, shift, slope, thresholds, item, who, values = planted(0)
    fit = fit_cumulative_logit(item, who, values)
    assert fit.converged
    assert fit.levels.tolist() == [1, 2, 3, 4, 5]
    assert np.corrcoef(fit.shift, shift)[0, 1] > 0.95
    assert np.corrcoef(fit.slope, slope)[0, 1] > 0.8
    np.testing.assert_allclose(np.diff(fit.thresholds), np.diff(thresholds), rtol=0.15)
    z = (fit.quality - quality) / fit.deviation
    assert 0.85 < np.sqrt((z**2).mean()) < 1.15
    assert np.corrcoef(fit.scores, quality)[0, 1] > 0.9


def test_many_ratings_of_an_item_make_its_quality_sure():
    _, _, _, _, item, who, values = planted(1, n_items=60, n_annotators=80, per_item=80)
    fit = fit_cumulative_logit(item, who, values)
    assert fit.converged
    assert np.median(fit.deviation) < 0.2


@few
@given(levels, st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(rows, random):
    plain = fit_cumulative_logit(*map(list, zip(*rows, strict=True)))
    shuffled = sorted(rows, key=lambda _: random.random())
    other = fit_cumulative_logit(
        [f"item {item}" for item, _, _ in shuffled],
        [f"person {who}" for _, who, _ in shuffled],
        [level * 10 - 3 for _, _, level in shuffled],
    )
    np.testing.assert_allclose(plain.quality, other.quality, atol=1e-6)
    np.testing.assert_allclose(plain.shift, other.shift, atol=1e-6)
    np.testing.assert_allclose(plain.scores * 10 - 3, other.scores, atol=1e-5)


@pytest.mark.parametrize("n_levels", [2, 5])
def test_scores_keep_to_the_scale(n_levels):
    made = simulated_ratings(np.random.default_rng(3), levels=n_levels)
    fit = fit_cumulative_logit(*made["rows"])
    assert fit.scores.min() >= 1
    assert fit.scores.max() <= n_levels
    assert np.corrcoef(fit.scores, made["quality"])[0, 1] > 0.75


def test_one_level_and_none_are_no_error():
    level = fit_cumulative_logit([1, 2], ["a", "b"], [3, 3])
    assert level.scores.tolist() == [3.0, 3.0]
    assert level.converged
    assert len(fit_cumulative_logit([], [], []).scores) == 0


def test_more_levels_than_can_be_are_refused():
    with pytest.raises(ValueError, match="31 distinct ratings"):
        fit_cumulative_logit(range(31), range(31), range(31))
