"""What the page of a reward model shows; what was not measured is left out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from annotate.charts import percent_text
from modeling.charts import Plot, curve_plots, disagreement_plot, line_plot, margin_plot
from modeling.labels import objective_label
from modeling.models import Checkpoint
from modeling.pages.calibration import calibration_section
from modeling.pages.figures import (
    Figure,
    baselines_plot,
    gains,
    held_out,
    measured_in_short,
    parts_plots,
    parts_tables,
)
from modeling.pages.loop import accuracy_by_round
from modeling.selectors import checkpoint_rows
from modeling.services import scores_pairs

Metrics = Mapping[str, Any]


def checkpoint_page(checkpoint: Checkpoint) -> dict[str, Any]:
    """Everything that is known of a reward model."""
    metrics, run = checkpoint.metrics, checkpoint.run
    kind, test = run.dataset.kind, metrics.get("test") or {}
    validation = metrics.get("validation") or {}
    return {
        "project": checkpoint.project,
        "checkpoint": checkpoint,
        "run": run,
        "dataset": run.dataset,
        "objective": objective_label(run.objective),
        "scores_pairs": scores_pairs(run),
        "test": test,
        "validation": validation,
        "held_out": held_out(kind, test),
        "on_validation": measured_in_short(kind, validation),
        "baselines": baselines_plot(test),
        "gains": gains(test),
        "parts": parts_plots(kind, test),
        "tables": parts_tables(metrics),
        "length_control": test.get("length_control"),
        "votes": test.get("votes"),
        "margin_plots": _margin_plots(test),
        "calibration": calibration_section(checkpoint.manifest),
        "failures": _failures(test),
        "others": _others(checkpoint),
        "curves": curve_plots(_curve(checkpoint)) + _regularisation(metrics),
        **_provenance(checkpoint),
    }


def _provenance(checkpoint: Checkpoint) -> dict[str, Any]:
    manifest = {name: value for name, value in checkpoint.manifest.items() if name != "metrics"}
    return {
        "truncated": (checkpoint.metrics.get("truncated") or {}).items(),
        "training_facts": _training_facts(checkpoint.manifest.get("training") or {}),
        "made_of": _made_of(checkpoint),
        "config": _pretty(checkpoint.run.config),
        "manifest": _pretty(manifest),
    }


def _others(checkpoint: Checkpoint) -> dict[str, Any]:
    """Models of the same kind: their accuracies by round, and the one to compare with."""
    kind = checkpoint.run.dataset.kind
    rows = [row for row in checkpoint_rows(checkpoint.project) if row.dataset.kind == kind]
    same_figure = [row for row in rows if row.measure.key == "accuracy"]
    before = [row for row in rows if row.checkpoint.number < checkpoint.number]
    return {
        "by_round": accuracy_by_round(same_figure) if len(rows) > 1 else None,
        "before": before[-1].checkpoint if before else None,
    }


def _curve(checkpoint: Checkpoint) -> Sequence[Metrics]:
    """What was logged as it went: on the row, or in the manifest of a model made elsewhere."""
    history: Sequence[Metrics] = (checkpoint.manifest.get("training") or {}).get("history") or []
    return checkpoint.run.curve or history


def _failures(test: Metrics) -> list[tuple[str, str, list[dict[str, Any]]]]:
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


def _margin_plots(test: Metrics) -> list[Plot]:
    """Pairs by |margin|, and |margin| by how far people agreed."""
    margins, votes = test.get("margins") or {}, test.get("votes") or {}
    plots = []
    if margins.get("edges"):
        plots.append(
            margin_plot(margins["edges"], margins["right"], margins["wrong"], name="margins")
        )
    if votes.get("bins"):
        plots.append(disagreement_plot(votes["bins"], name="disagreement"))
    return [plot for plot in plots if not plot.is_empty]


def _regularisation(metrics: Metrics) -> list[Plot]:
    """Validation loss by strength of the penalty; nothing unless there was a choice to make."""
    path = [
        (float(l2), float(loss)) for l2, loss in metrics.get("l2_path") or [] if loss is not None
    ]
    if len(path) < 2:
        return []
    plot = line_plot(
        path,
        name="regularisation",
        title=gettext("Validation loss by penalty"),
        x_title=gettext("L2 penalty"),
        label=gettext("validation loss"),
        log_x=True,
    )
    return [plot]


def _training_facts(training: Metrics) -> list[Figure]:
    """How a training went, as far as the trainer wrote it down."""
    facts = [
        (gettext("Seconds"), _plain(training.get("seconds"))),
        (gettext("Steps"), _plain(training.get("steps"))),
        (gettext("Kept from step"), _plain(training.get("best_step"))),
        (gettext("Stopped early"), gettext("yes") if training.get("stopped_early") else ""),
        (gettext("Rows a second"), _plain(training.get("rows_per_second"))),
        (gettext("Padding"), percent_text(training.get("padding"))),
        (gettext("Tokens saved by shared prompts"), _factor(training.get("token_saving"))),
    ]
    return [Figure(label, text) for label, text in facts if text]


def _plain(value: object) -> str:
    if not isinstance(value, int | float):
        return ""
    return f"{value:.3g}" if abs(value) < 1_000 else f"{value:,.0f}"


def _factor(value: object) -> str:
    return f"× {value:.2f}" if isinstance(value, int | float) and value > 1 else ""


def _made_of(checkpoint: Checkpoint) -> list[Figure]:
    """What a model has besides one head: a posterior, more heads, a prior, parents."""
    manifest, found = checkpoint.manifest, []
    if heads := manifest.get("heads"):
        names = ", ".join(map(str, heads.get("names") or []))
        found.append(Figure(gettext("Heads"), names))
    if prior := manifest.get("prior"):
        found.append(Figure(gettext("Prior reward"), str(prior.get("kind", ""))))
    if manifest.get("posterior"):
        found.append(Figure(gettext("Uncertainty"), gettext("Laplace posterior of the head")))
    if parents := manifest.get("parents"):
        names = ", ".join(str(parent.get("name")) for parent in parents)
        found.append(Figure(gettext("Merged from"), names))
    return found


def _pretty(value: Metrics) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
