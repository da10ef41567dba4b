"""A response and whether it is right: ``correct``, or null where nobody has judged it yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from annotate.answers import OutcomeAnswer
from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.pairing import rationale, response
from annotate.importers.prompts import prompt_record
from annotate.importers.records import ItemRecord, LabelRecord

KINDS = ("outcome",)
NEEDS = "prompt, response and correct"
USED = frozenset(
    {"response", "correct", "model", "generator", "annotator", "system", "rationale", "comment"}
)


def matches(row: Row) -> bool:
    """Whether the row has a response and a column that tells whether it is right."""
    return fields.has(row, "response") and "correct" in row


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """One outcome item; its reference is shown beside the prompt."""
    correct = fields.truth(row["correct"], "correct")
    answer = None if correct is None else OutcomeAnswer(correct)
    yield ItemRecord(
        "outcome",
        prompt_record(row),
        (response(row["response"], "response", row.get("model"), row.get("generator")),),
        labels=(_label(row, answer),) if answer else (),
        known=answer,
        category=fields.category(row),
        source=source,
        details=fields.leftover(row, USED),
    )


def _label(row: Row, answer: OutcomeAnswer) -> LabelRecord:
    name, positional = fields.annotator(row.get("annotator"))
    return LabelRecord(replace(answer, rationale=rationale(row)), name, positional)
