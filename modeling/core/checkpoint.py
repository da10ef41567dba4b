"""Reward models on disk: safetensors and a manifest, never a pickle."""

import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from modeling.core.backbones import Backbone, local_backbone, resolve_backbone
from modeling.core.config import PAIR_OBJECTIVES, RewardConfig
from modeling.core.data import TEMPLATE
from modeling.core.embeddings import Encoder
from modeling.core.errors import CheckpointError, ModelingError
from modeling.core.evaluation.predictions import FILE as PREDICTIONS
from modeling.core.evaluation.predictions import ItemPrediction, write_predictions
from modeling.core.extras import Extras, read_extras
from modeling.core.features import feature_size
from modeling.core.files import plain, read_json, sha256_file, write_json
from modeling.core.heads import BradleyTerryHead, LinearHead
from modeling.core.objective_rules import WRITING_OBJECTIVES
from modeling.core.scoring import Scorer

if TYPE_CHECKING:
    from modeling.core.generative import RationaleWriter
    from modeling.core.predictor import Predictor

FORMAT = 1
MANIFEST = "manifest.json"
REWARD = ("reward",)
_HEAD = "head.safetensors"
_OWN = "objective."  # begins the names of the objective's own arrays among the head's
_BACKBONE = "backbone"
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy")
_PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "numpy", "scipy")


@dataclass(frozen=True)
class CheckpointContent:
    """What makes a checkpoint. `backbone_dir` holds the tuned backbone of a full run, else None.

    `parameters` are arrays that the objective learned besides, `objective_facts` what else it
    needs to come back. `calibration` is that of preferences, with its report, `predictions` what
    the model says of each test row; older checkpoints have neither. `extras` are what only some
    models have. `dataset` names the data by content hash; `training` keeps what may differ
    between two equal runs (seconds, loss curve), apart from `metrics`.
    """

    config: RewardConfig
    encoder: Encoder
    head: BradleyTerryHead | LinearHead
    dataset: Mapping[str, Any]
    metrics: Mapping[str, Any]
    training: Mapping[str, Any]
    backbone_dir: Path | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    objective_facts: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] | None = None
    predictions: Sequence[ItemPrediction] | None = None
    extras: Extras = field(default_factory=Extras)


def save_checkpoint(output_dir: Path, content: CheckpointContent) -> dict[str, Any]:
    """Write a checkpoint that appears whole or not at all; returns its manifest.

    Raises CheckpointError when `output_dir` already holds something.
    """
    if output_dir.exists() and any(output_dir.iterdir()):
        raise CheckpointError(f"{output_dir} is not empty; choose another output directory.")
    output_dir.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=output_dir.parent, prefix=f".{output_dir.name}."))
    try:
        _write_weights(staging, content)
        if content.predictions is not None:
            write_predictions(staging / PREDICTIONS, content.predictions)
        manifest = _manifest(content, _hashes(staging))
        write_json(staging / MANIFEST, manifest)
        staging.chmod(0o755)
        staging.replace(output_dir)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return manifest


def _write_weights(directory: Path, content: CheckpointContent) -> None:
    head = content.head
    tensors = {"weights": head.weights, "bias": np.atleast_1d(head.bias)}
    own = {f"{_OWN}{name}": np.asarray(array) for name, array in content.parameters.items()}
    save_file(tensors | own, directory / _HEAD)
    if content.backbone_dir is not None:
        shutil.copytree(content.backbone_dir, directory / _BACKBONE)
    content.extras.write(directory)


def _manifest(content: CheckpointContent, files: Mapping[str, str]) -> dict[str, Any]:
    config, encoder = content.config, content.encoder
    manifest: dict[str, Any] = plain(
        {
            "format": FORMAT,
            "kind": "frozen" if config.frozen else "full",
            "config": config.to_dict(),
            "seed": config.seed,
            "dataset": content.dataset,
            "backbone": {
                "name": config.backbone,
                "fingerprint": encoder.backbone.fingerprint,
                "weights": encoder.backbone.weights,
            },
            "pooling": encoder.pooling,
            "head": _head_facts(content.head) | {"objective": content.objective_facts},
            "metrics": content.metrics,
            "calibration": content.calibration,
            "training": content.training,
            "template": TEMPLATE,
            "packages": _package_versions(),
            "files": files,
            **content.extras.facts(),
        }
    )
    return manifest


def _head_facts(head: BradleyTerryHead | LinearHead) -> dict[str, Any]:
    if isinstance(head, LinearHead):
        return {"outputs": head.names, "size": head.weights.shape[1]}
    return {"outputs": REWARD, "size": len(head.weights), "l2": head.l2, "loss": head.loss} | {
        "n_iter": head.n_iter,
        "converged": head.converged,
    }


