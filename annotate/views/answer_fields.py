"""Between the flat fields of a page's form and the JSON form of an answer.

The names of the fields: ``grade`` and ``aspect-J`` (comparison), ``rank-K`` or ``best`` and
``worst`` (ranking), ``rating-K-J`` (response K, aspect J), ``label-K`` (steps), ``stop`` and
``stop_reason`` (steps given up), ``correct`` (outcome) and ``rationale``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

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


def answer_fields(answer: Answer, shape: ItemShape) -> dict[str, str]:
    """The fields that show an answer in the order of its screen; undoes ``answer_payload``."""
    match answer:
        case ComparisonAnswer():
            fields = _comparison_fields(answer, shape)
        case RankingAnswer():
            fields = _ranking_fields(answer, shape)
        case RatingAnswer():
            fields = _rating_fields(answer, shape)
        case StepsAnswer():
            fields = _steps_fields(answer)
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
        return answer_fields(parse_answer(draft, shape), shape)
    except AnswerError:
        return {}


def aspects_of(shape: ItemShape) -> tuple[str, ...]:
    """What a rating asks for; a project without aspects asks for one overall value."""
    return shape.aspects or DEFAULT_ASPECTS


def picks_ends(shape: ItemShape) -> bool:
    """Whether a ranking asks for the best and the worst only; of two, that is their order."""
    return shape.best_worst and shape.n_responses > 2


def asks_every_step(shape: ItemShape) -> bool:
    """Whether no step may stay unlabelled: there is no first error on a Likert scale."""
    return shape.all_steps or bool(shape.step_points)


def _comparison_fields(answer: ComparisonAnswer, shape: ItemShape) -> dict[str, str]:
    parts = [answer.choice] + ([str(answer.strength)] if answer.strength else [])
    aspects = enumerate(shape.aspects)
    given = {f"aspect-{j}": answer.aspects[a] for j, a in aspects if a in answer.aspects}
    return {"grade": "-".join(parts)} | given


def _ranking_fields(answer: RankingAnswer, shape: ItemShape) -> dict[str, str]:
    best, worst = answer.tiers[0], answer.tiers[-1]
    if picks_ends(shape) and len(best) == len(worst) == 1:
        return {"best": str(best[0]), "worst": str(worst[0])}
    tiers = enumerate(answer.tiers, 1)
    return {f"rank-{k}": str(rank) for rank, tier in tiers for k in tier}


def _rating_fields(answer: RatingAnswer, shape: ItemShape) -> dict[str, str]:
    names = shape.aspects or tuple(answer.ratings)[:1]
    rows = [(j, answer.ratings.get(name, ())) for j, name in enumerate(names)]
    return {f"rating-{k}-{j}": f"{value:g}" for j, row in rows for k, value in enumerate(row)}


def _steps_fields(answer: StepsAnswer) -> dict[str, str]:
    labels = enumerate(answer.labels)
    fields = {f"label-{k}": str(label) for k, label in labels if label is not None}
    stop = "give_up" if answer.give_up else "bad_problem" if answer.bad_problem else ""
    return fields | {"stop": stop, "stop_reason": answer.give_up or answer.bad_problem}


def _comparison(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    grade = fields.get("grade", "")
    if not grade:
        raise AnswerError(_("Choose one of the grades first."), field="grade")
    choice, _dash, strength = grade.partition("-")
    given = {name: fields.get(f"aspect-{j}", "") for j, name in enumerate(shape.aspects)}
    aspects = {name: value for name, value in given.items() if value}
    return (
        {"choice": choice}
        | ({"strength": _integer(strength)} if strength else {})
        | ({"aspects": aspects} if aspects else {})
    )


def _ranking(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    if picks_ends(shape):
        return _ends(fields)
    ranks = [_integer(fields.get(f"rank-{k}", "")) for k in range(shape.n_responses)]
    if None in ranks:
        raise AnswerError(_("Give every response a rank; the same rank is a tie."), field="tiers")
    tiers: dict[int, list[int]] = {}
    for position, rank in enumerate(ranks):
        tiers.setdefault(rank or 0, []).append(position)
    return {"tiers": [tiers[rank] for rank in sorted(tiers)]}


def _ends(fields: Fields) -> dict[str, Any]:
    best, worst = (_integer(fields.get(name, "")) for name in ("best", "worst"))
    if best is None:
        raise AnswerError(_("Pick the best response."), field="best")
    if worst is None:
        raise AnswerError(_("Pick the worst response."), field="worst")
    return {"best": best, "worst": worst}


def _rating(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    ratings = {
        name: [_integer(fields.get(f"rating-{k}-{j}", "")) for k in range(shape.n_responses)]
        for j, name in enumerate(aspects_of(shape))
    }
    if any(None in row for row in ratings.values()):
        raise AnswerError(_("Rate every row first."), field="ratings")
    return {"ratings": ratings}


def _steps(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    stop = fields.get("stop", "")
    if stop in ("give_up", "bad_problem"):
        reason = fields.get("stop_reason", "")
        if not reason.strip():
            raise AnswerError(_("Say in a few words why."), field="stop_reason")
        return {stop: reason}
    labels = [_integer(fields.get(f"label-{k}", "")) for k in range(shape.n_steps)]
    if asks_every_step(shape) and None in labels:
        number = labels.index(None) + 1
        raise AnswerError(_("Number %(n)s has no label yet.") % {"n": number}, field="labels")
    return {"labels": labels}


def _outcome(fields: Fields, shape: ItemShape) -> dict[str, Any]:
    correct = {"yes": True, "no": False}.get(fields.get("correct", ""))
    if correct is None:
        raise AnswerError(_("Say whether the result is right first."), field="correct")
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
