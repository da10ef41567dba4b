"""What the pages of the loop show, gathered from rows: templates only lay it out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.models import Project, Round
from annotate.services.runs import runs_of
from curation.forms import DatasetForm
from curation.selectors import datasets_of
from modeling.charts import AccuracyPoint, accuracy_chart, line_chart, margin_chart
from modeling.forms import RoundForm, TrainingForm
from modeling.loop import BLOCKED, DONE, STAGES, Step, standing
from modeling.models import Checkpoint
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
    datasets = datasets_of(project)
    return {
        "items": project.items.count(),
        "origins": judgments_by_origin(project),
        "rounds": round_rows(project),
        "datasets": datasets,
        "models": models[::-1],
        "chart": _accuracy(models),
        "runs": runs_of(project.pk, limit=LATEST_RUNS),
        "newest_preference": next((d for d in datasets if d.kind == "preference"), None),
        "dataset_form": DatasetForm(project),
        "training_form": TrainingForm(project),
        "round_form": RoundForm(project),
    }


def _accuracy(models: Sequence[CheckpointRow]) -> SafeString | None:
    """The chart of accuracies; None where no model was measured."""
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
    return accuracy_chart(points, name="accuracy", x_title=gettext("trained after round"))


def checkpoint_page(checkpoint: Checkpoint) -> dict[str, Any]:
    """Everything that is known of a reward model; what was not measured is left out."""
    metrics, run = checkpoint.metrics, checkpoint.run
    test = metrics.get("test") or {}
    manifest = {name: value for name, value in checkpoint.manifest.items() if name != "metrics"}
    return {
        "project": checkpoint.project,
        "checkpoint": checkpoint,
        "run": run,
        "dataset": run.dataset,
        "test": test,
        "validation": metrics.get("validation") or {},
        "categories": (test.get("by_category") or {}).items(),
        "truncated": (metrics.get("truncated") or {}).items(),
        "failures": _failures(test),
        "margins": _margins(test),
        "margin_rows": _margin_rows(test),
        "loss": _loss(run.curve),
        "regularisation": _regularisation(metrics),
        "config": _pretty(run.config),
        "manifest": _pretty(manifest),
    }


def _failures(test: Mapping[str, Any]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """The pairs in the wrong order by the two ends of |margin|; empty lists are left out."""
    near, sure = test.get("near_failures") or [], test.get("sure_failures") or []
    lists = [
        (
            gettext("Least margin"),
            gettext("Nearly undecided: more judgments here would teach most."),
            near,
        ),
        (
            gettext("Most confident"),
            gettext("Far in the wrong order: look for wrong labels and blind spots."),
            sure,
        ),
    ]
    return [entry for entry in lists if entry[2]]


def _margins(test: Mapping[str, Any]) -> SafeString | None:
    margins = test.get("margins") or {}
    if not margins.get("edges"):
        return None
    return margin_chart(margins["edges"], margins["right"], margins["wrong"], name="margins")


def _margin_rows(test: Mapping[str, Any]) -> list[tuple[float, int, int]]:
    """The histogram as a table: upper edge, right, wrong; empty bins are left out."""
    margins = test.get("margins") or {}
    edges = (margins.get("edges") or [])[1:]
    bins = zip(edges, margins.get("right") or [], margins.get("wrong") or [], strict=False)
    return [(end, right, wrong) for end, right, wrong in bins if right or wrong]


def _loss(curve: Sequence[Mapping[str, Any]]) -> SafeString | None:
    """The training loss as it fell; None for a head that was fitted at once."""
    points = [
        (float(entry["fraction"]), float(entry["loss"]))
        for entry in curve
        if entry.get("loss") is not None
    ]
    if len(points) < 2:
        return None
    return line_chart(
        points,
        name="loss",
        title=gettext("Training loss"),
        x_title=gettext("share of the training"),
    )


def _regularisation(metrics: Mapping[str, Any]) -> SafeString | None:
    """Validation loss by strength of the penalty; None unless there was a choice to make."""
    path = [
        (float(l2), float(loss)) for l2, loss in metrics.get("l2_path") or [] if loss is not None
    ]
    if len(path) < 2:
        return None
    return line_chart(
        path,
        name="regularisation",
        title=gettext("Validation loss by strength of the penalty"),
        x_title=gettext("L2 penalty"),
        log_x=True,
    )


def _pretty(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
