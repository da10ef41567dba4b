"""Both sides of pairs as a linear head sees them: features, and what the prior says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modeling.core.config import RewardConfig
from modeling.core.data import SPLITS, Dataset, PreferenceExample, TextParts
from modeling.core.embeddings import Encoder
from modeling.core.evaluate import decided_rows
from modeling.core.features import extract_features
from modeling.core.heads import BradleyTerryHead, PairFeatures
from modeling.core.priors import Prior
from modeling.core.progress import Progress

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Sides:
    """Features of one split's rows, (n, d) each, and which rows were cut to fit (n,).

    `prior` (n, 2) are rewards of the chosen and the rejected side that the head adds to, zero
    for a model without a prior.
    """

    chosen: NDArray[np.float32]
    rejected: NDArray[np.float32]
    truncated: NDArray[np.bool_]
    prior: Doubles

    def rewards(self, head: BradleyTerryHead) -> tuple[Doubles, Doubles]:
        """Rewards of the chosen and of the rejected side, (n,) each."""
        return (
            head.score(self.chosen) + self.prior[:, 0],
            head.score(self.rejected) + self.prior[:, 1],
        )

    @property
    def ahead(self) -> Doubles:
        """By how much the prior prefers the chosen side (n,)."""
        ahead: Doubles = self.prior[:, 0] - self.prior[:, 1]
        return ahead


@dataclass(frozen=True)
class EmbeddedSplits:
    """The sides of each split, and the number of texts that had to be encoded."""

    sides: Mapping[str, Sides]
    encoded: int


def embed_splits(
    dataset: Dataset,
    encoder: Encoder,
    config: RewardConfig,
    *,
    prior: Prior | None = None,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> EmbeddedSplits:
    """The sides of all splits, in one pass over their texts."""
    progress = progress or Progress()
    pairs = [example.sides() for name in SPLITS for example in dataset.splits[name]]
    texts = [chosen for chosen, _ in pairs] + [rejected for _, rejected in pairs]
    share = 1.0 if prior is None else 0.5
    found = extract_features(
        texts,
        encoder,
        config.feature_kind,
        cache_dir=cache_dir,
        progress=progress.stage(0.0, share),
    )
    known = _known(texts, prior, cache_dir, progress.stage(share, 1.0))
    sides, start = {}, 0
    for name in SPLITS:
        first = slice(start, start + len(dataset.splits[name]))
        second = slice(first.start + len(pairs), first.stop + len(pairs))
        sides[name] = Sides(
            chosen=found.vectors[first],
            rejected=found.vectors[second],
            truncated=found.truncated[first] | found.truncated[second],
            prior=np.stack([known[first], known[second]], axis=1),
        )
        start = first.stop
    return EmbeddedSplits(sides, found.encoded)


def _known(
    texts: Sequence[TextParts], prior: Prior | None, cache_dir: Path | None, progress: Progress
) -> Doubles:
    if prior is None:
        return np.zeros(len(texts))
    return prior.score(texts, cache_dir=cache_dir, progress=progress)


def training_features(
    examples: Sequence[PreferenceExample], sides: Sides, config: RewardConfig
) -> PairFeatures:
    """Rows as a head is fitted to them; what the prior already says is taken off the margin."""
    wanted = np.array([example.target_margin or 0.0 for example in examples])
    shares = [example.chosen_probability for example in examples]
    return PairFeatures(
        chosen=sides.chosen,
        rejected=sides.rejected,
        weights=np.array([example.weight for example in examples]),
        target_probability=np.array(shares) if config.use_soft_labels else None,
        margin=(wanted if config.use_margin else 0.0) - sides.ahead,
    )


def validation_features(examples: Sequence[PreferenceExample], sides: Sides) -> PairFeatures:
    """Validation rows as they are evaluated, so that l2 is chosen by the NLL that is reported.

    Decided rows only, each counting once and without a wanted margin.
    """
    rows = decided_rows(examples)
    shares = np.array([examples[row].chosen_probability for row in rows])
    return PairFeatures(
        sides.chosen[rows],
        sides.rejected[rows],
        target_probability=shares,
        margin=-sides.ahead[rows],
    )
