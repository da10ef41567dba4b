"""build_dataset SLUG --kind K: an immutable dataset version from the project's judgments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand, project_by_slug
from annotate.services.runs import perform
from curation.core.errors import CurationError
from curation.models import DATASET_KINDS
from curation.recipe import Recipe
from curation.selectors import dataset_by_id
from curation.services import build, export_files, request_dataset


class Command(JsonCommand):
    help = "Build a dataset version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--kind", choices=DATASET_KINDS)
        parser.add_argument("--aggregate", default=None, help="auto, majority, …")
        parser.add_argument("--recipe", type=Path, help="a JSON file; other options win over it")
        parser.add_argument("--seed", type=int)
        parser.add_argument("--include-simulated", action="store_true")
        parser.add_argument("--out", type=Path, help="also copy the files to this folder")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        project = project_by_slug(options["slug"])
        run = perform(request_dataset(project, recipe=_recipe(options), by=None), build)
        dataset = dataset_by_id(run.result["dataset"])
        directory = options["out"]
        files = (
            export_files(dataset, directory)
            if directory is not None
            else [str(dataset.directory / file["name"]) for file in dataset.files]
        )
        return run.result | {"name": str(dataset), "files": files}


def _recipe(options: dict[str, Any]) -> Recipe:
    values: dict[str, Any] = {}
    if options["recipe"] is not None:
        values = _read(options["recipe"])
    given = {name: options[name] for name in ("kind", "aggregate", "seed")}
    values |= {name: value for name, value in given.items() if value is not None}
    if options["include_simulated"]:
        values["include_simulated"] = True
    try:
        return Recipe.from_dict(values)
    except CurationError as error:
        raise InvalidInput(str(error)) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} is no readable JSON file: {error}") from error
    if not isinstance(values, dict):
        raise InvalidInput(f"{path} must hold a JSON object.")
    return values