def _package_versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _hashes(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): sha256_file(path)
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def read_manifest(directory: Path) -> dict[str, Any]:
    """A checkpoint's manifest, without checking the files it lists."""
    if directory.is_file():
        raise CheckpointError(
            f"{directory.name} is a single file; a checkpoint is a directory with {MANIFEST} and "
            "safetensors. Pickled models are refused, because loading one can run code."
        )
    if not (directory / MANIFEST).is_file():
        raise CheckpointError(f"{directory} is no checkpoint: it has no {MANIFEST}.")
    manifest = read_json(directory / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise CheckpointError(
            f"{directory} has checkpoint format {manifest.get('format')!r}; this version reads "
            f"{FORMAT}. Train it again or use the version that wrote it."
        )
    return manifest


def load_checkpoint(directory: Path) -> Scorer:
    """Load a reward model, of pairs or rankings, after checking every file against the manifest.

    Raises CheckpointError when a file is missing, changed, not listed or a pickle, when the text
    template is another one, when a frozen run's backbone or a residual model's prior is not the
    one it was trained on, and for a model of another objective: what it gives is no reward whose
    differences are log-odds.
    """
    manifest, config = _checked(directory)
    if config.objective not in PAIR_OBJECTIVES:
        raise CheckpointError(
            f"{directory.name} was trained with the objective {config.objective}, so it cannot "
            f"score responses against each other; use a model of {' or '.join(PAIR_OBJECTIVES)}."
        )
    encoder, head = _parts(directory, manifest, config)
    extras = read_extras(directory, manifest, encoder)
    return Scorer(
        encoder,
        config.feature_kind,
        _as_reward(head, manifest),
        manifest,
        posterior=extras.posterior,
        heads=extras.heads,
        prior=extras.prior,
    )


def load_predictor(directory: Path) -> "Predictor":
    """Load a fine-tuned model of any objective; CheckpointError as for `load_checkpoint`."""
    from modeling.core.objectives import restored_objective
    from modeling.core.predictor import Predictor

    manifest, config = _checked(directory)
    if config.frozen:
        raise CheckpointError(f"{directory.name} has a frozen backbone; use load_checkpoint.")
    encoder, head = _parts(directory, manifest, config)
    facts = manifest["head"].get("objective", {})
    objective = restored_objective(head.names, config, facts, _own_parameters(directory))
    return Predictor(encoder, head, objective)


def load_writer(directory: Path) -> "RationaleWriter":
    """Load the language model of a reasoning checkpoint; CheckpointError as for the others.

    What it writes stands beside the score of the same checkpoint, from `load_checkpoint`.
    """
    from modeling.core.generative import RationaleWriter

    _, config = _checked(directory)
    if config.objective not in WRITING_OBJECTIVES:
        raise CheckpointError(
            f"{directory.name} was trained with the objective {config.objective}, which writes no "
            f"rationales; use a model of {' or '.join(WRITING_OBJECTIVES)}."
        )
    return RationaleWriter.of(_find_backbone(directory, config), config)


def _checked(directory: Path) -> tuple[dict[str, Any], RewardConfig]:
    manifest = read_manifest(directory)
    _check_files(directory, manifest)
    if manifest.get("template") != TEMPLATE:
        raise CheckpointError(f"{directory} was trained with another text template; train again.")
    if "config" not in manifest:
        raise CheckpointError(f"The manifest of {directory} lacks 'config'.")
    return manifest, RewardConfig.from_dict(manifest["config"])


def _parts(
    directory: Path, manifest: Mapping[str, Any], config: RewardConfig
) -> tuple[Encoder, LinearHead]:
    try:
        encoder = _encoder(directory, manifest, config)
        head = _load_head(directory, manifest)
    except KeyError as error:
        raise CheckpointError(f"The manifest of {directory} lacks {error}.") from error
    if head.weights.shape != (len(head.names), feature_size(encoder, config.feature_kind)):
        raise CheckpointError(f"The head in {directory} does not fit its backbone; train again.")
    return encoder, head


def _check_files(directory: Path, manifest: Mapping[str, Any]) -> None:
    listed = manifest.get("files")
    found = {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if not path.is_dir() and path != directory / MANIFEST
    }
    pickles = sorted(name for name in found if name.endswith(_PICKLES))
    if pickles:
        raise CheckpointError(f"{directory} holds {pickles[0]}, which may be a pickle; refused.")
    if not isinstance(listed, dict) or found != set(listed):
        raise CheckpointError(f"The files in {directory} are not those its manifest lists.")
    for name, expected in listed.items():
        if sha256_file(directory / name) != expected:
            raise CheckpointError(
                f"{name} in {directory} was changed after training; restore it or train again."
            )


def _encoder(directory: Path, manifest: Mapping[str, Any], config: RewardConfig) -> Encoder:
    backbone = _find_backbone(directory, config)
    if backbone.fingerprint != manifest["backbone"]["fingerprint"]:
        raise CheckpointError(
            f'The backbone "{config.backbone}" here is not the one {directory.name} was trained '
            "on; install that version or train again."
        )
    return Encoder(
        backbone,
        max_length=config.max_length,
        pooling=manifest["pooling"],
        precision=config.precision,
        batch_size=config.scoring_batch_size,
    )


def _find_backbone(directory: Path, config: RewardConfig) -> Backbone:
    try:
        if config.frozen:
            return resolve_backbone(config.backbone)
        return local_backbone(directory / _BACKBONE, name=config.backbone)
    except ModelingError as error:
        raise CheckpointError(str(error)) from error


def _load_head(directory: Path, manifest: Mapping[str, Any]) -> LinearHead:
    try:
        tensors = load_file(directory / _HEAD)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"Cannot read {_HEAD} in {directory}: {error}.") from error
    return LinearHead(
        weights=np.atleast_2d(tensors["weights"]).astype(np.float64),
        bias=tensors["bias"].astype(np.float64),
        names=tuple(manifest["head"].get("outputs", REWARD)),  # older checkpoints name none
    )


def _own_parameters(directory: Path) -> dict[str, np.ndarray]:
    """What the objective learned besides the head, by name; nothing in older checkpoints."""
    tensors = load_file(directory / _HEAD)
    return {
        name.removeprefix(_OWN): array for name, array in tensors.items() if name.startswith(_OWN)
    }


def _as_reward(head: LinearHead, manifest: Mapping[str, Any]) -> BradleyTerryHead:
    facts = manifest["head"]
    names = ("l2", "loss", "n_iter", "converged")
    return replace(head.as_reward(), **{name: facts[name] for name in names if name in facts})
