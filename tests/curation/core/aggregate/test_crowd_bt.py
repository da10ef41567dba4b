"""CrowdBT against a twin and exact integrals, planted annotators, and what must not matter."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from bench.curation_simulate import PlantedComparisons, planted_comparisons, spammer_auc
from curation.core.aggregate import CrowdBTFit, fit_crowd_bt
from curation.core.aggregate.comparison_data import pair_votes
from curation.core.aggregate.crowd_fit import component_of, first_state, fixed_point
from curation.core.aggregate.crowd_layout import laid_out
from curation.core.aggregate.crowd_model import (
    FOLLOWS,
    GUESSES,
    OPPOSES,
    RELIABILITIES,
    CrowdParameters,
)
from curation.core.aggregate.crowd_sweep import Given, Normal, Swept, sweep
from tests.curation.core.aggregate.comparison_twins import SlowCrowd

GOLDEN = Path(__file__).parents[1] / "golden" / "crowd_bt.json"
items = st.integers(0, 4)
votes_of = st.lists(
    st.tuples(items, items, st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 3)).filter(
        lambda vote: vote[0] != vote[1]
    ),
    min_size=1,
    max_size=15,
)


def fit(votes: Any, **options: Any) -> CrowdBTFit:
    return fit_crowd_bt(*map(list, zip(*votes, strict=True)), **options)  # type: ignore[arg-type]


def fit_planted(planted: PlantedComparisons, **options: Any) -> CrowdBTFit:
    return fit_crowd_bt(planted.left, planted.right, planted.outcome, planted.annotators, **options)


def accuracy(planted: PlantedComparisons, found: CrowdBTFit) -> float:
    return float(np.mean((found.gap > 0) == planted.better(found.left, found.right)))


def some_votes(n_prompts: int, n_responses: int, seed: int) -> list[tuple[int, int, float, int]]:
    """Distinct votes of six annotators."""
    made = planted_comparisons(n_prompts, n_responses, 3, 6, 0.3, seed)
    columns = (made.left, made.right, made.outcome, made.annotators)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize(("n_prompts", "n_responses"), [(12, 2), (3, 4)])
def test_the_passes_come_to_the_fixed_point_of_the_slow_twin(
    n_prompts: int, n_responses: int
) -> None:
    votes = some_votes(n_prompts, n_responses, seed=1)
    slow, found = SlowCrowd(votes).run(60), fit(votes)
    gaps = np.array([slow.posterior[pair] for pair in slow.pairs])
    np.testing.assert_allclose(found.gap, gaps[:, 0], atol=0.06)
    np.testing.assert_allclose(found.gap_stderr**2, gaps[:, 1], rtol=0.06)
    np.testing.assert_allclose(found.crowd.types, slow.types, atol=0.02)
    assert found.prior_sd**2 == pytest.approx(slow.variance, rel=0.03)


def test_a_fit_is_the_one_on_record() -> None:
    """Figures of `SlowCrowd` after 100 passes."""
    record = json.loads(GOLDEN.read_text())
    found = fit([tuple(vote) for vote in record["votes"]])
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [
        tuple(pair) for pair in record["pairs"]
    ]
    np.testing.assert_allclose(found.gap, record["gap"], atol=0.05)
    np.testing.assert_allclose(found.gap_stderr, record["gap_stderr"], rtol=0.03)
    np.testing.assert_allclose(found.reliability, record["reliability"], atol=0.01)


def one_pass(votes: Any, parameters: CrowdParameters) -> Swept:
    """One pass against the prior, with a crowd of whom nothing is known."""
    paired = pair_votes(*zip(*votes, strict=True))
    layout = laid_out(paired, np.full(paired.n_pairs, -1))
    wide = np.full(paired.n_pairs, 2 * parameters.variance)
    prior = Normal(np.zeros(paired.n_pairs), wide)
    crowd = first_state(paired).crowd
    return sweep(paired, layout, Given(parameters, crowd, prior, prior, None))


def positioned(votes: Any, shown: list[int], parameters: CrowdParameters) -> Swept:
    paired = pair_votes(*zip(*votes, strict=True), shown_left=shown)
    layout = laid_out(paired, np.full(paired.n_pairs, -1))
    prior = Normal(np.zeros(paired.n_pairs), np.full(paired.n_pairs, 2 * parameters.variance))
    return sweep(paired, layout, Given(parameters, first_state(paired).crowd, prior, prior, None))


@pytest.mark.parametrize("name", ["log_tie", "position"])
def test_slopes_of_the_evidence_are_those_of_finite_differences(name: str) -> None:
    """A public library's gradient of this kind of likelihood fails just this."""
    rng = np.random.default_rng(2)
    votes = [
        (2 * pair, 2 * pair + 1, float(rng.choice([0.0, 0.5, 1.0])), who)
        for pair in range(30)
        for who in range(3)
    ]
    shown = rng.choice([-1, 0, 1], len(votes)).tolist()
    paired = pair_votes(*zip(*votes, strict=True))
    at = replace(first_state(paired).parameters, log_tie=-0.4, position=0.3)
    slope = getattr(positioned(votes, shown, at), "tie" if name == "log_tie" else name).first
    step, value = 1e-2, getattr(at, name)
    above, below = (
        positioned(votes, shown, replace(at, **{name: value + d})).evidence.sum()
        for d in (step, -step)
    )
    assert slope == pytest.approx((above - below) / (2 * step), rel=0.01)


