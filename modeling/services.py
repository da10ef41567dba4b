"""Everything that asks for training, scoring and evaluation, and publishes what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from annotate.errors import InvalidInput
from annotate.models import Project, User
from annotate.services.projects import record
from annotate.services.runs import enqueue
from curation.models import DatasetVersion
from modeling.core.acquisition import STRATEGIES
from modeling.core.config import PAIR_OBJECTIVES, RewardConfig
from modeling.core.errors import ModelingError
from modeling.models import Checkpoint, EvaluationRun, ScoringRun, TrainingRun

MAX_ROUND = 100_000


def parse_config(config: Mapping[str, Any], *, kind: str) -> RewardConfig:
    """A training configuration for a dataset of this kind, which decides what it leaves out.

    Raises InvalidInput with a sentence where it makes no sense, or none on such a dataset.
    """
    try:
        return RewardConfig.for_kind(kind, dict(config))
    except ModelingError as error:
        raise InvalidInput(str(error), field="config") from error


def _check_folders(project: Project, config: RewardConfig) -> None:
    """Whoever trains on top of a model that lies here has to have it in the project."""
    prior = config.prior or {}
    places = [Path(settings.CHECKPOINT_DIR), Path(settings.SERVED_DIR), Path(settings.JOB_DIR)]
    own = [one.directory.resolve() for one in project.checkpoints.all()]
    for name in (config.backbone, prior.get("path"), prior.get("model")):
        folder = Path(name or ".").resolve()
        if not any(folder.is_relative_to(place.resolve()) for place in places):
            continue
        if not any(folder.is_relative_to(one) for one in own):
            raise InvalidInput(f"This project has no model in {name}.", field="config")


@transaction.atomic
def request_training(
    project: Project, *, dataset: DatasetVersion, config: Mapping[str, Any], by: User | None
) -> TrainingRun:
    """Queue the training of a reward model on a dataset version, by default as its kind asks.

    Raises InvalidInput as `parse_config` does, and where it builds on another project's model.
    """
    parsed = parse_config(config, kind=dataset.kind)
    _check_folders(project, parsed)
    run = TrainingRun.objects.create(
        project=project,
        dataset=dataset,
        config=parsed.to_dict(),
        requested_by=by,
        message="Waiting.",
    )
    record("training.request", by=by, project=project, subject=str(dataset))
    enqueue(run)
    return run


@transaction.atomic
def request_round(
    project: Project,
    *,
    strategy: str,
    size: int,
    seed: int = 0,
    opens: bool = True,
    by: User | None,
    checkpoint: Checkpoint | None = None,
    random_share: float | None = None,
) -> ScoringRun:
    """Queue the scoring of the unjudged pairs and the picking of the next round.

    Without a checkpoint only the random strategy is possible; one that is named must score pairs.
    """
    if checkpoint is not None:
        _check_scorer(checkpoint)
    if strategy not in STRATEGIES:
        raise InvalidInput(
            _("strategy must be one of %(known)s.") % {"known": ", ".join(STRATEGIES)},
            field="strategy",
        )
    if not 1 <= size <= MAX_ROUND:
        raise InvalidInput(_("size must be from 1 to %(n)d.") % {"n": MAX_ROUND}, field="size")
    checkpoint = checkpoint or promoted_checkpoint(project)
    if checkpoint is None and strategy != "random":
        raise InvalidInput(
            _("There is no reward model yet: train one first, or pick at random."),
            field="strategy",
        )
    share = project.loop_random_share if random_share is None else random_share
    run = ScoringRun.objects.create(
        project=project,
        checkpoint=checkpoint,
        strategy=strategy,
        size=size,
        seed=seed,
        random_share=share,
        open_round=opens,
        requested_by=by,
        message="Waiting.",
    )
    record("round.request", by=by, project=project, subject=strategy, size=size)
    enqueue(run)
    return run


@transaction.atomic
def request_evaluation(checkpoint: Checkpoint, *, data: str, by: User | None) -> EvaluationRun:
    """Queue the measuring of a checkpoint on a file."""
    run = EvaluationRun.objects.create(
        project=checkpoint.project,
        checkpoint=checkpoint,
        data=data,
        requested_by=by,
        message="Waiting.",
    )
    enqueue(run)
    return run


def promoted_checkpoint(project: Project) -> Checkpoint | None:
    """The checkpoint in force, if any."""
    return Checkpoint.objects.filter(project=project, is_promoted=True).first()


@transaction.atomic
def publish_checkpoint(
    run: TrainingRun, *, path: str, manifest: Mapping[str, Any], metrics: Mapping[str, Any]
) -> Checkpoint:
    """The row of a finished training; a replay returns the same row.

    A model that scores pairs is put in force at once, any other leaves the one in force.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=run.project_id)
    existing = Checkpoint.objects.filter(run=run).first()
    if existing is not None:
        return existing
    top = Checkpoint.objects.filter(project=project).aggregate(top=Max("number"))["top"]
    in_force = scores_pairs(run)
    if in_force:
        Checkpoint.objects.filter(project=project, is_promoted=True).update(is_promoted=False)
    checkpoint = Checkpoint.objects.create(
        project=project,
        run=run,
        number=(top or 0) + 1,
        path=path,
        manifest=dict(manifest),
        metrics=dict(metrics),
        is_promoted=in_force,
    )
    record("checkpoint.publish", by=run.requested_by, project=project, subject=str(checkpoint))
    return checkpoint


@transaction.atomic
def promote_checkpoint(
    checkpoint: Checkpoint, *, by: User | None, reason: str = "", verdict: bool | None = None
) -> Checkpoint:
    """Put an earlier checkpoint in force again; the one in force steps back.

    ``verdict`` is what the gate said of it, None where it could not tell. Raises InvalidInput for
    a model that does not score pairs, and for one that the gate refused unless a reason is given,
    which is kept in the audit trail.
    """
    _check_scorer(checkpoint)
    if verdict is False and not reason.strip():
        raise InvalidInput(
            _("The gate refused this model: say why it is to come into force all the same."),
            field="reason",
        )
    project = Project.objects.select_for_update(no_key=True).get(pk=checkpoint.project_id)
    Checkpoint.objects.filter(project=project, is_promoted=True).update(is_promoted=False)
    Checkpoint.objects.filter(pk=checkpoint.pk).update(is_promoted=True)
    detail = {"verdict": verdict, "reason": reason.strip()}
    record("checkpoint.promote", by=by, project=project, subject=str(checkpoint), **detail)
    checkpoint.refresh_from_db(fields=["is_promoted"])
    return checkpoint


def scores_pairs(run: TrainingRun) -> bool:
    """Whether what a run trained gives rewards whose differences are preferences of people."""
    return run.dataset.kind == "preference" and run.objective in PAIR_OBJECTIVES


def _check_scorer(checkpoint: Checkpoint) -> None:
    if not scores_pairs(checkpoint.run):
        raise InvalidInput(
            _("%(model)s was trained as %(objective)s: only a model of preferences scores pairs.")
            % {"model": checkpoint, "objective": checkpoint.run.objective}
        )
