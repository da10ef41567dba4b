"""A file of any format as items to judge, and as rows that could not be taken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from annotate.answers import KINDS
from annotate.importers.fields import Row
from annotate.importers.formats import AUTO, FORMATS, parse_row
from annotate.importers.limits import check_limits
from annotate.importers.readers import read_rows
from annotate.importers.records import BadRow, ItemRecord, RowError
from annotate.importers.streams import NumberedRow


def read_items(
    path: str | Path,
    *,
    kind: str | None = None,
    fmt: str = AUTO,
    source: str | None = None,
    name: str | None = None,
) -> Iterator[ItemRecord | BadRow]:
    """The items of a file, in its order, and a BadRow for each row that gives none.

    ``kind`` asks for items of one kind, ``fmt`` for one of FORMATS. ``source`` is by default the
    row's own source column, else the file's name without its suffixes; ``name`` is what people
    call the file where that is not its name on disk. Raises ImportFileError for
    a file that cannot be read, at once or where reading breaks off.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"There is no kind {kind!r}; there are {', '.join(KINDS)}.")
    if fmt != AUTO and fmt not in FORMATS:
        raise ValueError(f"There is no format {fmt!r}; there are {AUTO}, {', '.join(FORMATS)}.")
    path = Path(path)
    return _items(name or path.name, read_rows(path), kind=kind, fmt=fmt, source=source)


def _items(
    file: str, rows: Iterator[NumberedRow], *, kind: str | None, fmt: str, source: str | None
) -> Iterator[ItemRecord | BadRow]:
    for line, row in rows:
        if isinstance(row, RowError):
            yield BadRow(file, line, str(row))
            continue
        try:
            name = source if source is not None else _source(row, file)
            items = parse_row(row, kind=kind, fmt=fmt, source=name)
            for item in items:
                check_limits(item)
        except RowError as error:
            yield BadRow(file, line, str(error))
        else:
            digest = row_hash(row)
            yield from (replace(item, line=line, row=digest) for item in items)


def row_hash(row: Row) -> str:
    """A hash of everything that a row holds, whatever the order of its columns."""
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _source(row: Row, file: str) -> str:
    given = row.get("source")
    return given if isinstance(given, str) and given else file.split(".")[0]
