"""A linear head on a frozen backbone: each text is embedded once, and cached."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.backbones import resolve_backbone
from modeling.core.checkpoint import CheckpointContent
from modeling.core.config import RewardConfig
from modeling.core.data import SPLITS, Dataset, PreferenceExample
from modeling.core.embeddings import Encoder
from modeling.core.evaluate import PairEvaluation, decided_rows, evaluate_examples
from modeling.core.features import extract_features
from modeling.core.heads import BradleyTerryHead, HeadChoice, PairFeatures, choose_head
from modeling.core.progress import Progress


@dataclass(frozen=True)
class _Sides:
    """Features of one split's rows, (n, d) each, and which rows were cut to fit (n,)."""

    chosen: NDArray[np.float32]
    rejected: NDArray[np.float32]
    truncated: NDArray[np.bool_]


def train_frozen(
    dataset: Dataset, config: RewardConfig, cache_dir: Path | None, progress: Progress
) -> CheckpointContent:
    """Embed all splits, fit the head on train, choose its penalty on validation, and measure."""
    encoder = Encoder(
        resolve_backbone(config.backbone),
        max_length=config.max_length,
        pooling=config.pooling,
        precision=config.precision,
        batch_size=config.scoring_batch_size,
    )
    started = time.monotonic()
    embedding = progress.stage(0.0, 0.9)
    sides, encoded = _embed(dataset, encoder, config.feature_kind, cache_dir, embedding)
    embedded = time.monotonic()
    progress.checkpoint()
    progress.update(0.9, "Fitting the head")
    choice = _fit(dataset, sides, config)
    seconds = {
        "embedding_seconds": embedded - started,
        "head_seconds": time.monotonic() - embedded,
    }
    return CheckpointContent(
        config=config,
        encoder=encoder,
        head=choice.head,
        dataset=dataset.facts,
        metrics=_metrics(dataset, sides, choice, config),
        training=seconds | {"texts_encoded": encoded},
    )


def _embed(
    dataset: Dataset,
    encoder: Encoder,
    kind: str,
    cache_dir: Path | None,
    progress: Progress,
) -> tuple[dict[str, _Sides], int]:
    """Features by split, in one pass over their texts, and how many were encoded."""
    pairs = [example.sides() for name in SPLITS for example in dataset.splits[name]]
    texts = [chosen for chosen, _ in pairs] + [rejected for _, rejected in pairs]
    found = extract_features(texts, encoder, kind, cache_dir=cache_dir, progress=progress)
    chosen, rejected = found.vectors[: len(pairs)], found.vectors[len(pairs) :]
    truncated = found.truncated[: len(pairs)] | found.truncated[len(pairs) :]
    sides, start = {}, 0
    for name in SPLITS:
        rows = slice(start, start + len(dataset.splits[name]))
        sides[name] = _Sides(chosen[rows], rejected[rows], truncated[rows])
        start = rows.stop
    return sides, found.encoded


def _fit(dataset: Dataset, sides: dict[str, _Sides], config: RewardConfig) -> HeadChoice:
    grid = config.l2_grid if config.l2 is None else (config.l2,)
    train = _pair_features(dataset.splits["train"], sides["train"], config)
    validation = _validation_features(dataset.splits["validation"], sides["validation"])
    return choose_head(train, validation, l2_grid=grid)


def _pair_features(
    examples: Sequence[PreferenceExample], sides: _Sides, config: RewardConfig
) -> PairFeatures:
    margins = [example.target_margin or 0.0 for example in examples]
    shares = [example.chosen_probability for example in examples]
    return PairFeatures(
        chosen=sides.chosen,
        rejected=sides.rejected,
        weights=np.array([example.weight for example in examples]),
        target_probability=np.array(shares) if config.use_soft_labels else None,
        margin=np.array(margins) if config.use_margin else None,
    )


def _validation_features(examples: Sequence[PreferenceExample], sides: _Sides) -> PairFeatures:
    """Validation rows as they are evaluated, so that l2 is chosen by the NLL that is reported.

    Decided rows only, each counting once and without a wanted margin.
    """
    rows = decided_rows(examples)
    shares = np.array([examples[row].chosen_probability for row in rows])
    return PairFeatures(sides.chosen[rows], sides.rejected[rows], target_probability=shares)


def _metrics(
    dataset: Dataset, sides: dict[str, _Sides], choice: HeadChoice, config: RewardConfig
) -> dict[str, Any]:
    """Figures that two equal runs share: test in full, validation (used to choose) in short."""
    found = {
        name: _evaluate(dataset.splits[name], sides[name], choice.head, config.seed)
        for name in ("validation", "test")
    }
    validation = found["validation"]
    return {
        "n_train": dataset.rows["train"],
        "truncated": {name: int(part.truncated.sum()) for name, part in sides.items()},
        "l2": choice.head.l2,
        "l2_path": [list(point) for point in choice.path],
        "validation": {"n": validation.n, "accuracy": validation.accuracy, "nll": validation.nll},
        "test": found["test"].to_dict(),
    }


def _evaluate(
    examples: Sequence[PreferenceExample], sides: _Sides, head: BradleyTerryHead, seed: int
) -> PairEvaluation:
    chosen, rejected = head.score(sides.chosen), head.score(sides.rejected)
    return evaluate_examples(examples, chosen, rejected, seed=seed)
