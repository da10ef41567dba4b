"""What all commands share: ``--json`` output, and errors as one sentence on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from annotate.answers import AnswerError
from annotate.errors import TiebreakError
from annotate.importers import ImportFileError
from annotate.models import Project


class JsonCommand(BaseCommand):
    """A command whose ``execute_command`` returns its result as a dictionary."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument(
            "--json", action="store_true", help="print the result as one JSON object, last"
        )
        setattr(parser, "error", self._refuse)  # noqa: B010 - a sentence instead of usage, status 1
        return parser

    def _refuse(self, message: str) -> None:
        raise CommandError(message[:1].upper() + message[1:] + ".")

    def run_from_argv(self, argv: list[str]) -> None:
        self.called_from_shell = True
        try:
            super().run_from_argv(argv)
        except CommandError as error:
            self._fail(str(error))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self.execute_command(**options)
        except (TiebreakError, AnswerError, ImportFileError) as error:
            self._fail(str(error))
        else:
            self._print(result, as_json=options["json"])

    def execute_command(self, **options: Any) -> dict[str, Any]:
        """Do the work; raises a TiebreakError with a sentence where it cannot be done."""
        raise NotImplementedError

    def note(self, text: str) -> None:
        """Say what happens, on standard error, so that the JSON stays alone."""
        self.stderr.write(text, self.style.SUCCESS)

    def _fail(self, sentence: str) -> None:
        if getattr(self, "called_from_shell", False):
            self.stderr.write(sentence)
            sys.exit(1)
        raise CommandError(sentence)

    def _print(self, result: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result, cls=DjangoJSONEncoder, ensure_ascii=False))
            return
        for name, value in self.summary(result).items():
            text = value if isinstance(value, str) else json.dumps(value, cls=DjangoJSONEncoder)
            self.stdout.write(f"{name}: {text}")

    def summary(self, result: dict[str, Any]) -> dict[str, Any]:
        """What people are told of the result; ``--json`` tells everything."""
        return result


def project_by_slug(slug: str) -> Project:
    """The project, or an error that lists the ones there are."""
    try:
        return Project.objects.get(slug=slug)
    except Project.DoesNotExist as error:
        names = ", ".join(Project.objects.values_list("slug", flat=True)[:20]) or "none yet"
        raise TiebreakError(f"There is no project {slug!r}; there are: {names}.") from error
