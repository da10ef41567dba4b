"""simulate_annotators SLUG: answer open assignments from known labels, with errors."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand, project_by_slug
from annotate.services import simulate_annotators
from annotate.services.simulate import Behaviour


class Command(JsonCommand):
    help = "Let simulated annotators answer the open round from known labels."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--annotators", type=int, required=True)
        parser.add_argument(
            "--reliability", default="0.9", help="share of right answers, one or one for each"
        )
        parser.add_argument("--left-bias", type=float, default=0.0)
        parser.add_argument("--length-bias", type=float, default=0.0)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--limit", type=int, help="stop after this many judgments")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        project = project_by_slug(options["slug"])
        behaviours = [
            Behaviour(share, options["left_bias"], options["length_bias"])
            for share in _shares(options["reliability"], options["annotators"])
        ]
        judgments = simulate_annotators(
            project, behaviours=behaviours, seed=options["seed"], limit=options["limit"]
        )
        return {"judgments": judgments}


def _shares(text: str, annotators: int) -> list[float]:
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidInput("--reliability takes numbers separated by commas.") from error
    if len(shares) == 1:
        shares *= annotators
    if len(shares) != annotators or annotators < 1:
        raise InvalidInput(
            f"Give one reliability or {annotators}, one for each annotator; got {len(shares)}."
        )
    return shares
