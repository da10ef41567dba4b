"""Recipes survive JSON and refuse what does not exist."""

import json
from typing import Any

import pytest

from curation.core.errors import RecipeError
from curation.recipe import Recipe


def test_a_recipe_survives_json() -> None:
    recipe = Recipe("ranking", aggregate="mean_rank", seed=3, include_simulated=True, dedupe="none")
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    assert Recipe.from_dict({"kind": "rating"}) == Recipe("rating")


def test_the_digest_tells_recipes_apart_and_stays() -> None:
    assert Recipe("preference").digest() == Recipe("preference", seed=0).digest()
    assert Recipe("preference").digest() != Recipe("preference", seed=1).digest()
    assert len(Recipe("preference").digest()) == 64


@pytest.mark.parametrize(
    ("kind", "method"), [("preference", "majority"), ("ranking", "mean_rank"), ("rating", "mean")]
)
def test_auto_takes_the_kinds_method(kind: Any, method: str) -> None:
    assert Recipe(kind).method == Recipe(kind, aggregate=method).method == method


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "names its kind"),
        ({"kind": "haiku"}, "kind is one of preference, ranking"),
        ({"kind": ["preference"]}, "kind is one of"),
        ({"kind": "ranking", "aggregate": "majority"}, "aggregate is one of auto, mean_rank"),
        ({"kind": "ranking", "seed": "7"}, "seed is a whole number"),
        ({"kind": "ranking", "seed": True}, "seed is a whole number"),
        ({"kind": "ranking", "include_simulated": 1}, "include_simulated is true or false"),
        ({"kind": "ranking", "dedupe": "fuzzy"}, "dedupe is one of exact, none"),
        ({"kind": "ranking", "version": 2}, "version is one of 1"),
        ({"kind": "ranking", "colour": "red"}, "has no colour; its keys are kind"),
    ],
)
def test_unknown_keys_and_values_are_refused_with_a_sentence(
    values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RecipeError, match=sentence):
        Recipe.from_dict(values)
