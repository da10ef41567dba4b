"""Seeded choices are part of what a release is: the same seed keeps the same rows for ever.

`golden/balance.json` was printed by the twins, `python -m tests.curation.core.balance.twins`.
"""

import json
from pathlib import Path

import pytest

from curation.core.balance import (
    assign_sides,
    balance_groups,
    balance_lengths,
    balance_sides,
    cap_per_group,
    subsample,
)
from tests.curation.core.balance.twins import GOLDEN_SEEDS, choices

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "balance.json").read_text(encoding="utf-8")
)


def chosen_now(inputs, seed):
    ids, groups = inputs["ids"], inputs["groups"]
    lengths = inputs["chosen"], inputs["rejected"]
    of_lengths = balance_lengths(*lengths, ids=ids, seed=seed, bins=inputs["edges"])
    return {
        "cap": cap_per_group(groups, inputs["limit"], ids=ids, seed=seed),
        "subsample": subsample(ids, n=inputs["n"], seed=seed),
        "subsample_groups": subsample(ids, n=inputs["n"], seed=seed, groups=groups),
        "groups": balance_groups(groups, ids=ids, seed=seed).keep,
        "lengths": of_lengths.keep,
        "sides": assign_sides(ids, seed=seed),
        "balanced_sides": balance_sides(inputs["left_won"], ids=ids, seed=seed),
    }


@pytest.mark.parametrize("seed", GOLDEN_SEEDS)
def test_the_same_seed_chooses_what_it_always_chose(seed):
    now = chosen_now(GOLDEN["inputs"], seed)
    assert {name: mask.nonzero()[0].tolist() for name, mask in now.items()} == (
        GOLDEN["chosen"][str(seed)]
    )


@pytest.mark.parametrize("seed", GOLDEN_SEEDS)
def test_the_twins_still_make_the_golden_file(seed):
    assert choices(GOLDEN["inputs"], seed) == GOLDEN["chosen"][str(seed)]
