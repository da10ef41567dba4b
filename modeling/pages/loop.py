"""What the overview of a project shows: where its loop stands, and what it has made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.models import Project, Round
from annotate.services.runs import runs_of
from curation.forms import DatasetForm
from curation.selectors import datasets_of
from modeling.charts import AccuracyPoint, Plot, accuracy_plot
from modeling.forms import RoundForm, TrainingForm
from modeling.loop import BLOCKED, DONE, STAGES, Step, standing
from modeling.selectors import CheckpointRow, checkpoint_rows, judgments_by_origin, round_rows

POLL_LIVE, POLL_IDLE = 3, 15
LATEST_RUNS = 8
STAGE_LABELS = {
    "judge": _("Judge"),
    "dataset": _("Dataset"),
    "train": _("Train"),
    "select": _("Select"),
}
DUE = {
    "close_round": _("Close the round"),
    "build_dataset": _("Build the dataset"),
    "train": _("Train the reward model"),
    "select_round": _("Pick the next round"),
}
TURNING = {
    "close_round": _("Turning it now means: close the round."),
    "build_dataset": _("Turning it now means: build the dataset."),
    "train": _("Turning it now means: train the reward model."),
    "select_round": _("Turning it now means: pick the next round."),
}
TAKEN = {
    "close_round": _("It is closed now."),
    "build_dataset": _("A dataset is being built."),
    "train": _("A training is on its way."),
    "select_round": _("It is being picked."),
}


@dataclass(frozen=True)
class Stage:
    """A box of the loop's diagram; ``state`` is empty where the loop does not stand."""

    label: str
    note: str
    state: str


def told(step: Step) -> str:
    """A step just taken, or what the loop waits for, as a message."""
    return f"{step.reason} {TAKEN.get(step.action, '')}".strip()


def loop_panel(project: Project) -> dict[str, Any]:
    """Where the loop stands, what is due, and how often to look again (seconds; None: never).

    ``seen`` changes when the loop has moved on, so that a page knows that it is out of date.
    """
    step = standing(project)
    live = project.rounds.exclude(status=Round.Status.CLOSED).first()
    state = _state(step)
    return {
        "step": step,
        "state": state,
        "stages": [_stage(project, name, step, state) for name in STAGES],
        "due": DUE.get(step.action, ""),
        "turning": TURNING.get(step.action, ""),
        "live_round": live,
        "seen": f"{step.stage}-{step.action}-{step.run.public_id if step.run else ''}",
        "poll": _poll(project, state),
    }


def _state(step: Step) -> str:
    if step.action in (BLOCKED, DONE):
        return step.action
    if step.is_progress:
        return "due"
    return "running" if step.run is not None else "waiting"


def _poll(project: Project, state: str) -> int | None:
    if state == "running":
        return POLL_LIVE
    return POLL_IDLE if project.loop_enabled and state != DONE else None


def _stage(project: Project, name: str, step: Step, state: str) -> Stage:
    here = name == step.stage and state != DONE
    return Stage(str(STAGE_LABELS[name]), _note(project, name), state if here else "")


def _note(project: Project, stage: str) -> str:
    """The newest thing that a stage has made."""
    match stage:
        case "judge":
            return _numbered(_rounds_by_life(project), _("round %(number)d"), _("no round yet"))
        case "dataset":
            versions = project.datasets.filter(kind="preference")
            return _numbered(versions, _("version %(number)d"), _("no version yet"))
        case "train":
            models = project.checkpoints.filter(is_promoted=True)
            return _numbered(models, _("model %(number)d"), _("no model yet"))
        case _:
            return gettext("%(n)d items a round") % {"n": project.loop_round_size}


def _rounds_by_life(project: Project) -> QuerySet[Round]:
    """The open round first, then the newest."""
    return project.rounds.annotate(is_open=Q(status=Round.Status.OPEN)).order_by(
        "-is_open", "-number"
    )


def _numbered(rows: QuerySet[Any], text: str | Promise, nothing: str | Promise) -> str:
    number = rows.values_list("number", flat=True).first()
    return str(nothing) if number is None else str(text) % {"number": number}


def overview_page(project: Project) -> dict[str, Any]:
    """The tables, the chart and the forms of a project's overview."""
    models = checkpoint_rows(project)
    pairs = [row for row in models if row.dataset.kind == "preference"]
    datasets = datasets_of(project)
    return {
        "items": project.items.count(),
        "origins": judgments_by_origin(project),
        "rounds": round_rows(project),
        "datasets": datasets,
        "models": models[::-1],
        "pair_models": pairs,
        "accuracy": accuracy_by_round(pairs),
        "runs": runs_of(project.pk, limit=LATEST_RUNS),
        "newest_preference": next((d for d in datasets if d.kind == "preference"), None),
        "dataset_form": DatasetForm(project),
        "training_form": TrainingForm(project),
        "round_form": RoundForm(project),
    }


def accuracy_by_round(models: Sequence[CheckpointRow]) -> Plot | None:
    """Accuracies of models of one kind by the round they follow; None where none was measured."""
    if not any(row.accuracy is not None for row in models):
        return None
    points = [
        AccuracyPoint(
            label="–" if row.after_round is None else str(row.after_round),
            name=gettext("Model %(number)d") % {"number": row.checkpoint.number},
            accuracy=row.accuracy,
            interval=row.interval,
            baseline=row.baseline,
        )
        for row in models
    ]
    return accuracy_plot(points, name="accuracy", x_title=gettext("trained after round"))
