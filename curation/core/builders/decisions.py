"""What the votes on every pair come to, all pairs together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from curation.core.aggregate import ComparisonAggregation, aggregate_comparisons
from curation.core.builders.candidate import Context
from curation.core.builders.pairs import LEFT, TIE, Pair
from curation.core.votes import decide, fitted_notes, steady

_OUTCOME = (1.0, 0.0, 0.5)
_TO_LABEL = {"left": 0, "right": 1, "tie": TIE}
_TURNED = (1, 0, TIE)


@dataclass(frozen=True, slots=True)
class PairDecision:
    """A pair's answer (LEFT, RIGHT or TIE) and the probabilities of left better and of a tie."""

    label: int
    p_left: float
    p_tie: float

    def of(self, label: int) -> float:
        """Probability that this side is the better one, a tie counting half."""
        better = self.p_left if label == LEFT else 1.0 - self.p_left - self.p_tie
        return better + self.p_tie / 2


def decide_pairs(pairs: Sequence[Pair], context: Context) -> list[PairDecision]:
    """Aggregate the votes on all pairs by the context's method.

    A response keeps its strength over all pairs it stands in; equal responses are one. Majority
    needs nothing but the pair's own votes, the people's where there are any; another method learns
    from the machines' as from everybody's.
    """
    if not pairs:
        context.notes.setdefault("aggregate", _plain(context.method))
        return []
    if context.method == "majority":
        return _by_majority(pairs, context)
    nodes = _codes(
        (context.groups.group[pair.prompt], context.identity[key])
        for pair in pairs
        for key in (pair.left, pair.right)
    ).reshape(-1, 2)
    fitted = _aggregated(pairs, nodes, context)
    if fitted.method == "majority":
        decisions = _by_majority(pairs, context)
    else:
        decisions = _looked_up(nodes, fitted)
    context.notes.update(fitted_notes(fitted))
    return decisions


def _plain(method: str) -> str:
    return "majority" if method == "auto" else method


def _codes(values: Iterable[Hashable]) -> np.ndarray:
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(value, len(codes)) for value in values], dtype=np.int64)


def _by_majority(pairs: Sequence[Pair], context: Context) -> list[PairDecision]:
    ballots = [[(vote.annotator, vote.label) for vote in pair.counted] for pair in pairs]
    decided = decide(ballots, n_classes=3, method="majority")
    context.notes.update(decided.notes())
    labels = np.where(decided.tied, TIE, decided.labels)
    return [
        PairDecision(int(label), float(shares[0]), float(shares[2]))
        for label, shares in zip(labels, decided.shares, strict=True)
    ]


def _aggregated(
    pairs: Sequence[Pair], nodes: np.ndarray, context: Context
) -> ComparisonAggregation:
    sizes = [len(pair.votes) for pair in pairs]
    votes = [vote for pair in pairs for vote in pair.votes]
    each = np.repeat(nodes, sizes, axis=0)
    prompts = _codes(context.groups.group[pair.prompt] for pair in pairs)
    return aggregate_comparisons(
        each[:, 0],
        each[:, 1],
        np.array([_OUTCOME[vote.label] for vote in votes]),
        np.array([vote.annotator for vote in votes], dtype=object),
        method=context.method,
        shown_left=np.array([vote.shown_left for vote in votes]),
        groups=np.repeat(prompts, sizes),
        seed=context.seed,
    )


def _looked_up(nodes: np.ndarray, fitted: ComparisonAggregation) -> list[PairDecision]:
    """Each pair's entry, turned where the aggregate has its sides the other way round."""
    row = {
        (int(left), int(right)): k
        for k, (left, right) in enumerate(zip(fitted.left, fitted.right, strict=True))
    }
    decisions = []
    for left, right in nodes.tolist():
        k = row.get((left, right))
        turned = k is None
        k = row[right, left] if k is None else k
        label, p_tie = _TO_LABEL[str(fitted.label[k])], steady(fitted.p_tie[k])
        p_left = steady(fitted.p_left[k])
        if turned:
            label, p_left = _TURNED[label], 1.0 - p_left - p_tie
        decisions.append(PairDecision(label, p_left, p_tie))
    return decisions
