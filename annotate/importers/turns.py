"""Conversations that are judged turn by turn: ``turns`` that go on from the prompt.

Labels, where the row has them, count the assistant's turns only: -1, 0, 1, true, false or null.
"""

from __future__ import annotations

from collections.abc import Iterator

from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.prompts import parse_messages, prompt_record, render_turns
from annotate.importers.records import ItemRecord, ResponseRecord, RowError
from annotate.importers.steps import attributed, labelled

KINDS = ("steps",)
NEEDS = "prompt and turns"
USED = frozenset(
    {"turns", "labels", "annotator", "generator", "model", "system", "rationale", "comment"}
)


def matches(row: Row) -> bool:
    """Whether the row has turns beside its prompt."""
    return fields.has(row, "turns")


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """One steps item whose steps are the assistant's turns."""
    turns = parse_messages(row["turns"], "turns")
    if any(turn.role == "system" for turn in turns):
        raise RowError("turns hold what user and assistant say; give the system text in system.")
    if turns[-1].role != "assistant":
        raise RowError("turns must end with the assistant: there is nothing to judge after it.")
    count = sum(turn.role == "assistant" for turn in turns)
    answer = labelled(row, count)
    sources = fields.generators(row.get("generator"), row.get("model"))
    yield ItemRecord(
        "steps",
        prompt_record(row),
        (ResponseRecord(render_turns(turns), None, sources, turns),),
        labels=(attributed(row, answer),) if answer else (),
        known=answer,
        category=fields.category(row),
        source=source,
        details=fields.leftover(row, USED),
    )
