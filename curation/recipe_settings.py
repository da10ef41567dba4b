"""The settings of a recipe by name: their types, their ranges, and the kinds that they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, get_type_hints

from curation.recipe import KINDS, METHODS, WITH_CLASSES, WITH_LENGTHS, Kind, Recipe

LIMITS: Mapping[str, tuple[float, float | None]] = {
    "seed": (0, 2**31 - 1),
    "select.min_seconds": (0, None),
    "select.max_seconds": (0, None),
    "select.min_reliability": (0, 1),
    "select.min_judgments": (0, None),
    "select.max_per_annotator": (1, None),
    "texts.min_chars": (0, None),
    "texts.max_chars": (1, None),
    "texts.max_prompt_chars": (1, None),
    "decontaminate.ngram": (8, None),
    "decontaminate.threshold": (0.1, 1),
    "dedupe.near": (0, 1),
    "dedupe.semantic": (0.1, 1),
    "rows.min_votes": (1, None),
    "rows.min_agreement": (0, 1),
    "rows.min_probability": (0, 1),
    "balance.max_per_prompt": (1, None),
    "balance.max_per_cluster": (1, None),
    "balance.n_topics": (0, None),
    "balance.subsample": (1, None),
}
"""The least and the most of each number, as the recipe takes them."""

FOR_KINDS: Mapping[str, tuple[Kind, ...]] = {
    "aspect": ("preference", "rating"),
    "sources": ("preference",),
    "include_machine": ("preference", "ranking", "stepwise", "outcome", "rating"),
    "rows.drop_unsafe": ("preference", "classification"),
    "balance.lengths": WITH_LENGTHS,
    "balance.classes": WITH_CLASSES,
    "balance.sides": ("preference",),
}
"""Settings that say nothing of the other kinds, which leave them at their defaults."""


@cache
def settings() -> Mapping[str, Any]:
    """Every setting with its type hint, those of a step as step.name, in a recipe's order."""
    return dict(_settings())


def _settings() -> Iterator[tuple[str, Any]]:
    for name, hint in get_type_hints(Recipe).items():
        if is_dataclass(hint):
            yield from ((f"{name}.{key}", inner) for key, inner in get_type_hints(hint).items())
        elif name != "version":
            yield name, hint


def step_of(name: str) -> str:
    """The step that a setting belongs to; empty for those of the recipe itself."""
    return name.partition(".")[0] if "." in name else ""


def flat(recipe: Recipe) -> dict[str, Any]:
    """A recipe's values by setting, as JSON has them."""
    plain = recipe.to_dict()
    return {name: _value(plain, name) for name in settings()}


def _value(plain: Mapping[str, Any], name: str) -> Any:
    step, _dot, key = name.rpartition(".")
    return (plain[step] if step else plain)[key]


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `flat`, for `Recipe.from_dict`."""
    plain: dict[str, Any] = {}
    for name, value in values.items():
        step, _dot, key = name.rpartition(".")
        (plain.setdefault(step, {}) if step else plain)[key] = value
    return plain


def kinds_of(name: str) -> tuple[Kind, ...]:
    """The kinds that a setting is for."""
    return FOR_KINDS.get(name, KINDS)


def methods() -> dict[str, list[Kind]]:
    """Every way of aggregating with the kinds that have it."""
    found: dict[str, list[Kind]] = {"auto": list(KINDS)}
    for kind, names in METHODS.items():
        for name in names:
            found.setdefault(name, []).append(kind)
    return found
