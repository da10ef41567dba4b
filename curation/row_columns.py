"""What can change in a dataset's row: its columns by what a change of them means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation.core.records import SPLITS
from curation.models import DatasetVersion
from curation.stored_rows import PROVENANCE, RowsMissing, column_table

Mask: TypeAlias = NDArray[np.bool_]

SHARP = 0.001
"""Numbers that differ by less count as the same."""
SLICE = 20_000

_PREFERENCE_VOTES = (
    "votes_chosen",
    "votes_rejected",
    "votes_tie",
    "votes_excluded",
    "votes_unsafe",
)
_OWN: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "preference": (
        ("chosen_id", "rejected_id"),
        _PREFERENCE_VOTES,
        ("chosen_probability", "tie_probability", "target_margin"),
    ),
    "ranking": (("tiers", "completion_ids"), ("votes",), ("scores",)),
    "stepwise": (("ratings", "first_error"), ("votes",), ("soft_labels",)),
    "outcome": (("label",), ("votes", "verified"), ("label_probability",)),
    "rating": (("scores", "aspects"), ("votes",), ("errors",)),
    "classification": (("label",), ("votes",), ("class_probabilities",)),
}
"""Of each kind: what the votes came to, how many there were, and how certain it is."""

COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    kind: {
        "moved": ("split",),
        "answer": answer,
        "votes": (*votes, "provenance"),
        "certainty": certainty,
        "weight": ("weight", "step_weights"),
        "details": ("category", "source", "source_kind", "reference"),
    }
    for kind, (answer, votes, certainty) in _OWN.items()
}


def said_columns(kind: str, change: str) -> tuple[str, ...]:
    """The columns that a change is about; of rows that came or went those of the answer."""
    names = COLUMNS[kind].get(change, COLUMNS[kind]["answer"])
    return tuple(name for name in names if name != "provenance")


@dataclass(frozen=True)
class IdTable:
    """Rows of all splits without their texts."""

    table: pa.Table

    @property
    def ids(self) -> pa.ChunkedArray:
        """What they are called."""
        return self.table["id"]

    def __len__(self) -> int:
        return len(self.table)

    def rows(self, places: pa.Array | pa.ChunkedArray) -> IdTable:
        """Some of the rows, in this order."""
        return IdTable(self.table.take(places))

    def keep(self, mask: pa.ChunkedArray) -> IdTable:
        """The rows that a mask holds true of."""
        return IdTable(self.table.filter(mask))

    def ids_without(self, other: IdTable) -> list[str]:
        """The ids that another table does not have, sorted."""
        return sorted(self.ids.filter(pc.invert(pc.is_in(self.ids, other.ids))).to_pylist())


def read_table(dataset: DatasetVersion) -> IdTable:
    """The rows of every split with the columns that can change."""
    columns = [name for names in COLUMNS[dataset.kind].values() for name in names]
    parts = [_with_split(column_table(dataset, split, ["id", *columns]), split) for split in SPLITS]
    table = pa.concat_tables(parts, promote_options="default")
    if "id" not in table.column_names:
        raise RowsMissing.without_ids(dataset)
    behind = column_table(dataset, PROVENANCE, ["id", "provenance"])
    places = pc.index_in(table["id"], behind["id"])
    table = table.append_column("provenance", behind["provenance"].take(places))
    return IdTable(table)


def _with_split(table: pa.Table, split: str) -> pa.Table:
    return table.append_column("split", pa.array([split] * len(table), pa.string()))


def differing(old: IdTable, new: IdTable, columns: Sequence[str]) -> Mask:
    """Rows, in the same order in both, that differ in one of the columns."""
    found = np.zeros(len(old), dtype=bool)
    for name in columns:
        if name in old.table.column_names and name in new.table.column_names:
            found |= _unequal(old.table[name], new.table[name])
    return found


def _unequal(old: pa.ChunkedArray, new: pa.ChunkedArray) -> Mask:
    if pa.types.is_nested(old.type):
        return _unequal_lists(old, new)
    if pa.types.is_floating(old.type):
        return _apart(_floats(old), _floats(new))
    same = pc.equal(old, new).fill_null(False)
    both_unknown = pc.and_(old.is_null(), new.is_null())
    return np.asarray(pc.invert(pc.or_(same, both_unknown)).to_numpy(), dtype=bool)


def _unequal_lists(old: pa.ChunkedArray, new: pa.ChunkedArray) -> Mask:
    """A slice at a time, since lists are compared as Python's own."""
    parts = [
        np.array(
            [
                one != other and not _close(one, other)
                for one, other in zip(
                    old.slice(start, SLICE).to_pylist(),
                    new.slice(start, SLICE).to_pylist(),
                    strict=True,
                )
            ],
            dtype=bool,
        )
        for start in range(0, len(old), SLICE)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)


def _close(one: Any, other: Any) -> bool:
    """Whether two lists of numbers are the same but for what does not count."""
    if not isinstance(one, list) or not isinstance(other, list) or len(one) != len(other):
        return False
    return all(
        a == b or (isinstance(a, float) and isinstance(b, float) and abs(a - b) < SHARP)
        for a, b in zip(one, other, strict=True)
    )


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """NaN where nothing is known."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _apart(old: NDArray[np.float64], new: NDArray[np.float64]) -> Mask:
    unknown = np.isnan(old) | np.isnan(new)
    far = np.abs(np.nan_to_num(old) - np.nan_to_num(new)) >= SHARP
    return np.where(unknown, np.isnan(old) != np.isnan(new), far)
