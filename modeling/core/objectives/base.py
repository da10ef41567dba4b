"""What the trainer and the evaluation ask of an objective."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.core.collators import Item
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, Example
from modeling.core.heads import LinearHead
from modeling.core.tokens import TextTokenizer

Doubles = NDArray[np.float64]
Batch = Mapping[str, Tensor]


class Evaluated(Protocol):
    """Figures on held-out rows."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, without NaN."""


class Objective(ABC):
    """How rows of one kind become texts to read, a loss on what is read there, and figures.

    `outputs` names what the head says of each place that is read; `headline` the figures of
    `evaluate` that tell a model's worth in short. An objective holds what it learned of the
    training rows besides weights (classes, aspects and their scale), so it is made by `fitted`,
    or by `restored` from a checkpoint.
    """

    has_bias: ClassVar[bool] = True
    loses_labels: ClassVar[bool] = False  # whether labels go with the text that is cut
    headline: ClassVar[tuple[str, ...]] = ("n", "accuracy", "nll")
    outputs: tuple[str, ...]

    @classmethod
    @abstractmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """The objective for a dataset; TrainingError where its rows teach nothing."""

    @classmethod
    @abstractmethod
    def restored(cls, outputs: Sequence[str], config: RewardConfig) -> Self:
        """The objective of a checkpoint, whose head is in the units of the data."""

    @abstractmethod
    def items(
        self, examples: Sequence[Any], tokenizer: TextTokenizer, *, causal: bool
    ) -> list[Item]:
        """Rows ready for the model, in order; `causal` says that it only looks back."""

    @abstractmethod
    def targets(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """What a batch of items wants, as tensors."""

    @abstractmethod
    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        """The batch's loss, a scalar, from `outputs` (n, len(self.outputs)) in item order."""

    @abstractmethod
    def evaluate(
        self, examples: Sequence[Any], outputs: Sequence[Doubles], *, seed: int
    ) -> Evaluated:
        """Figures from each example's outputs (read, len(self.outputs)), in the data's units."""

    def in_units(self, head: LinearHead) -> LinearHead:
        """The head that was trained, in the units of the data."""
        return head


def relative_weights(examples: Sequence[Example]) -> list[float]:
    """The examples' weights with a mean of one, so that the loss keeps its scale."""
    total = sum(example.weight for example in examples)
    scale = len(examples) / total if total > 0 else 1.0
    return [example.weight * scale for example in examples]


def stacked(items: Sequence[Item], name: str) -> Tensor:
    """One target of all items, (items, …) float32."""
    return torch.tensor([item.target[name] for item in items], dtype=torch.float32)
