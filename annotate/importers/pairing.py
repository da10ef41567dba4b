"""Two responses side by side: which is stored left, and what a verdict on them becomes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from annotate.answers import MAX_TEXT, ComparisonAnswer, RankingAnswer
from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.prompts import render_turns
from annotate.importers.records import Message, ResponseRecord, RowError

LEFT, RIGHT = ComparisonAnswer("left", 1), ComparisonAnswer("right", 1)
TIE = ComparisonAnswer("tie")
GAP_COLUMNS = ("margin", "rank_gap", "gap")
SCORE_COLUMNS = (("score_chosen", "score_rejected"), ("chosen_score", "rejected_score"))


def stored_order(first: str, second: str) -> tuple[int, int]:
    """Which of two texts is stored left, as positions.

    A coin tossed by the hash of both, the same whichever is named first: the stored order tells
    nothing about the better one, and another import of the pair stores it alike.
    """
    low, high = sorted((first, second))
    digest = hashlib.sha256(f"{len(low)}:{low}{high}".encode()).digest()
    low_is_left = digest[0] % 2 == 0
    return (0, 1) if (first == low) == low_is_left or low == high else (1, 0)


def split_conversations(
    first: Sequence[Message], second: Sequence[Message]
) -> tuple[tuple[Message, ...], str, str]:
    """The turns that two conversations share, and what each goes on with as a text.

    The shared part ends where both go on with an assistant turn; a continuation of several turns
    is written out with its speakers.
    """
    shared = _shared_length(first, second)
    while not _both_answer(first, second, shared):
        shared -= 1
        if shared < 0:
            raise RowError("chosen and rejected share no turn that both of them answer.")
    rest = render_turns(first[shared:]), render_turns(second[shared:])
    return tuple(first[:shared]), *rest


def gap_of(row: Row) -> float | None:
    """How far apart the responses are known to be, from the usual columns; None without them."""
    for name in GAP_COLUMNS:
        margin = fields.number(row.get(name), name)
        if margin is not None:
            return abs(margin)
    for better, worse in SCORE_COLUMNS:
        scores = [fields.number(row.get(name), name) for name in (better, worse)]
        if scores[0] is not None and scores[1] is not None:
            return abs(scores[0] - scores[1])
    return None


def verdict(ranking: RankingAnswer, left: int, right: int) -> ComparisonAnswer:
    """What a ranking says about two of its responses."""
    tier = tier_numbers(ranking)
    if tier[left] == tier[right]:
        return TIE
    return LEFT if tier[left] < tier[right] else RIGHT


def tier_numbers(ranking: RankingAnswer) -> Mapping[int, int]:
    """The number of each response's tie group, 0 for the best."""
    return {k: number for number, tier in enumerate(ranking.tiers) for k in tier}


def rationale(entry: Mapping[str, Any]) -> str:
    """The words that an annotator gave with a judgment, cut to what an answer may hold."""
    value = entry.get("rationale") or entry.get("comment") or ""
    return fields.text(value, "rationale").strip()[:MAX_TEXT]


def response(content: object, name: str, *sources: object) -> ResponseRecord:
    """A response of plain text with the names of its generators."""
    return ResponseRecord(fields.text(content, name), sources=fields.generators(*sources))


def _shared_length(first: Sequence[Message], second: Sequence[Message]) -> int:
    pairs = enumerate(zip(first, second, strict=False))
    shortest = min(len(first), len(second))
    return next((k for k, (one, other) in pairs if one != other), shortest)


def _both_answer(first: Sequence[Message], second: Sequence[Message], at: int) -> bool:
    return all(len(turns) > at and turns[at].role == "assistant" for turns in (first, second))
