"""What an answer is: one frozen dataclass per kind of item, and what it is checked against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
MAX_TRIALS = 1_000_000


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
    ``best_worst`` asks for the two ends of a ranking only. ``by_machine`` lets steps have soft
    labels, which people never give.
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
    by_machine: bool = False

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

    Labels are −1, 0 and +1, or 1 to k on a Likert scale. Machines alone add ``soft``: for each step
    the share of rollouts from it that reached the right result, from 0 to 1, None where there were
    none; and ``trials``: how many rollouts the share is of, 0 where that is not known. Both are
    empty or as long as ``labels``.
    """

    labels: tuple[int | None, ...] = ()
    give_up: str = ""
    bad_problem: str = ""
    rationale: str = ""
    soft: tuple[float | None, ...] = ()
    trials: tuple[int, ...] = ()

    @property
    def successes(self) -> tuple[int | None, ...]:
        """How many rollouts of each step reached the right result; None where that is not known.

        Exact for shares of whole numbers: up to ``MAX_TRIALS`` the product is within 1e-9.
        """
        pairs = zip(self.soft, self.trials, strict=True)
        return tuple(round(p * n) if p is not None and n else None for p, n in pairs)


@dataclass(frozen=True)
class OutcomeAnswer:
    """Whether the response's final result is right."""

    correct: bool
    rationale: str = ""


Answer = ComparisonAnswer | RankingAnswer | RatingAnswer | StepsAnswer | OutcomeAnswer
