"""Full fine-tuning, for every objective: train, then measure what a checkpoint would repeat."""

from pathlib import Path
from typing import Any

from modeling.core.checkpoint import CheckpointContent
from modeling.core.config import PAIR_OBJECTIVES, RewardConfig
from modeling.core.data import Dataset
from modeling.core.embeddings import Encoder
from modeling.core.objectives import Objective, fitted_objective
from modeling.core.predictor import Predictions, Predictor
from modeling.core.progress import Progress
from modeling.core.trainer import FineTuned, fine_tune

_HELD_OUT = ("validation", "test")


def train_full(
    dataset: Dataset, config: RewardConfig, work: Path, progress: Progress
) -> CheckpointContent:
    """Tune backbone and head on train, and measure on validation and test."""
    objective = fitted_objective(dataset, config)
    training = progress.stage(0.0, 0.9)
    tuned = fine_tune(dataset.splits["train"], objective, config, work, training)
    encoder = Encoder(
        tuned.backbone,
        max_length=config.max_length,
        pooling=tuned.pooling,
        precision=config.precision,
        batch_size=config.scoring_batch_size,
    )
    predictor = Predictor(encoder, tuned.head, objective)
    return CheckpointContent(
        config=config,
        encoder=encoder,
        head=tuned.head.as_reward() if config.objective in PAIR_OBJECTIVES else tuned.head,
        dataset=dataset.facts,
        metrics=_metrics(dataset, tuned, predictor, config, progress.stage(0.9, 1.0)),
        training={"seconds": tuned.seconds, "history": tuned.history},
        backbone_dir=tuned.backbone.path,
    )


def _metrics(
    dataset: Dataset,
    tuned: FineTuned,
    predictor: Predictor,
    config: RewardConfig,
    progress: Progress,
) -> dict[str, Any]:
    """Figures that two equal runs share: test in full, validation in short."""
    objective = predictor.objective
    read = {
        name: predictor.predict(
            dataset.splits[name], progress=progress.stage(half / 2, half / 2 + 0.5)
        )
        for half, name in enumerate(_HELD_OUT)
    }
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
        "test": found["test"],
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
