"""Pairs that may come out even, or that say how strongly one side was preferred."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, PreferenceExample
from modeling.core.errors import TrainingError
from modeling.core.losses import (
    davidson_log_probabilities,
    davidson_loss,
    rao_kupper_log_probabilities,
    rao_kupper_loss,
)
from modeling.core.metrics.ties import TieEvaluation, evaluate_ties
from modeling.core.objectives.base import Batch, Doubles, TrainingState
from modeling.core.objectives.pairs import PairObjective

_RAREST, _COMMONEST = 1e-3, 0.95  # the shares of ties between which a parameter may start


@dataclass(frozen=True)
class TieObjective(PairObjective):
    """Rewards, and one parameter that says how probable ties are.

    `parameter_value` is its value on the scale where it is trained, which has no bounds.
    """

    parameter_name: ClassVar[str]
    parameter_value: float = 0.0

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """Starting at the ties among equals that the rows have; TrainingError without any tie."""
        if config.tie_parameter is not None:
            return cls(config, parameter_value=cls.of_shown(config.tie_parameter))
        return cls(config, parameter_value=cls.of_shown(cls.of_share(_some_ties(dataset, config))))

    @classmethod
    def restored(
        cls, outputs: Sequence[str], config: RewardConfig, facts: Mapping[str, Any]
    ) -> Self:
        """With a fixed parameter; one that was trained comes by `with_parameters`."""
        fixed = config.tie_parameter
        return cls(config, parameter_value=0.0 if fixed is None else cls.of_shown(fixed))

    @staticmethod
    @abstractmethod
    def of_share(share: float) -> float:
        """The parameter as published at which equals tie with probability `share`."""

    @staticmethod
    @abstractmethod
    def of_shown(value: float) -> float:
        """The value that is trained, of the parameter as published."""

    @abstractmethod
    def shown(self) -> float:
        """The parameter as published."""

    def facts(self) -> dict[str, Any]:
        """The parameter as published, for people."""
        return {"tie_parameter": self.shown()}

    def own_parameters(self) -> dict[str, NDArray[np.float64]]:
        """The parameter, unless it is fixed."""
        if self.config.tie_parameter is not None:
            return {}
        return {self.parameter_name: np.array(self.parameter_value)}

    def with_parameters(self, values: Mapping[str, NDArray[Any]]) -> Self:
        """With the parameter as trained."""
        if self.parameter_name not in values:
            return self
        return replace(self, parameter_value=float(values[self.parameter_name]))

    def wanted(self, example: PreferenceExample) -> dict[str, Any]:
        """Probabilities that chosen is better, that neither is, and that rejected is."""
        return {"answers": list(_answers(example, soft=self.config.use_soft_labels))}

    def _now(self, state: TrainingState) -> Tensor:
        if self.config.tie_parameter is None:
            return self.parameter(self.parameter_name, state)
        return torch.tensor(self.parameter_value)

    @abstractmethod
    def log_probabilities(self, differences: Tensor) -> Tensor:
        """Log-probabilities (n, 3) of chosen, tie and rejected at reward differences (n,)."""

    def tie_share(self) -> float:
        """How probable a tie is between equal rewards."""
        logs = self.log_probabilities(torch.zeros(1, dtype=torch.float64))
        return math.exp(float(logs[0, 1]))

    def evaluate(
        self, examples: Sequence[PreferenceExample], outputs: Sequence[Doubles], *, seed: int
    ) -> TieEvaluation:
        """Agreement with decided pairs, and with all of them as one of three answers."""
        rewards = np.array(outputs, dtype=np.float64).reshape(-1, 2)
        differences = torch.from_numpy(rewards[:, 0] - rewards[:, 1])
        logs = self.log_probabilities(differences).numpy()
        return evaluate_ties(examples, rewards, logs, seed=seed)


@dataclass(frozen=True)
class Davidson(TieObjective):
    """Ties as Davidson (1970) has them; log ν is trained."""

    parameter_name = "log_nu"

    @staticmethod
    def of_share(share: float) -> float:
        """ν of ν / (2 + ν) = share."""
        return 2 * share / (1 - share)

    @staticmethod
    def of_shown(value: float) -> float:
        """log ν."""
        return math.log(value)

    def shown(self) -> float:
        """ν."""
        return math.exp(self.parameter_value)

    def pair_loss(
        self, chosen: Tensor, rejected: Tensor, batch: Batch, state: TrainingState
    ) -> Tensor:
        """Davidson's."""
        log_nu = self._now(state).to(chosen.device)
        return davidson_loss(
            chosen, rejected, batch["answers"], log_nu=log_nu, weights=batch["weights"]
        )

    def log_probabilities(self, differences: Tensor) -> Tensor:
        """Of chosen, tie and rejected."""
        log_nu = torch.tensor(self.parameter_value, dtype=differences.dtype)
        return davidson_log_probabilities(differences, log_nu)


@dataclass(frozen=True)
class RaoKupper(TieObjective):
    """Ties as Rao and Kupper (1967) have them; log η is trained, so that θ = e^η is above 1."""

    parameter_name = "log_eta"

    @staticmethod
    def of_share(share: float) -> float:
        """θ of (θ − 1) / (θ + 1) = share."""
        return (1 + share) / (1 - share)

    @staticmethod
    def of_shown(value: float) -> float:
        """log log θ."""
        return math.log(math.log(value))

    def shown(self) -> float:
        """θ."""
        return math.exp(math.exp(self.parameter_value))

    def pair_loss(
        self, chosen: Tensor, rejected: Tensor, batch: Batch, state: TrainingState
    ) -> Tensor:
        """Rao and Kupper's."""
        log_theta = self._now(state).to(chosen.device).exp()
        return rao_kupper_loss(
            chosen, rejected, batch["answers"], log_theta=log_theta, weights=batch["weights"]
        )

    def log_probabilities(self, differences: Tensor) -> Tensor:
        """Of chosen, tie and rejected."""
        log_theta = torch.tensor(self.parameter_value, dtype=differences.dtype).exp()
        return rao_kupper_log_probabilities(differences, log_theta)


def _answers(example: PreferenceExample, *, soft: bool) -> tuple[float, float, float]:
    if soft:
        return example.answers()
    return (0.0, 1.0, 0.0) if example.tied else (1.0, 0.0, 0.0)


def share_of_ties(dataset: Dataset, config: RewardConfig) -> float:
    """The weighted share of ties among the training pairs; 0 where there are no pairs."""
    examples: Sequence[PreferenceExample] = dataset.splits["train"]
    soft = config.use_soft_labels
    ties = sum(example.weight * _answers(example, soft=soft)[1] for example in examples)
    total = sum(example.weight for example in examples)
    return ties / total if total > 0 else 0.0


def _some_ties(dataset: Dataset, config: RewardConfig) -> float:
    share = share_of_ties(dataset, config)
    if share <= 0:
        raise TrainingError(
            f"No training pair came out even, so {config.objective} has nothing to learn of ties; "
            "set objective to bradley_terry, or set tie_parameter."
        )
    return min(max(share, _RAREST), _COMMONEST)
