"""Votes on many questions at once: who counts, what they decide, why nothing came of it."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from curation.core.aggregate import aggregate_labels
from curation.core.records import Judgment

Ballot: TypeAlias = Sequence[tuple[str, int]]
"""The votes on one question: annotator and class, at least one."""

J = TypeVar("J", bound=Judgment)


@dataclass(frozen=True, slots=True)
class Decisions:
    """One entry per question, in the order asked.

    `labels` (n,) the winning class, the lowest where several share the lead; `tied` (n,) whether
    several do; `shares` (n, n_classes) each class's probability.
    """

    labels: NDArray[np.int64]
    tied: NDArray[np.bool_]
    shares: NDArray[np.float64]


def decide(ballots: Sequence[Ballot], *, n_classes: int, method: str) -> Decisions:
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
    )
    leading = result.posterior == result.posterior.max(axis=1, keepdims=True, initial=0.0)
    return Decisions(result.labels, leading.sum(axis=1) > 1, result.posterior)


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
