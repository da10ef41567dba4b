"""Answers as values that agreement can be measured on: names, numbers and rankings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from annotate.answers import (
    MIRRORED,
    SCALES,
    ComparisonAnswer,
    ItemShape,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
)
from annotate.gold import EVEN, first_error
from annotate.opinions import is_abstention
from curation.quality.judgments import Said

FIRST_ERROR = "first error"
PARTS_OF_AN_ITEM = 10_000
_Value = tuple[str, Hashable, float | None, int]


@dataclass
class Table:
    """Answers to one question, a row each.

    ``items`` and ``annotators`` are ids; ``units`` tell what was rated: the item, or one of its
    steps or responses. ``names`` are the values as they are, ``numbers`` the same on a scale from
    −1 or 0 to 1 whatever the protocol was, None where an answer has no place on it.
    """

    items: list[int] = field(default_factory=list)
    units: list[int] = field(default_factory=list)
    annotators: list[int] = field(default_factory=list)
    names: list[Hashable] = field(default_factory=list)
    numbers: list[float | None] = field(default_factory=list)

    def add(self, said: Said, name: Hashable, number: float | None, *, part: int = 0) -> None:
        """One more row."""
        self.items.append(said.item)
        self.units.append(said.item * PARTS_OF_AN_ITEM + part)
        self.annotators.append(said.annotator)
        self.names.append(name)
        self.numbers.append(number)

    def only(self, items: frozenset[int]) -> Table:
        """The rows of these items."""
        kept = [k for k, item in enumerate(self.items) if item in items]
        return Table(
            [self.items[k] for k in kept],
            [self.units[k] for k in kept],
            [self.annotators[k] for k in kept],
            [self.names[k] for k in kept],
            [self.numbers[k] for k in kept],
        )


def tables(said: Iterable[Said]) -> dict[tuple[str, str], Table]:
    """A table for each kind of item and each aspect; the overall question has no aspect.

    Steps have two: their labels, and under ``FIRST_ERROR`` where a solution goes wrong first.
    """
    found: dict[tuple[str, str], Table] = defaultdict(Table)
    for one in said:
        for aspect, name, number, part in _values(one):
            if name is not None:
                found[one.kind, aspect].add(one, name, number, part=part)
    return dict(sorted(found.items()))


def _values(said: Said) -> Iterator[_Value]:
    """Aspect, name, number and part for everything that a judgment says."""
    match said.answer:
        case ComparisonAnswer() as answer:
            yield from _comparison(answer, said.shape)
        case RatingAnswer() as answer:
            yield from _rating(answer, said.shape)
        case StepsAnswer() as answer:
            yield from _steps(answer, said.shape)
            yield FIRST_ERROR, first_wrong(said), None, 0
        case OutcomeAnswer() as answer:
            yield "", answer.correct, float(answer.correct), 0
        case RankingAnswer() as answer:
            yield "", doubled_ranks(answer), None, 0


def _comparison(answer: ComparisonAnswer, shape: ItemShape) -> Iterator[_Value]:
    if not is_abstention(answer):
        yield "", side(answer.choice), _strength(answer, shape), 0
    for aspect, choice in answer.aspects.items():
        if choice != "cannot_judge":
            yield aspect, side(choice), _sign(side(choice)), 0


def _rating(answer: RatingAnswer, shape: ItemShape) -> Iterator[_Value]:
    low, high = shape.rating_range
    for aspect, row in answer.ratings.items():
        for part, value in enumerate(row):
            number = (value - low) / (high - low)
            yield aspect, number, number, part


def _steps(answer: StepsAnswer, shape: ItemShape) -> Iterator[_Value]:
    points = shape.step_points
    for part, label in enumerate(answer.labels):
        if label is not None:
            number = (label - 1) / (points - 1) if points else (label + 1) / 2
            yield "", number, number, part


def side(choice: str) -> str:
    """The choice with all kinds of tie as one."""
    return "tie" if choice in EVEN else choice


def _sign(name: str) -> float | None:
    return {"left": -1.0, "tie": 0.0, "right": 1.0}.get(name)


def _strength(answer: ComparisonAnswer, shape: ItemShape) -> float | None:
    """From −1, the first response by far, to 1; the most that the scale can say is 1."""
    sign = _sign(side(answer.choice))
    if sign is None or answer.choice not in MIRRORED:
        return sign
    return sign * (answer.strength or 1) / SCALES[shape.scale]


def doubled_ranks(answer: RankingAnswer) -> tuple[int, ...]:
    """Twice the rank of each response in stored order, best first.

    The members of a tie group share the mean of their places; doubled, it is a whole number.
    """
    found: dict[int, int] = {}
    for tier in answer.tiers:
        start = len(found)
        found |= dict.fromkeys(tier, 2 * start + len(tier) + 1)
    return tuple(found[k] for k in sorted(found))


def first_wrong(said: Said) -> int | None:
    """The first wrong step, −1 where all are right, None where nothing was labelled."""
    answer = said.signs
    if not isinstance(answer, StepsAnswer) or not answer.labels:
        return None
    found = first_error(answer)
    return -1 if found is None else found


def verdict(said: Said) -> Hashable | None:
    """What a vote on the item counts for; None for an abstention, a ranking and a rating."""
    answer = said.signs
    if is_abstention(answer):
        return None
    match answer:
        case ComparisonAnswer():
            return side(answer.choice)
        case OutcomeAnswer():
            return answer.correct
        case StepsAnswer():
            return "bad problem" if answer.bad_problem else first_wrong(said)
    return None
