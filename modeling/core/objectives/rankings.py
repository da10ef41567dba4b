"""Responses to one prompt in an order."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor

from modeling.core.collators import Item
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, RankingExample
from modeling.core.losses import plackett_luce_loss, ranking_pairs_loss
from modeling.core.metrics import RankingEvaluation, evaluate_rankings
from modeling.core.objectives.base import (
    Batch,
    Doubles,
    Objective,
    TrainingState,
    padded,
    relative_weights,
)
from modeling.core.tokens import TextTokenizer

UNRANKED = -1


@dataclass(frozen=True)
class RankingObjective(Objective):
    """One reward for each response. Each item is all completions of a prompt."""

    config: RewardConfig
    outputs: tuple[str, ...] = ("reward",)
    has_bias = False
    headline = ("n", "accuracy", "tau")

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """Nothing to learn of the rows."""
        return cls(config)

    @classmethod
    def restored(
        cls, outputs: Sequence[str], config: RewardConfig, facts: Mapping[str, Any]
    ) -> Self:
        """Nothing to restore."""
        return cls(config)

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
        rows: list[range] = []
        first = 0
        for item in items:
            rows.append(range(first, first + len(item.texts)))
            first += len(item.texts)
        places = padded([item.target["places"] for item in items], UNRANKED)
        return {"places": places, "rows": padded(rows, 0)}

    def data_loss(self, outputs: Tensor, batch: Batch, state: TrainingState) -> Tensor:
        """The mean loss of the rankings."""
        return self.ranking_loss(outputs[:, 0][batch["rows"]], batch)

    @abstractmethod
    def ranking_loss(self, scores: Tensor, batch: Batch) -> Tensor:
        """The mean loss of rankings whose completions have these scores (items, most)."""

    def evaluate(
        self, examples: Sequence[RankingExample], outputs: Sequence[Doubles], *, seed: int
    ) -> RankingEvaluation:
        """Agreement with the orders."""
        return evaluate_rankings(examples, [values[:, 0] for values in outputs], seed=seed)


@dataclass(frozen=True)
class PlackettLuce(RankingObjective):
    """Rewards as log-worths of Plackett and Luce."""

    def ranking_loss(self, scores: Tensor, batch: Batch) -> Tensor:
        """Plackett–Luce's."""
        return plackett_luce_loss(scores, batch["places"], weights=batch["weights"])


@dataclass(frozen=True)
class RankingPairs(RankingObjective):
    """Rewards as Bradley and Terry's, from all pairs of a ranking, which together count once."""

    def ranking_loss(self, scores: Tensor, batch: Batch) -> Tensor:
        """The mean over a ranking's pairs."""
        return ranking_pairs_loss(
            scores, batch["places"], ties=self.config.ranking_ties, weights=batch["weights"]
        )
