"""Rows of a ``.parquet`` file, read in small batches; pyarrow is loaded only here."""

from __future__ import annotations

import datetime
import importlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from annotate.importers.streams import ImportFileError, NumberedRow, checked

BATCH_ROWS = 64


def read_parquet(path: Path, max_unpacked: int) -> Iterator[NumberedRow]:
    """The rows, numbered by position; ImportFileError for a file that is damaged or too big."""
    arrow, parquet = _pyarrow()
    try:
        with parquet.ParquetFile(path) as file:
            _check_size(path, file.metadata, max_unpacked)
            number = unpacked = 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    unpacked += _weight(row)  # a dictionary hides its size until it is decoded
                    if unpacked > max_unpacked:
                        raise ImportFileError(_too_big(path, max_unpacked))
                    yield number, checked(_plain, row)
    except (arrow.ArrowException, UnicodeDecodeError) as error:
        raise ImportFileError(
            f"{path.name} is no complete Parquet file: {str(error).rstrip('.')}."
        ) from None


def _pyarrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ImportFileError("Reading Parquet needs the package pyarrow; install it.") from None


def _check_size(path: Path, metadata: Any, max_unpacked: int) -> None:
    sizes = (metadata.row_group(k).total_byte_size for k in range(metadata.num_row_groups))
    if sum(sizes) > max_unpacked:
        raise ImportFileError(_too_big(path, max_unpacked))


def _too_big(path: Path, max_unpacked: int) -> str:
    return f"{path.name} unpacks to over {max_unpacked:,} bytes; split it."


def _weight(value: Any) -> int:
    """The characters of all texts in a value, wherever they stand."""
    if isinstance(value, dict):
        return sum(_weight(inner) for inner in value.values())
    if isinstance(value, list):
        return sum(_weight(inner) for inner in value)
    return len(value) if isinstance(value, (str, bytes)) else 1


def _plain(value: Any) -> Any:
    """Dates as ISO text and decimals as floats, wherever they stand; all else unchanged."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
