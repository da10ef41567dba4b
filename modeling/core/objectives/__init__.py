"""What can be trained, by name: one module for each shape of row."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from modeling.core.config import RewardConfig
from modeling.core.data import Dataset
from modeling.core.objectives.base import MEASURED, Batch, Evaluated, Objective, TrainingState
from modeling.core.objectives.likert import CumulativeLogit
from modeling.core.objectives.pairs import BradleyTerry
from modeling.core.objectives.rankings import PlackettLuce, RankingPairs
from modeling.core.objectives.reasoning import Reasoning
from modeling.core.objectives.responses import Classification, Outcome, Regression
from modeling.core.objectives.steps import ProcessReward
from modeling.core.objectives.ties import Davidson, RaoKupper
from modeling.core.objectives.tokens import OutcomeValue, RatingValue, TokenOutcome, value_class

OBJECTIVES: dict[str, type[Objective]] = {
    "bradley_terry": BradleyTerry,
    "davidson": Davidson,
    "rao_kupper": RaoKupper,
    "cumulative_logit": CumulativeLogit,
    "reasoning": Reasoning,
    "plackett_luce": PlackettLuce,
    "ranking_pairs": RankingPairs,
    "prm": ProcessReward,
    "outcome": Outcome,
    "regression": Regression,
    "value": RatingValue,
    "classification": Classification,
}
"""By the config's name. Outcomes per token and values of outcomes are classes of their own."""


def fitted_objective(dataset: Dataset, config: RewardConfig) -> Objective:
    """The objective that the config names, for this dataset."""
    return _class(config, dataset.kind).fitted(dataset, config)


def restored_objective(
    outputs: Sequence[str],
    config: RewardConfig,
    facts: Mapping[str, Any] | None = None,
    parameters: Mapping[str, NDArray[Any]] | None = None,
) -> Objective:
    """The objective of a checkpoint whose head has these outputs.

    `facts` and `parameters` are what it gave as `facts()` and `own_parameters()`.
    """
    facts = facts or {}
    objective = _class(config, facts.get("kind", "")).restored(outputs, config, facts)
    return objective.with_parameters(parameters or {})


def _class(config: RewardConfig, kind: str) -> type[Objective]:
    if config.objective == "outcome" and config.per_token:
        return TokenOutcome
    if config.objective == "value":
        return value_class(kind)
    return OBJECTIVES[config.objective]


__all__ = [
    "MEASURED",
    "OBJECTIVES",
    "Batch",
    "BradleyTerry",
    "Classification",
    "CumulativeLogit",
    "Davidson",
    "Evaluated",
    "Objective",
    "Outcome",
    "OutcomeValue",
    "PlackettLuce",
    "ProcessReward",
    "RankingPairs",
    "RaoKupper",
    "RatingValue",
    "Reasoning",
    "Regression",
    "TokenOutcome",
    "TrainingState",
    "fitted_objective",
    "restored_objective",
]
