"""Comparisons with planted truth, and what is left over when votes are held out.

    python -m bench.curation_simulate --data ../shared/data

prints how often each way to aggregate comparisons finds the planted better response, how well it
tells careless annotators apart, how well three votes on real arguments foretell the other two, and
how often 95 % intervals hold the planted strength.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from scipy.stats import rankdata

from curation.core.aggregate import (
    COMPARISON_METHODS,
    ComparisonAggregation,
    aggregate_comparisons,
    fit_bradley_terry,
    fit_crowd_bt,
    robust_strengths,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
FITTED_VOTES, ALL_VOTES = 3, 5
OUTCOMES = {"a": 1.0, "tie": 0.5, "b": 0.0}
METHODS = COMPARISON_METHODS[1:]


@dataclass(frozen=True)
class PlantedComparisons:
    """Votes with what made them.

    Rows: `left`, `right`, `outcome`, `annotators`, `shown_left`, `prompts`, as the aggregation
    takes them. `strengths` (n_items,) are the planted log-strengths, `careless` (n_annotators,)
    marks those who answer without looking.
    """

    left: Ints
    right: Ints
    outcome: Floats
    annotators: Ints
    shown_left: Ints
    prompts: Ints
    strengths: Floats
    careless: NDArray[np.bool_]

    def better(self, left: ArrayLike, right: ArrayLike) -> NDArray[np.bool_]:
        """Whether left is planted as the better one of each pair."""
        return self.strengths[np.asarray(left)] > self.strengths[np.asarray(right)]


def planted_comparisons(
    n_prompts: int = 300,
    n_responses: int = 4,
    votes: int = 3,
    annotators: int = 60,
    careless: float = 0.2,
    seed: int = 0,
    *,
    spread: float = 1.5,
    ties: float = 0.0,
    left_bias: float = 0.0,
) -> PlantedComparisons:
    """All pairs of each prompt's responses, each judged by `votes` of the annotators.

    Strengths are normal with standard deviation `spread`; an attentive annotator prefers one with
    Bradley–Terry's probability. A share `careless` of the annotators guesses, and takes the side
    shown on the left with probability (1 + left_bias) / 2. Everybody says "tie" to a gap of less
    than `ties`, the careless to a quarter of what they are asked where there are ties at all.
    """
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, spread, n_prompts * n_responses)
    low, high = np.array(list(combinations(range(n_responses), 2))).T
    first = np.arange(n_prompts)[:, None] * n_responses
    left = np.repeat((first + low).ravel(), votes)
    right = np.repeat((first + high).ravel(), votes)
    n_pairs = len(left) // votes
    who = np.concatenate([rng.permutation(annotators)[:votes].copy() for _ in range(n_pairs)])
    lazy = np.zeros(annotators, dtype=bool)
    lazy[: round(careless * annotators)] = True
    shown = np.where(rng.random(len(left)) < 0.5, 1, -1)
    gap = strengths[left] - strengths[right]
    chance = np.where(lazy[who], 0.5 + shown * left_bias / 2, expit(gap))
    outcome = (rng.random(len(left)) < chance).astype(float)
    idle = (rng.random(len(left)) < 0.25) & (ties > 0)
    outcome[np.where(lazy[who], idle, np.abs(gap) < ties)] = 0.5
    names = rng.permutation(annotators)
    return PlantedComparisons(
        left=left,
        right=right,
        outcome=outcome,
        annotators=names[who],
        shown_left=shown,
        prompts=np.repeat(np.arange(n_prompts), n_pairs // n_prompts * votes),
        strengths=strengths,
        careless=lazy[np.argsort(names)],
    )


def pair_accuracy(planted: PlantedComparisons, found: ComparisonAggregation) -> float:
    """The share of pairs on which the better one was found; half for one left open."""
    return _credit(found.p_left - found.p_right, planted.better(found.left, found.right))


def planted_accuracy(planted: PlantedComparisons, method: str) -> float:
    """The share of pairs on which a method finds the better one."""
    found = aggregate_comparisons(
        planted.left, planted.right, planted.outcome, planted.annotators, method=method
    )
    return pair_accuracy(planted, found)


def spammer_auc(planted: PlantedComparisons) -> float:
    """How likely a careless annotator has a higher spammer score than an attentive one."""
    fit = fit_crowd_bt(
        planted.left,
        planted.right,
        planted.outcome,
        planted.annotators,
        shown_left=planted.shown_left,
    )
    bad = planted.careless[fit.annotators]
    ranks = rankdata(fit.spammer)[bad]
    n_bad, n_good = int(bad.sum()), int((~bad).sum())
    return float((ranks.sum() - n_bad * (n_bad + 1) / 2) / (n_bad * n_good))


def ukp_holdout(path: Path, *, method: str = "auto", seed: int = 0) -> float:
    """Fit three of a pair's five votes; how often a method foretells the other two.

    Of the decided ones among the other two, that is; half for a pair that the method leaves open.
    """
    votes = _Votes.read(path)
    seen = votes.dealt(seed) < FITTED_VOTES
    asked = ~seen & votes.full & (votes.outcome != OUTCOMES["tie"])
    columns = (votes.left, votes.right, votes.outcome, votes.annotators)
    fit = aggregate_comparisons(*(column[seen] for column in columns), method=method)
    sides = (fit.p_left - fit.p_right).tolist()
    lean = dict(zip(zip(fit.left.tolist(), fit.right.tolist(), strict=True), sides, strict=True))
    gaps = np.array([_leaning(lean, *pair) for pair in votes.pairs(asked)])
    return _credit(gaps, votes.outcome[asked] == OUTCOMES["a"])


def interval_coverage(
    annotators: int, votes: int, repeats: int, seed: int, *, items: int = 8, taste: float = 0.5
) -> Mapping[str, float]:
    """How often 95 % intervals hold the strength that all possible annotators share.

    Every annotator has tastes of their own: normal deviations from the common strengths. Returned
    for cluster-robust intervals and for those that take votes as independent.
    """
    hits: dict[str, list[NDArray[np.bool_]]] = {"clustered": [], "independent": []}
    for number in range(repeats):
        rng = np.random.default_rng([seed, number])
        left, right, outcome, who, shared = _with_tastes(rng, annotators, votes, items, taste)
        fit = fit_bradley_terry(left, right, outcome)
        robust = robust_strengths(fit, left, right, outcome, annotators=who)
        found = [robust.interval(item) for item in range(items)]
        off = np.abs(fit.strengths - shared)
        hits["clustered"].append(
            np.array([f.low <= s <= f.high for f, s in zip(found, shared, strict=True)])
        )
        hits["independent"].append(off <= 1.96 * fit.stderr)
    return {name: float(np.mean(each)) for name, each in hits.items()}


@dataclass(frozen=True)
class _Votes:
    """Votes on pairs of arguments; `full` marks those on pairs with five of them."""

    left: NDArray[np.str_]
    right: NDArray[np.str_]
    outcome: Floats
    annotators: NDArray[np.str_]
    pair: Ints
    full: NDArray[np.bool_]

    @classmethod
    def read(cls, path: Path) -> _Votes:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        told = [(n, row, said) for n, row in enumerate(rows) for said in row["annotations"]]
        pair = np.array([n for n, _, _ in told])
        return cls(
            left=np.array([row["item_a"] for _, row, _ in told]),
            right=np.array([row["item_b"] for _, row, _ in told]),
            outcome=np.array([OUTCOMES[said["label"]] for _, _, said in told]),
            annotators=np.array([said["annotator"] for _, _, said in told]),
            pair=pair,
            full=np.bincount(pair)[pair] == ALL_VOTES,
        )

    def dealt(self, seed: int) -> Ints:
        """Each vote's place among those on its pair, in an order drawn by chance."""
        rng = np.random.default_rng(seed)
        order = np.lexsort((rng.random(len(self.pair)), self.pair))
        sizes = np.bincount(self.pair)
        place = np.empty(len(order), dtype=np.intp)
        place[order] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return place

    def pairs(self, some: NDArray[np.bool_]) -> list[tuple[str, str]]:
        return list(zip(self.left[some].tolist(), self.right[some].tolist(), strict=True))


