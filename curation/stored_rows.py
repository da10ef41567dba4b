"""Rows of a stored version, a few at a time, from its Parquet files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Self, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from annotate.errors import TiebreakError
from curation.core.records import SPLITS
from curation.models import DatasetVersion

Values: TypeAlias = dict[str, Any]
PROVENANCE, CANONICAL, LEFT_OUT = "provenance", "canonical", "dropped"


class RowsMissing(TiebreakError):
    """The version's rows cannot be told apart here."""

    status_code = HTTPStatus.NOT_FOUND
    code = "rows_missing"

    @classmethod
    def without_ids(cls, dataset: DatasetVersion) -> Self:
        """For a version of an earlier release."""
        return cls(_("The rows of %(dataset)s have no ids: build it again.") % {"dataset": dataset})


@contextmanager
def opened(dataset: DatasetVersion, name: str) -> Iterator[pq.ParquetFile]:
    """One of the version's Parquet files. Raises RowsMissing where it is not there."""
    path = dataset.directory / f"{name}.parquet"
    if not path.is_file():
        raise RowsMissing(
            _(
                "%(dataset)s has no such file on this machine: its files are elsewhere, or an "
                "earlier release made it. Build it again."
            )
            % {"dataset": dataset}
        )
    with pq.ParquetFile(path, pre_buffer=False) as file:
        yield file


def rows_between(dataset: DatasetVersion, name: str, start: int, stop: int) -> list[Values]:
    """Rows ``start`` to ``stop`` of a file, in its order; only their row groups are read."""
    found: list[Values] = []
    with opened(dataset, name) as file:
        first = 0
        for group in range(file.num_row_groups):
            after = first + file.metadata.row_group(group).num_rows
            if first < stop and start < after:
                table = file.read_row_group(group)
                begin = max(start - first, 0)
                found += table.slice(begin, min(stop, after) - first - begin).to_pylist()
            first = after
    return found


def rows_by_id(dataset: DatasetVersion, name: str, ids: Collection[str]) -> dict[str, Values]:
    """The rows of a file with these ids; a row group without any of them is not read whole.

    Raises RowsMissing for a version whose rows have no ids yet.
    """
    found: dict[str, Values] = {}
    wanted = pa.array(sorted(ids), pa.string())
    with opened(dataset, name) as file:
        if "id" not in file.schema_arrow.names:
            raise RowsMissing.without_ids(dataset)
        for group in range(file.num_row_groups):
            column = file.read_row_group(group, columns=["id"]).column("id")
            places = np.flatnonzero(pc.is_in(column, wanted).to_numpy())
            if len(places):
                rows = file.read_row_group(group).take(places).to_pylist()
                found |= {row["id"]: row for row in rows}
    return found


def find_rows(dataset: DatasetVersion, ids: Collection[str]) -> dict[str, tuple[str, Values]]:
    """Split and row by id, from whichever split has it; even pairs from the canonical file."""
    found: dict[str, tuple[str, Values]] = {}
    for split in SPLITS:
        rows = rows_by_id(dataset, split, ids)
        found |= {name: (split, row) for name, row in rows.items()}
    missing = set(ids) - found.keys()
    if missing and (dataset.directory / f"{CANONICAL}.parquet").is_file():
        even = rows_by_id(dataset, CANONICAL, missing)
        found |= {name: (row["split"], row) for name, row in even.items()}
    return found


def column_table(dataset: DatasetVersion, name: str, columns: Sequence[str]) -> pa.Table:
    """Those of the columns that a file has, of all rows."""
    with opened(dataset, name) as file:
        return file.read(columns=[each for each in columns if each in file.schema_arrow.names])
