"""Pairs of which one side was preferred."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from torch import Tensor

from modeling.core.collators import Item
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, PreferenceExample
from modeling.core.evaluate import PairEvaluation, evaluate_examples
from modeling.core.losses import bradley_terry_loss
from modeling.core.objectives.base import Batch, Doubles, Objective, relative_weights, stacked
from modeling.core.tokens import TextTokenizer


@dataclass(frozen=True)
class BradleyTerry(Objective):
    """Rewards whose differences are log-odds of being preferred; an item is chosen and rejected."""

    config: RewardConfig
    outputs: tuple[str, ...] = ("reward",)
    has_bias = False

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """Nothing to learn of the rows."""
        return cls(config)

    @classmethod
    def restored(cls, outputs: Sequence[str], config: RewardConfig) -> Self:
        """Nothing to restore."""
        return cls(config)

    def items(
        self, examples: Sequence[PreferenceExample], tokenizer: TextTokenizer, *, causal: bool
    ) -> list[Item]:
        """Two texts an item, read as wholes."""
        sides = [side for example in examples for side in example.sides()]
        texts = tokenizer(sides)
        rows = zip(examples, texts[::2], texts[1::2], relative_weights(examples), strict=True)
        return [
            Item(
                texts=(chosen.ids, rejected.ids),
                target={"share": self._share(example), "margin": self._margin(example)},
                weight=weight,
                truncated=chosen.truncated or rejected.truncated,
            )
            for example, chosen, rejected, weight in rows
        ]

    def _share(self, example: PreferenceExample) -> float:
        return example.chosen_probability if self.config.use_soft_labels else 1.0

    def _margin(self, example: PreferenceExample) -> float:
        return (example.target_margin or 0.0) if self.config.use_margin else 0.0

    def targets(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """`share` of votes for the chosen side and wanted `margin`, both (items,)."""
        return {"share": stacked(items, "share"), "margin": stacked(items, "margin")}

    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Bradley–Terry's."""
        return bradley_terry_loss(
            outputs[::2, 0],
            outputs[1::2, 0],
            weights=batch["weights"],
            target_probability=batch["share"],
            margin=batch["margin"],
        )

    def evaluate(
        self, examples: Sequence[PreferenceExample], outputs: Sequence[Doubles], *, seed: int
    ) -> PairEvaluation:
        """Agreement with the sides that were preferred."""
        rewards = np.array(outputs).reshape(-1, 2)
        return evaluate_examples(examples, rewards[:, 0], rewards[:, 1], seed=seed)
