"""Shares of counted things, with intervals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Share:
    """``hits`` of ``n``."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval (1927); None of nothing."""
        if not self.n:
            return None
        share, scale = self.hits / self.n, 1 + Z95**2 / self.n
        middle = (share + Z95**2 / (2 * self.n)) / scale
        half = Z95 * sqrt(share * (1 - share) / self.n + Z95**2 / (4 * self.n**2)) / scale
        return max(middle - half, 0.0), min(middle + half, 1.0)


def share_of(marks: Iterable[bool | None]) -> Share:
    """How many of the known marks are true."""
    known = [mark for mark in marks if mark is not None]
    return Share(sum(known), len(known))
