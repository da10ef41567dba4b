"""Two versions of one kind side by side: which rows came, went and changed, and the figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _

from annotate.errors import InvalidInput
from curation.models import DatasetVersion
from curation.row_columns import COLUMNS, IdTable, differing, read_table, said_columns
from curation.stored_rows import Values, find_rows

CHANGES = ("added", "removed", "moved", "answer", "votes", "certainty", "weight", "details")
"""How a row may differ, those that stand in both versions by the first that applies."""

FIGURES = (
    "aggregate",
    "judgments",
    "annotators",
    "agreement_share",
    "chosen_longer_share",
    "left_win_share",
    "merged_duplicates",
    "near_duplicate_prompts",
    "prompts_moved",
)


@dataclass(frozen=True)
class Figure:
    """A figure or a setting of both versions; None where one of them does not have it."""

    name: str
    before: Any
    after: Any

    @property
    def differs(self) -> bool:
        """Whether the versions differ in it."""
        return bool(self.before != self.after)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class Comparison:
    """How many rows are the same, and the ids of those that differ by ``CHANGES``.

    ``before`` and ``after`` are the versions' public ids. ``figures`` are those that at least one
    version has, ``recipe`` the settings that differ.
    """

    before: UUID
    after: UUID
    same: int
    ids: Mapping[str, Sequence[str]]
    figures: tuple[Figure, ...]
    recipe: tuple[Figure, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by how they differ."""
        return {change: len(self.ids[change]) for change in CHANGES}

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the ids."""
        return {
            "before": self.before,
            "after": self.after,
            "same": self.same,
            "counts": self.counts,
            "figures": [one.to_dict() for one in self.figures],
            "recipe": [one.to_dict() for one in self.recipe],
        }


def compare_versions(before: DatasetVersion, after: DatasetVersion) -> Comparison:
    """How a version differs from another of its kind.

    A row that changed in several ways counts once: another split (moved), another answer, other
    votes behind the same answer, another certainty from the same votes, another weight, other
    details. Numbers that differ by less than 0.001 count as the same, since one more vote anywhere
    moves every estimate a little.

    Raises InvalidInput for versions of different kinds or projects, RowsMissing where files are
    gone.
    """
    if (before.kind, before.project_id) != (after.kind, after.project_id):
        raise InvalidInput(
            _("Only versions of one kind and project can be compared."), field="with"
        )
    old, new = read_table(before), read_table(after)
    places = pc.index_in(new.ids, old.ids)
    in_both = new.keep(places.is_valid())
    ids = {
        "added": new.ids_without(old),
        "removed": old.ids_without(new),
        **_changed(old.rows(places.drop_null()), in_both, after.kind),
    }
    changed = sum(len(ids[change]) for change in CHANGES[2:])
    return Comparison(
        before=before.public_id,
        after=after.public_id,
        same=len(in_both) - changed,
        ids=ids,
        figures=tuple(_figures(before, after)),
        recipe=tuple(
            one for one in _paired(_flat(before.recipe), _flat(after.recipe)) if one.differs
        ),
    )


def _changed(old: IdTable, new: IdTable, kind: str) -> dict[str, list[str]]:
    """Ids of the rows in both, which stand in the same order, by the first change that applies."""
    left = np.ones(len(new), dtype=bool)
    found = {}
    for change, columns in COLUMNS[kind].items():
        differs = left & differing(old, new, columns)
        found[change] = sorted(new.ids.filter(pa.array(differs)).to_pylist())
        left &= ~differs
    return found


def _figures(before: DatasetVersion, after: DatasetVersion) -> Iterator[Figure]:
    pairs = _paired(_figures_of(before), _figures_of(after))
    return (one for one in pairs if one.before is not None or one.after is not None)


def _figures_of(dataset: DatasetVersion) -> dict[str, Any]:
    """Rows and prompts by split, what was left out and why, and what the rows are like."""
    stats = dataset.statistics
    figures = {f"rows.{split}": rows for split, rows in dataset.row_counts.items()}
    figures |= {f"prompts.{split}": n for split, n in (stats.get("prompts") or {}).items()}
    figures |= {name: stats.get(name) for name in FIGURES}
    for feature, scores in ((stats.get("balance") or {}).get("after") or {}).items():
        name = "step" if dataset.kind == "stepwise" else feature
        for score in ("rule", "fitted", "correlation"):
            if score in scores:
                figures[f"probe.{name}.{score}"] = scores[score].get("value")
    return figures | {f"dropped.{reason}": n for reason, n in dataset.dropped.items()}


def _paired(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Figure]:
    """By name, in the order of the later one."""
    for name in dict.fromkeys([*after, *before]):
        yield Figure(name, before.get(name), after.get(name))


def _flat(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's settings under dotted names."""
    return dict(_settings(recipe.items()))


def _settings(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in items:
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            yield name, value


@dataclass(frozen=True)
class ChangedRow:
    """A row that differs, as each version has it; None where one of them does not."""

    id: str
    change: str
    before: Values | None
    after: Values | None

    @property
    def row(self) -> Values:
        """The row as it is now, or as it last was."""
        return self.after or self.before or {}

    def said(self, kind: str) -> dict[str, Any]:
        """Plain values for JSON: of each version the columns that the change is about."""
        columns = said_columns(kind, self.change)
        before, after = (
            None if row is None else {name: row[name] for name in columns if name in row}
            for row in (self.before, self.after)
        )
        return {"row": self.id, "before": before, "after": after}


def changed_rows(
    before: DatasetVersion, after: DatasetVersion, ids: Sequence[str], *, change: str
) -> list[ChangedRow]:
    """Some of the rows that differ with all their columns and their split, for a page of them."""
    old = {} if change == "added" else _with_splits(before, ids)
    new = {} if change == "removed" else _with_splits(after, ids)
    return [ChangedRow(name, change, old.get(name), new.get(name)) for name in ids]


def _with_splits(dataset: DatasetVersion, ids: Sequence[str]) -> dict[str, Values]:
    return {name: row | {"split": split} for name, (split, row) in find_rows(dataset, ids).items()}
