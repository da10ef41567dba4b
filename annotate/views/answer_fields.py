"""Between the flat fields of a page's form and the JSON form of an answer.

The names of the fields: ``grade`` (comparison), ``rank-K`` (ranking), ``rating-K-J`` (response K,
aspect J), ``label-K`` (steps), ``stop`` and ``stop_reason`` (steps given up), ``correct``
(outcome) and ``rationale``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from annotate.answers import (
    Answer,
    AnswerError,
    ComparisonAnswer,
    ItemShape,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
    parse_answer,
)

MAX_FIELDS = 2_000
DEFAULT_ASPECTS = ("quality",)
Fields = Mapping[str, str]
_INTEGER = re.compile(r"-?\d{1,6}")


def answer_payload(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    """The JSON form of what was filled in; AnswerError where something is missing."""
    payload = _BUILDERS[shape.kind](fields, shape)
    rationale = fields.get("rationale", "")
    return payload | ({"rationale": rationale} if rationale.strip() else {})


def answer_fields(answer: Answer) -> dict[str, str]:
    """The fields that show an answer; the inverse of ``answer_payload``."""
    match answer:
        case ComparisonAnswer():
            parts = [answer.choice] + ([str(answer.strength)] if answer.strength else [])
            fields = {"grade": "-".join(parts)}
        case RankingAnswer():
            tiers = enumerate(answer.tiers, 1)
            fields = {f"rank-{k}": str(rank) for rank, tier in tiers for k in tier}
        case RatingAnswer():
            rows = enumerate(answer.ratings.values())
            fields = {f"rating-{k}-{j}": f"{v:g}" for j, row in rows for k, v in enumerate(row)}
        case StepsAnswer():
            labels = enumerate(answer.labels)
            fields = {f"label-{k}": str(label) for k, label in labels if label is not None}
            fields |= {"stop_reason": answer.give_up or answer.bad_problem}
        case OutcomeAnswer():
            fields = {"correct": "yes" if answer.correct else "no"}
    return fields | {"rationale": answer.rationale}


def draft_fields(draft: object, shape: ItemShape) -> dict[str, str]:
    """The fields kept in a draft: a page's own form, or a complete answer sent through the API."""
    if not isinstance(draft, Mapping):
        return {}
    form = draft.get("form")
    if isinstance(form, Mapping):
        rows = list(form.items())[:MAX_FIELDS]
        return {str(name): value for name, value in rows if isinstance(value, str)}
    try:
        return answer_fields(parse_answer(draft, shape))
    except AnswerError:
        return {}


def aspects_of(shape: ItemShape) -> tuple[str, ...]:
    """What a rating asks for; a project without aspects asks for one overall value."""
    return shape.aspects or DEFAULT_ASPECTS


def _comparison(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    grade = fields.get("grade", "")
    if not grade:
        raise AnswerError("Choose one of the grades first.", field="grade")
    choice, _, strength = grade.partition("-")
    return {"choice": choice} | ({"strength": _integer(strength)} if strength else {})


def _ranking(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    ranks = [_integer(fields.get(f"rank-{k}", "")) for k in range(shape.n_responses)]
    if None in ranks:
        raise AnswerError("Give every response a rank; the same rank is a tie.", field="tiers")
    tiers: dict[int, list[int]] = {}
    for position, rank in enumerate(ranks):
        tiers.setdefault(rank or 0, []).append(position)
    return {"tiers": [tiers[rank] for rank in sorted(tiers)]}


def _rating(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    ratings = {
        name: [_integer(fields.get(f"rating-{k}-{j}", "")) for k in range(shape.n_responses)]
        for j, name in enumerate(aspects_of(shape))
    }
    if any(None in row for row in ratings.values()):
        raise AnswerError("Rate every row first.", field="ratings")
    return {"ratings": ratings}


def _steps(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    stop = fields.get("stop", "")
    if stop in ("give_up", "bad_problem"):
        reason = fields.get("stop_reason", "")
        if not reason.strip():
            raise AnswerError("Say in a few words why.", field="stop_reason")
        return {stop: reason}
    labels = [_integer(fields.get(f"label-{k}", "")) for k in range(shape.n_steps)]
    return {"labels": labels}


def _outcome(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    correct = {"yes": True, "no": False}.get(fields.get("correct", ""))
    if correct is None:
        raise AnswerError("Say whether the result is right first.", field="correct")
    return {"correct": correct}


def _integer(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


_BUILDERS: Mapping[str, Callable[[Fields, ItemShape], dict[str, Any]]] = {
    "comparison": _comparison,
    "ranking": _ranking,
    "rating": _rating,
    "steps": _steps,
    "outcome": _outcome,
}
