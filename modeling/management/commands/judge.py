"""judge SLUG: a language model judges a project's items, as one more annotator."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.management.base import JsonCommand, project_by_slug
from annotate.services.runs import perform
from modeling.judging import JUDGED_KINDS, judge, request_judging
from modeling.models import JudgeRun


class Command(JsonCommand):
    help = "Let a language model judge items; doing it again adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--model", default="", help="one of JUDGE_MODELS; by default the first")
        parser.add_argument(
            "--form",
            choices=JudgeRun.Form.values,
            default=JudgeRun.Form.PAIRWISE,
            help="how comparisons and rankings are judged",
        )
        parser.add_argument(
            "--kinds", default="", help=f"of items: {','.join(JUDGED_KINDS)}; by default all"
        )
        parser.add_argument(
            "--criterion",
            action="append",
            default=[],
            metavar="NAME[: DESCRIPTION]",
            help="what a rubric scores; give it several times",
        )
        parser.add_argument("--limit", type=int, help="the most items to ask about")
        parser.add_argument("--budget", type=float, help="stop once the tokens have cost this much")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        run = request_judging(
            project_by_slug(options["slug"]),
            model=options["model"],
            form=options["form"],
            kinds=[kind.strip() for kind in options["kinds"].split(",") if kind.strip()],
            criteria=[_criterion(text) for text in options["criterion"]],
            limit=options["limit"],
            budget=options["budget"],
            by=None,
        )
        self.note(f"{run.model} judges …")
        done = perform(run, judge)
        return {"run": done.public_id, **done.result}


def _criterion(text: str) -> dict[str, str]:
    name, _, description = text.partition(":")
    return {"name": name, "description": description}
