"""export_dataset ID --to DIR: copy a dataset version's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotate.management.base import JsonCommand
from annotate.services.runs import perform
from curation.selectors import dataset_by_id
from curation.services import export, request_export


class Command(JsonCommand):
    help = "Copy a dataset version to a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", help="its id")
        parser.add_argument("--to", type=Path, required=True)

    def execute_command(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_id(options["dataset"])
        run = perform(request_export(dataset, destination=options["to"], by=None), export)
        return {"files": run.result["files"]}
