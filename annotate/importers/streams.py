"""What the readers of the several file containers share: errors, row types, bounded lines."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from annotate.importers.clean import check_row
from annotate.importers.records import RowError

MAX_ROW_BYTES = 64 * 1024**2
CHUNK = 64 * 1024

Row = dict[str, Any]
NumberedRow = tuple[int, Row | RowError]


class ImportFileError(ValueError):
    """Why a file as a whole cannot be read, as a sentence that says what to do."""


class LineSource(Protocol):
    """The one thing that is needed of a binary stream."""

    def readline(self, size: int = -1, /) -> bytes:
        """The next line, or ``size`` bytes of it where it is longer; empty at the end."""


def checked(make: Callable[[Any], object], raw: Any) -> Row | RowError:
    """The row that ``make(raw)`` gives, or the reason why it is none."""
    try:
        return check_row(make(raw))
    except RowError as error:
        return error


def byte_lines(stream: LineSource) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines without a byte-order mark; None for one longer than MAX_ROW_BYTES."""
    number = 0
    while line := stream.readline(MAX_ROW_BYTES):
        number += 1
        if len(line) >= MAX_ROW_BYTES and not line.endswith(b"\n"):
            _skip_line(stream)
            yield number, None
        else:
            yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line


def _skip_line(stream: LineSource) -> None:
    while (rest := stream.readline(CHUNK)) and not rest.endswith(b"\n"):
        continue
