"""create_annotators SLUG --n N: accounts with fresh passwords and tokens, shown once."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from annotate.management.base import JsonCommand, project_by_slug
from annotate.models import Membership
from annotate.services import create_annotators


class Command(JsonCommand):
    help = "Create accounts in a project and print their credentials, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--n", type=int, required=True)
        parser.add_argument("--role", choices=Membership.Role.values, default="annotator")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        project = project_by_slug(options["slug"])
        logins = create_annotators(project, n=options["n"], role=options["role"], by=None)
        return {"users": [asdict(login) for login in logins]}

    def summary(self, result: dict[str, Any]) -> dict[str, Any]:
        return {
            user["username"]: f"password {user['password']}  token {user['token']}"
            for user in result["users"]
        }
