"""compare_datasets BEFORE AFTER: which rows came, went and changed between two versions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.management.base import JsonCommand
from curation.comparing import CHANGES, changed_rows, compare_versions
from curation.selectors import dataset_by_id

LISTED = 100


class Command(JsonCommand):
    help = "Compare two dataset versions of one kind row by row and in figures."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("before", help="id or name of the earlier version")
        parser.add_argument("after", help="id or name of the later version")
        parser.add_argument("--change", choices=CHANGES, help="list the rows with this change")
        parser.add_argument("--limit", type=int, default=LISTED, help="rows listed at most")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        before, after = dataset_by_id(options["before"]), dataset_by_id(options["after"])
        found = compare_versions(before, after)
        change = options["change"]
        ids = list(found.ids[change])[: max(0, options["limit"])] if change else []
        rows = changed_rows(before, after, ids, change=change) if ids else []
        return found.to_dict() | {"rows": [one.said(after.kind) for one in rows]}

    def summary(self, result: dict[str, Any]) -> dict[str, Any]:
        """Counts, then the settings and figures that differ, then the rows that were asked for."""
        differ = [one for name in ("recipe", "figures") for one in result[name]]
        lines = {"same": str(result["same"])} | {
            change: str(n) for change, n in result["counts"].items() if n
        }
        lines |= {
            one["name"]: f"{one['before']} -> {one['after']}"
            for one in differ
            if one["before"] != one["after"]
        }
        return lines | {row["row"]: f"{row['before']} -> {row['after']}" for row in result["rows"]}
