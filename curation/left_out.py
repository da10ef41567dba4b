"""What a version's recipe left out, thing by thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.models import DatasetVersion
from curation.stored_rows import LEFT_OUT, opened

BATCH = 20_000


@dataclass(frozen=True)
class Reason:
    """A step, why it leaves something out, and how much of it."""

    step: str
    reason: str
    unit: str
    n: int


def reasons_of(dataset: DatasetVersion) -> list[Reason]:
    """Every reason of every step that left something out, in the order of the steps."""
    return [
        Reason(step["step"], reason, step["unit"], n)
        for step in dataset.statistics.get("steps") or []
        for reason, n in step["dropped"].items()
    ]


def left_out(
    dataset: DatasetVersion, reason: Reason, *, start: int, stop: int
) -> list[dict[str, Any]]:
    """Some of the things that one step left out for one reason, in the file's order.

    Each has ``item``, ``part`` (keys of responses) and ``revision`` (of judgments). Raises
    RowsMissing where the version's files are not here.
    """
    found: list[dict[str, Any]] = []
    seen = 0
    with opened(dataset, LEFT_OUT) as file:
        for batch in file.iter_batches(batch_size=BATCH):
            fitting = batch.filter(_is(batch, reason))
            begin, end = max(start - seen, 0), min(stop - seen, fitting.num_rows)
            if begin < end:
                found += fitting.slice(begin, end - begin).to_pylist()
            seen += fitting.num_rows
            if seen >= stop:
                break
    return found


def _is(batch: pa.RecordBatch, reason: Reason) -> pa.BooleanArray:
    return pc.and_(
        pc.equal(batch.column("step"), reason.step), pc.equal(batch.column("reason"), reason.reason)
    )
