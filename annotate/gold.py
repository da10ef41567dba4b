"""Whether an answer to a gold item is right: one rule per kind, both answers in stored order."""

from __future__ import annotations

from itertools import combinations

from annotate.answers import (
    MIRRORED,
    Answer,
    ComparisonAnswer,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
)

RANKING_TAU = 0.6
RATING_TOLERANCE = 0.25  # of the scale's length: one point from 1 to 5
EVEN = ("tie", "both_good", "both_bad")


def is_right(
    answer: Answer, known: Answer, *, rating_range: tuple[float, float] = (1.0, 5.0)
) -> bool:
    """Whether ``answer`` agrees with the known one.

    Comparison: the same side whatever the strength; tie, both good and both bad count as the same.
    Ranking: of the pairs that the known answer orders, Kendall's tau is at least ``RANKING_TAU``;
    an answer in the best–worst form must hold both ends. Rating: each value within
    ``RATING_TOLERANCE`` of the length of ``rating_range``, on the aspects that both have. Steps:
    the same first error. Outcome: the same verdict. Answers of different kinds never agree.
    """
    match answer, known:
        case ComparisonAnswer(), ComparisonAnswer():
            return _side(answer) == _side(known)
        case RankingAnswer(), RankingAnswer():
            return _same_ranking(answer, known)
        case RatingAnswer(), RatingAnswer():
            tolerance = RATING_TOLERANCE * (rating_range[1] - rating_range[0])
            return _same_ratings(answer, known, tolerance)
        case StepsAnswer(), StepsAnswer():
            return _same_steps(answer, known)
        case OutcomeAnswer(), OutcomeAnswer():
            return answer.correct == known.correct
    return False


def _side(answer: ComparisonAnswer) -> str:
    if answer.choice in MIRRORED:
        return answer.choice
    return "even" if answer.choice in EVEN else answer.choice


def _same_ranking(answer: RankingAnswer, known: RankingAnswer) -> bool:
    if answer.best_worst:
        return answer.tiers[0][0] in known.tiers[0] and answer.tiers[-1][0] in known.tiers[-1]
    told, true = _tier_of(answer), _tier_of(known)
    ordered = [(a, b) for a, b in combinations(sorted(true), 2) if true[a] != true[b]]
    if not ordered:
        return len(answer.tiers) == 1
    agreement = sum(_sign(told[b] - told[a]) * _sign(true[b] - true[a]) for a, b in ordered)
    return agreement / len(ordered) >= RANKING_TAU


def _tier_of(answer: RankingAnswer) -> dict[int, int]:
    return {response: tier for tier, group in enumerate(answer.tiers) for response in group}


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _same_ratings(answer: RatingAnswer, known: RatingAnswer, tolerance: float) -> bool:
    shared = answer.ratings.keys() & known.ratings.keys()
    pairs = [
        pair
        for name in shared
        for pair in zip(answer.ratings[name], known.ratings[name], strict=True)
    ]
    return bool(pairs) and all(abs(a - b) <= tolerance for a, b in pairs)


def _same_steps(answer: StepsAnswer, known: StepsAnswer) -> bool:
    if bool(known.labels) != bool(answer.labels):
        return False
    if not known.labels:
        return bool(answer.bad_problem) == bool(known.bad_problem)
    return first_error(answer) == first_error(known)


def first_error(answer: StepsAnswer) -> int | None:
    """The first step labelled −1, None where there is none."""
    return next((k for k, label in enumerate(answer.labels) if label == -1), None)
