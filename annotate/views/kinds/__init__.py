"""The answer forms, one module per kind of item: what each shows and which keys it knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from annotate.answers import ItemShape
from annotate.views.answer_fields import Fields
from annotate.views.kinds import comparison, outcome, ranking, rating, steps
from annotate.views.kinds.base import KeyRows

Builder = Callable[[Mapping[str, Any], ItemShape, Fields], dict[str, Any]]
_CONTEXTS: Mapping[str, Builder] = {
    "comparison": comparison.context,
    "ranking": ranking.context,
    "rating": rating.context,
    "steps": steps.context,
    "outcome": outcome.context,
}
_KEYS: Mapping[str, Callable[[Mapping[str, Any], ItemShape], KeyRows]] = {
    "comparison": comparison.keys,
    "ranking": ranking.keys,
    "rating": rating.keys,
    "steps": steps.keys,
    "outcome": outcome.keys,
}


def kind_context(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    """The context of an item's form: ``heading`` and what its template loops over.

    ``item`` is the claim's item; ``fields`` is what is filled in already.
    """
    return _CONTEXTS[shape.kind](item, shape, fields)


def kind_keys(item: Mapping[str, Any], shape: ItemShape) -> KeyRows:
    """The keys of an item's form and what each does, for the page's help."""
    return _KEYS[shape.kind](item, shape)
