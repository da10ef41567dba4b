"""Rows of a file, one at a time, whatever its container: JSON Lines, JSON, CSV or Parquet."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from annotate.importers.clean import parse_json
from annotate.importers.csv_reader import read_csv
from annotate.importers.json_list import read_json_list
from annotate.importers.parquet_reader import read_parquet
from annotate.importers.records import RowError
from annotate.importers.streams import (
    MAX_ROW_BYTES,
    ImportFileError,
    LineSource,
    NumberedRow,
    byte_lines,
    checked,
)

__all__ = ["MAX_UNPACKED", "ImportFileError", "read_rows"]

MAX_UNPACKED = 2 * 1024**3


def read_rows(path: str | Path, *, max_unpacked: int = MAX_UNPACKED) -> Iterator[NumberedRow]:
    """Each row with its number from 1, or the RowError that tells why it is none.

    The number is the line for JSON Lines and CSV (the first line of a row that spans several), and
    the position of the row for a JSON list and Parquet. Memory holds one row, or one small batch.
    Raises ImportFileError, here for a file that cannot be opened and later where reading breaks
    off; ``max_unpacked`` bounds the bytes that a compressed file may turn into.
    """
    path = Path(path)
    _check_file(path)
    return _not_empty(path, _reader_for(path)(path, max_unpacked))


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise ImportFileError(f"There is no file {path.name}; check the path.")
    if path.stat().st_size == 0:
        raise ImportFileError(f"{path.name} is empty.")


def _reader_for(path: Path) -> Callable[[Path, int], Iterator[NumberedRow]]:
    for suffix, reader in _READERS.items():
        if path.name.lower().endswith(suffix):
            return reader
    raise ImportFileError(
        f"{path.name} has an unknown suffix; these are read: {', '.join(_READERS)}."
    )


def _not_empty(path: Path, rows: Iterator[NumberedRow]) -> Iterator[NumberedRow]:
    found = False
    try:
        for row in rows:
            found = True
            yield row
    except OSError as error:
        raise ImportFileError(f"{path.name} cannot be read: {error.strerror}.") from None
    if not found:
        raise ImportFileError(f"{path.name} holds no rows.")


def _read_jsonl(path: Path, max_unpacked: int) -> Iterator[NumberedRow]:
    with path.open("rb") as stream:
        yield from _json_rows(stream)


def _read_jsonl_gz(path: Path, max_unpacked: int) -> Iterator[NumberedRow]:
    try:
        with gzip.open(path, "rb") as stream:
            yield from _json_rows(_Limited(stream, max_unpacked, path.name))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ImportFileError(
            f"{path.name} is no complete gzip file: {str(error).rstrip('.')}."
        ) from None


class _Limited:
    """A stream that refuses to go on after ``limit`` bytes."""

    def __init__(self, stream: LineSource, limit: int, name: str) -> None:
        self.stream = stream
        self.limit = limit
        self.left = limit
        self.name = name

    def readline(self, size: int = -1, /) -> bytes:
        line = self.stream.readline(size)
        self.left -= len(line)
        if self.left < 0:
            raise ImportFileError(f"{self.name} unpacks to over {self.limit:,} bytes; split it.")
        return line


def _json_rows(stream: LineSource) -> Iterator[NumberedRow]:
    for number, line in byte_lines(stream):
        if line is None:
            yield number, RowError(f"The line is longer than {MAX_ROW_BYTES:,} bytes.")
        elif line.strip():
            yield number, checked(_parse_line, line)


def _parse_line(line: bytes) -> object:
    try:
        return parse_json(line.decode())
    except UnicodeDecodeError as error:
        raise RowError(
            f"The line is not UTF-8 (byte {error.start + 1}); save the file as UTF-8."
        ) from None


_READERS: dict[str, Callable[[Path, int], Iterator[NumberedRow]]] = {
    ".jsonl": _read_jsonl,
    ".jsonl.gz": _read_jsonl_gz,
    ".json": lambda path, max_unpacked: read_json_list(path),
    ".csv": lambda path, max_unpacked: read_csv(path),
    ".parquet": read_parquet,
}
