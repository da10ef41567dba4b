"""Single responses that are right or wrong, have scores, or belong to a class."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from torch import Tensor

from modeling.core.collators import Item
from modeling.core.config import RewardConfig
from modeling.core.data import (
    ClassificationExample,
    Dataset,
    OutcomeExample,
    RatingExample,
    ResponseExample,
)
from modeling.core.errors import TrainingError
from modeling.core.heads import LinearHead
from modeling.core.losses import classification_loss, outcome_loss, regression_loss
from modeling.core.metrics import (
    ClassEvaluation,
    OutcomeEvaluation,
    RatingEvaluation,
    class_targets,
    evaluate_classes,
    evaluate_outcomes,
    evaluate_ratings,
)
from modeling.core.objectives.base import (
    Batch,
    Doubles,
    Objective,
    TrainingState,
    relative_weights,
    stacked,
)
from modeling.core.tokens import TextTokenizer, TokenizedText


@dataclass(frozen=True)
class ResponseObjective(Objective):
    """One text an item, read as a whole; what it wants is one value for each output."""

    outputs: tuple[str, ...]
    config: RewardConfig

    def items(
        self, examples: Sequence[ResponseExample], tokenizer: TextTokenizer, *, causal: bool
    ) -> list[Item]:
        """One text an item."""
        texts = tokenizer([example.text() for example in examples])
        rows = zip(texts, self.wanted(examples), relative_weights(examples), strict=True)
        return [
            Item(
                texts=(text.ids,),
                target=target,
                weight=weight,
                readouts=self.readouts(text),
                language=self.language(text),
                truncated=text.truncated,
            )
            for text, target, weight in rows
        ]

    def readouts(self, text: TokenizedText) -> tuple[tuple[int, int], ...]:
        """Where the text is read; nowhere in particular, but as a whole."""
        return ()

    def language(self, text: TokenizedText) -> tuple[tuple[int, int, int], ...]:
        """What of the text the model learns to write; nothing."""
        return ()

    @abstractmethod
    def wanted(self, examples: Sequence[Any]) -> list[dict[str, list[float]]]:
        """Each example's targets."""

    def targets(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """The targets by name, each (items, outputs)."""
        return {name: stacked(items, name) for name in items[0].target}


@dataclass(frozen=True)
class Outcome(ResponseObjective):
    """An outcome reward model: log-odds that the response is correct."""

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """TrainingError where all responses have one label."""
        if len({example.label for example in dataset.splits["train"]}) < 2:
            raise TrainingError(
                "All training responses have the same label; collect judgments of correct and of "
                "wrong ones and build the dataset again."
            )
        return cls(("correct",), config)

    @classmethod
    def restored(
        cls, outputs: Sequence[str], config: RewardConfig, facts: Mapping[str, Any]
    ) -> Self:
        """Nothing to restore."""
        return cls(tuple(outputs), config)

    def wanted(self, examples: Sequence[OutcomeExample]) -> list[dict[str, list[float]]]:
        """The probability of correct, or with hard labels 0 or 1."""
        return [
            {
                "correct": [
                    example.label_probability
                    if self.config.use_soft_labels
                    else float(example.label)
                ]
            }
            for example in examples
        ]

    def data_loss(self, outputs: Tensor, batch: Batch, state: TrainingState) -> Tensor:
        """Binary cross-entropy."""
        return outcome_loss(outputs[:, 0], batch["correct"][:, 0], weights=batch["weights"])

    def evaluate(
        self, examples: Sequence[OutcomeExample], outputs: Sequence[Doubles], *, seed: int
    ) -> OutcomeEvaluation:
        """Agreement with the labels."""
        return evaluate_outcomes(examples, _rows(outputs, 1)[:, 0], seed=seed)


@dataclass(frozen=True)
class Regression(ResponseObjective):
    """Scores by aspect. The model learns them with mean 0 and deviation 1 over training rows, so
    that no aspect's unit outweighs another's.
    """

    center: tuple[float, ...]
    scale: tuple[float, ...]
    headline = ("n", "mse", "pearson", "spearman")

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """With the aspects of the training rows, sorted, their means and deviations."""
        examples: Sequence[RatingExample] = dataset.splits["train"]
        aspects = sorted({aspect for example in examples for aspect in example.scores})
        given = [[e.scores[aspect] for e in examples if aspect in e.scores] for aspect in aspects]
        return cls(
            outputs=tuple(aspects),
            config=config,
            center=tuple(float(np.mean(values)) for values in given),
            scale=tuple(float(np.std(values)) if np.ptp(values) else 1.0 for values in given),
        )

    @classmethod
    def restored(
        cls, outputs: Sequence[str], config: RewardConfig, facts: Mapping[str, Any]
    ) -> Self:
        """In the ratings' own units."""
        width = len(outputs)
        return cls(tuple(outputs), config, center=(0.0,) * width, scale=(1.0,) * width)

    def wanted(self, examples: Sequence[RatingExample]) -> list[dict[str, list[float]]]:
        """Standardised scores by aspect, 0 where missing, and which are present."""
        return [
            {"scores": self._standardised(example), "present": self._present(example)}
            for example in examples
        ]

    def _standardised(self, example: RatingExample) -> list[float]:
        columns = zip(self.outputs, self.center, self.scale, strict=True)
        return [
            (example.scores.get(aspect, center) - center) / scale
            for aspect, center, scale in columns
        ]

    def _present(self, example: RatingExample) -> list[float]:
        return [float(aspect in example.scores) for aspect in self.outputs]

    def data_loss(self, outputs: Tensor, batch: Batch, state: TrainingState) -> Tensor:
        """Mean squared error of the aspects that a row has."""
        return regression_loss(
            outputs, batch["scores"], present=batch["present"] > 0, weights=batch["weights"]
        )

    def evaluate(
        self, examples: Sequence[RatingExample], outputs: Sequence[Doubles], *, seed: int
    ) -> RatingEvaluation:
        """Agreement with the scores, by aspect."""
        return evaluate_ratings(examples, _rows(outputs, len(self.outputs)), self.outputs)

    def in_units(self, head: LinearHead) -> LinearHead:
        """The head with the standardisation folded in."""
        center, scale = np.array(self.center), np.array(self.scale)
        return LinearHead(head.weights * scale[:, None], head.bias * scale + center, head.names)


@dataclass(frozen=True)
class Classification(ResponseObjective):
    """Logits of the dataset's classes."""

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """TrainingError where all training responses are of one class."""
        if len({example.label for example in dataset.splits["train"]}) < 2:
            raise TrainingError(
                "All training responses are of one class; collect judgments of two classes or "
                "more and build the dataset again."
            )
        return cls(dataset.classes, config)

    @classmethod
    def restored(
        cls, outputs: Sequence[str], config: RewardConfig, facts: Mapping[str, Any]
    ) -> Self:
        """With the classes as they were."""
        return cls(tuple(outputs), config)

    def wanted(self, examples: Sequence[ClassificationExample]) -> list[dict[str, list[float]]]:
        """Probabilities of the classes."""
        targets = class_targets(examples, self.outputs, soft=self.config.use_soft_labels)
        return [{"classes": row} for row in targets.tolist()]

    def data_loss(self, outputs: Tensor, batch: Batch, state: TrainingState) -> Tensor:
        """Cross-entropy."""
        return classification_loss(outputs, batch["classes"], weights=batch["weights"])

    def evaluate(
        self, examples: Sequence[ClassificationExample], outputs: Sequence[Doubles], *, seed: int
    ) -> ClassEvaluation:
        """Agreement with the classes."""
        logits = _rows(outputs, len(self.outputs))
        return evaluate_classes(examples, logits, self.outputs, seed=seed)


def _rows(outputs: Sequence[Doubles], width: int) -> Doubles:
    """The one row of each example, (n, width)."""
    return np.array([values[0] for values in outputs], dtype=np.float64).reshape(-1, width)
