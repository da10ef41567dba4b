"""What can be trained, by name: one module for each shape of row."""

from collections.abc import Sequence

from modeling.core.config import RewardConfig
from modeling.core.data import Dataset
from modeling.core.objectives.base import Batch, Evaluated, Objective
from modeling.core.objectives.pairs import BradleyTerry
from modeling.core.objectives.rankings import PlackettLuce
from modeling.core.objectives.responses import Classification, Outcome, Regression
from modeling.core.objectives.steps import ProcessReward

OBJECTIVES: dict[str, type[Objective]] = {
    "bradley_terry": BradleyTerry,
    "plackett_luce": PlackettLuce,
    "prm": ProcessReward,
    "outcome": Outcome,
    "regression": Regression,
    "classification": Classification,
}


def fitted_objective(dataset: Dataset, config: RewardConfig) -> Objective:
    """The objective that the config names, for this dataset."""
    return OBJECTIVES[config.objective].fitted(dataset, config)


def restored_objective(outputs: Sequence[str], config: RewardConfig) -> Objective:
    """The objective of a checkpoint whose head has these outputs."""
    return OBJECTIVES[config.objective].restored(outputs, config)


__all__ = [
    "OBJECTIVES",
    "Batch",
    "BradleyTerry",
    "Classification",
    "Evaluated",
    "Objective",
    "Outcome",
    "PlackettLuce",
    "ProcessReward",
    "Regression",
    "fitted_objective",
    "restored_objective",
]
