"""Length balancing: afterwards the lengths tell nothing, in any bin, whatever they told before."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.balance import balance_lengths
from curation.core.errors import CurationError
from curation.core.probes import length_probe
from tests.curation.core.balance.twins import slow_lengths

PAIRS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=60)
MODES = ("drop", "weight")


def columns(pairs):
    return [c for c, _ in pairs], [r for _, r in pairs], [f"row {k}" for k in range(len(pairs))]


def balance(pairs, **options):
    chosen, rejected, ids = columns(pairs)
    return balance_lengths(chosen, rejected, ids=ids, **{"seed": 0, **options})


def totals(pairs, weights, edges=(), strata=None):
    """Weight by cell and direction, and the sizes of the differences there."""
    found = defaultdict(lambda: {1: 0.0, -1: 0.0})
    for row, (c, r) in enumerate(pairs):
        ratio = np.log1p(c) - np.log1p(r)
        where = sum(abs(ratio) >= edge for edge in edges), strata[row] if strata else None
        if ratio:
            found[where][int(np.sign(ratio))] += weights[row]
    return found


def biased(n, seed, *, slope=1.5, bend=0.0):
    """Pairs in which the chosen response is longer the more often the larger the difference."""
    rng = np.random.default_rng(seed)
    one, other = np.exp(rng.normal(5, 1, (2, n))).astype(int)
    ratio = np.log1p(one) - np.log1p(other)
    first = rng.random(n) < 1 / (1 + np.exp(-slope * ratio + bend * ratio**3))
    return list(zip(np.where(first, one, other), np.where(first, other, one), strict=True))


@pytest.mark.parametrize("mode", MODES)
@settings(deadline=None)
@given(PAIRS, st.integers(0, 5))
def test_both_directions_weigh_the_same_in_each_bin(mode, pairs, seed):
    edges = [0.2, 0.7, 1.5]
    found = balance(pairs, seed=seed, bins=edges, mode=mode, max_weight=1000.0)
    for total in totals(pairs, found.weights, edges).values():
        assert total[1] == pytest.approx(total[-1])


@settings(deadline=None)
@given(PAIRS, st.integers(0, 5))
def test_dropping_is_its_slow_twin(pairs, seed):
    edges = [0.2, 0.7, 1.5]
    found = balance(pairs, seed=seed, bins=edges)
    assert found.keep.tolist() == slow_lengths(*columns(pairs), seed, edges)


@pytest.mark.parametrize("mode", MODES)
@settings(deadline=None)
@given(PAIRS, st.floats(1.5, 20))
def test_weights_are_positive_of_mean_one_and_within_their_limit(mode, pairs, limit):
    found = balance(pairs, mode=mode, max_weight=limit)
    kept = found.weights[found.keep]
    assert (kept > 0).all()
    assert (found.weights[~found.keep] == 0).all()
    assert found.report.rows_after == len(kept)
    if len(kept):
        assert kept.mean() == pytest.approx(1)
        assert kept.max() <= limit * (1 + 1e-9)
        assert found.report.largest_weight == kept.max()
        assert found.report.effective_rows <= len(kept) * (1 + 1e-9)


@settings(deadline=None)
@given(PAIRS, st.floats(1.5, 20))
def test_weights_cancel_wherever_the_report_says_so(pairs, limit):
    found = balance(pairs, mode="weight", bins=3, max_weight=limit)
    if found.report.exact:
        longer, shorter = (
            sum(total[side] for total in totals(pairs, found.weights).values()) for side in (1, -1)
        )
        assert longer == pytest.approx(shorter)


@pytest.mark.parametrize("mode", MODES)
@settings(deadline=None)
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(mode, pairs, random):
    chosen, rejected, ids = columns(pairs)
    order = random.sample(range(len(ids)), len(ids))
    one = balance(pairs, mode=mode)
    other = balance_lengths(
        *([column[row] for row in order] for column in (chosen, rejected)),
        ids=[ids[row] for row in order],
        seed=0,
        mode=mode,
    )
    assert other.keep.tolist() == one.keep[order].tolist()
    assert other.weights == pytest.approx(one.weights[order])


@pytest.mark.parametrize("mode", MODES)
@settings(deadline=None)
@given(PAIRS)
def test_who_won_may_be_told_the_other_way_round(mode, pairs):
    exchanged = [(r, c) for c, r in pairs]
    one, other = balance(pairs, mode=mode), balance(exchanged, mode=mode)
    assert other.keep.tolist() == one.keep.tolist()
    assert other.weights == pytest.approx(one.weights)


@settings(deadline=None)
@given(PAIRS)
def test_rows_of_equal_lengths_stay(pairs):
    equal = np.array([c == r for c, r in pairs], dtype=bool)
    assert balance(pairs).keep[equal].all()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("slope", "bend"), [(1.5, 0.0), (-1.0, 0.0), (2.0, 0.6)])
def test_a_planted_bias_is_gone(mode, slope, bend):
    pairs = biased(3000, 1, slope=slope, bend=bend)
    before = length_probe(*columns(pairs)[:2])
    assert not before.fitted.holds(0.5)
    found = balance(pairs, mode=mode)
    kept = [pair for pair, keep in zip(pairs, found.keep, strict=True) if keep]
    after = length_probe(*columns(kept)[:2], weights=found.weights[found.keep])
    assert after.rule.value == pytest.approx(0.5)
    assert after.fitted.holds(0.5)
    assert found.report.rows_after > 1000


@pytest.mark.parametrize("mode", MODES)
def test_each_stratum_is_balanced_by_itself(mode):
    pairs = biased(400, 2) + [(r, c) for c, r in biased(400, 3)]
    strata = ["up"] * 400 + ["down"] * 400
    found = balance(pairs, mode=mode, strata=strata)
    by_stratum = totals(pairs, found.weights, strata=strata)
    assert len(by_stratum) == 2
    for total in by_stratum.values():
        assert total[1] == pytest.approx(total[-1])
        assert total[1] > 50


def test_weights_given_before_are_balanced_too():
    pairs = biased(500, 4)
    before = np.random.default_rng(0).uniform(0.5, 2, 500)
    found = balance(pairs, mode="weight", weights=before)
    (total,) = totals(pairs, found.weights).values()
    assert total[1] == pytest.approx(total[-1])
    dropped = balance(pairs, weights=before)
    ratio = dropped.weights[dropped.keep] / before[dropped.keep]
    assert ratio == pytest.approx(ratio[0])


@pytest.mark.parametrize("mode", MODES)
def test_rows_with_nothing_to_be_set_against_go(mode):
    found = balance([(9, 1)] * 5 + [(4, 4)], mode=mode)
    assert found.keep.tolist() == [False] * 5 + [True]
    assert balance([(9, 1)] * 5, mode=mode).report.rows_after == 0


def test_a_limit_that_cannot_be_kept_exactly_is_kept_and_said():
    found = balance([(9, 1)] * 99 + [(1, 9)], mode="weight", max_weight=4.0)
    assert not found.report.exact
    assert found.weights[-1] == pytest.approx(4.0)
    assert found.weights.mean() == pytest.approx(1)
    assert balance([(9, 1)] * 99 + [(1, 9)], mode="weight", max_weight=51.0).report.exact


def test_a_limit_lowers_crowded_bins_so_that_the_rest_still_cancels():
    pairs = [(9, 8)] * 30 + [(8, 9)] * 30 + [(900, 1)] * 39 + [(1, 900)]
    found = balance(pairs, mode="weight", bins=[1.0], max_weight=4.0)
    assert found.report.exact
    assert found.report.largest_weight == pytest.approx(4.0)
    for total in totals(pairs, found.weights, [1.0]).values():
        assert total[1] == pytest.approx(total[-1])


def test_nothing_balanced_is_nothing():
    for mode in MODES:
        found = balance([], mode=mode)
        assert (found.report.rows_after, found.report.effective_rows) == (0, 0.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "both"}, "by drop or by weight"),
        ({"bins": 0}, "at least one bin"),
        ({"bins": [1.0, 0.5]}, "must rise"),
        ({"max_weight": 1.0}, "above 1"),
        ({"weights": [0.0]}, "above zero"),
        ({"weights": [float("nan")]}, "finite"),
        ({"strata": ["a", "b"]}, "Strata has 2 entries for 1 rows"),
    ],
)
def test_an_impossible_wish_is_refused(options, message):
    with pytest.raises(CurationError, match=message):
        balance([(1, 2)], **options)


@pytest.mark.parametrize("length", [-1, None, float("nan")])
def test_an_unknown_length_is_refused(length):
    with pytest.raises(CurationError, match="known and not negative"):
        balance([(length, 2)])


def test_lengths_that_are_text_are_refused():
    with pytest.raises(CurationError, match="one number a row"):
        balance([("12", 2)])
