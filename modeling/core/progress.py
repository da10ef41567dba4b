"""How long work reports where it stands and learns that it should stop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from modeling.core.errors import InterruptionError

ProgressCallback = Callable[[float, str, Mapping[str, float | None]], None]


def _silent(fraction: float, message: str, metrics: Mapping[str, float | None]) -> None:
    """Report to nobody."""


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Progress:
    """A reporter for one stretch of the work, from fraction `start` to `end` of the whole.

    `report` receives (fraction in [0, 1], message, metrics); `should_stop` is asked between
    steps that are safe to interrupt.
    """

    report: ProgressCallback = _silent
    should_stop: Callable[[], bool] = _never
    start: float = 0.0
    end: float = 1.0

    def stage(self, start: float, end: float) -> "Progress":
        """A reporter for the part [start, end] of this stretch."""
        width = self.end - self.start
        return replace(self, start=self.start + start * width, end=self.start + end * width)

    def update(
        self, fraction: float, message: str, metrics: Mapping[str, float | None] | None = None
    ) -> None:
        """Report `fraction` of this stretch as done."""
        self.report(self.start + fraction * (self.end - self.start), message, metrics or {})

    def checkpoint(self) -> None:
        """Raise InterruptionError when the work was asked to stop."""
        if self.should_stop():
            raise InterruptionError("The job was asked to stop; start it again to go on from here.")


def as_progress(progress: Progress | ProgressCallback | None) -> Progress:
    """Accept a Progress, a plain callback or nothing."""
    if isinstance(progress, Progress):
        return progress
    return Progress() if progress is None else Progress(report=progress)
