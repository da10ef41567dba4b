"""create_project SLUG: a new campaign."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.answers import KINDS, SCALES
from annotate.management.base import JsonCommand
from annotate.services import create_project


class Command(JsonCommand):
    help = "Create a project."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", default="")
        parser.add_argument("--kinds", default="comparison", help=f"some of {','.join(KINDS)}")
        parser.add_argument("--overlap", type=int, default=1, help="judgments wanted per item")
        parser.add_argument("--scale", choices=list(SCALES), default="llama2")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        project = create_project(
            options["slug"],
            by=None,
            name=options["name"],
            kinds=options["kinds"].split(","),
            overlap=options["overlap"],
            scale=options["scale"],
        )
        return {"project": project.slug}
