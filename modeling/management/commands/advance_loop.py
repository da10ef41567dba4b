"""advance_loop SLUG: take every step of the loop that is due."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand, project_by_slug
from annotate.models import Project
from annotate.selectors import judgments_of
from annotate.services.runs import RunFailed, perform
from modeling.loop import BLOCKED, Step, advance
from modeling.tasks import WORK


class Command(JsonCommand):
    help = "Turn the loop until it waits for judgments, is done, or the limit is reached."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--rounds", type=int, help="stop after opening this many rounds")
        parser.add_argument("--until", help="judgments=N: stop once there are N judgments")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        project = project_by_slug(options["slug"])
        enough = _target(options["until"])
        steps: list[dict[str, Any]] = []
        opened = 0
        while not (options["rounds"] is not None and opened >= options["rounds"]):
            if enough is not None and judgments_of(project).count() >= enough:
                break
            step = advance(project)
            steps.append(self._take(step))
            opened += step.action == "select_round"
            if step.action == BLOCKED:
                raise RunFailed(step.reason)
            if not step.is_progress and not _worker_busy(step):
                break
        return {"steps": steps, **_standing(project)}

    def _take(self, step: Step) -> dict[str, Any]:
        """Do the step's work here; returns what is told of it."""
        self.note(f"{step.action}: {step.reason}")
        told: dict[str, Any] = {"action": step.action, "reason": step.reason}
        if step.run is not None and step.action != BLOCKED:
            told["result"] = perform(step.run, WORK[type(step.run)]).result
        return told


def _worker_busy(step: Step) -> bool:
    """Whether the loop only waited for a run, which has ended by now."""
    return step.run is not None


def _standing(project: Project) -> dict[str, Any]:
    last = project.rounds.last()
    return {"round": last.number if last else 0, "judgments": judgments_of(project).count()}


def _target(text: str | None) -> int | None:
    if text is None:
        return None
    name, _, number = text.partition("=")
    if name != "judgments" or not number.isdigit():
        raise InvalidInput("--until takes judgments=N.")
    return int(number)
