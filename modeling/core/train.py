"""Training a reward model from a dataset version."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeling.core.checkpoint import MANIFEST, CheckpointContent, read_manifest, save_checkpoint
from modeling.core.config import RewardConfig, check_kind
from modeling.core.data import Dataset, read_dataset
from modeling.core.distributed import Run, in_company, train_in_processes
from modeling.core.errors import (
    BackboneError,
    CheckpointError,
    ConfigError,
    DataError,
    TrainingError,
)
from modeling.core.files import sha256_json
from modeling.core.objective_rules import TIE_OBJECTIVES, fits_by_its_loss
from modeling.core.progress import Progress, ProgressCallback, as_progress

_NOUNS = {"preference": "pairs", "ranking": "rankings", "stepwise": "solutions"}


@dataclass(frozen=True)
class TrainingResult:
    """Where the checkpoint is, how it did on held-out rows, and its manifest."""

    checkpoint: Path
    metrics: dict[str, Any]
    manifest: dict[str, Any]


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
        dataset = _read(dataset_dir, config)
        finished = _finished(output_dir, dataset, config)
        if finished is not None:
            return finished
        _check_rows(dataset)
        work = _work_dir(output_dir, work_dir, dataset, config)
        if config.processes > 1 and not config.frozen and not in_company():
            run = Run(dataset_dir, output_dir, config, cache_dir, work_dir)
            train_in_processes(run, work, as_progress(progress))
            manifest = read_manifest(output_dir)
            return TrainingResult(output_dir, manifest["metrics"], manifest)
        return _train(dataset, output_dir, config, cache_dir, work, as_progress(progress))
    except (BackboneError, CheckpointError, ConfigError, DataError) as error:
        raise TrainingError(str(error)) from error


def help_to_train(run: Run, progress: Progress) -> None:
    """A further process's part of a full run, whose checkpoint the first one saves."""
    from modeling.core.train_full import help_to_tune

    dataset = _read(run.dataset, run.config)
    work = _work_dir(run.output, run.work, dataset, run.config)
    help_to_tune(dataset, run.config, work, progress)


def _read(dataset_dir: Path, config: RewardConfig) -> Dataset:
    dataset = read_dataset(
        dataset_dir,
        ties=config.objective in TIE_OBJECTIVES,
        annotators=config.learn_flip_rates,
    )
    check_kind(config, dataset.kind)
    return dataset


def _finished(output_dir: Path, dataset: Dataset, config: RewardConfig) -> TrainingResult | None:
    if output_dir.is_file():
        raise TrainingError(f"{output_dir} is a file; choose another output directory.")
    if not (output_dir / MANIFEST).is_file():
        return None
    manifest = read_manifest(output_dir)
    same_data = manifest["dataset"]["content_hash"] == dataset.content_hash
    # Read, not compared as it stands: settings that are newer than the checkpoint have defaults.
    if not same_data or RewardConfig.from_dict(manifest["config"]) != config:
        raise TrainingError(
            f"{output_dir} already holds a checkpoint of other data or another config; "
            "choose another output directory."
        )
    return TrainingResult(output_dir, manifest["metrics"], manifest)


def _check_rows(dataset: Dataset) -> None:
    usable = sum(example.weight > 0 for example in dataset.splits["train"])
    if usable < 2:
        raise TrainingError(
            f"The dataset has {usable} training {_NOUNS.get(dataset.kind, 'responses')}; at least "
            "2 are needed. Collect more judgments on training prompts and build the dataset again."
        )


def _work_dir(
    output_dir: Path, work_dir: Path | None, dataset: Dataset, config: RewardConfig
) -> Path:
    """A directory of this run's own: another config or dataset never resumes from it."""
    identity = sha256_json([dataset.content_hash, config.to_dict()])[:16]
    return (work_dir or output_dir.parent / "trainer") / identity


def _train(
    dataset: Dataset,
    output_dir: Path,
    config: RewardConfig,
    cache_dir: Path | None,
    work: Path,
    progress: Progress,
) -> TrainingResult:
    content = _trained(dataset, config, cache_dir, work, progress.stage(0.0, 0.95))
    progress.update(0.95, "Saving")
    manifest = save_checkpoint(output_dir, content)
    shutil.rmtree(work, ignore_errors=True)
    metrics = manifest["metrics"]
    progress.update(1.0, "Done", {"accuracy": metrics["test"].get("accuracy")})
    return TrainingResult(output_dir, metrics, manifest)


def _trained(
    dataset: Dataset, config: RewardConfig, cache_dir: Path | None, work: Path, progress: Progress
) -> CheckpointContent:
    if config.frozen and fits_by_its_loss(config):
        from modeling.core.train_frozen_losses import train_frozen_losses

        return train_frozen_losses(dataset, config, cache_dir, progress)
    if config.frozen:
        from modeling.core.train_frozen import train_frozen

        return train_frozen(dataset, config, cache_dir, progress)
    from modeling.core.train_full import train_full

    return train_full(dataset, config, work, progress)
