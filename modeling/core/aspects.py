"""One Bradley–Terry head for each aspect of quality, on features that all of them share.

python -m modeling.core.aspects --dataset helpfulness=DIR --dataset honesty=DIR --out DIR
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from modeling.core.arguments import named_path
from modeling.core.checkpoint import CheckpointContent, save_checkpoint
from modeling.core.config import RewardConfig, check_kind
from modeling.core.data import SPLITS, Dataset, read_dataset
from modeling.core.embeddings import Encoder
from modeling.core.ensembles import HeadSet
from modeling.core.errors import ConfigError, ModelingError, TrainingError
from modeling.core.extras import Extras
from modeling.core.files import read_json, sha256_json
from modeling.core.heads import HeadChoice
from modeling.core.objective_rules import fits_by_its_loss
from modeling.core.progress import Progress, ProgressCallback, as_progress
from modeling.core.sides import EmbeddedSplits, Sides, embed_splits
from modeling.core.train_frozen import (
    FittedHead,
    fit_head,
    frozen_encoder,
    head_metrics,
    held_out_of,
)


@dataclass(frozen=True)
class _Aspect:
    name: str
    dataset: Dataset
    embedded: EmbeddedSplits
    fitted: FittedHead


def train_aspect_heads(
    datasets: Mapping[str, Path],
    output_dir: Path,
    config: RewardConfig,
    *,
    cache_dir: Path | None = None,
    progress: Progress | ProgressCallback | None = None,
) -> dict[str, Any]:
    """Fit a head to each aspect's preference dataset, and save them as one checkpoint.

    Each head chooses its own penalty. The checkpoint's reward is the mean of the aspects' rewards,
    all in log-odds; `Scorer.score_by_head` gives them apart. metrics["by_aspect"] has each head's
    figures on its own test rows, metrics["test"] those of the mean on all test rows together.
    Returns the manifest. Raises ConfigError unless the config is a plain frozen Bradley–Terry
    one, TrainingError where an aspect has too few pairs.
    """
    _check(datasets, config)
    where = as_progress(progress)
    encoder = frozen_encoder(config)
    aspects = []
    for number, (name, directory) in enumerate(datasets.items()):
        part = where.stage(0.9 * number / len(datasets), 0.9 * (number + 1) / len(datasets))
        aspects.append(_train(name, directory, encoder, config, cache_dir, part))
    where.update(0.95, "Saving")
    return save_checkpoint(output_dir, _content(aspects, encoder, config))


def _check(datasets: Mapping[str, Path], config: RewardConfig) -> None:
    if not datasets:
        raise ConfigError("Name at least one aspect and its dataset.")
    plain = config.frozen and not fits_by_its_loss(config)
    if not plain or config.ensemble > 1 or config.prior is not None:
        raise ConfigError(
            "Heads by aspect need a frozen backbone and the plain loss of bradley_terry, without "
            "an ensemble and without a prior."
        )


def _train(
    name: str,
    directory: Path,
    encoder: Encoder,
    config: RewardConfig,
    cache_dir: Path | None,
    progress: Progress,
) -> _Aspect:
    dataset = read_dataset(directory)
    check_kind(config, dataset.kind)
    usable = sum(example.weight > 0 for example in dataset.splits["train"])
    if usable < 2:
        raise TrainingError(
            f"The aspect {name} has {usable} training pairs; at least 2 are needed. Collect more "
            "judgments of it, or leave it out."
        )
    embedded = embed_splits(dataset, encoder, config, cache_dir=cache_dir, progress=progress)
    return _Aspect(name, dataset, embedded, fit_head(dataset, embedded.sides, config))


def _content(
    aspects: Sequence[_Aspect], encoder: Encoder, config: RewardConfig
) -> CheckpointContent:
    names = [aspect.name for aspect in aspects]
    heads = HeadSet.of("aspects", [aspect.fitted.head for aspect in aspects], names)
    head = heads.mean(like=aspects[0].fitted.head)
    dataset, sides = _together(aspects)
    fitted = FittedHead(head, HeadChoice(head, ()), heads=None, posterior=None)
    held_out = held_out_of(dataset, sides, head, config)
    metrics = head_metrics(dataset, sides, fitted, config, held_out)
    return CheckpointContent(
        config=config,
        encoder=encoder,
        head=head,
        dataset=dataset.facts | {"aspects": {a.name: a.dataset.facts for a in aspects}},
        metrics={**metrics, "l2": None, "by_aspect": _by_aspect(aspects, config)},
        training={"texts_encoded": sum(aspect.embedded.encoded for aspect in aspects)},
        calibration=held_out.calibration,
        predictions=held_out.predictions,
        extras=Extras(heads=heads),
    )


def _by_aspect(aspects: Sequence[_Aspect], config: RewardConfig) -> dict[str, Any]:
    figures = {}
    for aspect in aspects:
        sides, fitted = aspect.embedded.sides, aspect.fitted
        held_out = held_out_of(aspect.dataset, sides, fitted.head, config)
        figures[aspect.name] = head_metrics(aspect.dataset, sides, fitted, config, held_out)
    return figures


def _together(aspects: Sequence[_Aspect]) -> tuple[Dataset, dict[str, Sides]]:
    """All aspects' rows as one dataset, with their sides."""
    splits = {
        name: tuple(chain.from_iterable(aspect.dataset.splits[name] for aspect in aspects))
        for name in SPLITS
    }
    hashes = {aspect.name: aspect.dataset.content_hash for aspect in aspects}
    dataset = Dataset("preference", splits, manifest={}, content_hash=sha256_json(hashes))
    sides = {name: _joined([aspect.embedded.sides[name] for aspect in aspects]) for name in SPLITS}
    return dataset, sides


def _joined(parts: Sequence[Sides]) -> Sides:
    return Sides(
        chosen=np.concatenate([part.chosen for part in parts]),
        rejected=np.concatenate([part.rejected for part in parts]),
        truncated=np.concatenate([part.truncated for part in parts]),
        prior=np.concatenate([part.prior for part in parts]),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, print each aspect's test accuracy as JSON; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        config = RewardConfig.from_dict(read_json(options.config) if options.config else {})
        datasets = dict(options.dataset)
        manifest = train_aspect_heads(datasets, options.out, config, cache_dir=options.cache)
    except ModelingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    figures = manifest["metrics"]["by_aspect"]
    accuracy = {name: found["test"]["accuracy"] for name, found in figures.items()}
    sys.stdout.write(json.dumps({"checkpoint": str(options.out), "accuracy": accuracy}) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m modeling.core.aspects")
    parser.add_argument(
        "--dataset",
        required=True,
        action="append",
        type=named_path,
        metavar="ASPECT=DIR",
        help="an aspect's preference dataset; again for each",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parser.add_argument("--config", type=Path, help="a JSON file of training settings")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where embeddings are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
