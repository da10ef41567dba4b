"""Everything that reads rows of modeling for pages, commands and the API."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, QuerySet
from django.db.models.functions import Abs

from annotate.errors import InvalidInput
from annotate.models import Assignment, Project, Round, RoundItem, Run, User
from annotate.selectors import RoundProgress, all_judgments_of
from annotate.services.runs import run_models
from curation.models import CurationRun, DatasetVersion
from modeling.labels import Measure, measure_of, short_objective
from modeling.models import Checkpoint, TrainingRun

Status = Assignment.Status


def checkpoint_by_id(public_id: str) -> Checkpoint:
    """The checkpoint with this id, or an error that says where ids come from."""
    try:
        return Checkpoint.objects.select_related("project").get(public_id=UUID(public_id))
    except (ValueError, Checkpoint.DoesNotExist) as error:
        raise InvalidInput(
            f"There is no checkpoint {public_id!r}; train --json prints the id."
        ) from error


@dataclass(frozen=True)
class CheckpointRow:
    """A checkpoint in a table: what it was trained on and how it did on held-out pairs.

    ``after_round`` is the number of the round whose close led to its dataset, None where none
    did. Figures are None where nothing was held out; ``interval`` is that of ``accuracy``, and
    ``baseline`` prefers the longer answer. ``value`` is the figure that ``measure`` names.
    """

    checkpoint: Checkpoint
    dataset: DatasetVersion
    after_round: int | None
    n: int
    accuracy: float | None
    interval: tuple[float, float] | None
    baseline: float | None
    value: float | None

    @property
    def measure(self) -> Measure:
        """The figure that tells models of this kind of dataset in short."""
        return measure_of(self.dataset.kind)

    @property
    def objective(self) -> str:
        """What it was trained as, in one or two words."""
        return short_objective(self.checkpoint.run.objective)


def checkpoint_rows(project: Project) -> list[CheckpointRow]:
    """The project's checkpoints, oldest first; few figures are read, not the failures."""
    checkpoints = (
        Checkpoint.objects.filter(project=project)
        .select_related("project", "run__dataset__project")
        .defer("manifest", "metrics", "run__log", "run__result", "run__curve")
        .annotate(
            n=F("metrics__test__n"),
            accuracy=F("metrics__test__accuracy"),
            interval=F("metrics__test__interval"),
            baseline=F("metrics__test__length_accuracy"),
            first_error_f1=F("metrics__test__first_error_f1"),
            pearson=F("metrics__test__pearson"),
        )
        .order_by("number")
    )
    after = _rounds_before_datasets(project)
    return [_checkpoint_row(checkpoint, after) for checkpoint in checkpoints]


def _rounds_before_datasets(project: Project) -> dict[int, int]:
    """By dataset, the first round that led to it."""
    builds = CurationRun.objects.filter(
        project=project, dataset__isnull=False, after_round__isnull=False
    )
    return dict(builds.order_by("-pk").values_list("dataset_id", "after_round__number"))


def _checkpoint_row(checkpoint: Any, after: dict[int, int]) -> CheckpointRow:
    low_high = checkpoint.interval
    return CheckpointRow(
        checkpoint=checkpoint,
        dataset=checkpoint.run.dataset,
        after_round=after.get(checkpoint.run.dataset_id),
        n=checkpoint.n or 0,
        accuracy=checkpoint.accuracy,
        interval=(low_high[0], low_high[1]) if low_high else None,
        baseline=checkpoint.baseline,
        value=getattr(checkpoint, measure_of(checkpoint.run.dataset.kind).key),
    )


def run_kinds() -> dict[str, type[Run]]:
    """The kinds of run of this app by the name that addresses use, such as ``training``."""
    ours = [model for model in run_models() if model._meta.app_label == "modeling"]
    return {str(model._meta.model_name).removesuffix("run"): model for model in ours}


def latest_runs(project: Project, *, kind: str = "", status: str = "", limit: int) -> list[Run]:
    """The project's runs of this app, newest first; all kinds and states where none is named."""
    found: list[Run] = []
    if status and status not in Run.Status.values:
        return found
    for name, model in run_kinds().items():
        if kind in ("", name):
            rows = model._default_manager.filter(project=project).defer("log", "result")
            rows = rows.filter(status=status) if status else rows
            found += _with_subjects(rows).order_by("-created_at")[:limit]
    return sorted(found, key=lambda run: run.created_at, reverse=True)[:limit]


def _with_subjects(rows: QuerySet[Any]) -> QuerySet[Any]:
    """With what each works on, in the same query."""
    if rows.model is TrainingRun:
        return rows.select_related("dataset__project", "checkpoint__project").defer("curve")
    names = {field.name for field in rows.model._meta.fields}
    return rows.select_related("checkpoint__project") if "checkpoint" in names else rows


@dataclass(frozen=True)
class RoundRow:
    """A round in a table. ``mean_margin`` is the mean |margin| of the items a model scored."""

    progress: RoundProgress
    mean_margin: float | None

    @property
    def round(self) -> Round:
        """The round itself."""
        return self.progress.round

    @property
    def random_share(self) -> float | None:
        """Items picked at random as a share of all, from 0 to 1."""
        items = self.progress.items
        return self.progress.arms.get(RoundItem.Arm.RANDOM, 0) / items if items else None


def round_rows(project: Project) -> list[RoundRow]:
    """The project's rounds, newest first, in three queries."""
    rounds = project.rounds.annotate(mean_margin=Avg(Abs("entries__margin"))).order_by("-number")
    arms, slots = _arms_by_round(project), _slots_by_round(project)
    return [
        RoundRow(_progress(round_, slots[round_.pk], arms[round_.pk]), round_.mean_margin)
        for round_ in rounds
    ]


def _arms_by_round(project: Project) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    entries = RoundItem.objects.filter(round__project=project).order_by()
    for round_id, arm, n in entries.values_list("round_id", "arm").annotate(n=Count("pk")):
        counts[round_id][arm] = n
    return counts


def _slots_by_round(project: Project) -> dict[int, dict[str, int]]:
    """Live slots by status, as ``annotate.selectors.round_progress`` counts them for one round."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    live = Assignment.objects.filter(
        round__project=project, is_surplus=False, purpose=Assignment.Purpose.WORK
    )
    for round_id, status, n in live.values_list("round_id", "status").annotate(n=Count("pk")):
        counts[round_id][status] = n
    return counts


def _progress(round_: Round, slots: dict[str, int], arms: dict[str, int]) -> RoundProgress:
    free, leased = slots.get(Status.FREE, 0), slots.get(Status.LEASED, 0)
    submitted = slots.get(Status.SUBMITTED, 0)
    return RoundProgress(
        round_, free + leased + submitted, submitted, leased, sum(arms.values()), arms
    )


def judgments_by_origin(project: Project) -> dict[str, int]:
    """Judgments by who made them: person, imported, simulated, machine."""
    rows = all_judgments_of(project).values_list("assignment__annotator__kind")
    found = dict(rows.annotate(n=Count("pk")))
    return {kind.value: found.get(kind.value, 0) for kind in User.Kind}


def headline(found: dict[str, Any]) -> dict[str, str]:
    """An evaluation in four lines; a dash where nothing could be measured."""
    interval = found.get("interval")
    return {
        "accuracy": _three(found.get("accuracy")),
        "interval": f"{_three(interval[0])} to {_three(interval[1])}" if interval else "–",
        "longer wins": _three(found.get("length_accuracy")),
        "pairs": str(found.get("n", 0)),
    }


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
