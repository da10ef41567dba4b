"""What an annotator said, one frozen dataclass per item kind, parsed once at the border.

Answers arrive in the order in which the responses were *shown*. ``to_stored`` undoes the display
order and ``to_shown`` applies it; nothing else in the program permutes an answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

KINDS = ("comparison", "ranking", "rating", "steps", "outcome")
SCALES: Mapping[str, int] = {"binary": 1, "llama2": 4, "signed3": 3, "eight": 4}
CHOICES = ("left", "right", "tie", "both_good", "both_bad", "unsafe", "cannot_judge")
MIRRORED = {"left": "right", "right": "left"}
COMPARISON_ASPECTS = ("helpful", "truthful", "harmless")
STEP_LABELS = (-1, 0, 1)
_POINTS = re.compile(r"points-(\d{1,2})")
_RANGE = re.compile(r"(-?\d{1,6})\.\.(-?\d{1,6})")
MAX_TEXT = 10_000
MAX_NAME = 200


class AnswerError(ValueError):
    """An answer that cannot be taken; ``field`` names the part that is wrong."""

    def __init__(self, message: str, *, field: str = "answer") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class ItemShape:
    """What an answer is checked against: the item's kind, sizes and the project's scale.

    ``aspects`` are the names to rate, or to compare beside the overall choice;
    ``rating_range`` is the inclusive lowest and highest value. Steps are labelled −1, 0 and +1, or
    from 1 to ``step_points`` where that is not 0; there, and with ``all_steps``, none may be left
    out.
    ``best_worst`` asks for the two ends of a ranking only.
    """

    kind: str
    n_responses: int = 2
    n_steps: int = 0
    scale: str = "binary"
    aspects: tuple[str, ...] = ()
    rating_range: tuple[int, int] = (1, 5)
    step_points: int = 0
    all_steps: bool = False
    best_worst: bool = False

    @property
    def step_labels(self) -> tuple[int, ...]:
        """The labels that a step may have."""
        return tuple(range(1, self.step_points + 1)) if self.step_points else STEP_LABELS

    @property
    def asks_every_step(self) -> bool:
        """Whether no step may be left unlabelled; on a Likert scale no label ends the work."""
        return self.all_steps or self.step_points > 0

    def on(self, protocol: str) -> ItemShape:
        """The shape under a stored protocol, such as ``llama2``, ``points-5`` or ``1..7``.

        Steps without one are labelled by signs, as imports have them.
        """
        if self.kind == "comparison" and protocol in SCALES:
            return replace(self, scale=protocol)
        if self.kind == "steps":
            match = _POINTS.fullmatch(protocol)
            return replace(self, step_points=int(match[1]) if match else 0)
        if self.kind == "rating" and (match := _RANGE.fullmatch(protocol)):
            return replace(self, rating_range=(int(match[1]), int(match[2])))
        if self.kind == "ranking" and protocol in ("order", "best_worst"):
            return replace(self, best_worst=protocol == "best_worst")
        return self


@dataclass(frozen=True)
class ComparisonAnswer:
    """One of ``CHOICES``; ``strength`` from 1 (weakest) to n, only with left or right."""

    choice: str
    strength: int | None = None
    aspects: Mapping[str, str] = field(default_factory=dict)
    rationale: str = ""


@dataclass(frozen=True)
class RankingAnswer:
    """Tie groups of response positions, best first; ``best_worst`` marks the short form."""

    tiers: tuple[tuple[int, ...], ...]
    best_worst: bool = False
    rationale: str = ""


@dataclass(frozen=True)
class RatingAnswer:
    """One value for each response, under the name of each aspect."""

    ratings: Mapping[str, tuple[float, ...]]
    rationale: str = ""


@dataclass(frozen=True)
class StepsAnswer:
    """A label for each step and None where unlabelled, or a reason why there are none.

    Labels are −1, 0 and +1, or 1 to k on a Likert scale.
    """

    labels: tuple[int | None, ...] = ()
    give_up: str = ""
    bad_problem: str = ""
    rationale: str = ""


@dataclass(frozen=True)
class OutcomeAnswer:
    """Whether the response's final result is right."""

    correct: bool
    rationale: str = ""


Answer = ComparisonAnswer | RankingAnswer | RatingAnswer | StepsAnswer | OutcomeAnswer


