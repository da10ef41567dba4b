"""Rows evened out as the recipe asks, with proof of what that did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np

from curation.core.balance import (
    Balance,
    balance_classes,
    balance_groups,
    balance_lengths,
    balance_steps,
    cap_per_group,
    subsample,
)
from curation.core.columns import Mask
from curation.core.dedupe import Merged, PromptGroups
from curation.core.inputs import Inputs
from curation.core.ledger import Dropped, Ledger
from curation.core.records import Corpus
from curation.core.rows import (
    ClassificationRow,
    OutcomeRow,
    PreferenceRow,
    Row,
    StepwiseRow,
    row_id,
)
from curation.core.stages.clusters import row_clusters, row_topics
from curation.core.stages.proof import prove
from curation.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Balanced:
    """Rows with their weights, and what simple predictors score on them before and after."""

    rows: tuple[Row, ...]
    proof: dict[str, Any]


@dataclass(slots=True)
class _Bench:
    """The rows that are being evened out: their weights, and why each one left."""

    rows: list[Row]
    recipe: Recipe
    ids: list[str] = field(init=False)
    weights: np.ndarray = field(init=False)
    reasons: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.ids = [row_id(row) for row in self.rows]
        self.weights = np.array([row.weight for row in self.rows])
        self.reasons = np.full(len(self.rows), "", dtype=object)

    @property
    def here(self) -> np.ndarray:
        """Indices of the rows that are left."""
        return np.flatnonzero(self.reasons == "")

    def left(self) -> tuple[list[Row], list[str], np.ndarray]:
        """Rows, ids and weights of those that are left."""
        here = self.here
        rows, ids = [self.rows[n] for n in here], [self.ids[n] for n in here]
        return rows, ids, self.weights[here]

    def keep(self, mask: Mask, reason: str) -> None:
        """Let go of what a mask over the rows that are left does not keep."""
        self.reasons[self.here[~mask]] = reason

    def apply(self, balance: Balance, reason: str) -> None:
        """Take over a balance of the rows that are left."""
        self.weights[self.here] = balance.weights
        self.keep(balance.keep, reason)


def balance_rows(
    rows: Sequence[Row],
    groups: PromptGroups,
    merged: Merged,
    recipe: Recipe,
    inputs: Inputs,
    corpus: Corpus,
    ledger: Ledger,
) -> Balanced:
    """Take the steps of `recipe.balance`, in its order, on the rows of its splits."""
    wanted = set(recipe.balance.splits)
    chosen = [row for row in rows if groups.split_of(row.group) in wanted]
    others = [row for row in rows if groups.split_of(row.group) not in wanted]
    bench = _Bench(sorted(chosen, key=row_id), recipe)
    before = prove(bench.rows, merged.length)
    _caps(bench, groups, corpus)
    _by(bench, groups, inputs)
    _lengths(bench, merged)
    _classes(bench)
    _subsample(bench)
    dropped = [
        Dropped("balance", reason, row.item, row.part)
        for row, reason in zip(bench.rows, bench.reasons, strict=True)
        if reason
    ]
    ledger.write("balance", "rows", len(rows), dropped)
    kept = [
        row if row.weight == weight else replace(row, weight=float(weight))
        for row, weight in zip(*_kept(bench), strict=True)
    ]
    return Balanced((*kept, *others), {"before": before, "after": prove(kept, merged.length)})


def _kept(bench: _Bench) -> tuple[list[Row], np.ndarray]:
    rows, _, weights = bench.left()
    return rows, weights


def _caps(bench: _Bench, groups: PromptGroups, corpus: Corpus) -> None:
    asked = bench.recipe.balance
    if asked.max_per_prompt is not None:
        _cap(bench, lambda rows: [row.group for row in rows], asked.max_per_prompt, "prompt_cap")
    if asked.max_per_cluster is not None:
        _cap(
            bench,
            lambda rows: row_clusters(rows, groups, corpus, bench.recipe),
            asked.max_per_cluster,
            "cluster_cap",
        )


def _cap(
    bench: _Bench, group_of: Callable[[list[Row]], Sequence[Any]], limit: int, reason: str
) -> None:
    rows, ids, _ = bench.left()
    keep = cap_per_group(group_of(rows), limit, ids=ids, seed=bench.recipe.seed)
    bench.keep(keep, reason)


def _by(bench: _Bench, groups: PromptGroups, inputs: Inputs) -> None:
    asked = bench.recipe.balance
    if not asked.by:
        return
    rows, ids, weights = bench.left()
    names = {
        "source": lambda: [row.source or "none" for row in rows],
        "category": lambda: [row.category or "none" for row in rows],
        "topic": lambda: row_topics(rows, bench.recipe, inputs),
    }[asked.by]()
    balance = balance_groups(
        names, ids=ids, seed=bench.recipe.seed, mode=asked.by_mode, weights=weights
    )
    bench.apply(balance, f"{asked.by}_balance")


def _lengths(bench: _Bench, merged: Merged) -> None:
    asked = bench.recipe.balance
    if asked.lengths == "off":
        return
    rows, ids, weights = bench.left()
    pairs = cast(list[PreferenceRow], rows)
    balance = balance_lengths(
        [merged.length[row.chosen_id] for row in pairs],
        [merged.length[row.rejected_id] for row in pairs],
        ids=ids,
        seed=bench.recipe.seed,
        mode=asked.lengths,
        weights=weights,
    )
    bench.apply(balance, "length_balance")


def _classes(bench: _Bench) -> None:
    asked = bench.recipe.balance
    if asked.classes == "off":
        return
    rows, ids, weights = bench.left()
    if rows and asked.classes == "weight" and isinstance(rows[0], StepwiseRow):
        _weigh_steps(bench)
        return
    balance = balance_classes(
        [_label(row) for row in rows],
        ids=ids,
        seed=bench.recipe.seed,
        mode=asked.classes,
        weights=weights,
    )
    bench.apply(balance, "class_balance")


def _label(row: Row) -> str:
    """The class of a row; a solution's is whether it has an error."""
    if isinstance(row, StepwiseRow):
        return "error" if row.first_error >= 0 else "no error"
    return str(cast(OutcomeRow | ClassificationRow, row).label)


def _weigh_steps(bench: _Bench) -> None:
    """Give every label the same total over all steps."""
    rows, ids, _ = bench.left()
    solutions = [row for row in rows if isinstance(row, StepwiseRow)]
    owners = np.repeat(np.arange(len(solutions)), [len(row.labels) for row in solutions])
    labels = [label for row in solutions for label in row.labels]
    weights = balance_steps(
        labels, owners, ids=ids, seed=bench.recipe.seed, mode="weight"
    ).step_weights
    starts = np.cumsum([0, *(len(row.labels) for row in solutions)])
    for n, row, start, end in zip(bench.here, solutions, starts, starts[1:], strict=False):
        bench.rows[n] = replace(row, step_weights=tuple(map(float, weights[start:end])))


def _subsample(bench: _Bench) -> None:
    wanted = bench.recipe.balance.subsample
    if wanted is None:
        return
    rows, ids, _ = bench.left()
    keep = subsample(ids, n=wanted, seed=bench.recipe.seed, groups=[row.group for row in rows])
    bench.keep(keep, "subsample")
