"""What the trainer and the evaluation ask of an objective."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.core.collators import Item
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, Example
from modeling.core.heads import LinearHead
from modeling.core.losses import readout_penalty
from modeling.core.tokens import TextTokenizer

Doubles = NDArray[np.float64]
Batch = Mapping[str, Tensor]


class Evaluated(Protocol):
    """Figures on held-out rows."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, without NaN."""


@dataclass(frozen=True)
class TrainingState:
    """What a loss may need besides a batch and its outputs.

    `progress` is the share of the steps that are done, and 1 where a loss is only measured.
    `readout` holds the head's weights (outputs, width), `parameters` the objective's own by name,
    `language` the logits (m, vocabulary) of the ids that the batch has to foretell, if any.
    """

    progress: float = 1.0
    readout: Tensor | None = None
    parameters: Mapping[str, Tensor] = field(default_factory=dict)
    language: Tensor | None = None


MEASURED = TrainingState()
"""The state of a loss that is measured with the objective's own parameters as they are."""


class Objective(ABC):
    """How rows of one kind become texts to read, a loss on what is read there, and figures.

    `outputs` names what the head says of each place that is read; `headline` the figures of
    `evaluate` that tell a model's worth in short. An objective holds what it learned of the
    training rows besides weights (classes, aspects and their scale), so it is made by `fitted`,
    or by `restored` from a checkpoint. Some have parameters that are trained along with the head.
    `writes` says that the backbone must be a language model, since it also learns to write.
    """

    has_bias: ClassVar[bool] = True
    loses_labels: ClassVar[bool] = False  # whether labels go with the text that is cut
    headline: ClassVar[tuple[str, ...]] = ("n", "accuracy", "nll")
    outputs: tuple[str, ...]
    config: RewardConfig

    @classmethod
    @abstractmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """The objective for a dataset; TrainingError where its rows teach nothing."""

    @classmethod
    @abstractmethod
    def restored(
        cls, outputs: Sequence[str], config: RewardConfig, facts: Mapping[str, Any]
    ) -> Self:
        """The objective of a checkpoint, whose head is in the units of the data."""

    @abstractmethod
    def items(
        self, examples: Sequence[Any], tokenizer: TextTokenizer, *, causal: bool
    ) -> list[Item]:
        """Rows ready for the model, in order; `causal` says that it only looks back."""

    def reading(
        self, examples: Sequence[Any], tokenizer: TextTokenizer, *, causal: bool
    ) -> list[Item]:
        """`items` without what is only there to be learned, for a model that is done."""
        return self.items(examples, tokenizer, causal=causal)

    @abstractmethod
    def targets(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """What a batch of items wants, as tensors."""

    @abstractmethod
    def data_loss(self, outputs: Tensor, batch: Batch, state: TrainingState) -> Tensor:
        """What the rows say of `outputs` (n, len(self.outputs)) in item order, a scalar."""

    @abstractmethod
    def evaluate(
        self, examples: Sequence[Any], outputs: Sequence[Doubles], *, seed: int
    ) -> Evaluated:
        """Figures from each example's outputs (read, len(self.outputs)), in the data's units."""

    @property
    def writes(self) -> bool:
        """Whether there is a language-modelling loss."""
        return False

    def loss(self, outputs: Tensor, batch: Batch, state: TrainingState = MEASURED) -> Tensor:
        """The batch's loss, a scalar: that of its rows, and the penalty on the head."""
        total = self.data_loss(outputs, batch, state)
        if self.config.readout_l2 and state.readout is not None:
            total = total + self.config.readout_l2 * readout_penalty(state.readout)
        return total

    def own_parameters(self) -> dict[str, NDArray[np.float64]]:
        """The parameters trained along with the head, by name: where they start or came to."""
        return {}

    def with_parameters(self, values: Mapping[str, NDArray[Any]]) -> Self:
        """The objective with trained values of `own_parameters`."""
        return self

    def facts(self) -> dict[str, Any]:
        """What `restored` needs to know besides `outputs` and the config, as JSON values."""
        return {}

    def parameter(self, name: str, state: TrainingState) -> Tensor:
        """One of `own_parameters` as it is now."""
        if name in state.parameters:
            return state.parameters[name]
        return torch.as_tensor(self.own_parameters()[name], dtype=torch.float32)

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


def padded(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    """Whole numbers (rows, longest) int64, with `filler` at the end of shorter rows."""
    widest = max(map(len, rows), default=0)
    found = torch.full((len(rows), widest), filler, dtype=torch.int64)
    for number, row in enumerate(rows):
        found[number, : len(row)] = torch.tensor(row, dtype=torch.int64)
    return found
