"""Pairs of which one side was preferred."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import logit
from torch import Tensor

from modeling.core.collators import Item
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, PreferenceExample
from modeling.core.errors import TrainingError
from modeling.core.evaluate import PairEvaluation, evaluate_examples
from modeling.core.losses import (
    annealed_margin,
    bradley_terry_loss,
    centering_penalty,
    flip_rate_penalty,
    hinge_loss,
    length_correlation_penalty,
    noisy_bradley_terry_loss,
    scaled_bradley_terry_loss,
)
from modeling.core.objectives.base import (
    Batch,
    Doubles,
    Evaluated,
    Objective,
    TrainingState,
    padded,
    relative_weights,
    stacked,
)
from modeling.core.tokens import TextTokenizer, TokenizedText

_NOBODY = -1
_FLIP_SPREAD = 1.0  # deviation of annotators' flip logits: rates from a third to almost thrice


@dataclass(frozen=True)
class PairObjective(Objective):
    """One reward for each response. Each item is a pair's two sides, chosen before rejected."""

    config: RewardConfig
    outputs: tuple[str, ...] = ("reward",)
    has_bias = False

    def items(
        self, examples: Sequence[PreferenceExample], tokenizer: TextTokenizer, *, causal: bool
    ) -> list[Item]:
        """Two texts an item, read as wholes."""
        texts = tokenizer([side for example in examples for side in example.sides()])
        rows = zip(examples, texts[::2], texts[1::2], relative_weights(examples), strict=True)
        return [
            Item(
                texts=(chosen.ids, rejected.ids),
                target=self.wanted(example) | {"length": _length(chosen) - _length(rejected)},
                weight=weight,
                truncated=chosen.truncated or rejected.truncated,
            )
            for example, chosen, rejected, weight in rows
        ]

    @abstractmethod
    def wanted(self, example: PreferenceExample) -> dict[str, Any]:
        """What a pair wants, by name."""

    def targets(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """What is wanted by name, and the `length` by which the chosen is longer, in tokens."""
        return {name: stacked(items, name) for name in items[0].target}

    def data_loss(self, outputs: Tensor, batch: Batch, state: TrainingState) -> Tensor:
        """The pairs' loss, and penalties on rewards that lie far from zero or follow length."""
        chosen, rejected = outputs[::2, 0], outputs[1::2, 0]
        total = self.pair_loss(chosen, rejected, batch, state)
        if self.config.center_rewards:
            spread = centering_penalty(chosen, rejected, weights=batch["weights"])
            total = total + self.config.center_rewards * spread
        if self.config.length_decorrelation:
            squared = length_correlation_penalty(chosen - rejected, batch["length"])
            total = total + self.config.length_decorrelation * squared
        return total

    def tie_share(self) -> float:
        """How probable a tie is between equal rewards."""
        return 0.0

    @abstractmethod
    def pair_loss(
        self, chosen: Tensor, rejected: Tensor, batch: Batch, state: TrainingState
    ) -> Tensor:
        """The mean loss of pairs whose sides have these scores (items,)."""


def _length(text: TokenizedText) -> int:
    return len(text.ids) - text.start


@dataclass(frozen=True)
class BradleyTerry(PairObjective):
    """Rewards whose differences are log-odds of being preferred, or far enough apart.

    With learned flip rates `annotators` are whose they are and `flip_logits` the log-odds of
    their votes being wrong; `rows` is the number of training rows, over which their prior is
    spread.
    """

    annotators: tuple[str, ...] = ()
    flip_logits: tuple[float, ...] = ()
    rows: int = 0

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """TrainingError where annotators' flip rates are wanted and no row names annotators."""
        if not config.learn_flip_rates:
            return cls(config)
        examples: Sequence[PreferenceExample] = dataset.splits["train"]
        names = sorted({name for example in examples for name in example.annotators})
        if not names:
            raise TrainingError(
                "No training pair says who judged it, so flip rates cannot be learned; set "
                "learn_flip_rates to false, or build the dataset again."
            )
        start = (float(logit(config.flip_rate)),) * len(names)
        return cls(config, annotators=tuple(names), flip_logits=start, rows=len(examples))

    @classmethod
    def restored(
        cls, outputs: Sequence[str], config: RewardConfig, facts: Mapping[str, Any]
    ) -> Self:
        """With the annotators it had."""
        return cls(config, annotators=tuple(facts.get("annotators", ())))

    def facts(self) -> dict[str, Any]:
        """Whose flip rates there are."""
        return {"annotators": list(self.annotators)} if self.annotators else {}

    def own_parameters(self) -> dict[str, NDArray[np.float64]]:
        """Flip logits (annotators,)."""
        return {"flip_logits": np.array(self.flip_logits)} if self.annotators else {}

    def with_parameters(self, values: Mapping[str, NDArray[Any]]) -> Self:
        """With the flip logits as trained."""
        if "flip_logits" not in values:
            return self
        return replace(self, flip_logits=tuple(map(float, values["flip_logits"])))

    def wanted(self, example: PreferenceExample) -> dict[str, Any]:
        """The `share` of votes for the chosen side, the `margin` wanted, and by config more."""
        found: dict[str, Any] = {"share": self._share(example), "margin": self._margin(example)}
        if self.config.pair_loss == "scaled":
            found["scale"] = _scale(example)
        if self.annotators:
            places = {name: place for place, name in enumerate(self.annotators)}
            found["judges"] = [places[name] for name in example.annotators if name in places]
        return found

    def _share(self, example: PreferenceExample) -> float:
        return example.chosen_probability if self.config.use_soft_labels else 1.0

    def _margin(self, example: PreferenceExample) -> float:
        return (example.target_margin or 0.0) if self.config.use_margin else 0.0

    def targets(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """What is wanted by name, (items,) each, and `judges` (items, most), −1 for nobody."""
        names = [name for name in items[0].target if name != "judges"]
        found = {name: stacked(items, name) for name in names}
        if self.annotators:
            found["judges"] = padded([item.target["judges"] for item in items], _NOBODY)
        return found

    def pair_loss(
        self, chosen: Tensor, rejected: Tensor, batch: Batch, state: TrainingState
    ) -> Tensor:
        """Bradley–Terry's, a hinge, or one of votes that may be wrong."""
        weights, share = batch["weights"], batch["share"]
        if self.config.pair_loss == "hinge":
            margin = self._hinge_margin(state)
            return hinge_loss(
                chosen, rejected, margin=margin, weights=weights, target_probability=share
            )
        if self.config.pair_loss == "scaled":
            scale = batch["scale"]
            return scaled_bradley_terry_loss(
                chosen, rejected, scale=scale, weights=weights, target_probability=share
            )
        if self.config.flip_rate:
            return self._noisy_loss(chosen, rejected, batch, state)
        margins = batch["margin"]
        return bradley_terry_loss(
            chosen, rejected, weights=weights, target_probability=share, margin=margins
        )

    def _hinge_margin(self, state: TrainingState) -> float:
        return annealed_margin(
            self.config.hinge_margin, anneal=self.config.hinge_anneal, progress=state.progress
        )

    def _noisy_loss(
        self, chosen: Tensor, rejected: Tensor, batch: Batch, state: TrainingState
    ) -> Tensor:
        rates, penalty = self._flip_rates(batch, state)
        loss = noisy_bradley_terry_loss(
            chosen,
            rejected,
            flip_rate=rates.to(chosen.device),
            weights=batch["weights"],
            target_probability=batch["share"],
            margin=batch["margin"],
        )
        return loss + penalty

    def _flip_rates(self, batch: Batch, state: TrainingState) -> tuple[Tensor, Tensor]:
        """Each row's rate (items,), the mean of its annotators', and the prior's share."""
        count = len(batch["weights"])
        common = torch.full((count,), self.config.flip_rate, device=batch["weights"].device)
        if not self.annotators:
            return common, common.new_zeros(())
        logits = self.parameter("flip_logits", state).to(common.device)
        known = batch["judges"] >= 0
        rates = torch.sigmoid(logits)[batch["judges"].clamp(min=0)] * known
        sizes = known.sum(dim=1)
        means = torch.where(sizes > 0, rates.sum(dim=1) / sizes.clamp(min=1), common)
        start = torch.logit(torch.tensor(self.config.flip_rate, device=common.device))
        penalty = flip_rate_penalty(logits, start=start, spread=_FLIP_SPREAD)
        return means, penalty / max(self.rows, 1)

    def evaluate(
        self, examples: Sequence[PreferenceExample], outputs: Sequence[Doubles], *, seed: int
    ) -> Evaluated:
        """Agreement with the sides that were preferred."""
        return evaluate_decided(examples, outputs, seed=seed)


def _scale(example: PreferenceExample) -> float:
    """How strong the preference was, in the units of its scale; 1 where nobody was asked."""
    return 1.0 if example.target_margin is None else max(example.target_margin, 0.0)


def evaluate_decided(
    examples: Sequence[PreferenceExample], outputs: Sequence[Doubles], *, seed: int
) -> PairEvaluation:
    """Agreement with the sides that were preferred; pairs that came out even are left out."""
    rewards = np.array(outputs, dtype=np.float64).reshape(-1, 2)
    return evaluate_examples(examples, rewards[:, 0], rewards[:, 1], seed=seed)
