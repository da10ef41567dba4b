"""What people call objectives and the figures that tell a model's worth in short."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OBJECTIVES: dict[str, str | Promise] = {
    "bradley_terry": _("Bradley–Terry: which response is preferred"),
    "davidson": _("Davidson: preferences with ties"),
    "rao_kupper": _("Rao–Kupper: preferences with ties"),
    "cumulative_logit": _("Cumulative logit: how strongly one is preferred"),
    "reasoning": _("Reasoning: preferences with a rationale"),
    "plackett_luce": _("Plackett–Luce: whole rankings"),
    "ranking_pairs": _("All pairs of each ranking"),
    "prm": _("Process reward: each step"),
    "outcome": _("Outcome reward: right or wrong"),
    "value": _("Value head: every token"),
    "regression": _("Regression on ratings"),
    "classification": _("Classification"),
}


@dataclass(frozen=True)
class Measure:
    """The one figure that stands for a model in a table; ``key`` is that of its test metrics."""

    key: str
    label: str | Promise
    is_share: bool = True


ACCURACY = Measure("accuracy", _("accuracy"))
MEASURES = {
    "preference": ACCURACY,
    "ranking": Measure("accuracy", _("accuracy over pairs")),
    "stepwise": Measure("first_error_f1", _("first-error F1")),
    "outcome": ACCURACY,
    "rating": Measure("pearson", _("correlation with ratings"), is_share=False),
    "classification": ACCURACY,
}


def objective_label(name: str) -> str:
    """An objective in a few words; its own name where it has none here."""
    return str(OBJECTIVES.get(name, name.replace("_", " ")))


def short_objective(name: str) -> str:
    """An objective in one or two words, for tables."""
    return objective_label(name).split(": ")[0]


def measure_of(kind: str) -> Measure:
    """What models of datasets of this kind are told by."""
    return MEASURES.get(kind, ACCURACY)
