"""A dataset version as the tables of a format, in a folder that appears whole.

The same version gives the same bytes. `manifest.json`, written last, lists the files; a table is a
folder of its own with `train`, `validation` and `test` as far as they have rows.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import pyarrow as pa

from curation.core.errors import ExportError
from curation.core.records import SPLITS, Split
from curation.exports.formats import View, plan
from curation.exports.shards import Limits, ShardWriter
from curation.exports.source import Source, Values
from curation.exports.whole import FileInfo, appearing_whole, created, file_info, write_json

Form: TypeAlias = Literal["parquet", "jsonl"]
FORMS: tuple[Form, ...] = get_args(Form)

FORMAT = "tiebreak-export"
FORMAT_VERSION = 1
BATCH_ROWS = 128

Progress: TypeAlias = Callable[[float], None]
"""Told the share of the work that is done, 0 to 1; may raise to stop it."""


@dataclass(frozen=True, slots=True)
class Table:
    """A written table: its columns, and the rows of each split that has any."""

    name: str
    columns: tuple[str, ...]
    rows: Mapping[Split, int]


@dataclass(frozen=True, slots=True)
class Export:
    """A written export: where it is, its tables, and its files, the manifest last."""

    directory: Path
    format: str
    form: Form
    tables: tuple[Table, ...]
    files: tuple[FileInfo, ...]


def write_export(
    source: Source,
    directory: Path,
    *,
    format_name: str,
    form: Form = "parquet",
    limits: Limits | None = None,
    texts: Callable[[tuple[Table, ...]], Mapping[str, str]] | None = None,
    progress: Progress | None = None,
) -> Export:
    """Write a version in a format to a new folder, one batch of rows in memory at a time.

    `texts` gives further files by name, from the tables that were written: a dataset card.

    Raises ExportError, leaving nothing behind, for a format that the kind does not have, for a
    folder that holds something already, or for rows that the format cannot express.
    """
    views = plan(source, format_name)
    done = _Counter(len(views) * sum(source.row_counts.values()), progress)
    with appearing_whole(Path(directory)) as temporary:
        writer = _Writer(source, temporary, form, limits or Limits(), done)
        tables = tuple(map(writer.write, views))
        for name, text in (texts(tables) if texts else {}).items():
            with created(temporary / name) as file:
                file.write(text.encode())
        files = [file_info(path, temporary) for path in sorted(temporary.rglob("*.*"))]
        write_json(_manifest(source, format_name, form, tables, files), temporary / "manifest.json")
        files.append(file_info(temporary / "manifest.json", temporary))
    return Export(Path(directory), format_name, form, tables, tuple(files))


class _Counter:
    """Rows read so far, told as a share of all rows to read."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total = max(1, total)
        self._done = 0
        self._progress = progress

    def add(self, rows: int) -> None:
        self._done += rows
        if self._progress is not None:
            self._progress(min(1.0, self._done / self._total))


@dataclass(frozen=True, slots=True)
class _Writer:
    source: Source
    directory: Path
    form: Form
    limits: Limits
    done: _Counter

    def write(self, view: View) -> Table:
        folder = self.directory / view.name
        folder.mkdir()
        write = self._write_jsonl if self.form == "jsonl" else self._write_parquet
        counts = {split: write(view, split, folder) for split in SPLITS}
        rows = {split: count for split, count in counts.items() if count}
        return Table(view.name, tuple(view.schema.names), rows)

    def _write_parquet(self, view: View, split: Split, folder: Path) -> int:
        written = 0
        with ShardWriter(folder, split, view.schema, self.limits) as shards:
            for table in self._tables(view, split):
                shards.write(table)
                written += table.num_rows
        return written

    def _write_jsonl(self, view: View, split: Split, folder: Path) -> int:
        written = 0
        path = folder / f"{split}.jsonl"
        with created(path) as file:
            for row in self._rows(view, split):
                file.write(_line(row))
                written += 1
        if not written:
            path.unlink()
        return written

    def _tables(self, view: View, split: Split) -> Iterator[pa.Table]:
        if view.convert is None:
            yield from self._copied(view, split)
            return
        rows = self._rows(view, split)
        while batch_rows := list(islice(rows, BATCH_ROWS)):
            yield pa.Table.from_pylist(batch_rows, schema=view.schema)

    def _copied(self, view: View, split: Split) -> Iterator[pa.Table]:
        for batch in self.source.batches(split, view.file):
            self.done.add(batch.num_rows)
            yield pa.Table.from_batches([batch], schema=view.schema)

    def _rows(self, view: View, split: Split) -> Iterator[Values]:
        if view.file:
            return (row for table in self._copied(view, split) for row in table.to_pylist())
        rows = self._counted(split)
        return rows if view.convert is None else view.convert(rows, split)

    def _counted(self, split: Split) -> Iterator[Values]:
        for number, row in enumerate(self.source.rows(split), start=1):
            yield row
            if number % BATCH_ROWS == 0:
                self.done.add(BATCH_ROWS)


def _line(row: Values) -> bytes:
    try:
        text = json.dumps(row, ensure_ascii=False, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise ExportError("A row holds a number that is not finite: use Parquet.") from error
    return text.encode() + b"\n"


def _manifest(
    source: Source,
    format_name: str,
    form: Form,
    tables: tuple[Table, ...],
    files: list[FileInfo],
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": source.kind,
        "content_hash": source.manifest["content_hash"],
        "recipe": source.public_recipe,
        "written_as": format_name,
        "form": form,
        "tables": [asdict(table) for table in tables],
        "files": [asdict(file) for file in files],
    }
