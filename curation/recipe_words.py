"""A recipe for people: what it asks for beyond the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext

from curation.core.errors import RecipeError
from curation.recipe import Recipe
from curation.recipe_settings import flat, kinds_of, step_of
from curation.recipe_texts import LABELS, WORDS

ALWAYS = ("kind", "aggregate", "seed", "include_simulated")


def recipe_in_words(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Settings and their values, those that are always of interest and those that differ.

    A stored recipe that this release cannot read is shown as it stands.
    """
    try:
        recipe = Recipe.from_dict(values)
    except RecipeError:
        return [(name, str(value)) for name, value in values.items()]
    return [
        (str(LABELS[name]), setting_in_words(name, value))
        for name, value, differs in _compared(recipe)
        if name in ALWAYS or differs
    ]


def step_in_words(recipe: Recipe, step: str) -> list[tuple[str, str]]:
    """What a step is asked for beyond its defaults."""
    return [
        (str(LABELS[name]), setting_in_words(name, value))
        for name, value, differs in _compared(recipe)
        if differs and step_of(name) == step and name != "kind"
    ]


def setting_label(name: str) -> str:
    """What people call a setting; one of another release keeps its name."""
    return str(LABELS.get(name, name))


def setting_in_words(name: str, value: Any) -> str:
    """A setting's value for people; numbers that are names, such as seeds, stay as they are."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if value is None or value == "" or value == []:
        return gettext("none")
    if isinstance(value, list):
        return ", ".join(setting_in_words(name, one) for one in value)
    if isinstance(value, str):
        return value_word(name, value)
    if isinstance(value, int):
        return str(value) if name == "seed" else str(intcomma(value))
    return f"{value:g}"


def value_word(name: str, value: str) -> str:
    """What people call one of a setting's values."""
    known = WORDS.get(f"{name}.{value}") or WORDS.get(value)
    return str(known) if known is not None else gettext(value.replace("_", " "))


def _compared(recipe: Recipe) -> Iterator[tuple[str, Any, bool]]:
    """The settings that say something of the kind, their values, and whether they differ."""
    plain = flat(Recipe(recipe.kind))
    for name, value in flat(recipe).items():
        if recipe.kind in kinds_of(name):
            yield name, value, value != plain[name]
