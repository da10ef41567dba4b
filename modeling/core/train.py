"""Training a reward model from a dataset version."""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.backbones import resolve_backbone
from modeling.core.checkpoint import MANIFEST, CheckpointContent, read_manifest, save_checkpoint
from modeling.core.config import RewardConfig
from modeling.core.data import SPLITS, PreferenceDataset, PreferenceExample, read_dataset
from modeling.core.embeddings import Encoder
from modeling.core.errors import (
    BackboneError,
    CheckpointError,
    ConfigError,
    DataError,
    TrainingError,
)
from modeling.core.evaluate import PairEvaluation, decided_rows, evaluate_examples
from modeling.core.features import extract_features
from modeling.core.files import plain, sha256_json
from modeling.core.heads import BradleyTerryHead, PairFeatures, choose_head
from modeling.core.progress import Progress, ProgressCallback, as_progress

_HELD_OUT = ("validation", "test")


@dataclass(frozen=True)
class TrainingResult:
    """Where the checkpoint is, how it did on held-out rows, and its manifest."""

    checkpoint: Path
    metrics: dict[str, Any]
    manifest: dict[str, Any]


@dataclass(frozen=True)
class _Sides:
    """Features of one split's rows, (n, d) each, and which rows were cut to fit (n,)."""

    chosen: NDArray[np.float32]
    rejected: NDArray[np.float32]
    truncated: NDArray[np.bool_]


@dataclass(frozen=True)
class _Trained:
    """What both ways of training end with."""

    encoder: Encoder
    head: BradleyTerryHead
    sides: Mapping[str, _Sides]
    truncated: Mapping[str, int]
    l2_path: Sequence[tuple[float, float]]
    training: Mapping[str, Any]
    backbone_dir: Path | None = None


def train_reward_model(
    dataset_dir: Path,
    output_dir: Path,
    config: RewardConfig,
    *,
    cache_dir: Path | None = None,
    work_dir: Path | None = None,
    progress: Progress | ProgressCallback | None = None,
) -> TrainingResult:
    """Train on `train`, choose on `validation`, report on `test`, and save a checkpoint.

    `cache_dir` keeps embeddings between runs; `work_dir` (beside the output by default) keeps a
    full run's trainer state, from which a killed run resumes to the same metrics. An output that
    this dataset and config already produced is returned as it is. Without held-out rows the
    figures are None. Raises TrainingError with what to do, InterruptionError when asked to stop.
    """
    try:
        dataset = read_dataset(dataset_dir)
        finished = _finished(output_dir, dataset, config)
        if finished is not None:
            return finished
        _check_rows(dataset)
        work = _work_dir(output_dir, work_dir, dataset, config)
        return _train(dataset, output_dir, config, cache_dir, work, as_progress(progress))
    except (BackboneError, CheckpointError, ConfigError, DataError) as error:
        raise TrainingError(str(error)) from error


def _finished(
    output_dir: Path, dataset: PreferenceDataset, config: RewardConfig
) -> TrainingResult | None:
    if not (output_dir / MANIFEST).is_file():
        return None
    manifest = read_manifest(output_dir)
    same_data = manifest["dataset"]["content_hash"] == dataset.content_hash
    if not same_data or manifest["config"] != plain(config.to_dict()):
        raise TrainingError(
            f"{output_dir} already holds a checkpoint of other data or another config; "
            "choose another output directory."
        )
    return TrainingResult(output_dir, manifest["metrics"], manifest)


def _check_rows(dataset: PreferenceDataset) -> None:
    usable = sum(example.weight > 0 for example in dataset.splits["train"])
    if usable < 2:
        raise TrainingError(
            f"The dataset has {usable} training pairs; at least 2 are needed. Collect more "
            "judgments on training prompts and build the dataset again."
        )


def _work_dir(
    output_dir: Path, work_dir: Path | None, dataset: PreferenceDataset, config: RewardConfig
) -> Path:
    """A directory of this run's own: another config or dataset never resumes from it."""
    identity = sha256_json([dataset.content_hash, config.to_dict()])[:16]
    return (work_dir or output_dir.parent / "trainer") / identity


def _train(
    dataset: PreferenceDataset,
    output_dir: Path,
    config: RewardConfig,
    cache_dir: Path | None,
    work: Path,
    progress: Progress,
) -> TrainingResult:
    if config.frozen:
        trained = _train_frozen(dataset, config, cache_dir, progress.stage(0.0, 0.95))
    else:
        trained = _train_full(dataset, config, work, progress.stage(0.0, 0.95))
    progress.update(0.95, "Evaluating")
    metrics = _metrics(dataset, trained, config)
    content = CheckpointContent(
        config=config,
        encoder=trained.encoder,
        head=trained.head,
        dataset={"content_hash": dataset.content_hash, "rows": dataset.rows},
        metrics=metrics,
        training=trained.training,
        backbone_dir=trained.backbone_dir,
    )
    manifest = save_checkpoint(output_dir, content)
    shutil.rmtree(work, ignore_errors=True)
    progress.update(1.0, "Done", {"accuracy": metrics["test"]["accuracy"]})
    return TrainingResult(output_dir, manifest["metrics"], manifest)


