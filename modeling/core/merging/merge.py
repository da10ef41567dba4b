"""Merging reward models that were trained on the judgments of different cohorts.

Each is first scaled to the same margin spread, so that the one that speaks loudest does not win.
Models on one frozen backbone become the mean of their heads and keep the heads besides; fine-tuned
models of one origin become the mean of their weights.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from modeling.core.backbones import local_backbone
from modeling.core.checkpoint import CheckpointContent, save_checkpoint
from modeling.core.data import PreferenceExample, read_dataset, read_pairs
from modeling.core.embeddings import Encoder
from modeling.core.ensembles import HeadSet
from modeling.core.errors import DataError
from modeling.core.evaluate import evaluate_examples
from modeling.core.extras import Extras
from modeling.core.files import sha256_json
from modeling.core.heads import BradleyTerryHead
from modeling.core.merging.members import (
    MERGED,
    Member,
    Scales,
    equal_spreads,
    load_members,
    score_all,
)
from modeling.core.merging.weights import average_backbones
from modeling.core.progress import Progress, ProgressCallback, as_progress
from modeling.core.scoring import PairRewards, Scorer


@dataclass(frozen=True)
class _Cohort:
    name: str
    examples: Sequence[PreferenceExample]


@dataclass(frozen=True)
class _Merged:
    """The new model; `heads` are the scaled members' on a frozen backbone, else None."""

    scorer: Scorer
    heads: HeadSet | None
    backbone_dir: Path | None


def merge_checkpoints(
    checkpoints: Sequence[Path],
    output_dir: Path,
    *,
    reference: Path,
    cohorts: Mapping[str, Path] | None = None,
    shares: Sequence[float] | None = None,
    cache_dir: Path | None = None,
    progress: Progress | ProgressCallback | None = None,
) -> dict[str, Any]:
    """Merge checkpoints into one, written to `output_dir`; returns its manifest.

    `reference` are the pairs whose margins are made equally wide (their labels do not matter);
    `cohorts` name held-out pairs of each cohort, by default the reference alone, for the table
    metrics["by_cohort"]: accuracy of every member and of the merged model on each. Both are
    files of pairs, or dataset directories, of which the test split counts. `shares` weigh the
    members, alike by default. The manifest names the parents with their share and scale. Raises
    CheckpointError for models that do not go together, DataError where there are no pairs.
    """
    where = as_progress(progress)
    members = load_members(checkpoints)
    pairs = _read(reference)
    tables = [_Cohort(name, _read(path)) for name, path in (cohorts or {}).items()]
    tables = tables or [_Cohort("reference", pairs)]
    rewards = score_all(members, pairs, cache_dir=cache_dir, progress=where.stage(0.0, 0.4))
    scales = equal_spreads(rewards, [member.name for member in members], shares)
    with tempfile.TemporaryDirectory(prefix="tiebreak-merge-") as folder:
        merged = _merged(members, scales, Path(folder) / "backbone")
        figures = _figures(members, merged, tables, cache_dir, where.stage(0.4, 0.95))
        content = _content(members, scales, merged, figures)
        return save_checkpoint(output_dir, content)


def _read(path: Path) -> Sequence[PreferenceExample]:
    if path.is_dir():
        dataset = read_dataset(path)
        if dataset.kind != "preference":
            raise DataError(f"{path} holds no pairs but a dataset of kind {dataset.kind}.")
        examples: Sequence[PreferenceExample] = dataset.splits["test"]
    else:
        examples = read_pairs(path).examples
    if not examples:
        raise DataError(f"{path} has no held-out pairs; give a file or a dataset that has some.")
    return examples


