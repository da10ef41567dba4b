"""Kemeny's order against all orders, and what must hold.

`golden/rankings.json` was printed by `python -m tests.curation.core.aggregate.rank_twins`.
"""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.aggregate import kemeny, kemeny_ranking
from tests.curation.core.aggregate.rank_twins import best_orders, contradicted, mean_places
from tests.curation.core.aggregate.test_plackett_luce import N_ITEMS, many

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "rankings.json").read_text(encoding="utf-8")
)


@settings(deadline=None)
@given(many)
def test_cost_and_places_are_those_of_all_best_orders(rankings):
    found = kemeny_ranking(rankings, n_items=N_ITEMS)
    orders, cost = best_orders(rankings, N_ITEMS, [1.0] * len(rankings))
    assert found.proven
    assert found.cost == pytest.approx(cost)
    assert found.lower_bound == pytest.approx(cost)
    np.testing.assert_allclose(found.position, mean_places(orders))


def test_golden_rows():
    found = kemeny_ranking(GOLDEN["rankings"], n_items=N_ITEMS, weights=GOLDEN["weights"])
    np.testing.assert_allclose(found.position, GOLDEN["kemeny"]["places"])
    assert found.cost == pytest.approx(GOLDEN["kemeny"]["cost"])
    assert found.tiers == ((0, 4), (1,), (2,), (3,))


@settings(deadline=None)
@given(many, st.permutations(range(N_ITEMS)))
def test_order_names_and_duplication_do_not_matter(rankings, names):
    plain = kemeny_ranking(rankings, n_items=N_ITEMS)
    renamed = [tuple(tuple(names[item] for item in tier) for tier in r) for r in rankings]
    other = kemeny_ranking(renamed[::-1] * 3, n_items=N_ITEMS)
    np.testing.assert_allclose(plain.position, other.position[names])
    assert other.cost == pytest.approx(3 * plain.cost)


def cyclic(rng, n_items, n_rankings):
    return [tuple((int(item),) for item in rng.permutation(n_items)) for _ in range(n_rankings)]


def test_a_search_comes_close_to_the_exact_order(monkeypatch):
    rng = np.random.default_rng(0)
    rankings = cyclic(rng, 9, 7)
    exact = kemeny_ranking(rankings, n_items=9)
    monkeypatch.setattr(kemeny, "LARGEST_EXACT", 2)
    found = kemeny_ranking(rankings, n_items=9, seed=1)
    assert found.lower_bound <= exact.cost <= found.cost <= 1.05 * exact.cost
    again = kemeny_ranking(rankings, n_items=9, seed=1)
    np.testing.assert_array_equal(found.position, again.position)


def test_a_large_set_without_cycles_is_proven_best():
    order = tuple((item,) for item in range(40))
    noisy = [order, order, tuple(reversed(order))]
    found = kemeny_ranking(noisy, n_items=40)
    assert found.proven
    assert found.tiers == order
    assert found.cost == 40 * 39 / 2


def test_a_searched_order_contradicts_what_it_says(monkeypatch):
    monkeypatch.setattr(kemeny, "LARGEST_EXACT", 1)
    rankings = cyclic(np.random.default_rng(3), 12, 5)
    found = kemeny_ranking(rankings, n_items=12)
    order = [item for tier in found.tiers for item in tier]
    assert found.cost == pytest.approx(contradicted(order, rankings, [1.0] * 5))
    for place, (above, below) in enumerate(pairwise(order)):
        swapped = [*order[:place], below, above, *order[place + 2 :]]
        assert contradicted(swapped, rankings, [1.0] * 5) >= found.cost


@pytest.mark.parametrize("rankings", [[], [()], [((1,),)]])
def test_without_a_pair_all_share_a_tier(rankings):
    found = kemeny_ranking(rankings, n_items=3)
    assert found.tiers == ((0, 1, 2),)
    assert found.proven
    assert found.cost == 0


def test_no_items_are_no_tiers():
    assert kemeny_ranking([], n_items=0).tiers == ()