def _leaning(lean: Mapping[tuple[str, str], float], left: str, right: str) -> float:
    return lean[left, right] if (left, right) in lean else -lean[right, left]


def _credit(leaning: Floats, left_is_right: NDArray[np.bool_]) -> float:
    open_ = np.abs(leaning) < 1e-9
    return float(np.where(open_, 0.5, (leaning > 0) == left_is_right).mean())


def _with_tastes(
    rng: np.random.Generator, annotators: int, votes: int, items: int, taste: float
) -> tuple[Ints, Ints, Floats, Ints, Floats]:
    """Comparisons, who made them, and the strengths that fit the whole population of annotators."""
    strengths = rng.normal(0, 1, items)
    own = strengths + rng.normal(0, taste, (annotators, items))
    who = np.repeat(np.arange(annotators), votes)
    left = rng.integers(items, size=len(who))
    right = (left + 1 + rng.integers(items - 1, size=len(who))) % items
    chance = expit(own[who, left] - own[who, right])
    outcome = (rng.random(len(who)) < chance).astype(float)
    return left, right, outcome, who, _marginal(strengths, taste)


def _marginal(strengths: Floats, taste: float) -> Floats:
    """Strengths of a fit to endless votes by endless annotators."""
    one, other = np.triu_indices(len(strengths), 1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    gaps = (strengths[one] - strengths[other])[:, None] + np.sqrt(2) * taste * nodes
    share = expit(gaps) @ weights / weights.sum()
    fit = fit_bradley_terry(one, other, share, weights=np.full(len(one), 1e6))
    return fit.strengths


def main() -> None:
    """Print Markdown tables of all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    print("| planted | " + " | ".join(COMPARISON_METHODS) + " | spammer AUC |")
    print("|---" * (len(COMPARISON_METHODS) + 2) + "|")
    for responses, votes, careless in ((4, 3, 0.2), (4, 3, 0.45), (2, 3, 0.2), (2, 5, 0.2)):
        print(_planted_row(responses, votes, careless, arguments.seeds), flush=True)
    path = arguments.data / "pairs_multi__ukpconvarg1.jsonl.gz"
    for method in METHODS:
        found = [ukp_holdout(path, method=method, seed=seed) for seed in range(arguments.seeds)]
        print(f"{method} foretells {np.mean(found):.4f} of the held-out votes", flush=True)
    print(interval_coverage(25, 800, 100, seed=0))


def _planted_row(responses: int, votes: int, careless: float, seeds: int) -> str:
    n_prompts = 300 if responses > 2 else 1_500
    planted = [
        planted_comparisons(n_prompts, responses, votes, 60, careless, seed)
        for seed in range(seeds)
    ]
    found = [
        f"{np.mean([planted_accuracy(one, method) for one in planted]):.3f}"
        for method in COMPARISON_METHODS
    ]
    auc = f"{np.mean([spammer_auc(one) for one in planted]):.3f}"
    name = f"{responses} responses, {votes} votes, {careless:.0%} careless"
    return f"| {name} | {' | '.join(found)} | {auc} |"


if __name__ == "__main__":
    main()
