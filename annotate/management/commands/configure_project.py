"""configure_project SLUG name=value …: change a project's settings."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand, project_by_slug
from annotate.models import Project
from annotate.services import update_project

KEPT = {"id", "slug", "created_by", "created_at"}
SETTINGS = tuple(field.name for field in Project._meta.concrete_fields if field.name not in KEPT)


class Command(JsonCommand):
    help = f"Change settings of a project: {', '.join(SETTINGS)}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "values",
            nargs="+",
            metavar="name=value",
            help="the value is JSON, or else plain text",
        )

    def execute_command(self, **options: Any) -> dict[str, Any]:
        values = dict(_parse(word) for word in options["values"])
        project = update_project(project_by_slug(options["slug"]), by=None, **values)
        return {"project": project.slug, **{name: getattr(project, name) for name in values}}


def _parse(word: str) -> tuple[str, Any]:
    name, sign, text = word.partition("=")
    if not sign or name not in SETTINGS:
        raise InvalidInput(f"{word!r} is not name=value with one of: {', '.join(SETTINGS)}.")
    try:
        return name, json.loads(text)
    except ValueError:
        return name, text
