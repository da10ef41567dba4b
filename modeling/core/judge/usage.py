"""What a judge's work has used and cost, and what came to nothing."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from modeling.core.errors import ConfigError
from modeling.core.judge.chat import Reply

MOST_REASONS = 20
OTHER = "other reasons"
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Price of a million tokens read and of a million written, in one currency."""

    input: float
    output: float

    def __post_init__(self) -> None:
        if not (0 <= self.input < float("inf") and 0 <= self.output < float("inf")):
            raise ConfigError("A price per million tokens is a number from 0 upwards.")

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """What so many tokens cost."""
        return (input_tokens * self.input + output_tokens * self.output) / _MILLION


@dataclass(frozen=True)
class Usage:
    """Counts so far.

    `requests` went to the model, `cached` were answered from the disk and cost nothing.
    `unmetered` are requests whose tokens nobody counted, so `cost` leaves them out; it is None
    without a price. `unparseable` are replies without a clear verdict and `refused` requests that
    the model did not take; `failures` tells both by reason, the commonest reasons first.
    """

    requests: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unmetered: int = 0
    unparseable: int = 0
    refused: int = 0
    cost: float | None = None
    failures: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


class Meter:
    """Counts while several threads work."""

    def __init__(self, price: Price | None) -> None:
        self._price, self._lock = price, threading.Lock()
        self._counts: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()

    def cached(self) -> None:
        """A reply came from the cache."""
        with self._lock:
            self._counts["cached"] += 1

    def asked(self, reply: Reply) -> None:
        """The model gave a reply."""
        with self._lock:
            self._counts["requests"] += 1
            if reply.input_tokens is None or reply.output_tokens is None:
                self._counts["unmetered"] += 1
            self._counts["input_tokens"] += reply.input_tokens or 0
            self._counts["output_tokens"] += reply.output_tokens or 0

    def unparseable(self, reason: str) -> None:
        """A reply held no clear verdict."""
        self._fail("unparseable", reason)

    def refused(self, reason: str) -> None:
        """The model did not take a request."""
        self._fail("refused", reason)

    def _fail(self, kind: str, reason: str) -> None:
        with self._lock:
            self._counts[kind] += 1
            self._failures[reason] += 1

    def snapshot(self) -> Usage:
        """The counts at this moment."""
        with self._lock:
            counts, failures = dict(self._counts), _commonest(self._failures)
        cost = None
        if self._price is not None:
            cost = self._price.of(counts.get("input_tokens", 0), counts.get("output_tokens", 0))
        return Usage(**counts, cost=cost, failures=failures)


def _commonest(failures: Counter[str]) -> dict[str, int]:
    """Endpoints put figures into their reasons, so there may be as many as there are requests."""
    ordered = sorted(failures.items(), key=lambda pair: (-pair[1], pair[0]))
    kept, rest = dict(ordered[:MOST_REASONS]), sum(count for _, count in ordered[MOST_REASONS:])
    return kept | ({OTHER: rest} if rest else {})
