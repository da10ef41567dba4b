"""trace_row DATASET ROW: a dataset row and the judgments it was made from."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand
from curation.selectors import dataset_by_id
from curation.tracing import Trace, judgment_values, trace_row


class Command(JsonCommand):
    help = "Show a dataset row and the judgments behind it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", help="its id or name")
        parser.add_argument("row", help="the row's id, as in the files")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_id(options["dataset"])
        trace = trace_row(dataset, options["row"])
        if trace is None:
            raise InvalidInput(f"{dataset} has no row {options['row']}.")
        names = _names(trace)
        return {
            "split": trace.split,
            "row": dict(trace.row),
            "judgments": [judgment_values(said, names) for said in trace.judgments],
            "missing": list(trace.missing),
        }


def _names(trace: Trace) -> dict[int, str]:
    annotators = [said.revision.judgment.assignment.annotator for said in trace.judgments]
    return {one.pk: one.username for one in annotators if one is not None}
