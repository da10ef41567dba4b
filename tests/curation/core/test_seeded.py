"""Seeded choices: from ids and seed alone, independent of each other, alike for every order."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

from curation.core.errors import CurationError
from curation.core.seeded import seeded_keys, seeded_order, seeded_ranks

TEXTS = st.text(st.characters(), max_size=8)
IDS = st.lists(TEXTS, unique=True, max_size=30)


def test_keys_look_uniform_and_independent_of_seed_and_purpose():
    ids = [f"row {k}" for k in range(4000)]
    one, other = (seeded_keys(ids, seed=seed, purpose="cap") / 2**64 for seed in (0, 1))
    third = seeded_keys(ids, seed=0, purpose="sides") / 2**64
    assert kstest(one, "uniform").pvalue > 0.01
    assert abs(np.corrcoef([one, other, third])[np.triu_indices(3, 1)]).max() < 0.05
    assert chisquare(np.bincount((one * 16).astype(int))).pvalue > 0.01


@settings(deadline=None)
@given(IDS, st.integers(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(ids, seed, random):
    shuffled = random.sample(ids, len(ids))
    drawn = [ids[row] for row in seeded_order(ids, seed=seed, purpose="cap")]
    assert [shuffled[row] for row in seeded_order(shuffled, seed=seed, purpose="cap")] == drawn


@settings(deadline=None)
@given(IDS, st.integers())
def test_ranks_are_places_in_the_order(ids, seed):
    order = seeded_order(ids, seed=seed, purpose="cap")
    ranks = seeded_ranks(ids, seed=seed, purpose="cap")
    assert ranks[order].tolist() == list(range(len(ids)))


@settings(deadline=None)
@given(IDS, TEXTS)
def test_rows_that_join_do_not_change_the_order_of_the_others(ids, new):
    drawn = [ids[row] for row in seeded_order(ids, seed=3, purpose="cap")]
    more = [*ids, new] if new not in ids else ids
    with_new = [more[row] for row in seeded_order(more, seed=3, purpose="cap")]
    assert [name for name in with_new if name in ids] == drawn


def test_numbers_count_as_their_texts_in_lists_and_arrays():
    as_text = seeded_keys(["5", "-7"], seed=1, purpose="cap").tolist()
    assert seeded_keys([5, -7], seed=1, purpose="cap").tolist() == as_text
    assert seeded_keys(np.array([5, -7]), seed=1, purpose="cap").tolist() == as_text


def test_a_lone_surrogate_is_an_id_like_any_other():
    assert len(set(seeded_keys(["\ud800", "\udfff", "\x00", ""], seed=0, purpose="cap"))) == 4


def test_an_id_that_stands_twice_is_named():
    with pytest.raises(CurationError, match="'b' stands twice"):
        seeded_order(["a", "b", "c", "b"], seed=0, purpose="cap")


@pytest.mark.parametrize("bad", [None, 1.5, True, ("a",)])
def test_an_id_of_another_type_is_refused(bad):
    with pytest.raises(CurationError, match="neither"):
        seeded_keys(["a", bad], seed=0, purpose="cap")


def test_nothing_gives_nothing():
    assert seeded_order([], seed=0, purpose="cap").tolist() == []


@pytest.mark.slow
def test_hash_randomisation_does_not_matter():
    code = (
        "from curation.core.seeded import seeded_keys;"
        "print(seeded_keys(['a', 'b'], seed=0, purpose='cap').tolist())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "random")
    }
    assert printed == {f"{seeded_keys(['a', 'b'], seed=0, purpose='cap').tolist()}\n"}
