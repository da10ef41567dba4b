"""Checkpoints beside each other: paired differences, the gate, and the texts of what flipped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from curation.stored_rows import RowsMissing, column_table
from modeling.core.errors import ModelingError
from modeling.core.evaluation.comparing import compare
from modeling.core.evaluation.gate import gate
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


def texts_of(checkpoint: Checkpoint, items: Collection[str]) -> dict[str, dict[str, Any]]:
    """Test rows of a model's dataset by item; nothing where they are not on this machine."""
    try:
        table = column_table(checkpoint.run.dataset, "test", TEXT_COLUMNS)
    except RowsMissing:
        return {}
    if "item" not in table.column_names:
        return {}
    names: Sequence[str] = table.column("item").to_pylist()
    places = {name: place for place, name in enumerate(names) if name in set(items)}
    return {name: table.slice(place, 1).to_pylist()[0] for name, place in places.items()}
