"""A linear head on a frozen backbone: each text is embedded once, and cached."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from modeling.core.backbones import resolve_backbone
from modeling.core.checkpoint import CheckpointContent
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, PreferenceExample
from modeling.core.embeddings import Encoder
from modeling.core.ensembles import HeadSet, bootstrap_heads
from modeling.core.evaluate import PairEvaluation, evaluate_examples
from modeling.core.evaluation.held_out import HeldOut, measure_held_out
from modeling.core.extras import Extras
from modeling.core.heads import BradleyTerryHead, HeadChoice, PairFeatures, choose_head
from modeling.core.posterior import WIDEST_POSTERIOR, LastLayerLaplace
from modeling.core.priors import Prior, load_prior
from modeling.core.progress import Progress
from modeling.core.sides import Sides, embed_splits, training_features, validation_features
from modeling.core.votes import VoteModel


@dataclass(frozen=True)
class FittedHead:
    """The head that gives the reward, how its penalty was chosen, and what is known of it.

    With an ensemble `head` is the mean of `heads`, else `heads` is None.
    """

    head: BradleyTerryHead
    choice: HeadChoice
    heads: HeadSet | None
    posterior: LastLayerLaplace | None


def train_frozen(
    dataset: Dataset, config: RewardConfig, cache_dir: Path | None, progress: Progress
) -> CheckpointContent:
    """Embed all splits, fit the head on train, choose its penalty on validation, and measure."""
    encoder = frozen_encoder(config)
    prior = None if config.prior is None else load_prior(config.prior, encoder)
    started = time.monotonic()
    embedding = progress.stage(0.0, 0.9)
    embedded = embed_splits(
        dataset, encoder, config, prior=prior, cache_dir=cache_dir, progress=embedding
    )
    ready = time.monotonic()
    progress.checkpoint()
    progress.update(0.9, "Fitting the head")
    fitted = fit_head(dataset, embedded.sides, config)
    seconds = {
        "embedding_seconds": ready - started,
        "head_seconds": time.monotonic() - ready,
    }
    held_out = held_out_of(dataset, embedded.sides, fitted.head, config)
    return CheckpointContent(
        config=config,
        encoder=encoder,
        head=fitted.head,
        dataset=dataset.facts,
        metrics=head_metrics(dataset, embedded.sides, fitted, config, held_out),
        training=seconds | {"texts_encoded": embedded.encoded},
        calibration=held_out.calibration,
        predictions=held_out.predictions,
        extras=Extras(fitted.posterior, fitted.heads, prior_facts(config, prior)),
    )


def frozen_encoder(config: RewardConfig) -> Encoder:
    """The untouched backbone of a config."""
    return Encoder(
        resolve_backbone(config.backbone),
        max_length=config.max_length,
        pooling=config.pooling,
        precision=config.precision,
        batch_size=config.scoring_batch_size,
    )


def fit_head(dataset: Dataset, sides: Mapping[str, Sides], config: RewardConfig) -> FittedHead:
    """Fit a head on train, with the penalty that does best on validation, and what goes with it."""
    grid = config.l2_grid if config.l2 is None else (config.l2,)
    examples = dataset.splits["train"]
    train = training_features(examples, sides["train"], config)
    validation = validation_features(dataset.splits["validation"], sides["validation"])
    choice = choose_head(train, validation, l2_grid=grid)
    head, heads = choice.head, None
    if config.ensemble > 1:
        groups = [example.group for example in examples]
        heads = bootstrap_heads(train, groups, start=head, heads=config.ensemble, seed=config.seed)
        head = heads.mean(like=head)
    return FittedHead(head, choice, heads, posterior_for(train, head, config))


def posterior_for(
    data: PairFeatures,
    head: BradleyTerryHead,
    config: RewardConfig,
    *,
    votes: VoteModel | None = None,
) -> LastLayerLaplace | None:
    """What is known of a head that was fitted to these rows, where the config wants it kept."""
    if not config.posterior or len(head.weights) > WIDEST_POSTERIOR:
        return None
    return LastLayerLaplace.fit(counted(data), head, votes=votes)


def counted(data: PairFeatures) -> PairFeatures:
    """The same rows with weights that count judgments: one for each row that has a weight."""
    weights = np.asarray(data.weights, dtype=np.float64)
    return replace(data, weights=weights * np.count_nonzero(weights) / weights.sum())


def prior_facts(config: RewardConfig, prior: Prior | None) -> Mapping[str, Any] | None:
    """What a checkpoint keeps of the prior, None without one."""
    if config.prior is None or prior is None:
        return None
    return config.prior | {"fingerprint": prior.fingerprint}


def held_out_of(
    dataset: Dataset, sides: Mapping[str, Sides], head: BradleyTerryHead, config: RewardConfig
) -> HeldOut:
    """Calibration, predictions and baselines from the rewards of validation and test rows."""
    outputs = {}
    for name in ("validation", "test"):
        rewards = np.stack(sides[name].rewards(head), axis=1)
        outputs[name] = list(rewards[:, :, None])
    return measure_held_out(dataset, config.objective, outputs, seed=config.seed)


def head_metrics(
    dataset: Dataset,
    sides: Mapping[str, Sides],
    fitted: FittedHead,
    config: RewardConfig,
    held_out: HeldOut,
) -> dict[str, Any]:
    """Figures that two equal runs share: test in full, validation (used to choose) in short."""
    found = {
        name: _evaluate(dataset.splits[name], sides[name], fitted.head, config.seed)
        for name in ("validation", "test")
    }
    validation = found["validation"]
    return {
        "n_train": dataset.rows["train"],
        "truncated": {name: int(part.truncated.sum()) for name, part in sides.items()},
        "l2": fitted.head.l2,
        "l2_path": [list(point) for point in fitted.choice.path],
        "validation": {"n": validation.n, "accuracy": validation.accuracy, "nll": validation.nll},
        "test": found["test"].to_dict() | held_out.figures,
        **_certainty(sides["test"], fitted),
    }


def _certainty(sides: Sides, fitted: FittedHead) -> dict[str, Any]:
    """By how much the heads of an ensemble differ on the test responses, in logits."""
    if fitted.heads is None:
        return {}
    spread = np.concatenate([fitted.heads.spread(part) for part in (sides.chosen, sides.rejected)])
    mean = float(spread.mean()) if len(spread) else None
    return {"ensemble": {"heads": len(fitted.heads.names), "spread": mean}}


def _evaluate(
    examples: Sequence[PreferenceExample], sides: Sides, head: BradleyTerryHead, seed: int
) -> PairEvaluation:
    chosen, rejected = sides.rewards(head)
    return evaluate_examples(examples, chosen, rejected, seed=seed)