def test_one_pair_is_integrated_exactly() -> None:
    votes = [(0, 1, 1.0, 0), (0, 1, 1.0, 1), (0, 1, 0.0, 2)]
    parameters = first_state(pair_votes(*zip(*votes, strict=True))).parameters
    found = one_pass(votes, parameters)
    share = parameters.type_share
    types = first_state(pair_votes(*zip(*votes, strict=True))).crowd.types[0]
    np.testing.assert_allclose(types, share)
    grid = np.linspace(-25, 25, 20_001)
    chance = share @ FOLLOWS * expit(grid) + share @ OPPOSES * expit(-grid) + share @ GUESSES / 2
    density = np.exp(-(grid**2) / (4 * parameters.variance)) * chance**2 * (1 - chance)
    density /= density.sum()
    mean = density @ grid
    assert found.gaps.mean[0] == pytest.approx(mean, abs=0.01)
    assert found.gaps.variance[0] == pytest.approx(density @ (grid - mean) ** 2, rel=0.01)
    assert found.preferences[0, 0] == pytest.approx(density @ expit(grid), abs=1e-3)


def test_many_votes_on_few_pairs_are_integrated_where_they_point() -> None:
    """Nodes spread over the prior would miss a posterior a hundred times narrower."""
    rng = np.random.default_rng(3)
    strengths = np.array([0.0, 1.0, 2.5])
    left, right = rng.integers(3, size=(2, 30_000))
    apart = left != right
    left, right = left[apart], right[apart]
    who = np.arange(len(left))
    outcome = rng.random(len(left)) < expit(strengths[left] - strengths[right])
    found = fit_crowd_bt(left, right, outcome.astype(float), who % 900)
    assert found.converged
    order = np.argsort(found.strengths)
    assert order.tolist() == [0, 1, 2]


