"""A solution step by step, or a conversation turn by turn: a label for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotate.answers import ItemShape
from annotate.views.answer_fields import Fields, asks_every_step
from annotate.views.kinds.base import ROW_KEYS, KeyRows, Option, Text

SIGNS = (
    Option("1", _("good"), "1", "good"),
    Option("0", _("neutral"), "0", "neutral"),
    Option("-1", _("bad"), "2", "bad"),
)
SIGN_KEYS: KeyRows = (("1 · +", _("good")), ("0", _("neutral")), ("2 · -", _("bad")))
MOVE_KEYS: KeyRows = (
    (ROW_KEYS, _("another one")),
    ("x", _("clear the label")),
    ("g", _("give up, or say that the problem is bad")),
)


def context(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    """The parts in order; those with a ``name`` are labelled, a user's turns stand between."""
    turns = item["responses"][0].get("turns")
    parts = [
        part | ({"value": fields.get(part["name"], "")} if part["name"] else {})
        for part in _parts(item["responses"][0])
    ]
    return {
        "heading": _("Label each turn") if turns else _("Label each step"),
        "parts": parts,
        "is_turns": bool(turns),
        "options": _options(shape),
        "points": shape.step_points,
        "asks_all": asks_every_step(shape),
        "why_step": _why_step(is_turns=bool(turns)),
    }


def keys(item: Mapping[str, Any], shape: ItemShape) -> KeyRows:
    """Three signs or the digits of the scale, and how to go about."""
    if not shape.step_points:
        return SIGN_KEYS + MOVE_KEYS
    digits = "1 … 9 · 0" if shape.step_points == 10 else f"1 … {shape.step_points}"
    return ((digits, _("give this label and go on")), *MOVE_KEYS)


def _parts(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Steps, or turns of which only the assistant's have a name and a number."""
    turns = response.get("turns") or [
        {"role": "assistant", "content": step} for step in response.get("steps") or []
    ]
    parts, n = [], 0
    for turn in turns:
        is_labelled = turn["role"] == "assistant"
        name = f"label-{n}" if is_labelled else ""
        n += is_labelled
        parts.append({"role": turn["role"], "text": turn["content"], "name": name, "number": n})
    return parts


def _options(shape: ItemShape) -> tuple[Option, ...]:
    if not shape.step_points:
        return SIGNS
    return tuple(Option(str(k), str(k), str(k % 10), "point") for k in shape.step_labels)


def _why_step(*, is_turns: bool) -> Text:
    """The reason's label at the first error; the page's script puts the number in."""
    return _("Why is turn {n} wrong?") if is_turns else _("Why is step {n} wrong?")
