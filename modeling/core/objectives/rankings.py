"""Responses to one prompt in an order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from modeling.core.collators import Item
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, RankingExample
from modeling.core.losses import plackett_luce_loss
from modeling.core.metrics import RankingEvaluation, evaluate_rankings
from modeling.core.objectives.base import Batch, Doubles, Objective, relative_weights
from modeling.core.tokens import TextTokenizer

UNRANKED = -1


@dataclass(frozen=True)
class PlackettLuce(Objective):
    """Rewards as log-worths of Plackett and Luce. Each item is all completions of a prompt."""

    outputs: tuple[str, ...] = ("reward",)
    has_bias = False
    headline = ("n", "accuracy", "tau")

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """Nothing to learn of the rows."""
        return cls()

    @classmethod
    def restored(cls, outputs: Sequence[str], config: RewardConfig) -> Self:
        """Nothing to restore."""
        return cls()

    def items(
        self, examples: Sequence[RankingExample], tokenizer: TextTokenizer, *, causal: bool
    ) -> list[Item]:
        """As many texts an item as there are completions, read as wholes."""
        texts = iter(tokenizer([text for example in examples for text in example.texts()]))
        items = []
        for example, weight in zip(examples, relative_weights(examples), strict=True):
            own = [next(texts) for _ in example.completions]
            item = Item(
                texts=tuple(text.ids for text in own),
                target={"places": example.places()},
                weight=weight,
                truncated=any(text.truncated for text in own),
            )
            items.append(item)
        return items

    def targets(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """`places` and `rows` (items, most completions): tiers from 0, and rows of outputs."""
        widest = max(len(item.texts) for item in items)
        places = torch.full((len(items), widest), UNRANKED, dtype=torch.int64)
        rows = torch.zeros((len(items), widest), dtype=torch.int64)
        first = 0
        for number, item in enumerate(items):
            count = len(item.texts)
            places[number, :count] = torch.tensor(item.target["places"], dtype=torch.int64)
            rows[number, :count] = torch.arange(first, first + count)
            first += count
        return {"places": places, "rows": rows}

    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Plackett–Luce's."""
        scores = outputs[:, 0][batch["rows"]]
        return plackett_luce_loss(scores, batch["places"], weights=batch["weights"])

    def evaluate(
        self, examples: Sequence[RankingExample], outputs: Sequence[Doubles], *, seed: int
    ) -> RankingEvaluation:
        """Agreement with the orders."""
        return evaluate_rankings(examples, [values[:, 0] for values in outputs], seed=seed)
