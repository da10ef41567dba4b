"""select_round SLUG --strategy NAME --size N: pick the next round."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.management.base import JsonCommand, project_by_slug
from annotate.services.runs import perform
from modeling import selection
from modeling.core.acquisition import STRATEGIES
from modeling.services import request_round


class Command(JsonCommand):
    help = "Score the unjudged pairs and pick the next round from them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--strategy", choices=STRATEGIES, required=True)
        parser.add_argument("--size", type=int, required=True)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--open", action="store_true", help="open it at once")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        request = request_round(
            project_by_slug(options["slug"]),
            strategy=options["strategy"],
            size=options["size"],
            seed=options["seed"],
            opens=options["open"],
            by=None,
        )
        return perform(request, selection.select).result
