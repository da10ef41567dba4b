"""score --checkpoint ID --data FILE --out FILE: rewards for prompts and responses."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.importers import RowError, read_rows
from annotate.management.base import JsonCommand
from modeling import runner
from modeling.selectors import checkpoint_by_id


class Command(JsonCommand):
    help = "Score the {id?, prompt, response} rows of a file; writes {id, reward} rows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--checkpoint", required=True)
        parser.add_argument("--data", type=Path, required=True)
        parser.add_argument("--out", type=Path, required=True)

    def execute_command(self, **options: Any) -> dict[str, Any]:
        checkpoint = checkpoint_by_id(options["checkpoint"])
        rows = list(_inputs(options["data"]))
        started = time.monotonic()
        settings.JOB_DIR.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.JOB_DIR) as folder:
            rewards = runner.score(Path(folder), checkpoint.directory, rows, self._report)
        seconds = time.monotonic() - started
        _write(options["out"], [(row["id"], rewards[row["id"]]) for row in rows])
        return {"n": len(rows), "seconds": round(seconds, 3)}

    def _report(self, fraction: float, message: str) -> None:
        self.note(f"{fraction:4.0%} {message}")


def _inputs(path: Path) -> Iterator[dict[str, Any]]:
    for line, row in read_rows(path):
        if isinstance(row, RowError):
            raise InvalidInput(f"{path.name}:{line}: {row}")
        if not isinstance(row.get("response"), str) or "prompt" not in row:
            raise InvalidInput(f"{path.name}:{line}: each row needs prompt and response.")
        yield {
            "id": str(row.get("id", line)),
            "prompt": row["prompt"],
            "response": row["response"],
        }


def _write(path: Path, rewards: list[tuple[str, float]]) -> None:
    """Write beside the target first, so that it appears whole."""
    partial = path.with_name(f".{path.name}.part")
    with partial.open("w", encoding="utf-8") as file:
        for name, reward in rewards:
            file.write(json.dumps({"id": name, "reward": reward}) + "\n")
    os.replace(partial, path)
