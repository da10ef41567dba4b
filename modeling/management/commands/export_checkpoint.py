"""export_checkpoint ID (--to DIR | --hub ORG/NAME): a model for other programs, or for serving."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotate.management.base import JsonCommand
from modeling.core.export import FORMATS
from modeling.core.export.card import CardWords
from modeling.exporting import CHECKPOINT, export_to_folder, push_to_hub, read_words
from modeling.scoring_service import INT8
from modeling.selectors import checkpoint_by_id


class Command(JsonCommand):
    help = "Write a checkpoint in a form that other programs load, or for the scorer to serve."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("checkpoint", help="its id")
        target = parser.add_mutually_exclusive_group()
        target.add_argument("--to", type=Path, help=f"a folder; without one {INT8} is served")
        target.add_argument("--hub", metavar="ORG/NAME", help="a model repository on the Hub")
        parser.add_argument(
            "--format",
            choices=[*FORMATS, CHECKPOINT],
            default="",
            help=f"default: {INT8}, on the Hub {CHECKPOINT}",
        )
        parser.add_argument("--public", action="store_true", help="publish a new repository")
        parser.add_argument("--card", type=Path, help="a JSON file with license, languages, …")
        parser.add_argument(
            "--ask-token", action="store_true", help="ask for a Hub token instead of HF_TOKEN"
        )

    def execute_command(self, **options: Any) -> dict[str, Any]:
        checkpoint = checkpoint_by_id(options["checkpoint"])
        if not options["hub"]:
            target = options["format"] or INT8
            return export_to_folder(checkpoint, target, output=options["to"], report=self._report)
        return push_to_hub(
            checkpoint,
            options["hub"],
            target=options["format"] or CHECKPOINT,
            private=not options["public"],
            token=_asked_token() if options["ask_token"] else "",
            words=read_words(options["card"]) if options["card"] else CardWords(),
            report=self._report,
        )

    def _report(self, fraction: float, message: str) -> None:
        self.note(f"{fraction:4.0%} {message}")


def _asked_token() -> str:
    """From the keyboard unseen, or a line of standard input; never from the command line."""
    if sys.stdin.isatty():
        return getpass.getpass("Hub token: ").strip()
    return sys.stdin.readline().strip()
