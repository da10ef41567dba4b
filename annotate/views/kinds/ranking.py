"""Two to sixteen responses in an order with ties, or only the best and the worst of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotate.answers import ItemShape
from annotate.views.answer_fields import Fields, picks_ends
from annotate.views.kinds.base import ROW_KEYS, KeyRows, Text, card_key, lettered

MANY = 5
ORDER_KEYS: KeyRows = (
    (ROW_KEYS, _("select the one above or below")),
    ("Alt+↑ Alt+↓", _("move the selected response")),
    ("=", _("tie it with the one above")),
    ("-", _("untie it")),
    ("p", _("place them one by one: the keys of the responses, best first")),
    ("o", _("this order is right")),
)
ENDS_KEYS: KeyRows = (
    (ROW_KEYS, _("select the one above or below")),
    ("b", _("the selected one is the best")),
    ("w", _("the selected one is the worst")),
)


def context(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    """The cards, each with the field of its rank or with the two buttons of the ends."""
    ends = picks_ends(shape)
    cards = [
        card
        | {"name": f"rank-{k}", "rank": fields.get(f"rank-{k}", "")}
        | {end: fields.get(end, "") == str(k) for end in ("best", "worst")}
        for k, card in enumerate(lettered(item))
    ]
    return {
        "heading": _heading(ends=ends),
        "responses": cards,
        "picks_ends": ends,
        "is_many": len(cards) >= MANY,
        "ranks": [str(k + 1) for k in range(shape.n_responses)],
    }


def keys(item: Mapping[str, Any], shape: ItemShape) -> KeyRows:
    """The keys that select a response, and what can be done with it."""
    digits = "1 … 9" if shape.n_responses > 9 else f"1 … {shape.n_responses}"
    letters = f" · Shift+J … {card_key(shape.n_responses - 1)}" if shape.n_responses > 9 else ""
    select = ((digits + letters, _("select a response")),)
    return select + (ENDS_KEYS if picks_ends(shape) else ORDER_KEYS)


def _heading(*, ends: bool) -> Text:
    return _("Pick the best and the worst") if ends else _("Rank the responses, best first")
