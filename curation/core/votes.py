"""Votes on many questions at once: who counts, what they decide, why nothing came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from curation.core.aggregate import aggregate_labels
from curation.core.aggregate.candidates import Candidate
from curation.core.records import JOIN, Judgment
from curation.core.rows import annotator_hash

STEADY_DIGITS = 9

Ballot: TypeAlias = Sequence[tuple[str, int]]
"""The votes on one question: annotator and class, at least one."""

J = TypeVar("J", bound=Judgment)


@dataclass(frozen=True, slots=True)
class Decisions:
    """One entry per question, in the order asked.

    `labels` (n,) the winning class, the lowest where several share the lead; `tied` (n,) whether
    several do; `shares` (n, n_classes) each class's probability. `method` is the one that was
    used and `reason` says why; `annotators` and `reliability` go together.
    """

    labels: NDArray[np.int64]
    tied: NDArray[np.bool_]
    shares: NDArray[np.float64]
    method: str
    reason: str
    annotators: NDArray[Any]
    reliability: NDArray[np.float64]
    converged: bool = True

    def notes(self) -> dict[str, Any]:
        """What statistics tell of the aggregation."""
        return {
            "aggregate": self.method,
            "aggregate_reason": self.reason,
            "aggregate_converged": self.converged,
            "reliability": reliability_table(self.annotators, self.reliability),
        }


def decide(ballots: Sequence[Ballot], *, n_classes: int, method: str, seed: int = 0) -> Decisions:
    """Aggregate every ballot, all together, so that a method may learn about annotators."""
    sizes = [len(ballot) for ballot in ballots]
    names = sorted({annotator for ballot in ballots for annotator, _ in ballot})
    code = {name: index for index, name in enumerate(names)}
    result = aggregate_labels(
        np.repeat(np.arange(len(ballots)), sizes),
        np.array([code[annotator] for ballot in ballots for annotator, _ in ballot], dtype=int),
        np.array([label for ballot in ballots for _, label in ballot], dtype=int),
        method=method,
        n_classes=n_classes,
        seed=seed,
    )
    leading = result.posterior == result.posterior.max(axis=1, keepdims=True, initial=0.0)
    return Decisions(
        result.labels,
        leading.sum(axis=1) > 1,
        result.posterior,
        result.method,
        result.reason,
        np.array(names, dtype=object)[result.annotators.astype(int)],
        result.reliability,
        result.converged,
    )


def steady(value: float) -> float:
    """A fitted figure without its last digits, which depend on the order that sums are taken in.

    So annotators' names, which differ between installations, do not show in a dataset's bytes.
    """
    return round(float(value), STEADY_DIGITS)


def candidate_table(candidates: Iterable[Candidate]) -> dict[str, float]:
    """Mean log-likelihood of held-out judgments by method, best first, for JSON."""
    return {one.method: round(float(one.log_likelihood), 6) for one in candidates}


class Fitted(Protocol):
    """What the aggregations of comparisons, rankings and steps have in common."""

    @property
    def method(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def converged(self) -> bool: ...
    @property
    def candidates(self) -> tuple[Candidate, ...]: ...
    @property
    def annotators(self) -> NDArray[Any]: ...
    @property
    def reliability(self) -> NDArray[np.float64]: ...


def fitted_notes(fitted: Fitted) -> dict[str, Any]:
    """What statistics tell of an aggregation: the method, why, what it was compared with."""
    return {
        "aggregate": fitted.method,
        "aggregate_reason": fitted.reason,
        "aggregate_converged": fitted.converged,
        "aggregate_candidates": candidate_table(fitted.candidates),
        "reliability": reliability_table(fitted.annotators, fitted.reliability),
    }


def reliability_table(
    annotators: Iterable[Any], reliability: Iterable[float]
) -> dict[str, float | None]:
    """Reliability by hashed annotator for JSON, rounded; None where it is not known.

    Voters who stand for no one person are left out.
    """
    named = (pair for pair in zip(annotators, reliability, strict=True) if JOIN not in str(pair[0]))
    return {
        annotator_hash(str(annotator)): round(float(value), 4) if np.isfinite(value) else None
        for annotator, value in sorted(named)
    }


def counted(judgments: Iterable[J]) -> tuple[list[J], int]:
    """Leave out what an adjudication of the same item overrides; also return how many those are."""
    everything = list(judgments)
    settled = {_subject(judgment) for judgment in everything if judgment.overrides}
    kept = [
        judgment
        for judgment in everything
        if judgment.overrides or _subject(judgment) not in settled
    ]
    return kept, len(everything) - len(kept)


def main_reason(excluded: Sequence[str]) -> str:
    """Return the commonest reason for leaving out an item's votes, the first by name if several."""
    tally = Counter(excluded)
    return min(tally, key=lambda reason: (-tally[reason], reason))


def _subject(judgment: Judgment) -> Hashable:
    return type(judgment), judgment.item