def _train_frozen(
    dataset: PreferenceDataset, config: RewardConfig, cache_dir: Path | None, progress: Progress
) -> _Trained:
    encoder = Encoder(
        resolve_backbone(config.backbone),
        max_length=config.max_length,
        pooling=config.pooling,
        precision=config.precision,
        batch_size=config.scoring_batch_size,
    )
    started = time.monotonic()
    embedding = progress.stage(0.0, 0.9)
    sides, encoded = _embed(dataset, SPLITS, encoder, config.feature_kind, cache_dir, embedding)
    embedded = time.monotonic()
    progress.checkpoint()
    progress.update(0.9, "Fitting the head")
    grid = config.l2_grid if config.l2 is None else (config.l2,)
    train = _pair_features(dataset.splits["train"], sides["train"], config)
    validation = _validation_features(dataset.splits["validation"], sides["validation"])
    choice = choose_head(train, validation, l2_grid=grid)
    return _Trained(
        encoder=encoder,
        head=choice.head,
        sides=sides,
        truncated={name: int(part.truncated.sum()) for name, part in sides.items()},
        l2_path=choice.path,
        training={
            "embedding_seconds": embedded - started,
            "head_seconds": time.monotonic() - embedded,
            "texts_encoded": encoded,
        },
    )


def _embed(
    dataset: PreferenceDataset,
    names: Sequence[str],
    encoder: Encoder,
    kind: str,
    cache_dir: Path | None,
    progress: Progress,
) -> tuple[dict[str, _Sides], int]:
    """Features of the named splits, in one pass over their texts, and how many were encoded."""
    pairs = [example.sides() for name in names for example in dataset.splits[name]]
    texts = [chosen for chosen, _ in pairs] + [rejected for _, rejected in pairs]
    found = extract_features(texts, encoder, kind, cache_dir=cache_dir, progress=progress)
    chosen, rejected = found.vectors[: len(pairs)], found.vectors[len(pairs) :]
    truncated = found.truncated[: len(pairs)] | found.truncated[len(pairs) :]
    sides, start = {}, 0
    for name in names:
        rows = slice(start, start + len(dataset.splits[name]))
        sides[name] = _Sides(chosen[rows], rejected[rows], truncated[rows])
        start = rows.stop
    return sides, found.encoded


def _pair_features(
    examples: Sequence[PreferenceExample], sides: _Sides, config: RewardConfig
) -> PairFeatures:
    margins = [example.target_margin or 0.0 for example in examples]
    return PairFeatures(
        chosen=sides.chosen,
        rejected=sides.rejected,
        weights=np.array([example.weight for example in examples]),
        target_probability=np.array([example.chosen_probability for example in examples]),
        margin=np.array(margins) if config.use_margin else None,
    )


def _validation_features(examples: Sequence[PreferenceExample], sides: _Sides) -> PairFeatures:
    """Validation rows as they are evaluated, so that l2 is chosen by the NLL that is reported.

    Decided rows only, each counting once and without a wanted margin.
    """
    rows = decided_rows(examples)
    shares = np.array([examples[row].chosen_probability for row in rows])
    return PairFeatures(sides.chosen[rows], sides.rejected[rows], target_probability=shares)


def _train_full(
    dataset: PreferenceDataset, config: RewardConfig, work: Path, progress: Progress
) -> _Trained:
    from modeling.core.trainer import fine_tune

    tuned = fine_tune(dataset.splits["train"], config, work, progress.stage(0.0, 0.9))
    encoder = Encoder(
        tuned.backbone,
        max_length=config.max_length,
        pooling=tuned.pooling,
        precision=config.precision,
        batch_size=config.scoring_batch_size,
    )
    held_out = progress.stage(0.9, 1.0)
    sides, _ = _embed(dataset, _HELD_OUT, encoder, config.feature_kind, None, held_out)
    truncated = {name: int(part.truncated.sum()) for name, part in sides.items()}
    return _Trained(
        encoder=encoder,
        head=tuned.head,
        sides=sides,
        truncated={"train": tuned.truncated, **truncated},
        l2_path=(),
        training={"seconds": tuned.seconds, "history": tuned.history},
        backbone_dir=tuned.backbone.path,
    )


def _metrics(dataset: PreferenceDataset, trained: _Trained, config: RewardConfig) -> dict[str, Any]:
    """Figures that two equal runs share: test in full, validation (used to choose) in short."""
    found = {name: _evaluate(dataset.splits[name], trained, name, config) for name in _HELD_OUT}
    validation = found["validation"]
    return {
        "n_train": dataset.rows["train"],
        "truncated": dict(trained.truncated),
        "l2": trained.head.l2 if config.frozen else None,
        "l2_path": [list(point) for point in trained.l2_path],
        "validation": {"n": validation.n, "accuracy": validation.accuracy, "nll": validation.nll},
        "test": found["test"].to_dict(),
    }


def _evaluate(
    examples: Sequence[PreferenceExample], trained: _Trained, name: str, config: RewardConfig
) -> PairEvaluation:
    sides, head = trained.sides[name], trained.head
    chosen, rejected = head.score(sides.chosen), head.score(sides.rejected)
    return evaluate_examples(examples, chosen, rejected, seed=config.seed)
