"""evaluate --checkpoint ID --data FILE: measure a checkpoint on judged rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand
from annotate.services.runs import perform
from modeling import runner
from modeling.selectors import checkpoint_by_id, headline
from modeling.services import request_evaluation


class Command(JsonCommand):
    help = "Evaluate a checkpoint on a file of pairs, rankings, steps, outcomes or ratings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--checkpoint", required=True)
        parser.add_argument("--data", type=Path, required=True)
        parser.add_argument(
            "--rewardbench", type=int, choices=[1, 2], help="score a file of RewardBench 1 or 2"
        )
        parser.add_argument(
            "--probes", action="store_true", help="probe the model with rewritten pairs as well"
        )
        parser.add_argument(
            "--gold", metavar="ID", help="a checkpoint that stands for the truth in best-of-N"
        )

    def execute_command(self, **options: Any) -> dict[str, Any]:
        path = options["data"].resolve()
        if not path.is_file():
            raise InvalidInput(f"There is no file {path}.")
        checkpoint = checkpoint_by_id(options["checkpoint"])
        wishes = _wishes(options)
        with transaction.atomic():  # a worker sees the run when its options are there
            request = request_evaluation(checkpoint, data=str(path), by=None)
            runner.keep_options(request, wishes)
        return perform(request, runner.evaluate).result

    def summary(self, result: dict[str, Any]) -> dict[str, Any]:
        if result.get("kind", "preference") == "preference" and "rewardbench" not in result:
            return headline(result)
        return {name: value for name, value in result.items() if _is_told(value)}


def _is_told(value: Any) -> bool:
    """Whether a figure fits on a line: a number, a word, or an interval."""
    if isinstance(value, list):
        return len(value) == 2 and all(isinstance(end, float) for end in value)
    return isinstance(value, int | float | str)


def _wishes(options: dict[str, Any]) -> dict[str, Any]:
    """What the job is asked besides the file; nothing that was not asked for."""
    wishes: dict[str, Any] = {}
    if options["rewardbench"] is not None:
        wishes["rewardbench"] = options["rewardbench"]
    if options["probes"]:
        wishes["probes"] = True
    if options["gold"] is not None:
        wishes["gold"] = str(checkpoint_by_id(options["gold"]).directory)
    return wishes
