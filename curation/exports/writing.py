"""Rows to files, one pass and bounded memory, byte for byte the same for the same rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.errors import ExportError
from curation.core.text import is_storable
from curation.exports.whole import created

ROWS_PER_GROUP = 10_000
BYTES_PER_GROUP = 32 * 1024 * 1024

Values = Mapping[str, Any]
Sized = tuple[Values, int]


def write_parquet(rows: Iterable[Sized], schema: pa.Schema, path: Path) -> None:
    """Write rows that come with their size in bytes.

    A row group closes after so many rows or so many bytes, so that memory does not grow with the
    rows, however long their texts are.
    """
    with created(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(rows):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def write_rows(
    rows: Iterable[Values],
    schema: pa.Schema,
    *,
    parquet: Path,
    jsonl: Path | None = None,
    unhashed: Collection[str] = (),
) -> str:
    """Write rows to Parquet, and to JSON lines if asked; returns the SHA-256 of the lines.

    Columns in `unhashed` do not go into the lines.

    Raises ExportError for a row that cannot be stored: a text with NUL or a lone surrogate, or a
    number that is not finite.
    """
    digest = hashlib.sha256()
    with ExitStack() as stack:
        lines = None if jsonl is None else stack.enter_context(created(jsonl))

        def sized() -> Iterator[Sized]:
            for values in rows:
                line = _line(values, unhashed)
                digest.update(line)
                if lines is not None:
                    lines.write(line)
                yield values, len(line)

        write_parquet(sized(), schema, parquet)
    return digest.hexdigest()


def _groups(rows: Iterable[Sized]) -> Iterator[list[Values]]:
    group: list[Values] = []
    size = 0
    for values, n_bytes in rows:
        group.append(values)
        size += n_bytes
        if len(group) >= ROWS_PER_GROUP or size >= BYTES_PER_GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def _line(values: Values, without: Collection[str]) -> bytes:
    shown = {name: value for name, value in values.items() if name not in without}
    try:
        text = json.dumps(shown, ensure_ascii=False, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise ExportError(f"{_named(values)} holds a number that is not finite.") from error
    if not is_storable(text) or ("\\u0000" in text and not _all_storable(shown)):
        raise ExportError(f"{_named(values)} holds a NUL or a lone surrogate.")
    return text.encode() + b"\n"


def _all_storable(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_all_storable, value.values()))
    if isinstance(value, list):
        return all(map(_all_storable, value))
    return not isinstance(value, str) or is_storable(value)


def _named(values: Values) -> str:
    """Name a row so that it can be found, safe to print."""
    return f"The row {values.get('id')!a} of item {values.get('item')!a}"
