"""evaluate --checkpoint ID --data FILE: measure a checkpoint on known pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand
from annotate.services.runs import perform
from modeling import runner
from modeling.selectors import checkpoint_by_id, headline
from modeling.services import request_evaluation


class Command(JsonCommand):
    help = "Evaluate a checkpoint on a file of pairs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--checkpoint", required=True)
        parser.add_argument("--data", type=Path, required=True)

    def execute_command(self, **options: Any) -> dict[str, Any]:
        path = options["data"].resolve()
        if not path.is_file():
            raise InvalidInput(f"There is no file {path}.")
        checkpoint = checkpoint_by_id(options["checkpoint"])
        request = request_evaluation(checkpoint, data=str(path), by=None)
        return perform(request, runner.evaluate).result

    def summary(self, result: dict[str, Any]) -> dict[str, Any]:
        return headline(result)
