"""A written dataset version, read back row by row at bounded memory."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.core.errors import ExportError
from curation.core.records import SPLITS, Split

Values: TypeAlias = dict[str, Any]
"""One row by column, as lists, dictionaries and scalars."""

BATCH_ROWS = 256
BUFFER_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset version's folder: its manifest, its statistics, and the rows of each split."""

    directory: Path
    manifest: Mapping[str, Any]
    statistics: Mapping[str, Any]

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Raises ExportError for a folder without a readable manifest."""
        directory = Path(directory)
        return cls(
            directory,
            _read_json(directory / "manifest.json"),
            _read_json(directory / "statistics.json"),
        )

    @property
    def kind(self) -> str:
        """What a row is."""
        return str(self.manifest["kind"])

    @property
    def public_recipe(self) -> dict[str, Any]:
        """Its recipe without the names of people: how many were left out, not who."""
        recipe = dict(self.manifest["recipe"])
        select = recipe.get("select")
        if isinstance(select, Mapping) and isinstance(select.get("annotators_out"), list):
            recipe["select"] = {**select, "annotators_out": len(select["annotators_out"])}
        return recipe

    @property
    def row_counts(self) -> dict[Split, int]:
        """Rows of each split, also of those without any."""
        return {split: int(self.manifest["rows"].get(split, 0)) for split in SPLITS}

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that have rows: readers refuse the others."""
        return tuple(split for split, rows in self.row_counts.items() if rows)

    @property
    def schema(self) -> pa.Schema:
        """The columns of its rows."""
        return self.schema_of("train.parquet")

    def schema_of(self, file: str) -> pa.Schema:
        """The columns of one of its Parquet files."""
        return pq.read_schema(self._path(file))

    def rows(self, split: Split) -> Iterator[Values]:
        """The rows of a split in their order, one at a time."""
        with self._path(f"{split}.jsonl").open(encoding="utf-8", newline="\n") as lines:
            yield from map(json.loads, lines)

    def has_values(self, column: str) -> bool:
        """Whether any row has something in this column."""
        for split in self.splits:
            with pq.ParquetFile(self._path(f"{split}.parquet")) as file:
                for batch in file.iter_batches(columns=[column]):
                    if batch.column(0).null_count < len(batch):
                        return True
        return False

    def batches(self, split: Split, file: str = "") -> Iterator[pa.RecordBatch]:
        """The same rows as Arrow batches, or those of a file in which all splits stand."""
        path = self._path(file or f"{split}.parquet")
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as parquet:
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS):
                yield batch.filter(pc.equal(batch["split"], split)) if file else batch

    def _path(self, name: str) -> Path:
        path = self.directory / name
        if not path.exists():
            raise ExportError(f"The dataset's file {name} is not on this machine.")
        return path


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"The dataset has no readable {path.name} on this machine.") from error
    if not isinstance(values, dict):
        raise ExportError(f"The dataset's {path.name} holds no JSON object.")
    return values
