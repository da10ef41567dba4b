"""Rows of a ``.csv`` file with a header line; cells of the nested columns hold JSON."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from annotate.importers.clean import parse_json
from annotate.importers.records import RowError
from annotate.importers.streams import (
    MAX_ROW_BYTES,
    ImportFileError,
    NumberedRow,
    Row,
    byte_lines,
    checked,
)

MAX_CELL = 16 * 1024**2
TEXT_COLUMNS = frozenset(
    {"prompt", "system", "response", "response_a", "response_b", "chosen", "rejected", "reference"}
)
CHAT_COLUMNS = frozenset({"prompt", "chosen", "rejected"})
JSON_COLUMNS = frozenset(
    {
        "responses",
        "completions",
        "steps",
        "turns",
        "prefix",
        "labels",
        "ranking",
        "ratings",
        "scores",
        "rollouts",
        "soft_labels",
        "rollout_counts",
    }
    | {"annotations", "machine_labels", "messages", "systems", "models", "alternatives"}
)


def read_csv(path: Path) -> Iterator[NumberedRow]:
    """The rows after the header, each with the number of the line on which it starts.

    An empty cell is null, except in a column of text, where it is the empty text. Raises
    ImportFileError for a header that cannot be used and for a line of over MAX_ROW_BYTES.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL))
    with path.open("rb") as stream:
        lines = _Lines(path.name, byte_lines(stream))
        header = _header(path.name, lines)
        for start, cells in _records(lines):
            yield start, checked(partial(_row, header), cells)


class _Lines:
    """Decoded lines for the csv module; bytes that are no UTF-8 become lone surrogates."""

    def __init__(self, name: str, lines: Iterator[tuple[int, bytes | None]]) -> None:
        self.name = name
        self.number = 0
        self._lines = lines

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if line is None:
            raise ImportFileError(f"{self.name} has a line of over {MAX_ROW_BYTES:,} bytes.")
        return line.decode(errors="surrogateescape")


def _header(name: str, lines: _Lines) -> list[str]:
    _, header = next(_records(lines), (0, []))
    if isinstance(header, RowError) or not all(cell.strip() for cell in header):
        raise ImportFileError(f"{name} needs a name for each column in its first line.")
    names = [cell.strip() for cell in header]
    if len(set(names)) < len(names):
        raise ImportFileError(f"{name} names a column twice in its first line.")
    return names


def _records(lines: _Lines) -> Iterator[tuple[int, list[str] | RowError]]:
    reader = csv.reader(lines, strict=True)
    while True:
        start = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield start, RowError(f"This is not CSV: {error}.")
            continue
        if cells:
            yield start, cells


def _row(header: list[str], cells: list[str] | RowError) -> Row:
    if isinstance(cells, RowError):
        raise cells
    if len(cells) != len(header):
        raise RowError(f"The row has {len(cells)} cells, but the header names {len(header)}.")
    return {name: _cell(name, cell) for name, cell in zip(header, cells, strict=True)}


def _cell(name: str, cell: str) -> Any:
    _check_utf8(cell)
    if not cell and name not in TEXT_COLUMNS:
        return None
    if name in JSON_COLUMNS or (name == "gold" and cell.startswith(("[", "{"))):
        return _json_cell(name, cell)
    return _conversation(cell) if name in CHAT_COLUMNS else cell


def _check_utf8(cell: str) -> None:
    try:
        cell.encode()
    except UnicodeEncodeError:
        raise RowError("The row is not UTF-8; save the file as UTF-8.") from None


def _json_cell(name: str, cell: str) -> Any:
    try:
        return parse_json(cell)
    except RowError as error:
        raise RowError(f"The cell in column {name} must hold JSON. {error}") from None


def _conversation(cell: str) -> Any:
    """A JSON list of messages as a list; any other text as it stands."""
    if not cell.startswith("[{"):
        return cell
    try:
        value = parse_json(cell)
    except RowError:
        return cell
    named = all(isinstance(turn, dict) and ("role" in turn or "from" in turn) for turn in value)
    return value if named else cell
