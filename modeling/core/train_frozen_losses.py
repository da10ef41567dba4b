"""A head on a frozen backbone that learns of ties, strengths or wrong votes, or by a hinge."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modeling.core.checkpoint import CheckpointContent
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset
from modeling.core.errors import TrainingError
from modeling.core.evaluation.held_out import measure_held_out
from modeling.core.extras import Extras
from modeling.core.loss_heads import LossHead, fit_loss_head
from modeling.core.objectives import fitted_objective
from modeling.core.objectives.base import Doubles
from modeling.core.objectives.pairs import PairObjective
from modeling.core.posterior import LastLayerLaplace
from modeling.core.priors import load_prior
from modeling.core.progress import Progress
from modeling.core.sides import Sides, embed_splits, training_features
from modeling.core.train_frozen import frozen_encoder, posterior_for, prior_facts
from modeling.core.votes import VoteModel

_HELD_OUT = ("validation", "test")


def train_frozen_losses(
    dataset: Dataset, config: RewardConfig, cache_dir: Path | None, progress: Progress
) -> CheckpointContent:
    """Embed all splits, fit head and parameters on train, choose l2 on validation, and measure."""
    objective = fitted_objective(dataset, config)
    if not isinstance(objective, PairObjective):
        raise TrainingError(f"Set frozen to false for {config.objective}.")
    encoder = frozen_encoder(config)
    prior = None if config.prior is None else load_prior(config.prior, encoder)
    started = time.monotonic()
    embedded = embed_splits(
        dataset,
        encoder,
        config,
        prior=prior,
        cache_dir=cache_dir,
        progress=progress.stage(0.0, 0.9),
    )
    ready = time.monotonic()
    progress.checkpoint()
    progress.update(0.9, "Fitting the head")
    fitted = _fit(objective, dataset, embedded.sides, config)
    seconds = {"embedding_seconds": ready - started, "head_seconds": time.monotonic() - ready}
    outputs = {name: _outputs(embedded.sides[name], fitted) for name in _HELD_OUT}
    held_out = measure_held_out(dataset, config.objective, outputs, seed=config.seed)
    metrics = _metrics(dataset, embedded.sides, outputs, fitted, config)
    return CheckpointContent(
        config=config,
        encoder=encoder,
        head=fitted.head,
        dataset=dataset.facts,
        metrics=metrics | {"test": metrics["test"] | held_out.figures},
        training=seconds | {"texts_encoded": embedded.encoded},
        parameters=fitted.objective.own_parameters(),
        objective_facts=fitted.objective.facts(),
        calibration=held_out.calibration,
        predictions=held_out.predictions,
        extras=Extras(
            posterior=_posterior(dataset, embedded.sides["train"], fitted, config),
            prior=prior_facts(config, prior),
        ),
    )


def _fit(
    objective: PairObjective, dataset: Dataset, sides: Mapping[str, Sides], config: RewardConfig
) -> LossHead:
    return fit_loss_head(
        objective,
        dataset.splits["train"],
        sides["train"],
        (dataset.splits["validation"], sides["validation"]),
        l2_grid=config.l2_grid if config.l2 is None else (config.l2,),
    )


def _outputs(sides: Sides, fitted: LossHead) -> list[Doubles]:
    """Rewards of both sides of each row, (2, 1) each."""
    rewards = np.stack(sides.rewards(fitted.head), axis=1)
    return list(rewards[:, :, None])


def _posterior(
    dataset: Dataset, sides: Sides, fitted: LossHead, config: RewardConfig
) -> LastLayerLaplace | None:
    """How certain the head is, where its loss is a likelihood of votes."""
    if config.pair_loss == "hinge":
        return None
    data = training_features(dataset.splits["train"], sides, config)
    share = fitted.objective.tie_share()
    votes = VoteModel(flip_rate=config.flip_rate, tie=2 * share / (1 - share))
    return posterior_for(data, fitted.head, config, votes=votes)


def _metrics(
    dataset: Dataset,
    sides: Mapping[str, Sides],
    outputs: Mapping[str, list[Doubles]],
    fitted: LossHead,
    config: RewardConfig,
) -> dict[str, Any]:
    """Figures that two equal runs share: test in full, validation (used to choose) in short."""
    objective = fitted.objective
    found = {
        name: objective.evaluate(dataset.splits[name], outputs[name], seed=config.seed).to_dict()
        for name in _HELD_OUT
    }
    return {
        "n_train": dataset.rows["train"],
        "truncated": {name: int(part.truncated.sum()) for name, part in sides.items()},
        "l2": fitted.head.l2,
        "l2_path": [list(point) for point in fitted.path],
        "validation": {name: found["validation"][name] for name in objective.headline},
        "test": found["test"],
    }
