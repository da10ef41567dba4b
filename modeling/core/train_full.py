"""Full fine-tuning, for every objective: train, then measure what a checkpoint would repeat."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from modeling.core.checkpoint import CheckpointContent
from modeling.core.config import PAIR_OBJECTIVES, RewardConfig
from modeling.core.data import Dataset
from modeling.core.embeddings import Encoder
from modeling.core.errors import TrainingError
from modeling.core.evaluation.held_out import HeldOut, measure_held_out
from modeling.core.extras import Extras
from modeling.core.memory import enough_memory
from modeling.core.objectives import Objective
from modeling.core.predictor import Predictions, Predictor
from modeling.core.progress import Progress
from modeling.core.residual import KnownRewards, known_rewards, left_to_learn
from modeling.core.trainer import FineTuned, fine_tune, tune

_HELD_OUT = ("validation", "test")


def train_full(
    dataset: Dataset, config: RewardConfig, work: Path, progress: Progress
) -> CheckpointContent:
    """Tune backbone and head on train, and measure on validation and test."""
    with enough_memory():
        known = known_rewards(dataset, config)
        rows, settings = left_to_learn(dataset, config, known)
        tuned = fine_tune(rows, settings, work, progress.stage(0.0, 0.9), known=known)
        return _measured(dataset, tuned, config, known, progress.stage(0.9, 1.0))


def help_to_tune(dataset: Dataset, config: RewardConfig, work: Path, progress: Progress) -> None:
    """What a further process does of `train_full`: its part of each step."""
    with enough_memory():
        known = known_rewards(dataset, config)
        rows, settings = left_to_learn(dataset, config, known)
        tune(rows, settings, work, progress.stage(0.0, 0.9), known=known)


def _measured(
    dataset: Dataset,
    tuned: FineTuned,
    config: RewardConfig,
    known: KnownRewards | None,
    progress: Progress,
) -> CheckpointContent:
    encoder = Encoder(
        tuned.backbone,
        max_length=config.max_length,
        pooling=tuned.pooling,
        precision=config.precision,
        batch_size=config.scoring_batch_size,
    )
    predictor = Predictor(encoder, tuned.head, tuned.objective)
    read = _read(dataset, predictor, known, progress)
    held_out = measure_held_out(
        dataset,
        config.objective,
        {name: part.outputs for name, part in read.items()},
        names=predictor.objective.outputs,
        seed=config.seed,
    )
    return CheckpointContent(
        config=config,
        encoder=encoder,
        head=tuned.head.as_reward() if config.objective in PAIR_OBJECTIVES else tuned.head,
        dataset=dataset.facts,
        metrics=_metrics(dataset, tuned, predictor.objective, config, read, held_out),
        training=tuned.facts,
        backbone_dir=tuned.backbone.path,
        parameters=tuned.objective.own_parameters(),
        objective_facts=tuned.objective.facts(),
        calibration=held_out.calibration,
        predictions=held_out.predictions,
        extras=Extras(prior=None if known is None else known.facts),
    )


def _read(
    dataset: Dataset, predictor: Predictor, known: KnownRewards | None, progress: Progress
) -> dict[str, Predictions]:
    """The outputs for the held-out rows, by split; with a prior in they are whole rewards."""
    read = {
        name: predictor.predict(
            dataset.splits[name], progress=progress.stage(half / 2, half / 2 + 0.5)
        )
        for half, name in enumerate(_HELD_OUT)
    }
    _check_finite(read)
    if known is None:
        return read
    return {
        name: replace(part, outputs=known.added_to(name, part.outputs))
        for name, part in read.items()
    }


def _check_finite(read: dict[str, Predictions]) -> None:
    """Raise TrainingError for weights that are numbers still, but too large to read with."""
    if not all(np.isfinite(values).all() for part in read.values() for values in part.outputs):
        raise TrainingError(
            "The trained model's outputs are not finite numbers; lower learning_rate, or use fp32 "
            "precision."
        )


def _metrics(
    dataset: Dataset,
    tuned: FineTuned,
    objective: Objective,
    config: RewardConfig,
    read: dict[str, Predictions],
    held_out: HeldOut,
) -> dict[str, Any]:
    """Figures that two equal runs share: test in full, validation in short."""
    found = {
        name: objective.evaluate(dataset.splits[name], part.outputs, seed=config.seed).to_dict()
        for name, part in read.items()
    }
    return {
        "n_train": dataset.rows["train"],
        **_counted(tuned, read, objective),
        "l2": None,
        "l2_path": [],
        "validation": {name: found["validation"][name] for name in objective.headline},
        "test": found["test"] | held_out.figures,
    }


def _counted(
    tuned: FineTuned, read: dict[str, Predictions], objective: Objective
) -> dict[str, dict[str, int]]:
    """By split, rows with a text that was cut, and labels lost with it where there can be some."""
    truncated = {"train": tuned.truncated, **{name: part.truncated for name, part in read.items()}}
    if not objective.loses_labels:
        return {"truncated": truncated}
    cut = {"train": tuned.cut, **{name: part.cut for name, part in read.items()}}
    return {"truncated": truncated, "cut": cut}
