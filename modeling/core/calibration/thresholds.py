"""From which margin on a model's answer can be taken without asking people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from modeling.core.evaluation.basics import Doubles, credit

CONFIDENCE = 0.95
_STEPS = 20


@dataclass(frozen=True)
class Threshold:
    """Answers whose |margin| is at least `margin` agree with the majority in `target` of cases.

    The lower confidence bound of their agreement, `lower`, is at least `target`; `share` of the
    rows are that sure, `n` of them, and agreed in `precision`. `margin` and the figures after it
    are None where no margin reaches the target.
    """

    target: float
    confidence: float
    margin: float | None
    share: float | None
    precision: float | None
    lower: float | None
    n: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return dict(self.__dict__)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `to_dict` gave."""
        return cls(**values)


def fit_threshold(
    margins: Doubles,
    groups: Sequence[str],
    *,
    target: float,
    confidence: float = CONFIDENCE,
) -> Threshold:
    """The least |margin| from which on agreement is at least `target`, at this confidence.

    `margins` (n,) are of the majority's sides. Candidates are the surest 1/20, 2/20, … of the
    rows, tested from the surest on until one fails: in a fixed order the error of all tests
    together is that of one (Angelopoulos et al., Learn then Test, arXiv:2110.01052). Those with
    so few prompts that even perfect agreement would fail are passed over beforehand. A prompt
    counts once, with its mean, since its rows are alike.
    """
    order = np.argsort(-np.abs(margins), kind="stable")
    names = np.asarray(groups, dtype=np.str_)
    best = Threshold(target, confidence, None, None, None, None, 0)
    for step in range(1, _STEPS + 1):
        rows = _surest(np.abs(margins), order, step)
        if not len(rows):
            continue
        means = _prompt_means(credit(margins[rows]), names[rows])
        if lower_bound(len(means), len(means), confidence) < target:
            continue
        lower = lower_bound(float(means.sum()), len(means), confidence)
        if lower < target:
            break
        best = Threshold(
            target=target,
            confidence=confidence,
            margin=float(np.abs(margins[rows]).min()),
            share=len(rows) / len(margins),
            precision=float(means.mean()),
            lower=lower,
            n=len(rows),
        )
    return best


def _surest(sizes: Doubles, order: NDArray[np.integer], step: int) -> NDArray[np.integer]:
    """Rows of the surest step/20, with all that are as sure as the last of them."""
    count = round(len(order) * step / _STEPS)
    if not count:
        return order[:0]
    rows: NDArray[np.integer] = order[sizes[order] >= sizes[order[count - 1]]]
    return rows


def _prompt_means(values: Doubles, groups: NDArray[np.str_]) -> Doubles:
    _, codes = np.unique(groups, return_inverse=True)
    means: Doubles = np.bincount(codes, weights=values) / np.bincount(codes)
    return means


def lower_bound(right: float, count: int, confidence: float = CONFIDENCE) -> float:
    """One-sided lower bound of a share, `right` of `count` (Clopper and Pearson, 1934)."""
    if right <= 0:
        return 0.0
    return float(betaincinv(right, count - right + 1, 1.0 - confidence))