def parse_answer(payload: object, shape: ItemShape) -> Answer:
    """Turn JSON into an answer for an item of this shape.

    Raises AnswerError with a sentence for people when anything is missing, unknown or impossible.
    """
    if not isinstance(payload, Mapping):
        raise AnswerError("The answer must be a JSON object.")
    known = _FIELDS[shape.kind]
    unknown = sorted(str(key) for key in payload if key not in known)
    if unknown:
        raise AnswerError(
            f"A {shape.kind} answer has no field {unknown[0]!r}; it knows {', '.join(known)}.",
            field=unknown[0],
        )
    return _PARSERS[shape.kind](payload, shape)


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """The JSON form of an answer, as ``parse_answer`` reads it, without empty optional parts."""
    match answer:
        case ComparisonAnswer():
            content: dict[str, Any] = {"choice": answer.choice}
            if answer.strength is not None:
                content["strength"] = answer.strength
            if answer.aspects:
                content["aspects"] = dict(answer.aspects)
        case RankingAnswer() if answer.best_worst:
            content = {"best": answer.tiers[0][0], "worst": answer.tiers[-1][0]}
        case RankingAnswer():
            content = {"tiers": [list(tier) for tier in answer.tiers]}
        case RatingAnswer():
            content = {"ratings": {name: list(row) for name, row in answer.ratings.items()}}
        case StepsAnswer():
            content = _steps_to_json(answer)
        case OutcomeAnswer():
            content = {"correct": answer.correct}
    return content | ({"rationale": answer.rationale} if answer.rationale else {})


def to_stored(answer: Answer, order: Sequence[int]) -> Answer:
    """Undo the display order: position k on the screen showed the stored response ``order[k]``."""
    match answer:
        case ComparisonAnswer():
            return _mirror(answer) if list(order) == [1, 0] else answer
        case RankingAnswer():
            tiers = tuple(tuple(sorted(order[k] for k in tier)) for tier in answer.tiers)
            return RankingAnswer(tiers, answer.best_worst, answer.rationale)
        case RatingAnswer():
            ratings = {name: _scatter(row, order) for name, row in answer.ratings.items()}
            return RatingAnswer(ratings, answer.rationale)
    return answer


def as_signs(answer: StepsAnswer, points: int) -> StepsAnswer:
    """Labels on a Likert scale from 1 to ``points`` as −1, 0 and +1, a third of the scale each."""
    if not points:
        return answer
    shares = (None if k is None else (k - 1) / (points - 1) for k in answer.labels)
    signs = (None if s is None else (s > 2 / 3) - (s < 1 / 3) for s in shares)
    return replace(answer, labels=tuple(signs))


def to_shown(answer: Answer, order: Sequence[int]) -> Answer:
    """The inverse of ``to_stored``: a stored-order answer as somebody shown ``order`` gives it."""
    inverse = [0] * len(order)
    for shown, stored in enumerate(order):
        inverse[stored] = shown
    return to_stored(answer, inverse)


def _mirror(answer: ComparisonAnswer) -> ComparisonAnswer:
    aspects = {name: MIRRORED.get(choice, choice) for name, choice in answer.aspects.items()}
    choice = MIRRORED.get(answer.choice, answer.choice)
    return ComparisonAnswer(choice, answer.strength, aspects, answer.rationale)


def _scatter(row: Sequence[float], order: Sequence[int]) -> tuple[float, ...]:
    stored = [0.0] * len(row)
    for shown, value in enumerate(row):
        stored[order[shown]] = value
    return tuple(stored)


def _steps_to_json(answer: StepsAnswer) -> dict[str, Any]:
    if answer.give_up:
        return {"give_up": answer.give_up}
    if answer.bad_problem:
        return {"bad_problem": answer.bad_problem}
    return {"labels": list(answer.labels)}


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
        return StepsAnswer(_labels(payload["labels"], shape), rationale=rationale)
    reason = _text(payload, given[0])
    if not reason:
        raise AnswerError(f"{given[0]} needs a reason.", field=given[0])
    if given[0] == "give_up":
        return StepsAnswer(give_up=reason, rationale=rationale)
    return StepsAnswer(bad_problem=reason, rationale=rationale)


def _labels(value: object, shape: ItemShape) -> tuple[int | None, ...]:
    if not isinstance(value, list) or len(value) != shape.n_steps:
        raise AnswerError(f"labels must be a list of {shape.n_steps} entries.", field="labels")
    known = shape.step_labels
    if not all(label is None or (_is_int(label) and label in known) for label in value):
        names = ", ".join(map(str, known))
        raise AnswerError(f"Each label must be {names} or null.", field="labels")
    if all(label is None for label in value):
        raise AnswerError("Label at least one step, or give up with a reason.", field="labels")
    if shape.asks_every_step and None in value:
        raise AnswerError("This project asks for a label on every step.", field="labels")
    return tuple(value)


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
_PARSERS: Mapping[str, Callable[[Mapping[str, Any], ItemShape], Answer]] = {
    "comparison": _parse_comparison,
    "ranking": _parse_ranking,
    "rating": _parse_rating,
    "steps": _parse_steps,
    "outcome": _parse_outcome,
}
