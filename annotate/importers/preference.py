"""TRL preference rows: ``chosen`` and ``rejected``, with a prompt or with one inside them.

Both sides are texts or lists of messages. ``prefix``, a list of solution steps, makes a pair of
next steps: the steps so far become an assistant turn of the prompt. Columns for the gap: margin,
rank_gap, gap, score_chosen and score_rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.pairing import (
    GAP_COLUMNS,
    LEFT,
    RIGHT,
    SCORE_COLUMNS,
    gap_of,
    rationale,
    response,
    split_conversations,
    stored_order,
)
from annotate.importers.prompts import (
    parse_messages,
    prompt_record,
    reference_of,
    system_message,
)
from annotate.importers.records import (
    ItemRecord,
    LabelRecord,
    Message,
    PromptRecord,
    ResponseRecord,
    RowError,
)

KINDS = ("comparison",)
NEEDS = "prompt, chosen and rejected"
USED = frozenset(
    {"chosen", "rejected", "chosen_model", "rejected_model", "prefix", "system", "annotator"}
    | {"rationale", "comment", *GAP_COLUMNS, *(name for pair in SCORE_COLUMNS for name in pair)}
)

Pair = tuple[PromptRecord, str, str]


def matches(row: Row) -> bool:
    """Whether the row has a chosen and a rejected side."""
    return "chosen" in row and "rejected" in row


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """One comparison, in a stored order that does not tell which side was chosen."""
    prompt, better, worse = _pair(row)
    yield comparison_item(
        row,
        _with_steps(prompt, row.get("prefix")),
        response(better, "chosen", row.get("chosen_model")),
        response(worse, "rejected", row.get("rejected_model")),
        source=source,
    )


def comparison_item(
    row: Row,
    prompt: PromptRecord,
    chosen: ResponseRecord,
    rejected: ResponseRecord,
    *,
    source: str,
) -> ItemRecord:
    """The item of a chosen and a rejected response; identical ones carry no label."""
    order = stored_order(chosen.content, rejected.content)
    answer = LEFT if order == (0, 1) else RIGHT
    differ = chosen.content != rejected.content
    name, positional = fields.annotator(row.get("annotator"))
    said = replace(answer, rationale=rationale(row))
    return ItemRecord(
        "comparison",
        prompt,
        tuple((chosen, rejected)[k] for k in order),
        labels=(LabelRecord(said, name, positional),) if differ else (),
        known=answer if differ else None,
        gap=gap_of(row),
        category=fields.category(row),
        source=source,
        details=fields.leftover(row, USED),
    )


def _pair(row: Row) -> Pair:
    sides = row.get("chosen"), row.get("rejected")
    if all(isinstance(side, str) for side in sides):
        return _text_pair(row, str(sides[0]), str(sides[1]))
    chosen, rejected = _turns(sides[0], "chosen"), _turns(sides[1], "rejected")
    shared, better, worse = split_conversations(chosen, rejected)
    return PromptRecord(_chat_prompt(row, shared), reference_of(row)), better, worse


def _turns(side: Any, name: str) -> tuple[Message, ...]:
    if isinstance(side, str):
        return (Message("assistant", side),)
    return parse_messages([side] if isinstance(side, dict) else side, name)


def _chat_prompt(row: Row, shared: Sequence[Message]) -> tuple[Message, ...]:
    """The prompt column and the shared turns, which may hold the prompt once more."""
    if not fields.has(row, "prompt"):
        if not shared:
            raise RowError("The row has no prompt, and chosen and rejected share no first turn.")
        return (*system_message(row.get("system")), *shared)
    given = prompt_record(row).messages
    asked = [turn for turn in given if turn.role != "system"]
    repeated = [turn for turn in shared if turn.role != "system"]
    if repeated[: len(asked)] == asked or repeated[-len(asked) :] == asked:
        has_system = any(turn.role == "system" for turn in shared)
        system = () if has_system else tuple(turn for turn in given if turn.role == "system")
        return (*system, *shared)
    return (*given, *shared)


def _text_pair(row: Row, chosen: str, rejected: str) -> Pair:
    if fields.has(row, "prompt"):
        return prompt_record(row), chosen, rejected
    shared = _shared_words(chosen, rejected)
    if not shared.strip():
        raise RowError("The row has no prompt, and chosen and rejected share no beginning.")
    prompt = prompt_record({**row, "prompt": shared.rstrip()})
    return prompt, chosen[len(shared.rstrip()) :], rejected[len(shared.rstrip()) :]


def _shared_words(first: str, second: str) -> str:
    """The common beginning of two texts, cut back to the end of a word."""
    length = next(
        (k for k, (one, other) in enumerate(zip(first, second, strict=False)) if one != other),
        min(len(first), len(second)),
    )
    while length and not first[length - 1].isspace():
        length -= 1
    return first[:length]


def _with_steps(prompt: PromptRecord, prefix: object) -> PromptRecord:
    steps = fields.texts(prefix, "prefix")
    if not steps:
        return prompt
    so_far = Message("assistant", "\n\n".join(steps))
    return PromptRecord((*prompt.messages, so_far), prompt.reference)
