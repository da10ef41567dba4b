"""Background work of modeling: tasks take ids and delegate."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task

from annotate.models import Project, Run
from annotate.services.runs import execute_run
from curation.models import CurationRun
from curation.services import build
from modeling import runner, selection
from modeling.judging import judge
from modeling.loop import advance
from modeling.models import EvaluationRun, JudgeRun, ScoringRun, TrainingRun

logger = logging.getLogger(__name__)
WORK: dict[type[Run], Any] = {
    CurationRun: build,
    TrainingRun: runner.train,
    EvaluationRun: runner.evaluate,
    ScoringRun: selection.select,
}


@shared_task(name="modeling.run_training")
def run_training(run_id: int) -> None:
    """Train a reward model, and go on at once where the loop turns by itself."""
    run = execute_run(TrainingRun, run_id, runner.train)
    if run is not None and run.project.loop_enabled:
        _turn(run.project)


@shared_task(name="modeling.run_evaluation")
def run_evaluation(run_id: int) -> None:
    """Evaluate a checkpoint on a file."""
    execute_run(EvaluationRun, run_id, runner.evaluate)


@shared_task(name="modeling.run_scoring")
def run_scoring(run_id: int) -> None:
    """Score the pool and pick the next round."""
    execute_run(ScoringRun, run_id, selection.select)


@shared_task(name="modeling.run_judging")
def run_judging(run_id: int) -> None:
    """Let a language model judge a project's items."""
    execute_run(JudgeRun, run_id, judge)


@shared_task(name="modeling.advance")
def advance_projects() -> None:
    """Turn the loop of every project that turns by itself."""
    for project in Project.objects.filter(loop_enabled=True):
        _turn(project)


def _turn(project: Project) -> None:
    """Take the steps that are due, up to the first that has work to wait for."""
    try:
        while (step := advance(project)).is_progress and step.run is None:
            continue
    except Exception:
        logger.exception("the loop of %s cannot go on; the other projects do", project.slug)
