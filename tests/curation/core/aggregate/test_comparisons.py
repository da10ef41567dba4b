"""One answer for each pair: the methods, the choice between them, and what must not matter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.curation_simulate import PlantedComparisons, planted_accuracy, planted_comparisons
from curation.core.aggregate import COMPARISON_METHODS, ComparisonAggregation, aggregate_comparisons
from curation.core.aggregate.comparison_data import pair_votes
from curation.core.aggregate.comparison_models import FITS

GOLDEN = Path(__file__).parents[1] / "golden" / "comparisons.json"
METHODS = COMPARISON_METHODS[1:]
items = st.integers(0, 4)
votes_of = st.lists(
    st.tuples(items, items, st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 3)).filter(
        lambda vote: vote[0] != vote[1]
    ),
    min_size=1,
    max_size=15,
)


def aggregate(votes: Any, **options: Any) -> ComparisonAggregation:
    return aggregate_comparisons(*map(list, zip(*votes, strict=True)), **options)  # type: ignore[arg-type]


def aggregate_planted(planted: PlantedComparisons, **options: Any) -> ComparisonAggregation:
    return aggregate_comparisons(
        planted.left, planted.right, planted.outcome, planted.annotators, **options
    )


def by_pair(found: ComparisonAggregation) -> dict[tuple[Any, Any], float]:
    pairs = zip(found.left.tolist(), found.right.tolist(), strict=True)
    return dict(zip(pairs, found.soft_label.tolist(), strict=True))


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=10)
@given(votes=votes_of, names=st.permutations(range(5)), seed=st.integers(0, 2**32 - 1))
def test_names_order_and_sides_do_not_matter(
    method: str, votes: Any, names: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    order, turned = rng.permutation(len(votes)), rng.random(len(votes)) < 0.5
    renamed = [
        (names[b], names[a], 1 - y, f"p{w}") if turned[row] else (names[a], names[b], y, f"p{w}")
        for row in order
        for a, b, y, w in [votes[row]]
    ]
    plain, other = aggregate(votes, method=method), by_pair(aggregate(renamed, method=method))
    for (a, b), chance in by_pair(plain).items():
        one, two = names[a], names[b]
        turned_back = other[one, two] if one < two else 1 - other[two, one]
        assert chance == pytest.approx(turned_back, abs=2e-3)


@pytest.mark.parametrize("method", ["majority", "one_coin", "dawid_skene", "crowd_bt"])
@settings(deadline=None, max_examples=10)
@given(votes=votes_of)
def test_repeating_every_vote_changes_nothing(method: str, votes: Any) -> None:
    once, twice = aggregate(votes, method=method), aggregate(votes * 2, method=method)
    np.testing.assert_allclose(once.soft_label, twice.soft_label)
    assert once.votes_left.tolist() == twice.votes_left.tolist()


@given(votes_of)
def test_majority_is_shares_of_voices(votes: Any) -> None:
    found = aggregate(votes, method="majority")
    for row, (low, high) in enumerate(zip(found.left.tolist(), found.right.tolist(), strict=True)):
        said = {(w, y if a == low else 1 - y) for a, b, y, w in votes if {a, b} == {low, high}}
        voices = {w: [y for v, y in said if v == w] for w, _ in said}
        shares = {
            y: np.mean([told.count(y) / len(told) for told in voices.values()])
            for y in (1.0, 0.5, 0.0)
        }
        assert found.p_left[row] == pytest.approx(shares[1.0])
        assert found.p_tie[row] == pytest.approx(shares[0.5])
        assert found.p_right[row] == pytest.approx(shares[0.0])


@pytest.mark.parametrize("method", METHODS)
def test_chances_sum_to_one_and_labels_are_the_likeliest(method: str) -> None:
    found = aggregate_planted(planted_comparisons(20, 3, 3, 9, 0.2, 1, ties=0.4), method=method)
    chances = np.stack([found.p_left, found.p_tie, found.p_right])
    np.testing.assert_allclose(chances.sum(axis=0), 1, atol=1e-5)
    best = np.array(["left", "tie", "right"])[chances.argmax(axis=0)]
    apart = np.abs(found.p_left - found.p_right) > 1e-9
    assert (found.label == best)[apart].all()
    assert (found.label[~apart] == "tie").all()
    assert found.method == method
    assert f"{method} was asked for" in found.reason
    assert ((found.reliability >= 0) & (found.reliability <= 1)).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_fit_foretells_votes_with_probabilities(method: str) -> None:
    planted = planted_comparisons(20, 3, 3, 9, 0.2, 2, ties=0.4)
    votes = pair_votes(planted.left, planted.right, planted.outcome, planted.annotators)
    model = FITS[method](votes, np.full(votes.n_pairs, -1))
    every = [votes.where(np.ones(len(votes), dtype=bool)) for _ in range(3)]
    for choice, asked in enumerate(every):
        asked.choice[:] = choice
    total = sum(model.vote_probability(asked) for asked in every)
    np.testing.assert_allclose(total, 1, atol=1e-5)


@pytest.mark.parametrize("careless", [0.2, 0.45])
def test_auto_takes_crowd_bt_where_responses_recur_and_it_beats_dawid_skene(
    careless: float,
) -> None:
    planted = planted_comparisons(150, 4, 3, 40, careless, seed=3)
    found = aggregate_planted(planted)
    assert found.method == "crowd_bt"
    assert next(one.method for one in found.candidates) == "crowd_bt"
    assert {one.method for one in found.candidates} == set(METHODS)
    assert "crowd_bt" in found.reason
    assert "held-out votes" in found.reason
    gain = planted_accuracy(planted, "auto") - planted_accuracy(planted, "dawid_skene")
    assert gain >= 0.014


def test_lone_pairs_are_as_right_as_with_dawid_skene() -> None:
    """A point estimate of the gap is not: it takes three votes of one mind for a certainty."""
    planted = [planted_comparisons(1_000, 2, 3, 40, 0.2, seed=seed) for seed in range(3)]
    gains = [
        planted_accuracy(one, "crowd_bt") - planted_accuracy(one, "dawid_skene") for one in planted
    ]
    assert np.mean(gains) > -0.004


def test_auto_takes_the_majority_where_nothing_tells_the_methods_apart() -> None:
    found = aggregate_planted(planted_comparisons(8, 2, 3, 4, 0.0, seed=8))
    assert found.method == "majority"
    assert "standard errors" in found.reason
    alone = aggregate([(0, 1, 1.0, "a")])
    assert alone.method == "majority"
    assert alone.label.tolist() == ["left"]


def test_arena_votes_that_never_meet_on_a_pair_are_still_compared() -> None:
    rng = np.random.default_rng(4)
    strengths = rng.normal(0, 2, 40)
    left, right = np.triu_indices(40, 1)
    outcome = (strengths[left] > strengths[right]).astype(float)
    found = aggregate_comparisons(left, right, outcome, rng.integers(10, size=len(left)))
    assert found.method in ("bradley_terry", "crowd_bt")


def test_known_answers_decide_where_there_are_enough() -> None:
    """Votes of a crowd that shares an error foretell one another; only gold can tell."""
    rng = np.random.default_rng(5)
    n_pairs = 300
    left = np.repeat(np.arange(n_pairs) * 2, 5)
    who = np.tile(np.arange(5), n_pairs)
    truth = np.repeat(rng.random(n_pairs) < 0.5, 5)
    right_rate = np.array([0.9, 0.55, 0.55, 0.55, 0.55])[who]
    outcome = np.where(rng.random(len(left)) < right_rate, truth, ~truth).astype(float)
    gold = np.where(np.arange(len(left)) < 500, truth, np.nan)
    found = aggregate_comparisons(left, left + 1, outcome, who, gold=gold)
    assert found.method != "majority"
    assert "known answers" in found.reason
    assert (found.p_left[:100] == truth[:500:5]).all()
    rest = found.label[100:] == np.where(truth[500::5], "left", "right")
    assert rest.mean() > 0.85


def test_known_answers_that_say_nothing_against_it_leave_the_choice() -> None:
    planted = planted_comparisons(40, 3, 3, 10, 0.2, seed=6)
    gold = np.full(len(planted.left), np.nan)
    gold[:3] = planted.better(planted.left[:1], planted.right[:1])[0]
    found = aggregate_planted(planted, gold=gold)
    assert "1 known answers do not speak against it" in found.reason


def test_the_same_seed_gives_the_same_choice() -> None:
    planted = planted_comparisons(40, 3, 3, 10, 0.2, seed=7)
    one, two = aggregate_planted(planted, seed=1), aggregate_planted(planted, seed=1)
    assert one.reason == two.reason
    np.testing.assert_array_equal(one.p_left, two.p_left)
    other = aggregate_planted(planted, seed=2)
    assert other.reason != one.reason


def test_results_are_those_on_record() -> None:
    """Shares of votes counted by hand, and `SlowCrowd` after 100 passes for the other."""
    record = json.loads(GOLDEN.read_text())
    votes = [tuple(vote) for vote in record["votes"]]
    majority, crowd = (aggregate(votes, method=name) for name in ("majority", "crowd_bt"))
    assert majority.p_left.tolist() == pytest.approx(record["share_left"], abs=1e-5)
    assert crowd.p_left.tolist() == pytest.approx(record["crowd_bt"], abs=0.01)
    assert crowd.label.tolist() == record["label"]


def test_groups_and_both_sides_of_a_pair_are_told() -> None:
    votes = [("b", "a", 1.0, "p"), ("a", "b", 0.0, "q"), ("a", "b", 0.5, "r")]
    found = aggregate(votes, groups=["x", "x", "y"], method="majority")
    assert found.group.tolist() == ["x", "y"]
    assert found.left.tolist() == ["a", "a"]
    assert found.label.tolist() == ["right", "tie"]
    assert (found.votes_right.tolist(), found.votes_tie.tolist()) == ([2, 0], [0, 1])


@pytest.mark.parametrize("method", COMPARISON_METHODS)
def test_no_votes_give_no_rows(method: str) -> None:
    found = aggregate_comparisons([], [], [], [], method=method)
    assert len(found.left) == len(found.label) == len(found.annotators) == 0


@pytest.mark.parametrize("method", COMPARISON_METHODS)
def test_a_single_annotator_is_believed(method: str) -> None:
    found = aggregate([(2 * k, 2 * k + 1, 1.0, "only") for k in range(5)], method=method)
    assert found.label.tolist() == ["left"] * 5


@pytest.mark.parametrize("method", COMPARISON_METHODS)
@pytest.mark.parametrize(("outcome", "label"), [(1.0, "left"), (0.5, "tie"), (0.0, "right")])
def test_one_answer_only_is_that_answer(method: str, outcome: float, label: str) -> None:
    votes = [(2 * k, 2 * k + 1, outcome, w) for k in range(6) for w in range(3)]
    assert aggregate(votes, method=method).label.tolist() == [label] * 6


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="auto, majority, one_coin"):
        aggregate([(0, 1, 1.0, 0)], method="oracle")
