"""A vote log: ``item, model_a, model_b, winner, annotator``, as arenas publish it.

The log names what was compared and holds no texts, so the names stand in for them: such items are
for aggregating the votes that came along, not for asking people again.
"""

from __future__ import annotations

from collections.abc import Iterator

from annotate.answers import ComparisonAnswer
from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.pairing import rationale
from annotate.importers.records import (
    ItemRecord,
    LabelRecord,
    Message,
    PromptRecord,
    ResponseRecord,
    RowError,
)

KINDS = ("comparison",)
NEEDS = "item, model_a, model_b and winner"
WINNERS = {"model_a": "left", "model_b": "right", "tie": "tie"}
USED = frozenset({"item", "model_a", "model_b", "winner", "annotator", "rationale", "comment"})


def matches(row: Row) -> bool:
    """Whether the row is a vote between two names, without their texts."""
    return fields.has(row, "item", "model_a", "model_b", "winner") and "prompt" not in row


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """One comparison of two names with its vote."""
    answer = _answer(row)
    name, positional = fields.annotator(row.get("annotator"))
    models = [fields.text(row[column], column) for column in ("model_a", "model_b")]
    yield ItemRecord(
        "comparison",
        PromptRecord((Message("user", str(row["item"])),)),
        tuple(ResponseRecord(model, sources=(model,)) for model in models),
        labels=(LabelRecord(answer, name, positional),),
        known=answer,
        category=fields.category(row),
        source=source,
        details=fields.leftover(row, USED),
    )


def _answer(row: Row) -> ComparisonAnswer:
    winner = row["winner"]
    choice = WINNERS.get(winner) if isinstance(winner, str) else None
    if choice is None:
        names = ", ".join(WINNERS)
        raise RowError(f"winner must be one of {names}, but it is {fields.shown(winner)}.")
    return ComparisonAnswer(choice, None if choice == "tie" else 1, rationale=rationale(row))
