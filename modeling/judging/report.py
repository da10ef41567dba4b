"""What became of the items that a judge was asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from annotate.services.machine_judgments import Stored
from modeling.core.judge import PairVerdict, Usage
from modeling.judging.answers import Answered

BUDGET, LIMIT = "budget", "limit"


@dataclass
class JudgeReport:
    """Items by what became of them.

    ``judgments`` are new, ``revised`` were made again because the texts, the criteria or the form's
    version have changed, ``already`` were there; ``undecided`` have no readable verdict, for
    ``reasons``. ``withdrawn`` are the undecided ones that had a judgment until now. ``unasked``
    were left for another run, ``stopped`` says by what bound.

    Of the pairs asked in both orders, ``orders_disagree`` counts those that were called a tie for
    it; ``favours_first`` those among them where the judge chose the answer it read first both
    times, ``favours_second`` likewise.
    """

    judgments: int = 0
    revised: int = 0
    withdrawn: int = 0
    already: int = 0
    undecided: int = 0
    unasked: int = 0
    pairs: int = 0
    orders_disagree: int = 0
    favours_first: int = 0
    favours_second: int = 0
    stopped: str = ""
    reasons: Counter[str] = field(default_factory=Counter)

    def add_stored(self, stored: Stored) -> None:
        """Count what was written."""
        self.judgments += stored.judgments
        self.revised += stored.revised
        self.withdrawn += stored.withdrawn
        self.already += stored.already

    def add_answers(self, answers: Iterable[Answered]) -> None:
        """Count what could not be told, and what the two orders say of the judge."""
        for one in answers:
            if one.answer is None:
                self.undecided += 1
                self.reasons[one.failure] += 1
            for pair in one.pairs:
                self._add_pair(pair)

    def _add_pair(self, pair: PairVerdict) -> None:
        first, second = (reading.value for reading in pair.readings)
        if first is None or second is None:
            return
        self.pairs += 1
        self.orders_disagree += first != second
        self.favours_first += (first, second) == ("first", "second")
        self.favours_second += (first, second) == ("second", "first")

    def to_json(self, usage: Usage) -> dict[str, Any]:
        """For the run's row, with what the judge used."""
        values = {name: value for name, value in vars(self).items() if name != "reasons"}
        return values | {"reasons": dict(self.reasons.most_common(20)), "usage": usage.to_dict()}