def _merged(members: Sequence[Member], scales: Scales, backbone_dir: Path) -> _Merged:
    scaled = [
        _scaled(member.scorer.head, scale)
        for member, scale in zip(members, scales.scales.tolist(), strict=True)
    ]
    heads = HeadSet.of("cohorts", scaled, [member.name for member in members])
    head = replace(
        members[0].scorer.head,
        weights=scales.shares @ heads.weights,
        bias=float(scales.shares @ heads.biases),
        loss=None,
    )
    first = members[0].scorer
    if members[0].config.frozen:
        return _Merged(Scorer(first.encoder, first.features_kind, head, {}), heads, None)
    directories = [member.scorer.encoder.backbone.path for member in members]
    average_backbones(directories, scales.shares, backbone_dir)
    encoder = _tuned_encoder(members[0], backbone_dir)
    return _Merged(Scorer(encoder, first.features_kind, head, {}), None, backbone_dir)


def _scaled(head: BradleyTerryHead, scale: float) -> BradleyTerryHead:
    return replace(head, weights=head.weights * scale, bias=head.bias * scale)


def _tuned_encoder(member: Member, backbone_dir: Path) -> Encoder:
    config = member.config
    return Encoder(
        local_backbone(backbone_dir, name=config.backbone),
        max_length=config.max_length,
        pooling=member.scorer.encoder.pooling,
        precision=config.precision,
        batch_size=config.scoring_batch_size,
    )


def _figures(
    members: Sequence[Member],
    merged: _Merged,
    cohorts: Sequence[_Cohort],
    cache_dir: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    """The merged model on all cohorts' pairs together, and every model on each."""
    table: dict[str, dict[str, Any]] = {name: {} for name in [*_names(members), MERGED]}
    pooled: list[PairRewards] = []
    for number, cohort in enumerate(cohorts):
        part = progress.stage(number / len(cohorts), (number + 1) / len(cohorts))
        found = score_all(members, cohort.examples, cache_dir=cache_dir, progress=part)
        own = merged.scorer.score_examples(cohort.examples, cache_dir=cache_dir)
        pooled.append(own)
        for name, rewards in zip(table, [*found, own], strict=True):
            table[name][cohort.name] = _row(cohort.examples, rewards)
    return {
        "n_train": sum(member.scorer.manifest["metrics"].get("n_train", 0) for member in members),
        "truncated": {"test": int(sum(part.truncated.sum() for part in pooled))},
        "l2": None,
        "l2_path": [],
        "validation": {"n": 0, "accuracy": None, "nll": None},
        "test": _pooled(cohorts, pooled),
        "by_cohort": table,
    }


def _names(members: Sequence[Member]) -> list[str]:
    return [member.name for member in members]


def _row(examples: Sequence[PreferenceExample], rewards: PairRewards) -> dict[str, Any]:
    found = evaluate_examples(examples, rewards.chosen, rewards.rejected)
    return {"n": found.n, "accuracy": found.accuracy, "interval": found.interval}


def _pooled(cohorts: Sequence[_Cohort], rewards: Sequence[PairRewards]) -> dict[str, Any]:
    examples = [example for cohort in cohorts for example in cohort.examples]
    chosen = np.concatenate([part.chosen for part in rewards])
    rejected = np.concatenate([part.rejected for part in rewards])
    return evaluate_examples(examples, chosen, rejected).to_dict()


def _content(
    members: Sequence[Member], scales: Scales, merged: _Merged, figures: dict[str, Any]
) -> CheckpointContent:
    """An ordinary checkpoint, of the first member's settings."""
    parents = [
        member.facts(share, scale)
        for member, share, scale in zip(
            members, scales.shares.tolist(), scales.scales.tolist(), strict=True
        )
    ]
    return CheckpointContent(
        config=replace(members[0].config, ensemble=1),
        encoder=merged.scorer.encoder,
        head=merged.scorer.head,
        dataset={
            "kind": members[0].scorer.manifest["dataset"].get("kind", "preference"),
            "content_hash": sha256_json([parent["content_hash"] for parent in parents]),
            "rows": {"train": figures["n_train"]},
        },
        metrics=figures,
        training={},
        backbone_dir=merged.backbone_dir,
        extras=Extras(heads=merged.heads, parents=parents),
    )
