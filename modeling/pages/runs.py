"""What the list of runs and the page of a training show, while they run and after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from annotate.models import Project, Run
from modeling.charts import Plot, curve_plots
from modeling.labels import objective_label, short_objective
from modeling.models import Checkpoint, TrainingRun
from modeling.selectors import checkpoint_rows, latest_runs, run_kinds

POLL_SECONDS = 3
MOST_RUNS = 100
LEAST_POINTS = 2
STATUSES = tuple(Run.Status.values)


@dataclass(frozen=True)
class RunRow:
    """A run in the list: what it works on, and the page of its own that reviewers may open."""

    run: Run
    subject: str
    url: str
    checkpoint: Checkpoint | None


def run_list_page(project: Project, *, kind: str, status: str) -> dict[str, Any]:
    """The runs, and the models that came of them."""
    return {
        "models": checkpoint_rows(project)[::-1],
        "kinds": [(name, model.label) for name, model in run_kinds().items()],
        "statuses": STATUSES,
        **run_table(project, kind=kind, status=status),
    }


def run_table(project: Project, *, kind: str, status: str) -> dict[str, Any]:
    """The part of the list that changes while something runs, and how often to look again."""
    runs = latest_runs(project, kind=kind, status=status, limit=MOST_RUNS)
    return {
        "rows": [_row(run) for run in runs],
        "kind": kind,
        "status": status,
        "poll": POLL_SECONDS if any(not run.is_finished for run in runs) else None,
    }


def _row(run: Run) -> RunRow:
    if isinstance(run, TrainingRun):
        subject = f"{short_objective(run.objective)} · {run.dataset}"
        return RunRow(run, subject, run.shown_at, getattr(run, "checkpoint", None))
    checkpoint = getattr(run, "checkpoint", None)
    return RunRow(run, str(checkpoint or ""), "", None)


def run_page(run: TrainingRun) -> dict[str, Any]:
    """A training: where it stands, what it logged, how it was asked for."""
    plots = curve_plots(run.curve, live=True)
    return {
        "project": run.project,
        "run": run,
        "dataset": run.dataset,
        "objective": objective_label(run.objective),
        "checkpoint": Checkpoint.objects.filter(run=run).first(),
        "plots": [(plot, _is_shown(plot)) for plot in plots],
        "has_plots": any(map(_is_shown, plots)),
        "can_retry": run.status in (Run.Status.FAILED, Run.Status.CANCELLED),
        "config": json.dumps(run.config, indent=2, ensure_ascii=False, sort_keys=True),
    }


def curve_reply(run: TrainingRun) -> dict[str, Any]:
    """What the page of a run asks for again and again: status, progress, plots."""
    return {
        "status": run.status,
        "label": gettext(run.status),
        "progress": run.progress,
        "message": gettext(run.message) if run.message else "",
        "is_finished": run.is_finished,
        "plots": [_plot_reply(plot) for plot in curve_plots(run.curve, live=True)],
    }


def _plot_reply(plot: Plot) -> dict[str, Any]:
    return {**plot.to_dict(), "isShown": _is_shown(plot), "rows": plot.rows}


def _is_shown(plot: Plot) -> bool:
    """A single point is no curve yet."""
    return len(plot.xs) >= LEAST_POINTS
