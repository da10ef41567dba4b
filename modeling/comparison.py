"""Checkpoints beside each other: paired differences, the gate, and the texts of what flipped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from curation.stored_rows import RowsMissing, column_table
from modeling.core.data import Example, parse_prompt
from modeling.core.data.texts import parse_response
from modeling.core.errors import DataError, ModelingError
from modeling.core.evaluation.comparing import compare
from modeling.core.evaluation.gate import gate
from modeling.core.evaluation.rows import text_key
from modeling.models import Checkpoint

TEXT_COLUMNS = ("item", "prompt", "chosen", "rejected", "completion", "completions")


@dataclass(frozen=True)
class Difference:
    """How a model compares with an earlier one on common rows, or why that cannot be told.

    ``problem`` is in the reader's language, ``error`` in English, as the library says it.
    """

    found: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    error: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the gate says of a model, in English: ``passed`` is None where it cannot tell."""

    passed: bool | None
    reasons: tuple[str, ...] = ()


def difference(old: Checkpoint, new: Checkpoint) -> Difference:
    """Paired figures of two models; a sentence where their rows cannot be matched."""
    if old.run.dataset.kind != new.run.dataset.kind:
        return Difference(problem=_("They were tested on different kinds of rows."))
    try:
        return Difference(compare(_directory(old), _directory(new)).to_dict())
    except ModelingError as error:
        return Difference(error=str(error))


def verdict_on(new: Checkpoint, in_force: Checkpoint | None) -> Verdict:
    """Whether a model is at least no worse than the one in force, as far as their rows tell."""
    if in_force is None:
        return Verdict(None)
    try:
        found = gate(_directory(in_force), _directory(new))
    except ModelingError as error:
        return Verdict(None, (str(error),))
    return Verdict(found.passed, tuple(reason.message for reason in found.reasons))


def _directory(checkpoint: Checkpoint) -> Path:
    """Where its predictions lie; it may be on another machine."""
    if not checkpoint.directory.is_dir():
        raise ModelingError(f"The files of {checkpoint} are not on this machine.")
    return checkpoint.directory


def texts_of(
    checkpoint: Checkpoint, flips: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Test rows of a model's dataset by the item and the key of what flipped.

    One item may have many rows, such as the pairs of a ranking: their texts tell them apart.
    Nothing where they are not on this machine.
    """
    try:
        table = column_table(checkpoint.run.dataset, "test", TEXT_COLUMNS)
    except RowsMissing:
        return {}
    if "item" not in table.column_names:
        return {}
    places: dict[str, list[int]] = {item: [] for item, _key in flips}
    for place, item in enumerate(table.column("item").to_pylist()):
        if item in places:
            places[item].append(place)
    rows = {item: table.take(found).to_pylist() for item, found in places.items()}
    found = {(item, key): _row_of(rows[item], key) for item, key in flips}
    return {flip: row for flip, row in found.items() if row is not None}


def _row_of(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any] | None:
    """The only row of an item, or the one of these texts."""
    fitting = rows if len(rows) == 1 else [row for row in rows if _key_of(row) == key]
    return dict(fitting[0]) if fitting else None


def _key_of(row: Mapping[str, Any]) -> str:
    """As the predictions of a model name the row; empty for one that holds no such texts."""
    given = [row[name] for name in ("chosen", "rejected", "completion") if row.get(name)]
    try:
        example = Example(prompt=parse_prompt(row["prompt"]), group="")
        return text_key(example, *map(parse_response, given))
    except (DataError, KeyError):
        return ""
