"""Rows evened out, by leaving some out or by weighting them, and what that costs."""

from curation.core.balance.caps import cap_per_group, subsample
from curation.core.balance.groups import (
    StepBalance,
    balance_classes,
    balance_groups,
    balance_steps,
)
from curation.core.balance.lengths import balance_lengths, log_length_ratio
from curation.core.balance.result import (
    Balance,
    BalanceMode,
    BalanceReport,
    effective_rows,
)
from curation.core.balance.sides import assign_sides, balance_sides

__all__ = [
    "Balance",
    "BalanceMode",
    "BalanceReport",
    "StepBalance",
    "assign_sides",
    "balance_classes",
    "balance_groups",
    "balance_lengths",
    "balance_sides",
    "balance_steps",
    "cap_per_group",
    "effective_rows",
    "log_length_ratio",
    "subsample",
]
