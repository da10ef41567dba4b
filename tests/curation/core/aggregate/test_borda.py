"""Borda's shares against a slow twin and against the mean ranks.

`golden/rankings.json` was printed by `python -m tests.curation.core.aggregate.rank_twins`.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.core.aggregate import borda_scores, mean_rank_tiers
from curation.core.aggregate.kemeny import tiers_by
from tests.curation.core.aggregate.rank_twins import borda
from tests.curation.core.aggregate.test_plackett_luce import N_ITEMS, many

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "rankings.json").read_text(encoding="utf-8")
)


@given(many)
def test_scores_equal_the_twin(rankings):
    found = borda_scores(rankings, n_items=N_ITEMS)
    np.testing.assert_allclose(found.scores, borda(rankings, N_ITEMS))


def test_golden_rows():
    found = borda_scores(GOLDEN["rankings"], n_items=N_ITEMS)
    np.testing.assert_allclose(found.scores, GOLDEN["borda"])


@given(st.lists(st.permutations("abcde"), min_size=1, max_size=6))
def test_of_full_rankings_the_order_is_that_of_the_mean_ranks(orders):
    numbered = [tuple((ord(key) - 97,) for key in order) for order in orders]
    tiers = tiers_by(borda_scores(numbered, n_items=5).scores)
    named = tuple(tuple("abcde"[item] for item in tier) for tier in tiers)
    assert named == mean_rank_tiers([[[key] for key in order] for order in orders])


def test_errors_shrink_with_the_root_of_the_number_of_rankings():
    pair = [((0,), (1,)), ((1,), (0,))]
    few, many_more = (borda_scores(pair * n, n_items=2).stderr for n in (10, 1000))
    np.testing.assert_allclose(few / many_more, 10, rtol=0.05)
    np.testing.assert_allclose(few, 0.5 / np.sqrt(19))


def test_weights_count_a_ranking_more_than_once():
    rankings = [((0,), (1,), (2,)), ((2,), (0,))]
    weighted = borda_scores(rankings, n_items=3, weights=[3, 1])
    twice = borda_scores([rankings[0]] * 3 + [rankings[1]], n_items=3)
    np.testing.assert_allclose(weighted.scores, twice.scores)


def test_what_nobody_ranked_has_no_score():
    found = borda_scores([((0,), (1,)), ((2,),)], n_items=4)
    assert np.isnan(found.scores).tolist() == [False, False, True, True]
    assert found.n_rankings.tolist() == [1, 1, 0, 0]
    assert np.isnan(found.stderr).all()
    assert borda_scores([], n_items=0).scores.shape == (0,)


def test_a_weight_for_each_ranking_is_required():
    with pytest.raises(ValueError, match="1 rows"):
        borda_scores([((0,), (1,))], n_items=2, weights=[1, 1])
