"""Recipes survive JSON and refuse what does not exist."""

import json
from typing import Any

import pytest

from curation.core.errors import RecipeError
from curation.recipe import (
    KINDS,
    METHODS,
    Balance,
    Decontaminate,
    Dedupe,
    FilterRows,
    FilterTexts,
    Kind,
    Recipe,
    SelectJudgments,
)

FULL = Recipe(
    "preference",
    aggregate="crowd_bt",
    seed=3,
    include_simulated=True,
    aspect="helpful",
    sources=("comparison",),
    select=SelectJudgments(min_seconds=2, flags_out=("surplus",), annotators_out=("a", "b")),
    texts=FilterTexts(languages=("en", "de"), max_chars=5_000),
    decontaminate=Decontaminate(against=("test-set",), ngram=8),
    dedupe=Dedupe(exact=False, near=0.8),
    rows=FilterRows(min_votes=3, min_agreement=0.6),
    balance=Balance(max_per_prompt=4, lengths="weight", by="source"),
)


@pytest.mark.parametrize("recipe", [FULL, *map(Recipe, KINDS)])
def test_a_recipe_survives_json(recipe: Recipe) -> None:
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_absent_keys_take_their_defaults_in_every_part() -> None:
    assert Recipe.from_dict({"kind": "rating"}) == Recipe("rating")
    half = Recipe.from_dict({"kind": "rating", "rows": {"min_votes": 2}, "balance": {}})
    assert half == Recipe("rating", rows=FilterRows(min_votes=2))


def test_the_digest_tells_recipes_apart_and_stays() -> None:
    assert Recipe("preference").digest() == Recipe("preference", seed=0).digest()
    assert Recipe("preference").digest() != Recipe("preference", seed=1).digest()
    assert Recipe("preference").digest() != FULL.digest()
    assert len(Recipe("preference").digest()) == 64


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_of_a_kind_can_be_forced(kind: Kind) -> None:
    for method in ("auto", *METHODS[kind]):
        assert Recipe(kind, aggregate=method).aggregate == method


def test_a_recipe_of_version_1_keeps_its_meaning() -> None:
    stored = {
        "kind": "preference",
        "aggregate": "auto",
        "seed": 4,
        "include_simulated": True,
        "dedupe": "none",
        "version": 1,
    }
    assert Recipe.from_dict(stored) == Recipe(
        "preference",
        aggregate="majority",
        seed=4,
        include_simulated=True,
        sources=("comparison", "ranking"),
        dedupe=Dedupe(exact=False, near=0.0),
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "names its kind"),
        ({"kind": "haiku"}, "kind is one of preference, ranking"),
        ({"kind": ["preference"]}, "kind is one of"),
        ({"kind": "ranking", "aggregate": "majority"}, "aggregate is one of auto, mean_rank"),
        ({"kind": "ranking", "seed": "7"}, "seed is a whole number"),
        ({"kind": "ranking", "seed": True}, "seed is a whole number"),
        ({"kind": "ranking", "seed": -1}, "seed is at least 0"),
        ({"kind": "ranking", "include_simulated": 1}, "include_simulated is true or false"),
        ({"kind": "ranking", "dedupe": "fuzzy"}, "dedupe is an object of settings"),
        ({"kind": "ranking", "dedupe": {"near": 1.5}}, "near is from 0 to 1"),
        ({"kind": "ranking", "dedupe": {"near": float("nan")}}, "near is a finite number"),
        ({"kind": "ranking", "rows": {"min_votes": 0}}, "min_votes is at least 1"),
        ({"kind": "ranking", "rows": {"colour": 0}}, "rows has no colour; its keys are min_votes"),
        ({"kind": "ranking", "texts": {"languages": "en"}}, "languages is a list"),
        ({"kind": "ranking", "select": {"flags_out": ["odd"]}}, "flags_out is one of surplus"),
        ({"kind": "ranking", "balance": {"lengths": "off?"}}, "lengths is one of off, drop"),
        ({"kind": "rating", "balance": {"lengths": "drop"}}, "set balance.lengths to off"),
        ({"kind": "preference", "balance": {"classes": "weight"}}, "set balance.classes to off"),
        ({"kind": "ranking", "balance": {"by": "topic"}}, "name a file of topics, or a file of"),
        ({"kind": "ranking", "balance": {"by": "topic", "n_topics": 4}}, "file of embeddings"),
        ({"kind": "ranking", "version": 3}, "version is one of 2"),
        ({"kind": "ranking", "colour": "red"}, "has no colour; its keys are kind"),
    ],
)
def test_unknown_keys_and_values_are_refused_with_a_sentence(
    values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RecipeError, match=sentence):
        Recipe.from_dict(values)
