"""Full fine-tuning on top of a prior: rows that want what the prior leaves, and rewards with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.backbones import resolve_backbone
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, PreferenceExample
from modeling.core.embeddings import Encoder
from modeling.core.priors import Prior, load_prior

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class KnownRewards:
    """What a prior says of each split's rows, (n, 2) of chosen and rejected, and its facts."""

    rewards: Mapping[str, Doubles]
    facts: Mapping[str, Any]

    def added_to(self, name: str, outputs: Sequence[Doubles]) -> list[Doubles]:
        """A split's outputs (2, 1) a row, with the prior in."""
        pairs = zip(outputs, self.rewards[name], strict=True)
        return [own + known[:, None] for own, known in pairs]


def known_rewards(dataset: Dataset, config: RewardConfig) -> KnownRewards | None:
    """What the config's prior says of all rows; None without a prior."""
    if config.prior is None:
        return None
    source = resolve_backbone(config.backbone)
    # As the checkpoint will read, since a prior's own model takes length and precision from here.
    encoder = Encoder(
        source,
        max_length=config.max_length,
        pooling=config.pooling,
        precision=config.precision,
        batch_size=config.scoring_batch_size,
    )
    prior = load_prior(config.prior, encoder)
    rewards = {name: _rewards(prior, rows) for name, rows in dataset.splits.items()}
    return KnownRewards(rewards, config.prior | {"fingerprint": prior.fingerprint})


def _rewards(prior: Prior, examples: Sequence[PreferenceExample]) -> Doubles:
    sides = [side for example in examples for side in example.sides()]
    return prior.score(sides).reshape(-1, 2)


def left_to_learn(
    dataset: Dataset, config: RewardConfig, known: KnownRewards | None
) -> tuple[Dataset, RewardConfig]:
    """The dataset and config of the residual: margins without what the prior already says."""
    if known is None:
        return dataset, config
    splits = {
        name: tuple(
            replace(row, target_margin=_wanted(row, config) - float(chosen - rejected))
            for row, (chosen, rejected) in zip(rows, known.rewards[name], strict=True)
        )
        for name, rows in dataset.splits.items()
    }
    return replace(dataset, splits=splits), replace(config, use_margin=True)


def _wanted(example: PreferenceExample, config: RewardConfig) -> float:
    return (example.target_margin or 0.0) if config.use_margin else 0.0
