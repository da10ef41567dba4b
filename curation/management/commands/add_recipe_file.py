"""add_recipe_file SLUG FILE: an evaluation set, embeddings or topics that recipes may name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand, project_by_slug
from curation.attached import add_file
from curation.models import ProjectFile


class Command(JsonCommand):
    help = "Add a file that recipes may name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("file", type=Path)
        parser.add_argument("--purpose", choices=ProjectFile.Purpose.values, required=True)
        parser.add_argument("--name", help="what recipes call it; the file's own name if none")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        project, path = project_by_slug(options["slug"]), options["file"]
        try:
            stream = path.open("rb")
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
        with stream:
            row = add_file(
                project,
                purpose=options["purpose"],
                name=options["name"] or path.name.partition(".")[0],
                content=File(stream, name=path.name),
                by=None,
            )
        return {
            "file": row.public_id,
            "purpose": row.purpose,
            "name": row.name,
            "entries": row.rows,
            "sha256": row.sha256,
        }
