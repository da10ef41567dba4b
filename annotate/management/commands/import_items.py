"""import_items SLUG FILE…: prompts, responses, items and labels from files or from the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from annotate.answers import KINDS
from annotate.hub import Hub
from annotate.hub_datasets import PREFIX, HubFiles, HubReference, find_files
from annotate.importers import FORMATS
from annotate.management.base import JsonCommand, project_by_slug
from annotate.models import Project
from annotate.services import import_file
from annotate.services.hub_imports import import_hub_files, project_for_hub
from annotate.services.import_chunk import ImportReport
from annotate.services.imports import project_for_file

SHOWN_ERRORS = 20


class Command(JsonCommand):
    help = "Import items; a second import of the same file adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "files", nargs="+", help="files, or hub:ORG/NAME[:CONFIG][@REVISION] for the Hub"
        )
        parser.add_argument("--create", action="store_true", help="make the project if missing")
        parser.add_argument("--kind", choices=KINDS)
        parser.add_argument("--format", choices=["auto", *FORMATS], default="auto")
        parser.add_argument("--oracle", action="store_true", help="labels become known answers")
        parser.add_argument("--open-round", action="store_true", help="ask for the new items now")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        project = self._project(**options)
        report = ImportReport()
        for name in options["files"]:
            self.note(f"Importing {name.rpartition('/')[2]} …")
            report.add(self._import(project, name, options))
        if not options["json"]:
            self._show_errors(report)
        if options["open_round"] and report.judgments:
            self.note(
                "These items came with labels and are asked for again; leave --open-round "
                "out to train on the labels at once."
            )
        return report.to_json()

    def _import(self, project: Project, name: str, options: dict[str, Any]) -> ImportReport:
        how = {
            "by": None,
            "kind": options["kind"],
            "fmt": options["format"],
            "oracle": options["oracle"],
            "opens_round": options["open_round"],
        }
        if not name.startswith(PREFIX):
            return import_file(project, Path(name), **how)
        files = self._hub_files(name)
        self.note(f"At commit {files.commit}: {len(files.paths)} files.")
        return import_hub_files(project, files, hub=_hub(), **how)

    def _hub_files(self, name: str) -> HubFiles:
        return find_files(HubReference.parse(name), hub=_hub())

    def summary(self, result: dict[str, Any]) -> dict[str, Any]:
        return result | {"errors": len(result["errors"]) + result["errors_left_out"]}

    def _project(self, **options: Any) -> Project:
        existing = Project.objects.filter(slug=options["slug"]).first()
        if existing is not None or not options["create"]:
            return existing or project_by_slug(options["slug"])
        slug, first = options["slug"], options["files"][0]
        how = {"kind": options["kind"], "fmt": options["format"], "by": None}
        if first.startswith(PREFIX):
            return project_for_hub(slug, self._hub_files(first), hub=_hub(), **how)
        return project_for_file(slug, Path(first), **how)

    def _show_errors(self, report: ImportReport) -> None:
        for bad in report.errors[:SHOWN_ERRORS]:
            self.stderr.write(f"{bad['file']}:{bad['line']}: {bad['reason']}")
        if len(report.errors) > SHOWN_ERRORS:
            self.stderr.write(f"… and {len(report.errors) - SHOWN_ERRORS} more.")


def _hub() -> Hub:
    return Hub(settings.HF_ENDPOINT, settings.HF_TOKEN)
