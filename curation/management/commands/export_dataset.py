"""export_dataset ID (--to DIR | --hub ORG/NAME): a dataset version in a folder or on the Hub."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand
from annotate.services.runs import perform
from curation.card_facts import CardWords
from curation.exporting import HubRequest, export, request_export
from curation.exports.formats import FORMATS
from curation.exports.write import FORMS
from curation.selectors import dataset_by_id

CARD_KEYS = ("license", "languages", "about_people", "limitations")


class Command(JsonCommand):
    help = "Write a dataset version to a folder or to the Hugging Face Hub."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", help="its id or name")
        target = parser.add_mutually_exclusive_group(required=True)
        target.add_argument("--to", type=Path, help="a folder")
        target.add_argument("--hub", metavar="ORG/NAME", help="a repository on the Hub")
        visible = parser.add_mutually_exclusive_group()
        visible.add_argument("--private", action="store_true", help="a new repository's default")
        visible.add_argument("--public", action="store_true", help="publish it")
        parser.add_argument("--format", choices=list(FORMATS), default="", help="default: its own")
        parser.add_argument(
            "--form", choices=FORMS, default="parquet", help="how files are written"
        )
        parser.add_argument("--license", default="", help="as the Hub writes it, such as cc-by-4.0")
        parser.add_argument("--language", action="append", default=[], help="a code, such as en")
        parser.add_argument("--card", type=Path, help=f"a JSON file with {', '.join(CARD_KEYS)}")
        parser.add_argument(
            "--ask-token", action="store_true", help="ask for a Hub token instead of HF_TOKEN"
        )

    def execute_command(self, **options: Any) -> dict[str, Any]:
        run = request_export(
            dataset_by_id(options["dataset"]),
            by=None,
            destination=options["to"],
            hub=_hub(options) if options["hub"] else None,
            format_name=options["format"],
            form=options["form"],
            words=_words(options),
        )
        return dict(perform(run, export).result)


def _hub(options: dict[str, Any]) -> HubRequest:
    token = _asked_token() if options["ask_token"] else ""
    return HubRequest(options["hub"], is_private=not options["public"], token=token)


def _asked_token() -> str:
    """From the keyboard unseen, or a line of standard input; never from the command line."""
    if sys.stdin.isatty():
        return getpass.getpass("Hub token: ").strip()
    return sys.stdin.readline().strip()


def _words(options: dict[str, Any]) -> CardWords:
    words = _read(options["card"]) if options["card"] else {}
    if options["license"]:
        words["license"] = options["license"]
    if options["language"]:
        words["languages"] = options["language"]
    return CardWords.parse(**words)


def _read(path: Path) -> dict[str, Any]:
    try:
        words = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} is no readable JSON file: {error}") from error
    known = isinstance(words, dict) and words.keys() <= set(CARD_KEYS)
    if not known or not all(map(_is_words, words.items())):
        raise InvalidInput(f"{path} must hold a JSON object with {', '.join(CARD_KEYS)}.")
    return dict(words)


def _is_words(entry: tuple[str, Any]) -> bool:
    name, value = entry
    if name == "languages":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str)