@settings(deadline=None, max_examples=15)
@given(votes_of, st.permutations(range(5)), st.permutations(range(4)), st.integers(0, 2**32 - 1))
def test_names_order_and_sides_do_not_matter(
    votes: Any, names: list[int], people: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    shown = rng.choice([-1, 0, 1], len(votes))
    order, turned = rng.permutation(len(votes)), rng.random(len(votes)) < 0.5
    renamed = [
        (f"i{names[b]}", f"i{names[a]}", 1 - y, f"p{people[w]}")
        if turned[row]
        else (f"i{names[a]}", f"i{names[b]}", y, f"p{people[w]}")
        for row in order
        for a, b, y, w in [votes[row]]
    ]
    flipped = np.where(turned, -shown, shown)[order]
    plain, other = fit(votes, shown_left=shown), fit(renamed, shown_left=flipped)
    where = [other.items.tolist().index(f"i{names[item]}") for item in plain.items]
    np.testing.assert_allclose(plain.strengths, other.strengths[where], atol=2e-3)
    who = [other.annotators.tolist().index(f"p{people[one]}") for one in plain.annotators]
    np.testing.assert_allclose(plain.reliability, other.reliability[who], atol=1e-3)
    np.testing.assert_allclose(plain.left_bias, other.left_bias[who], atol=1e-3)
    gaps = {
        (a, b): gap for a, b, gap in zip(other.left, other.right, other.gap.tolist(), strict=True)
    }
    for a, b, gap in zip(plain.left, plain.right, plain.gap.tolist(), strict=True):
        one, two = f"i{names[a]}", f"i{names[b]}"
        assert gap == pytest.approx(
            gaps[one, two] if (one, two) in gaps else -gaps[two, one], abs=5e-3
        )


@settings(deadline=None, max_examples=15)
@given(votes_of)
def test_repeating_every_vote_changes_nothing(votes: Any) -> None:
    once, twice = fit(votes), fit(votes * 2)
    np.testing.assert_array_equal(once.gap, twice.gap)
    np.testing.assert_array_equal(once.reliability, twice.reliability)


@pytest.mark.parametrize("careless", [0.2, 0.45])
def test_careless_annotators_are_found_and_pairs_are_right_in_spite_of_them(
    careless: float,
) -> None:
    planted = planted_comparisons(150, 4, 3, 40, careless, seed=4)
    found = fit_planted(planted)
    majority = planted.outcome.reshape(-1, 3).mean(axis=1) > 0.5
    right = planted.better(planted.left, planted.right)[::3]
    assert accuracy(planted, found) > (majority == right).mean() + 0.03
    assert spammer_auc(planted) >= 0.98


def test_the_careless_are_told_from_those_who_say_the_opposite() -> None:
    planted = planted_comparisons(100, 4, 3, 20, 0.2, seed=5, spread=2.5)
    contrary = planted.annotators == 19 if not planted.careless[19] else planted.annotators == 18
    outcome = np.where(contrary, 1 - planted.outcome, planted.outcome)
    found = fit_planted(replace(planted, outcome=outcome))
    who = int(planted.annotators[contrary][0])
    assert found.reliability[who] < 0.25
    assert found.spammer[who] < 0.5
    assert found.spammer[planted.careless].min() > 0.6
    assert (np.abs(found.reliability[planted.careless] - 0.5) < 0.2).all()


def test_a_bias_to_the_left_is_found_and_taken_out() -> None:
    planted = planted_comparisons(200, 4, 3, 30, 0.4, seed=6, left_bias=0.8)
    found = fit_planted(planted, shown_left=planted.shown_left)
    lazy = planted.careless
    assert found.left_bias[lazy] == pytest.approx(np.full(lazy.sum(), 0.8), abs=0.25)
    assert np.abs(found.left_bias[~lazy]).max() < 0.25
    blind = fit_planted(planted)
    assert np.abs(blind.left_bias).max() < 1e-6
    assert accuracy(planted, found) >= accuracy(planted, blind)


def test_a_bias_that_all_share_is_the_position() -> None:
    rng = np.random.default_rng(7)
    n_pairs = 1_500
    gap = np.repeat(rng.normal(0, 2, n_pairs), 4)
    shown = rng.choice([-1, 1], len(gap))
    outcome = (rng.random(len(gap)) < expit(gap + 0.7 * shown)).astype(float)
    left = np.repeat(np.arange(n_pairs) * 2, 4)
    who = rng.integers(20, size=len(gap))
    found = fit_crowd_bt(left, left + 1, outcome, who, shown_left=shown)
    assert found.position == pytest.approx(0.7, abs=0.2)
    assert found.left_bias.mean() == pytest.approx(np.tanh(0.35), abs=0.12)


def test_ties_are_probable_where_people_tie() -> None:
    planted = planted_comparisons(100, 4, 3, 30, 0.2, seed=8, ties=0.5)
    found = fit_planted(planted)
    near = np.abs(planted.strengths[found.left] - planted.strengths[found.right]) < 0.3
    assert found.tie > 0
    assert found.p_tie[near].mean() > found.p_tie[~near].mean() + 0.1
    np.testing.assert_array_less(found.p_left + found.p_tie, 1 + 1e-6)


def test_pairs_that_everybody_calls_equal_are_tied_and_say_nothing_of_strengths() -> None:
    """Two equal answers of one prompt: a gap of strengths alone could not explain such ties."""
    rng = np.random.default_rng(12)
    votes = [
        (2 * k, 2 * k + 1, 0.5 if k < 40 else float(rng.random() < (0.95, 0.05)[k % 2]), who)
        for k in range(200)
        for who in range(5)
    ]
    found = fit(votes)
    assert found.parameters.tied_share == pytest.approx(0.2, abs=0.05)
    assert (found.p_tie[:40] > 0.9).all()
    assert found.p_tie[40:].mean() < 0.05
    np.testing.assert_allclose(found.gap[:40], 0, atol=1e-3)
    np.testing.assert_allclose(found.gap_stderr[:40], np.sqrt(2) * found.prior_sd, rtol=0.2)


def test_known_answers_tell_who_is_reliable() -> None:
    """Two who always disagree: only a known answer can say which of them is right."""
    votes = [
        vote for k in range(20) for vote in ((2 * k, 2 * k + 1, 1, "a"), (2 * k, 2 * k + 1, 0, "b"))
    ]
    gold = [1.0 if row < 16 else np.nan for row in range(len(votes))]
    blind, told = fit(votes), fit(votes, gold=gold)
    assert blind.reliability[0] == pytest.approx(blind.reliability[1], abs=1e-3)
    assert told.reliability[0] > 0.8 > 0.4 > told.reliability[1]
    assert (told.p_left[:8] > 0.9).all()
    assert (told.p_left[8:] > 0.7).all()


def test_what_one_person_alone_judged_says_nothing_of_them() -> None:
    """Left-out votes of a chain contradict the rest of it, whoever made them."""
    chain = [(k, k + 1, 1.0, "alone") for k in range(30)]
    shared = [(100 + k, 200 + k, 1.0, who) for k in range(10) for who in "abc"]
    found = fit([*chain, *shared])
    alone = found.annotators.tolist().index("alone")
    expected = found.parameters.type_share @ RELIABILITIES
    assert found.reliability[alone] == pytest.approx((1 + expected) / 2, abs=0.01)


def test_groups_make_items_of_the_same_name_different_ones() -> None:
    votes = [("x", "y", 1.0, k) for k in range(3)] + [("x", "y", 0.0, k) for k in range(3)]
    apart = fit(votes, groups=["p"] * 3 + ["q"] * 3)
    assert apart.group.tolist() == ["p", "q"]
    assert apart.item_group.tolist() == ["p", "p", "q", "q"]
    assert apart.gap[0] > 0 > apart.gap[1]
    assert fit(votes).gap == pytest.approx([0], abs=1e-3)


def test_a_fit_can_start_from_an_earlier_one() -> None:
    planted = planted_comparisons(150, 4, 3, 30, 0.45, seed=9)
    columns = (planted.left, planted.right, planted.outcome, planted.annotators)
    first = fit_crowd_bt(*(column[:-180] for column in columns))
    whole = fit_crowd_bt(*columns)
    later = fit_crowd_bt(*columns, start=first)
    assert later.n_iter < whole.n_iter
    np.testing.assert_allclose(later.p_left, whole.p_left, atol=0.02)
    np.testing.assert_allclose(later.reliability, whole.reliability, atol=0.02)


def test_a_start_may_know_other_annotators_and_no_ties() -> None:
    first = fit([(0, 1, 1.0, "a"), (0, 1, 0.0, "b")])
    later = fit([(0, 1, 0.5, "b"), (0, 2, 1.0, "c")], start=first)
    assert later.annotators.tolist() == ["b", "c"]
    assert later.tie > 0


@pytest.mark.parametrize(
    "votes",
    [
        [(0, 1, 1.0, 0)],
        [(0, 1, 0.5, 0)],
        [(0, 1, 1.0, 0), (0, 1, 0.0, 0)],
        [(k, k + 1, 1.0, 0) for k in range(30)],
        [(0, 1, 1.0, who) for who in range(500)],
    ],
    ids=["one vote", "one tie", "revoked", "one annotator", "all of one mind"],
)
def test_little_or_lopsided_data_give_finite_results(votes: Any) -> None:
    found = fit(votes)
    for name in ("p_left", "p_tie", "strengths", "stderr", "reliability", "left_bias", "spammer"):
        assert np.isfinite(getattr(found, name)).all(), name
    assert found.converged


def test_a_fit_says_how_it_ended() -> None:
    found = fit([(0, 1, 1.0, 0)])
    assert f"came to rest after {found.n_iter} passes" in found.reason
    assert "still moving" in replace(found, converged=False).reason


def test_no_votes_make_an_empty_fit() -> None:
    found = fit_crowd_bt([], [], [], [])
    assert len(found.left) == len(found.annotators) == 0
    assert found.converged


def test_parts_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = planted_comparisons(8, 3, 3, 6, 0.2, seed=10, ties=0.3)
    whole = fit_planted(planted, shown_left=planted.shown_left)
    monkeypatch.setattr("curation.core.aggregate.crowd_layout.VOTES_AT_ONCE", 7)
    parts = fit_planted(planted, shown_left=planted.shown_left)
    np.testing.assert_allclose(whole.gap, parts.gap, atol=1e-3)


def test_components_are_those_of_the_graph() -> None:
    votes = pair_votes([0, 2, 4], [1, 3, 0], [1, 1, 1], [0, 0, 0])
    assert component_of(votes).tolist() == [0, 0, 1, 1, 0]
    assert fixed_point(votes, np.full(3, -1)).converged


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"shown_left": [2]}, "1, -1 or 0"),
        ({"shown_left": [1, 1]}, "one for each"),
        ({"gold": [0.3]}, "1, 0, 0.5 or NaN"),
        ({"gold": [1, 1]}, "one for each"),
        ({"groups": [1, 2]}, "differ in length"),
        ({"groups": [None]}, "missing group"),
    ],
)
def test_unusable_options_are_refused_with_a_sentence(options: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        fit([(0, 1, 1.0, 0)], **options)


def test_contradictory_known_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="two different known outcomes"):
        fit([(0, 1, 1.0, 0), (1, 0, 1.0, 1)], gold=[1.0, 1.0])


def test_soft_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="soft labels"):
        fit([(0, 1, 0.3, 0)])
