"""Rows of several groups or classes brought to the shares that are wanted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from curation.core.balance.result import (
    MAX_WEIGHT,
    Balance,
    BalanceMode,
    BalanceReport,
    balanced,
    check_max_weight,
    check_mode,
    first_within,
)
from curation.core.columns import (
    NO_CODE,
    Column,
    Floats,
    Ints,
    Mask,
    codes,
    first_of_each,
    numbers,
    positive_weights,
    require_length,
)
from curation.core.errors import CurationError
from curation.core.seeded import seeded_ranks

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class StepBalance:
    """Which rows stay, and what each step counts.

    `keep` (n_rows,); `step_weights` (n_steps,), mean 1 over the steps of the rows that stay, zero
    for the others. `report` counts steps.
    """

    keep: Mask
    step_weights: Floats
    report: BalanceReport


def balance_groups(
    groups: Column,
    *,
    ids: Column,
    seed: int,
    shares: Literal["equal"] | Mapping[Any, float] = "equal",
    mode: BalanceMode = "drop",
    weights: Column | None = None,
    max_weight: float = MAX_WEIGHT,
) -> Balance:
    """Bring groups (sources, topics, categories) to equal shares or to those given.

    Drop keeps as many rows as the shares allow, drawn from the ids by the seed, and counts rows
    whatever they weigh. Weight keeps all and multiplies `weights` (ones if none) by one factor a
    group, at most `max_weight` times the mean; what a group at that limit lacks goes to the
    others in proportion, and the report is then not `exact`. Shares need not sum to 1; groups of
    share 0 leave.

    Raises CurationError for rows without a group, groups without a share, shares of groups that
    have no rows, ids that repeat, and columns of unequal length.
    """
    check_mode(mode)
    check_max_weight(max_weight)
    require_length(len(groups), Ids=ids, Weights=weights)
    base, group = positive_weights(weights, len(groups)), _complete(groups)
    wanted = _shares(groups, group, shares)
    if mode == "drop":
        quotas = _quotas(np.bincount(group, minlength=len(wanted)), wanted)
        ranks = seeded_ranks(ids, seed=seed, purpose="balance")
        return balanced(first_within(group, ranks, quotas), base)
    totals = np.bincount(group, base, minlength=len(wanted)).astype(np.float64)
    factors, exact = _factors(totals, wanted, max_weight)
    return balanced(wanted[group] > 0, base * factors[group], exact=exact)


def balance_classes(
    labels: Column,
    *,
    ids: Column,
    seed: int,
    mode: BalanceMode = "drop",
    weights: Column | None = None,
    max_weight: float = MAX_WEIGHT,
) -> Balance:
    """Give every label (outcome, acceptability, class) the same share; see `balance_groups`."""
    return balance_groups(
        labels, ids=ids, seed=seed, mode=mode, weights=weights, max_weight=max_weight
    )


def balance_steps(
    labels: Column,
    rows: Column,
    *,
    ids: Column,
    seed: int,
    mode: BalanceMode = "drop",
    max_weight: float = MAX_WEIGHT,
) -> StepBalance:
    """Balance rows that have several labels each, such as the steps of solutions.

    `labels` (n_steps,) and `rows` (n_steps,), the index into `ids` of the row each step is of.
    Weight keeps every row and gives each label the same total over the steps. Drop keeps whole
    rows: as many for each lowest label, so that solutions with an error and without one are
    equally many. It cannot even out the steps, since a solution with an error has right steps as
    well. A row without steps stays.

    Raises CurationError as `balance_groups` does, and for a step of a row that does not exist.
    """
    require_length(len(labels), Rows=rows)
    owner = _owners(rows, len(ids))
    if mode == "weight":
        steps = np.arange(len(owner))
        whole = balance_groups(labels, ids=steps, seed=seed, mode=mode, max_weight=max_weight)
        return StepBalance(np.ones(len(ids), dtype=bool), whole.weights, whole.report)
    keep = _balanced_by_lowest(numbers(labels, "Labels of steps"), owner, ids, seed, mode)
    of_steps = balanced(keep[owner], np.ones(len(owner)))
    return StepBalance(keep, of_steps.weights, of_steps.report)


def _balanced_by_lowest(
    labels: Floats, owner: Ints, ids: Column, seed: int, mode: BalanceMode
) -> Mask:
    order = np.lexsort((labels, owner))
    owners, first = np.unique(owner[order], return_index=True)
    names = [ids[row] for row in owners.tolist()]
    balance = balance_groups(labels[order][first], ids=names, seed=seed, mode=mode)
    keep = np.ones(len(ids), dtype=bool)
    keep[owners] = balance.keep
    return keep


def _owners(rows: Column, n_rows: int) -> Ints:
    owner = np.asarray(rows, dtype=np.intp)
    if len(owner) and not (owner.min() >= 0 and owner.max() < n_rows):
        raise CurationError(f"A step is of a row outside the {n_rows} rows that are named.")
    return owner


def _complete(groups: Column) -> Ints:
    group = codes(groups)
    if (group == NO_CODE).any():
        raise CurationError("A row has no group; give it a name of its own, such as 'none'.")
    return group


def _shares(groups: Column, group: Ints, shares: Literal["equal"] | Mapping[Any, float]) -> Floats:
    """Wanted share of each group code, summing to 1."""
    names = [groups[row] for row in first_of_each(group).tolist()]
    if isinstance(shares, str):
        if shares != "equal":
            raise CurationError(f'Shares are "equal" or one for each group, not {shares!r}.')
        return np.full(len(names), 1 / max(len(names), 1))
    missing = [name for name in names if name not in shares]
    if missing:
        raise CurationError(f"No share is given for the group {missing[0]!r}.")
    present = set(names)
    absent = [name for name, share in shares.items() if share and name not in present]
    if absent and names:
        raise CurationError(f"There are no rows of the group {absent[0]!r} to make up its share.")
    wanted = np.array([shares[name] for name in names], dtype=float)
    if len(names) and not (np.isfinite(wanted).all() and (wanted >= 0).all() and wanted.sum()):
        raise CurationError("Shares must be zero or more, and not all zero.")
    return wanted / wanted.sum() if len(names) else wanted


def _quotas(sizes: Ints, shares: Floats) -> Ints:
    """Rows of each group in the largest set that has these shares."""
    if not len(sizes):
        return sizes
    total = min(size / share for size, share in zip(sizes, shares, strict=True) if share)
    return np.array([math.floor(share * total + ROUNDING) for share in shares], dtype=np.intp)


def _factors(totals: Floats, shares: Floats, max_weight: float) -> tuple[Floats, bool]:
    """Factor of each group's rows, mean 1 and at most `max_weight`, and whether none is cut.

    Water-filling: groups that would exceed the limit are set to it, the rest share what is left
    in proportion, until nobody exceeds it.
    """
    factors = np.zeros(len(totals))
    at_limit, open_ = np.zeros(len(totals), dtype=bool), shares > 0
    whole = totals[open_].sum()
    while open_.any():
        left = whole - max_weight * totals[at_limit].sum()
        factors[open_] = left * shares[open_] / shares[open_].sum() / totals[open_]
        exceeding = open_ & (factors > max_weight * (1 + ROUNDING))
        if not exceeding.any():
            break
        at_limit, open_ = at_limit | exceeding, open_ & ~exceeding
        factors[at_limit] = max_weight
    return factors, not at_limit.any()
