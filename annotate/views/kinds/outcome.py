"""Whether a result is right, beside the reference and perhaps what a checker says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotate.answers import ItemShape
from annotate.views.answer_fields import Fields
from annotate.views.kinds.base import KeyRows, Option, Text, lettered

HEADING = _("Is the final result right?")
KEYS: KeyRows = (("y · 1", _("right")), ("n · 2", _("wrong")))


def context(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    """The two buttons, and the checker's suggestion where the project shows it."""
    chosen = fields.get("correct", "")
    options = [
        Option("yes", _("right"), "y", checked=chosen == "yes"),
        Option("no", _("wrong"), "n", checked=chosen == "no"),
    ]
    return {
        "heading": HEADING,
        "responses": lettered(item),
        "options": options,
        "suggestion": _suggestion(item["verdict"]),
    }


def keys(item: Mapping[str, Any], shape: ItemShape) -> KeyRows:
    """One key for right, one for wrong."""
    return KEYS


def _suggestion(verdict: Mapping[str, Any] | None) -> Text:
    """What the checker says, as a sentence; nothing where there is no verdict to show."""
    if verdict is None:
        return ""
    words = {True: _("right"), False: _("wrong"), None: _("cannot tell")}
    return words[verdict["correct"]]
