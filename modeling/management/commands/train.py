"""train SLUG --dataset ID: train a reward model on a dataset version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand, project_by_slug
from annotate.services.runs import perform
from curation.selectors import dataset_by_id
from modeling import runner
from modeling.selectors import headline
from modeling.services import request_training


class Command(JsonCommand):
    help = "Train a reward model."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--dataset", required=True, help="the dataset version's id")
        parser.add_argument("--objective", help="by default what the dataset's kind is made for")
        parser.add_argument("--config", type=Path, help="a JSON file; other options win over it")
        parser.add_argument("--backbone", help="minilm, a Hugging Face id or a local path")
        parser.add_argument(
            "--frozen", action="store_true", default=None, help="fit a head on cached embeddings"
        )
        parser.add_argument(
            "--full", dest="frozen", action="store_false", help="fine-tune the whole backbone"
        )
        parser.add_argument("--seed", type=int)

    def execute_command(self, **options: Any) -> dict[str, Any]:
        project = project_by_slug(options["slug"])
        dataset = dataset_by_id(options["dataset"])
        if dataset.project_id != project.pk:
            raise InvalidInput(f"{dataset} belongs to {dataset.project.slug}, not {project.slug}.")
        request = request_training(project, dataset=dataset, config=_config(options), by=None)
        self.note(f"Training on {dataset} …")
        run = perform(request, runner.train)
        return {"run": run.public_id, **run.result}

    def summary(self, result: dict[str, Any]) -> dict[str, Any]:
        return {"checkpoint": result["checkpoint"], **headline(result["metrics"]["test"])}


def _config(options: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if options["config"] is not None:
        try:
            config = json.loads(options["config"].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidInput(f"{options['config']} is no readable JSON: {error}") from error
    names = ("objective", "backbone", "frozen", "seed")
    return config | {name: options[name] for name in names if options[name] is not None}
