"""Anthropic's HH-RLHF: whole transcripts in ``chosen`` and ``rejected``, and no prompt."""

from __future__ import annotations

from collections.abc import Iterator

from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.pairing import response, split_conversations
from annotate.importers.preference import comparison_item
from annotate.importers.prompts import (
    is_transcript,
    parse_transcript,
    reference_of,
    system_message,
)
from annotate.importers.records import ItemRecord, PromptRecord, RowError

KINDS = ("comparison",)
NEEDS = 'chosen and rejected that start with "Human:", without a prompt'


def matches(row: Row) -> bool:
    """Whether both sides are transcripts and no prompt is given apart."""
    sides = (row.get("chosen"), row.get("rejected"))
    return not fields.has(row, "prompt") and all(is_transcript(side) for side in sides)


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """One comparison of what follows the turns that both transcripts share."""
    chosen, rejected = (parse_transcript(row[side]) for side in ("chosen", "rejected"))
    shared, better, worse = split_conversations(chosen, rejected)
    if not shared:
        raise RowError("chosen and rejected share no first turn, so they answer no one prompt.")
    messages = (*system_message(row.get("system")), *shared)
    yield comparison_item(
        row,
        PromptRecord(messages, reference_of(row)),
        response(better, "chosen", row.get("chosen_model")),
        response(worse, "rejected", row.get("rejected_model")),
        source=source,
    )
