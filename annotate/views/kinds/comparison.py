"""Two responses on a scale, with the other outcomes, and aspects where the project asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotate.answers import SCALES, ItemShape
from annotate.views.answer_fields import Fields
from annotate.views.kinds.base import KeyRows, Option, Text, lettered

HEADING = _("Which response is better?")
GRADES: Mapping[int, tuple[tuple[Text, Text], ...]] = {
    1: ((_("A better"), _("B better")),),
    3: (
        (_("A slightly better"), _("B slightly better")),
        (_("A better"), _("B better")),
        (_("A much better"), _("B much better")),
    ),
    4: (
        (_("A barely better"), _("B barely better")),
        (_("A slightly better"), _("B slightly better")),
        (_("A better"), _("B better")),
        (_("A much better"), _("B much better")),
    ),
}
OTHER_CHOICES: tuple[tuple[str, Text, str], ...] = (
    ("both_good", _("both good"), "g"),
    ("both_bad", _("both bad"), "b"),
    ("unsafe", _("unsafe"), "u"),
    ("cannot_judge", _("can’t judge"), "c"),
)
ASPECT_CHOICES: tuple[tuple[str, Text, str], ...] = (
    ("left", _("A better"), "1"),
    ("tie", _("even"), "2"),
    ("right", _("B better"), "3"),
    ("", _("skip"), "0"),
)
ASPECT_KEYS: KeyRows = (
    ("a", _("go to the aspects, and back")),
    ("1 2 3 · 0", _("there: A better, even, B better · skip this aspect")),
)


def context(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    """The scale's radio row, the outcomes beside it, and a row for each aspect."""
    chosen = fields.get("grade", "")
    others = [
        Option(value, label, key, checked=chosen == value) for value, label, key in OTHER_CHOICES
    ]
    return {
        "heading": HEADING,
        "responses": lettered(item),
        "grades": grades(shape.scale, chosen),
        "n_grades": SCALES[shape.scale],
        "others": others,
        "aspect_rows": [
            _aspect(name, f"aspect-{j}", fields) for j, name in enumerate(shape.aspects)
        ],
    }


def keys(item: Mapping[str, Any], shape: ItemShape) -> KeyRows:
    """A key for each grade and outcome, and those of the aspects."""
    scale = tuple((option.key, option.label) for option in grades(shape.scale, ""))
    others = tuple((key, label) for _value, label, key in OTHER_CHOICES)
    return scale + others + (ASPECT_KEYS if shape.aspects else ())


def grades(scale: str, chosen: str) -> list[Option]:
    """The radio row of a comparison, from "A much better" over the tie to "B much better"."""
    words = GRADES[SCALES[scale]]
    n = len(words)
    left = [_grade("left", k, words[k - 1][0], n - k + 1, chosen) for k in range(n, 0, -1)]
    right = [_grade("right", k, words[k - 1][1], n + k, chosen) for k in range(1, n + 1)]
    return [*left, Option("tie", _("tie"), "t", "tie", checked=chosen == "tie"), *right]


def _grade(side: str, strength: int, label: Text, key: int, chosen: str) -> Option:
    value = f"{side}-{strength}"
    return Option(value, label, str(key), side, strength, chosen == value)


def _aspect(aspect: str, name: str, fields: Fields) -> dict[str, Any]:
    """The row of an aspect; an outcome from elsewhere, such as both bad, is offered too."""
    given = fields.get(name, "")
    elsewhere = [(value, label, "") for value, label, _key in OTHER_CHOICES if value == given]
    options = [
        Option(value, label, key, checked=value == given)
        for value, label, key in (*ASPECT_CHOICES, *elsewhere)
    ]
    return {"aspect": aspect, "name": name, "options": options}
