"""A split of a table as Parquet files of bounded size, written as the rows come."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

GROUP_ROWS = 10_000
GROUP_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file holds at most: rows, and bytes before compression.

    A file ends with the batch of rows that goes over the bytes, so it may hold a little more.
    """

    rows: int = 500_000
    bytes: int = 512 * 2**20


class ShardWriter:
    """Writes `{split}-00000-of-0000N.parquet`; N is known, and the names are given, at the end.

    Holds one row group in memory. Leaving the `with` block closes the last file and names all.
    """

    def __init__(self, directory: Path, split: str, schema: pa.Schema, limits: Limits) -> None:
        self._directory = directory
        self._split = split
        self._schema = schema
        self._limits = limits
        self._shards: list[Path] = []
        self._open: _Shard | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()
        if error is None:
            self._name()

    def write(self, table: pa.Table) -> None:
        """Add rows, to as many files as it takes."""
        while table.num_rows:
            shard = self._open or self._next()
            room = self._limits.rows - shard.rows
            shard.write(table.slice(0, room))
            table = table.slice(room)
            if shard.rows >= self._limits.rows or shard.bytes >= self._limits.bytes:
                self._close()

    def _next(self) -> "_Shard":
        path = self._directory / f"{self._split}-{len(self._shards):05d}.parquet"
        self._shards.append(path)
        self._open = _Shard(path, self._schema)
        return self._open

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _name(self) -> None:
        for number, path in enumerate(self._shards):
            name = f"{self._split}-{number:05d}-of-{len(self._shards):05d}.parquet"
            path.rename(path.with_name(name))


class _Shard:
    """One Parquet file that is open; rows gather until they fill a row group."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.rows = self.bytes = 0
        self._waiting: list[pa.Table] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._file = path.open("xb")
        self._writer = pq.ParquetWriter(self._file, schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._waiting_rows += table.num_rows
        self._waiting_bytes += table.nbytes
        self.rows += table.num_rows
        self.bytes += table.nbytes
        if self._waiting_rows >= GROUP_ROWS or self._waiting_bytes >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            group = pa.concat_tables(self._waiting)
            self._writer.write_table(group, row_group_size=group.num_rows)
            self._waiting.clear()
            self._waiting_rows = self._waiting_bytes = 0

    def close(self) -> None:
        with self._file:
            self._flush()
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
