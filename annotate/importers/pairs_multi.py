"""Two named responses that several annotators compared: ``response_a``, ``response_b``.

``annotations`` is a list of {annotator, label: a|b|tie, strength?, shown_first?, comment?}; gold
or else majority is the known answer. A strength is 1 (slightly), 2 (clearly) and so on; 0 or none
counts as 1. Labels by machines (``machine_labels``) are no judgments and stay in the details.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from annotate.answers import SCALES, ComparisonAnswer
from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.pairing import gap_of, rationale, response
from annotate.importers.prompts import prompt_record
from annotate.importers.records import ItemRecord, LabelRecord, RowError

KINDS = ("comparison",)
NEEDS = "prompt, response_a and response_b"
CHOICES = {"a": "left", "b": "right", "tie": "tie"}
SHOWN = {"a": (0, 1), "b": (1, 0)}
MOST_STRENGTH = max(SCALES.values())
USED = frozenset(
    {"response_a", "response_b", "model_a", "model_b", "annotations", "majority", "gold"}
    | {"system", "margin", "rank_gap", "gap"}
)


def matches(row: Row) -> bool:
    """Whether the row has the two responses."""
    return "response_a" in row and "response_b" in row


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """One comparison in the file's order, with a label of each annotation."""
    entries = fields.objects(row.get("annotations"), "annotations")
    labels = _labels(entries)
    used = {"label", "strength", "shown_first", "comment", "rationale"}
    yield ItemRecord(
        "comparison",
        prompt_record(row),
        (
            response(row["response_a"], "response_a", row.get("model_a")),
            response(row["response_b"], "response_b", row.get("model_b")),
        ),
        labels=labels,
        known=_known(row, labels),
        gap=gap_of(row),
        category=fields.category(row),
        source=source,
        details=fields.leftover(row, USED) | fields.extras(entries, used),
    )


def _labels(entries: list[dict[str, object]]) -> tuple[LabelRecord, ...]:
    seen: Counter[str | None] = Counter()
    labels = []
    for entry in entries:
        name, positional = fields.annotator(entry.get("annotator"))
        labels.append(LabelRecord(_answer(entry), name, positional, _shown(entry), seen[name]))
        seen[name] += 1
    return tuple(labels)


def _answer(entry: Row) -> ComparisonAnswer:
    choice = _choice(entry.get("label"), "The label of each annotation")
    strength = _strength(entry) if choice != "tie" else None
    return ComparisonAnswer(choice, strength, rationale=rationale(entry))


def _choice(label: object, name: str) -> str:
    found = CHOICES.get(label.strip().lower()) if isinstance(label, str) else None
    if found is None:
        raise RowError(f"{name} must be a, b or tie, but it is {fields.shown(label)}.")
    return found


def _strength(entry: Row) -> int:
    strength = fields.whole(entry.get("strength"), "strength") or 1
    if not 1 <= strength <= MOST_STRENGTH:
        raise RowError(f"strength must be from 0 to {MOST_STRENGTH}, but it is {strength}.")
    return strength


def _shown(entry: Row) -> tuple[int, ...] | None:
    first = entry.get("shown_first")
    if first is None:
        return None
    if not isinstance(first, str) or first not in SHOWN:
        raise RowError(f"shown_first must be a or b, but it is {fields.shown(first)}.")
    return SHOWN[first]


def _known(row: Row, labels: tuple[LabelRecord, ...]) -> ComparisonAnswer | None:
    for column in ("gold", "majority"):
        if fields.has(row, column):
            choice = _choice(row[column], column)
            return ComparisonAnswer(choice, None if choice == "tie" else 1)
    only = labels[0].answer if len(labels) == 1 else None
    return only if isinstance(only, ComparisonAnswer) else None
