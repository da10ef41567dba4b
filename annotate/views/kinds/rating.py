"""Every response on every aspect: a button a point, or a slider where points are many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotate.answers import ItemShape
from annotate.views.answer_fields import Fields, aspects_of
from annotate.views.kinds.base import ROW_KEYS, KeyRows, Text, lettered

MOST_BUTTONS = 11
ALL_ASPECTS = "*"
POINT_KEYS: KeyRows = (
    ("0 … 9", _("give this rating and go on")),
    (ROW_KEYS, _("another row")),
    ("x", _("clear this row")),
)
BELOW_ZERO: KeyRows = (("-", _("before a digit: below zero")),)
TEN: KeyRows = (("t", _("ten")),)
SLIDER_KEYS: KeyRows = (
    ("← →", _("a little less or more")),
    ("PgDn PgUp", _("much less or more")),
    ("0 … 9", _("type the number; Enter goes on")),
    ("k j", _("another row")),
    ("x", _("clear this row")),
)


def context(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    """The responses, each with its rows; a row has points to choose from or two ends."""
    rows = [
        card | {"rows": [_row(item, shape, fields, k, j) for j in range(len(aspects_of(shape)))]}
        for k, card in enumerate(lettered(item))
    ]
    low, high = shape.rating_range
    return {
        "heading": _heading(len(rows)),
        "responses": rows,
        "is_slider": _is_slider(item, shape),
        "low": low,
        "high": high,
    }


def keys(item: Mapping[str, Any], shape: ItemShape) -> KeyRows:
    """The keys of the buttons or of the slider."""
    if _is_slider(item, shape):
        return SLIDER_KEYS
    low, high = shape.rating_range
    return POINT_KEYS + (BELOW_ZERO if low < 0 else ()) + (TEN if (low, high) == (0, 10) else ())


def _is_slider(item: Mapping[str, Any], shape: ItemShape) -> bool:
    low, high = shape.rating_range
    return item["rating_style"] == "slider" or high - low + 1 > MOST_BUTTONS


def _row(
    item: Mapping[str, Any], shape: ItemShape, fields: Fields, response: int, aspect: int
) -> dict[str, Any]:
    low, high = shape.rating_range
    name, label = f"rating-{response}-{aspect}", aspects_of(shape)[aspect]
    anchors = _anchors(item["anchors"], label, low, high)
    row: dict[str, Any] = {
        "aspect": label,
        "name": name,
        "value": fields.get(name, ""),
        "anchors": sorted(anchors.items()),
        "low_text": anchors.get(low, _("lowest")),
        "high_text": anchors.get(high, _("highest")),
    }
    if not _is_slider(item, shape):
        row["points"] = [_point(value, row["value"], anchors) for value in range(low, high + 1)]
    return row


def _point(value: int, given: str, anchors: Mapping[int, str]) -> dict[str, Any]:
    return {"value": value, "is_checked": str(value) == given, "has_anchor": value in anchors}


def _anchors(anchors: Mapping[str, Any], aspect: str, low: int, high: int) -> dict[int, str]:
    """The texts of an aspect's points within the range; its own stand over those for all."""
    texts = {**anchors.get(ALL_ASPECTS, {}), **anchors.get(aspect, {})}
    numbered = {int(point): str(text) for point, text in texts.items()}
    return {point: text for point, text in numbered.items() if text and low <= point <= high}


def _heading(responses: int) -> Text:
    return _("Rate the response") if responses == 1 else _("Rate the responses")
