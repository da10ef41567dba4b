"""How far apart the answers to one item are; answers in stored order, no Django."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from annotate.answers import (
    SCALES,
    Answer,
    ComparisonAnswer,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
)
from annotate.gold import EVEN, first_error

Said = tuple[Answer, str]
RATING_STEP = 1.0
SIDES = {"left": -1.0, "right": 1.0}


def disagreement(said: Sequence[Said]) -> float:
    """How much the answers to one item differ: 0 where they agree, 1 where nothing is shared.

    Each comes with the protocol it was given on. Comparison: the sides differ, or one took a side
    and another none; as much as the grades are apart. Ranking: some pair stands in opposite
    orders; the largest share of such pairs between two people. Rating: more than one step apart on
    some aspect of some response, as a share of the scale. Steps: another first error or another
    label; the share of steps, and at least how far apart the first errors are. Outcome: right and
    wrong, 1 where both are equally many. Answers that say only "cannot tell" take no part.
    """
    match said[0][0] if said else None:
        case ComparisonAnswer():
            return _comparisons([(a, s) for a, s in said if isinstance(a, ComparisonAnswer)])
        case RankingAnswer():
            return _rankings([a for a, _ in said if isinstance(a, RankingAnswer)])
        case RatingAnswer():
            return _ratings([(a, s) for a, s in said if isinstance(a, RatingAnswer)])
        case StepsAnswer():
            return _steps([a for a, _ in said if isinstance(a, StepsAnswer)])
        case OutcomeAnswer():
            return _outcomes([a.correct for a, _ in said if isinstance(a, OutcomeAnswer)])
    return 0.0


def _comparisons(said: Iterable[tuple[ComparisonAnswer, str]]) -> float:
    told = [(a, scale) for a, scale in said if a.choice != "cannot_judge"]
    groups = {"even" if a.choice in EVEN else a.choice for a, _ in told}
    if len(groups) < 2:
        return 0.0
    if "unsafe" in groups:
        return 1.0
    places = [_place(a, scale) for a, scale in told]
    return (max(places) - min(places)) / 2


def _place(answer: ComparisonAnswer, scale: str) -> float:
    """From −1, the left much better, over 0 to 1."""
    most = SCALES.get(scale, answer.strength or 1)
    return SIDES.get(answer.choice, 0.0) * (answer.strength or 0) / most


def _rankings(answers: Sequence[RankingAnswer]) -> float:
    places = [_tier_of(answer) for answer in answers]
    return max((_opposed(a, b) for a, b in combinations(places, 2)), default=0.0)


def _tier_of(answer: RankingAnswer) -> dict[int, int]:
    return {response: tier for tier, group in enumerate(answer.tiers) for response in group}


def _opposed(one: dict[int, int], other: dict[int, int]) -> float:
    pairs = list(combinations(sorted(one.keys() & other.keys()), 2))
    opposed = sum((one[a] - one[b]) * (other[a] - other[b]) < 0 for a, b in pairs)
    return opposed / len(pairs) if pairs else 0.0


def _ratings(said: Sequence[tuple[RatingAnswer, str]]) -> float:
    """Ratings given on different scales cannot be compared and are left aside."""
    scales = {scale for _, scale in said}
    return max((_spread([a for a, s in said if s == one], one) for one in scales), default=0.0)


def _spread(answers: Sequence[RatingAnswer], scale: str) -> float:
    values: dict[tuple[str, int], list[float]] = {}
    for answer in answers:
        for aspect, row in answer.ratings.items():
            for response, value in enumerate(row):
                values.setdefault((aspect, response), []).append(value)
    widest = max((max(row) - min(row) for row in values.values()), default=0.0)
    if widest <= RATING_STEP:
        return 0.0
    low, _, high = scale.partition("..")
    return min(widest / (float(high) - float(low)), 1.0) if high else 1.0


def _steps(answers: Iterable[StepsAnswer]) -> float:
    told = [answer for answer in answers if not answer.give_up]
    kinds = {bool(answer.bad_problem) for answer in told}
    if len(kinds) == 2:
        return 1.0
    if len(told) < 2 or True in kinds:
        return 0.0
    return max(_labels_apart(a, b) for a, b in combinations(told, 2))


def _labels_apart(one: StepsAnswer, other: StepsAnswer) -> float:
    n = max(len(one.labels), 1)
    pairs = zip(one.labels, other.labels, strict=False)
    differing = sum(a != b for a, b in pairs if a is not None and b is not None)
    ends = [n if (at := first_error(answer)) is None else at for answer in (one, other)]
    return max(differing, abs(ends[0] - ends[1])) / n


def _outcomes(verdicts: Sequence[bool]) -> float:
    right = sum(verdicts)
    return 2 * min(right, len(verdicts) - right) / len(verdicts)
