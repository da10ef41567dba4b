"""JSON to answers: checked once at the border, trusted afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from annotate.answers.values import (
    CHOICES,
    MAX_NAME,
    MAX_TEXT,
    MAX_TRIALS,
    MIRRORED,
    SCALES,
    Answer,
    AnswerError,
    ComparisonAnswer,
    ItemShape,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
)


def parse_answer(payload: object, shape: ItemShape) -> Answer:
    """Turn JSON into an answer for an item of this shape.

    Raises AnswerError with a sentence for people when anything is missing, unknown or impossible.
    """
    if not isinstance(payload, Mapping):
        raise AnswerError("The answer must be a JSON object.")
    known = _fields(shape)
    unknown = sorted(str(key) for key in payload if key not in known)
    if unknown:
        raise AnswerError(
            f"A {shape.kind} answer has no field {unknown[0]!r}; it knows {', '.join(known)}.",
            field=unknown[0],
        )
    return _PARSERS[shape.kind](payload, shape)


def _fields(shape: ItemShape) -> tuple[str, ...]:
    """What an answer of this shape may hold."""
    takes_soft = shape.by_machine and shape.kind == "steps"
    return _FIELDS[shape.kind] + (_SOFT_FIELDS if takes_soft else ())


def _parse_comparison(payload: Mapping[str, Any], shape: ItemShape) -> ComparisonAnswer:
    choice = _choice(payload.get("choice"), "choice")
    aspects = payload.get("aspects") or {}
    if not isinstance(aspects, Mapping):
        raise AnswerError("aspects must be an object of name: choice.", field="aspects")
    parsed = {_aspect(name, shape): _choice(value, "aspects") for name, value in aspects.items()}
    strength = _strength(payload.get("strength"), choice, SCALES[shape.scale])
    return ComparisonAnswer(choice, strength, parsed, _text(payload, "rationale"))


def _choice(value: object, name: str) -> str:
    if value not in CHOICES:
        raise AnswerError(f"{name} must be one of {', '.join(CHOICES)}.", field=name)
    return str(value)


def _aspect(name: object, shape: ItemShape) -> str:
    """A project that asks for aspects takes these and no other; imports bring any."""
    if shape.aspects and name not in shape.aspects:
        raise AnswerError(f"The aspects are {', '.join(shape.aspects)}.", field="aspects")
    text = _text({"aspects": name}, "aspects")
    if not 0 < len(text) <= MAX_NAME:
        raise AnswerError(f"An aspect's name has 1 to {MAX_NAME} characters.", field="aspects")
    return text


def _strength(value: object, choice: str, most: int) -> int | None:
    if choice not in MIRRORED:
        if value is not None:
            raise AnswerError("strength goes with left or right only.", field="strength")
        return None
    if not _is_int(value) or not 1 <= value <= most:  # type: ignore[operator]
        raise AnswerError(f"strength must be a whole number from 1 to {most}.", field="strength")
    return int(value)  # type: ignore[call-overload]


def _parse_ranking(payload: Mapping[str, Any], shape: ItemShape) -> RankingAnswer:
    rationale = _text(payload, "rationale")
    if "tiers" in payload:
        if "best" in payload or "worst" in payload:
            raise AnswerError("Give tiers, or best and worst, not both.", field="tiers")
        return RankingAnswer(_tiers(payload["tiers"], shape.n_responses), False, rationale)
    best, worst = (_position(payload.get(key), shape, key) for key in ("best", "worst"))
    if best == worst:
        raise AnswerError("best and worst must be two different responses.", field="worst")
    middle = tuple(k for k in range(shape.n_responses) if k not in (best, worst))
    tiers = ((best,), middle, (worst,)) if middle else ((best,), (worst,))
    return RankingAnswer(tiers, True, rationale)


def _tiers(value: object, n_responses: int) -> tuple[tuple[int, ...], ...]:
    if not isinstance(value, list) or not all(isinstance(tier, list) and tier for tier in value):
        raise AnswerError("tiers must be a list of non-empty lists, best first.", field="tiers")
    flat = [k for tier in value for k in tier]
    if not all(_is_int(k) for k in flat) or sorted(flat) != list(range(n_responses)):
        raise AnswerError(
            f"tiers must name each response from 0 to {n_responses - 1} exactly once.",
            field="tiers",
        )
    return tuple(tuple(sorted(tier)) for tier in value)


def _position(value: object, shape: ItemShape, name: str) -> int:
    if not _is_int(value) or not 0 <= value < shape.n_responses:  # type: ignore[operator]
        raise AnswerError(
            f"{name} must be a response from 0 to {shape.n_responses - 1}.", field=name
        )
    return int(value)  # type: ignore[call-overload]


def _parse_rating(payload: Mapping[str, Any], shape: ItemShape) -> RatingAnswer:
    ratings = payload.get("ratings")
    if not isinstance(ratings, Mapping) or not ratings:
        raise AnswerError("ratings must be an object of aspect: [values].", field="ratings")
    if shape.aspects and sorted(ratings) != sorted(shape.aspects):
        raise AnswerError(
            f"Rate each of these aspects, and no other: {', '.join(shape.aspects)}.",
            field="ratings",
        )
    rows = {str(name): _rating_row(row, shape) for name, row in ratings.items()}
    return RatingAnswer(rows, _text(payload, "rationale"))


def _rating_row(row: object, shape: ItemShape) -> tuple[float, ...]:
    low, high = shape.rating_range
    if not isinstance(row, list) or len(row) != shape.n_responses:
        raise AnswerError(f"Give {shape.n_responses} value(s) per aspect.", field="ratings")
    if not all(_is_number(value) and low <= value <= high for value in row):
        raise AnswerError(f"Each rating must be a number from {low} to {high}.", field="ratings")
    return tuple(float(value) for value in row)


def _parse_steps(payload: Mapping[str, Any], shape: ItemShape) -> StepsAnswer:
    given = [key for key in ("labels", "give_up", "bad_problem") if key in payload]
    if len(given) != 1:
        raise AnswerError("Give exactly one of labels, give_up and bad_problem.", field="labels")
    rationale = _text(payload, "rationale")
    if given[0] == "labels":
        labels = _labels(payload["labels"], shape)
        soft, trials = _soft(payload, shape)
        return StepsAnswer(labels, rationale=rationale, soft=soft, trials=trials)
    if "soft" in payload or "trials" in payload:
        raise AnswerError("soft goes with labels only.", field="soft")
    reason = _text(payload, given[0])
    if not reason:
        raise AnswerError(f"{given[0]} needs a reason.", field=given[0])
    if given[0] == "give_up":
        return StepsAnswer(give_up=reason, rationale=rationale)
    return StepsAnswer(bad_problem=reason, rationale=rationale)


def _labels(value: object, shape: ItemShape) -> tuple[int | None, ...]:
    labels, known = _per_step(value, "labels", shape), shape.step_labels
    if not all(label is None or (_is_int(label) and label in known) for label in labels):
        names = ", ".join(map(str, known))
        raise AnswerError(f"Each label must be {names} or null.", field="labels")
    if all(label is None for label in labels):
        raise AnswerError("Label at least one step, or give up with a reason.", field="labels")
    if shape.asks_every_step and None in labels:
        raise AnswerError("This project asks for a label on every step.", field="labels")
    return tuple(labels)


def _soft(
    payload: Mapping[str, Any], shape: ItemShape
) -> tuple[tuple[float | None, ...], tuple[int, ...]]:
    """The shares and the numbers of rollouts; both or neither."""
    if "soft" not in payload and "trials" not in payload:
        return (), ()
    shares = _per_step(payload.get("soft"), "soft", shape)
    trials = _per_step(payload.get("trials"), "trials", shape)
    if not all(p is None or (_is_number(p) and 0 <= p <= 1) for p in shares):
        raise AnswerError("Each soft label must be a number from 0 to 1, or null.", field="soft")
    if not all(_is_int(n) and 0 <= n <= MAX_TRIALS for n in trials):
        raise AnswerError(f"Each of trials must be from 0 to {MAX_TRIALS}.", field="trials")
    if any(p is None and n for p, n in zip(shares, trials, strict=True)):
        raise AnswerError("A step with trials needs its soft label.", field="soft")
    return tuple(None if p is None else float(p) for p in shares), tuple(trials)


def _per_step(value: object, name: str, shape: ItemShape) -> list[Any]:
    if not isinstance(value, list) or len(value) != shape.n_steps:
        raise AnswerError(f"{name} must be a list of {shape.n_steps} entries.", field=name)
    return value


def _parse_outcome(payload: Mapping[str, Any], shape: ItemShape) -> OutcomeAnswer:
    correct = payload.get("correct")
    if not isinstance(correct, bool):
        raise AnswerError("correct must be true or false.", field="correct")
    return OutcomeAnswer(correct, _text(payload, "rationale"))


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name, "")
    if not isinstance(value, str):
        raise AnswerError(f"{name} must be text.", field=name)
    if len(value) > MAX_TEXT:
        raise AnswerError(f"{name} may have {MAX_TEXT} characters at most.", field=name)
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value):
        raise AnswerError(
            f"{name} holds characters that are not text (NUL, surrogates).", field=name
        )
    return value.strip()


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return _is_int(value) or (isinstance(value, float) and math.isfinite(value))


_FIELDS: Mapping[str, tuple[str, ...]] = {
    "comparison": ("choice", "strength", "aspects", "rationale"),
    "ranking": ("tiers", "best", "worst", "rationale"),
    "rating": ("ratings", "rationale"),
    "steps": ("labels", "give_up", "bad_problem", "rationale"),
    "outcome": ("correct", "rationale"),
}
_SOFT_FIELDS = ("soft", "trials")
_PARSERS: Mapping[str, Callable[[Mapping[str, Any], ItemShape], Answer]] = {
    "comparison": _parse_comparison,
    "ranking": _parse_ranking,
    "rating": _parse_rating,
    "steps": _parse_steps,
    "outcome": _parse_outcome,
}
