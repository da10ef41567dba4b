"""Solutions with a label for each step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from modeling.core.collators import Item
from modeling.core.config import RewardConfig
from modeling.core.data import SIGNS, Dataset, StepwiseExample
from modeling.core.errors import TrainingError
from modeling.core.losses import step_loss
from modeling.core.metrics import StepEvaluation, evaluate_steps, good_log_odds
from modeling.core.objectives.base import Batch, Doubles, Objective, TrainingState
from modeling.core.tokens import TextTokenizer, TokenizedSteps

GOOD = ("good",)
RATINGS = tuple(map(str, SIGNS))


@dataclass(frozen=True)
class ProcessReward(Objective):
    """A process reward model: each step, or turn of a conversation, judged at its last token.

    It is judged by what came up to it alone.

    A backbone that only looks back reads a solution once. Any other would see what follows a
    step, and solutions end with their first error; so it reads each beginning as a text of its
    own. `outputs` is ("good",), or the ratings ("-1", "0", "1").
    """

    config: RewardConfig
    outputs: tuple[str, ...] = GOOD
    loses_labels = True
    headline = ("n", "steps", "accuracy", "first_error_f1", "nll")

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """TrainingError where all steps have one label, or where ratings are wanted and missing."""
        outputs = RATINGS if config.step_classes == len(RATINGS) else GOOD
        examples: Sequence[StepwiseExample] = dataset.splits["train"]
        if len({label for example in examples for label in example.labels}) < 2:
            raise TrainingError(
                "All training steps have the same label; collect judgments of right and of wrong "
                "steps and build the dataset again."
            )
        if outputs == RATINGS and any(example.ratings is None for example in examples):
            raise TrainingError("Some rows have no ratings; set step_classes to 2.")
        return cls(config, outputs)

    @classmethod
    def restored(
        cls, outputs: Sequence[str], config: RewardConfig, facts: Mapping[str, Any]
    ) -> Self:
        """With two or three classes as it was."""
        return cls(config, tuple(outputs))

    def items(
        self, examples: Sequence[StepwiseExample], tokenizer: TextTokenizer, *, causal: bool
    ) -> list[Item]:
        """One text read at each step's end, or each beginning read at its end.

        Weights are scaled so that the steps of a row weigh one on average: a step then counts the
        same in a long solution and in a short one.
        """
        tokenized = tokenizer.steps([self._parts(example) for example in examples])
        rows = list(zip(examples, tokenized, strict=True))
        weights = [_weights(example, len(text.ends)) for example, text in rows]
        total = sum(map(sum, weights))
        scale = len(rows) / total if total > 0 else 1.0
        return [
            Item(
                **_texts(text, tokenizer, causal=causal),
                target={
                    "steps": self._target(example, len(text.ends)),
                    "weights": [weight * scale for weight in own],
                },
                truncated=text.truncated,
                cut=text.cut,
            )
            for (example, text), own in zip(rows, weights, strict=True)
        ]

    def _parts(self, example: StepwiseExample) -> tuple[str, list[str]]:
        if self.config.unit == "turn":
            return example.turns()
        return example.parts(self.config.step_separator)

    def _target(self, example: StepwiseExample, count: int) -> list[list[float]]:
        """What each of the first `count` steps wants of the outputs; without ratings none."""
        if self.outputs == RATINGS:
            ratings = (example.ratings or ())[:count]
            return [[float(rating == sign) for sign in SIGNS] for rating in ratings]
        labels = example.soft_labels if self.config.use_soft_labels else example.labels
        return [[float(label)] for label in labels[:count]]

    def targets(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """`steps` (steps, outputs), probabilities, and `step_weights` (steps,)."""
        steps = [target for item in items for target in item.target["steps"]]
        weights = [weight for item in items for weight in item.target["weights"]]
        return {
            "steps": torch.tensor(steps, dtype=torch.float32),
            "step_weights": torch.tensor(weights, dtype=torch.float32),
        }

    def data_loss(self, outputs: Tensor, batch: Batch, state: TrainingState) -> Tensor:
        """Cross-entropy of the steps, by item: a step counts the same in any company."""
        total = step_loss(outputs, batch["steps"], weights=batch["step_weights"], reduction="sum")
        return total / len(batch["weights"])

    def evaluate(
        self, examples: Sequence[StepwiseExample], outputs: Sequence[Doubles], *, seed: int
    ) -> StepEvaluation:
        """Agreement with the labels, and where the first error is found."""
        classes = None
        if self.outputs == RATINGS and all(example.ratings is not None for example in examples):
            classes = [values.argmax(axis=1) + SIGNS[0] for values in outputs]
        scores = [good_log_odds(values) for values in outputs]
        return evaluate_steps(examples, scores, classes=classes, seed=seed)


def _weights(example: StepwiseExample, count: int) -> list[float]:
    return [example.weight * weight for weight in example.step_weights[:count]]


def _texts(text: TokenizedSteps, tokenizer: TextTokenizer, *, causal: bool) -> dict[str, Any]:
    """The `texts` and `readouts` of an item."""
    ends = [tokenizer.offset + end for end in text.ends]
    if causal:
        return {"texts": (tokenizer.framed(text.ids),), "readouts": tuple((0, end) for end in ends)}
    beginnings = tuple(tokenizer.framed(text.ids[: end + 1]) for end in text.ends)
    return {"texts": beginnings, "readouts": tuple(enumerate(ends))}
