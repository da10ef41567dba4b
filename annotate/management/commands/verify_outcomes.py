"""verify_outcomes SLUG --verifier V: a program judges outcome items by their references."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.management.base import JsonCommand, project_by_slug
from annotate.models import VerificationRun
from annotate.services import request_verification
from annotate.services.runs import perform
from annotate.services.verification import verify


class Command(JsonCommand):
    help = "Let a verifier judge outcome items; doing it again adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--verifier", choices=VerificationRun.Verifier.values, required=True)
        parser.add_argument(
            "--pattern", default="", help="for regex: what finds the answer in a response"
        )

    def execute_command(self, **options: Any) -> dict[str, Any]:
        run = request_verification(
            project_by_slug(options["slug"]),
            verifier=options["verifier"],
            pattern=options["pattern"],
            by=None,
        )
        return perform(run, verify).result
