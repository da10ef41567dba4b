"""What a judge decided, with what it said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
Choice = Literal["first", "second", "tie"]


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """One reply as it was read: `value` is None where it holds no clear verdict.

    `failure` then says why; `text` is the reply itself, empty where the request was refused.
    """

    value: T | None
    text: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """`choice` between two responses; None where one of the two replies cannot be read.

    `readings` are the two orders' own choices, both said of the responses as they were given: the
    first order shows the first response first. Where they differ, the choice is a tie.
    """

    choice: Choice | None
    readings: tuple[Reading[Choice], Reading[Choice]]

    @property
    def is_consistent(self) -> bool:
        """Whether both orders could be read and agree."""
        first, second = (reading.value for reading in self.readings)
        return first is not None and first == second

    @property
    def failure(self) -> str:
        """Why there is no choice; empty where there is one."""
        return next((one.failure for one in self.readings if one.failure), "")


@dataclass(frozen=True, slots=True)
class GradeVerdict:
    """A response's grade, from 1 to 10; None where the reply cannot be read."""

    score: float | None
    reading: Reading[float]

    @property
    def failure(self) -> str:
        """Why there is no grade; empty where there is one."""
        return self.reading.failure


@dataclass(frozen=True, slots=True)
class RubricVerdict:
    """A response's score by criterion; None where any of them cannot be read."""

    scores: Mapping[str, float] | None
    reading: Reading[Mapping[str, float]]

    @property
    def failure(self) -> str:
        """Why there are no scores; empty where there are."""
        return self.reading.failure

    @property
    def mean(self) -> float | None:
        """The mean over the criteria."""
        return None if self.scores is None else sum(self.scores.values()) / len(self.scores)


@dataclass(frozen=True, slots=True)
class OutcomeVerdict:
    """Whether a response's final result is right; None where the reply cannot be read."""

    correct: bool | None
    reading: Reading[bool]

    @property
    def failure(self) -> str:
        """Why there is no verdict; empty where there is one."""
        return self.reading.failure


@dataclass(frozen=True, slots=True)
class RankVerdict:
    """Responses by index in tiers, best first; None where a pair has no verdict.

    `pairs` are the verdicts on (i, j) with i < j.
    """

    tiers: tuple[tuple[int, ...], ...] | None
    pairs: Mapping[tuple[int, int], PairVerdict]

    @property
    def failure(self) -> str:
        """Why there is no order; empty where there is one."""
        return next((one.failure for one in self.pairs.values() if one.failure), "")
