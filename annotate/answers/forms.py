"""The forms of an answer: JSON, stored order and shown order, signs in place of a Likert scale.

Nothing else in the program permutes an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from annotate.answers.values import (
    MIRRORED,
    Answer,
    ComparisonAnswer,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
)


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
    content: dict[str, Any] = {"labels": list(answer.labels)}
    if answer.soft:
        content |= {"soft": list(answer.soft), "trials": list(answer.trials)}
    return content
