"""build_dataset SLUG --kind K: an immutable dataset version from the project's judgments."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand, project_by_slug
from annotate.models import Project
from annotate.services.runs import perform
from curation.core.errors import CurationError
from curation.exporting import export_files
from curation.models import DATASET_KINDS
from curation.recipe import Recipe
from curation.selectors import dataset_by_id
from curation.services import build, request_dataset

GIVEN = ("kind", "aggregate", "seed", "aspect")
FLAGS = ("include_simulated", "include_machine")


class Command(JsonCommand):
    help = "Build a dataset version, or show what a recipe would give."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--kind", choices=DATASET_KINDS)
        parser.add_argument("--aggregate", default=None, help="auto, majority, …")
        parser.add_argument("--recipe", type=Path, help="a JSON file; other options win over it")
        parser.add_argument("--seed", type=int)
        parser.add_argument("--aspect", help="what rows are about; else the overall question")
        parser.add_argument("--include-simulated", action="store_true")
        parser.add_argument(
            "--include-machine",
            action="store_true",
            help="verifiers, rollouts and models that judge, too",
        )
        parser.add_argument(
            "--until", metavar="DATETIME", help="read no later judgment, such as 2026-05-03T14:00"
        )
        parser.add_argument(
            "--preview", action="store_true", help="show what each step would do; make no version"
        )
        parser.add_argument("--out", type=Path, help="also copy the files to this folder")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        project = project_by_slug(options["slug"])
        if options["preview"]:
            if options["out"] is not None:
                raise CommandError("A preview makes no files: leave out --out.")
            return _result(project, options, is_preview=True)
        result = _result(project, options, is_preview=False)
        dataset = dataset_by_id(result["dataset"])
        directory = options["out"]
        files = (
            export_files(dataset, directory)
            if directory is not None
            else [str(dataset.directory / file["name"]) for file in dataset.files]
        )
        return result | {"name": str(dataset), "files": files}

    def summary(self, result: dict[str, Any]) -> dict[str, Any]:
        """Of a preview what each step would leave out, a line a step."""
        preview = result.get("preview")
        if preview is None:
            return result
        steps = {step["step"]: _step_in_words(step) for step in preview["steps"]}
        return steps | {"would give": preview["rows"]}


def _result(project: Project, options: dict[str, Any], *, is_preview: bool) -> dict[str, Any]:
    run = request_dataset(
        project,
        recipe=_recipe(options),
        by=None,
        cutoff=_until(options["until"]),
        is_preview=is_preview,
    )
    return dict(perform(run, build).result)


def _step_in_words(step: dict[str, Any]) -> str:
    reasons = ", ".join(f"{reason} {n}" for reason, n in step["dropped"].items())
    counts = f"{step['before']} -> {step['after']} {step['unit']}"
    return f"{counts} ({reasons})" if reasons else counts


def _until(text: str | None) -> datetime | None:
    """A moment; one without a zone is in the installation's, a day begins at its midnight."""
    if text is None:
        return None
    try:
        moment = parse_datetime(text)
        day = None if moment else parse_date(text)
    except ValueError:
        moment = day = None
    if day is not None:
        moment = datetime(day.year, day.month, day.day)
    if moment is None:
        raise InvalidInput(f"--until takes a moment such as 2026-05-03T14:00, not {text!r}.")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _recipe(options: dict[str, Any]) -> Recipe:
    values: dict[str, Any] = {}
    if options["recipe"] is not None:
        values = _read(options["recipe"])
    values |= {name: options[name] for name in GIVEN if options[name] is not None}
    values |= {name: True for name in FLAGS if options[name]}
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
