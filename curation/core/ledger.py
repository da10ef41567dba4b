"""What every step of a curation did: how many went in, how many left, and why each one did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Unit: TypeAlias = Literal["judgments", "items", "rows"]


@dataclass(frozen=True, slots=True)
class Dropped:
    """One thing that a step left out and its one reason.

    Judgments are named by `revision`, items by `item`, rows by `item` and `part`.
    """

    step: str
    reason: str
    item: str
    part: tuple[str, ...] = ()
    revision: str = ""


@dataclass(frozen=True, slots=True)
class StepReport:
    """A step in figures; `dropped` counts by reason, sorted, and sums to `before - after`."""

    step: str
    unit: Unit
    before: int
    after: int
    dropped: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "step": self.step,
            "unit": self.unit,
            "before": self.before,
            "after": self.after,
            "dropped": dict(self.dropped),
        }


@dataclass(slots=True)
class Ledger:
    """The steps of one curation as they are taken."""

    steps: list[StepReport] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)

    def write(self, step: str, unit: Unit, before: int, dropped: Iterable[Dropped]) -> None:
        """Enter a step."""
        entries = list(dropped)
        tally = Counter(entry.reason for entry in entries)
        self.steps.append(
            StepReport(step, unit, before, before - len(entries), dict(sorted(tally.items())))
        )
        self.dropped.extend(entries)

    def reasons(self, *units: Unit) -> dict[str, int]:
        """Everything dropped in these units, by reason, sorted."""
        total: Counter[str] = Counter()
        for report in self.steps:
            if report.unit in units:
                total.update(report.dropped)
        return dict(sorted(total.items()))
