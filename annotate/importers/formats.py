"""The formats that rows are recognised by, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from annotate.importers import (
    crowd,
    hh_rlhf,
    outcomes,
    pairs_multi,
    preference,
    ratings,
    responses,
    rollouts,
    steps,
    turns,
    votes,
)
from annotate.importers.fields import Row
from annotate.importers.records import ItemRecord, RowError

AUTO = "auto"


class Parse(Protocol):
    """Turns one row into its items, or raises RowError."""

    def __call__(self, row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
        """The items of one row, of the wanted kind where that is not None."""


@dataclass(frozen=True)
class Format:
    """One source format: the columns that it ``needs``, in words, and the ``kinds`` it gives."""

    matches: Callable[[Row], bool]
    parse: Parse
    kinds: tuple[str, ...]
    needs: str


FORMATS = {
    "turns": Format(turns.matches, turns.parse, turns.KINDS, turns.NEEDS),
    "hh_rlhf": Format(hh_rlhf.matches, hh_rlhf.parse, hh_rlhf.KINDS, hh_rlhf.NEEDS),
    "preference": Format(preference.matches, preference.parse, preference.KINDS, preference.NEEDS),
    "pairs_multi": Format(
        pairs_multi.matches, pairs_multi.parse, pairs_multi.KINDS, pairs_multi.NEEDS
    ),
    "responses": Format(responses.matches, responses.parse, responses.KINDS, responses.NEEDS),
    "ratings": Format(ratings.matches, ratings.parse, ratings.KINDS, ratings.NEEDS),
    "rollouts": Format(rollouts.matches, rollouts.parse, rollouts.KINDS, rollouts.NEEDS),
    "steps": Format(steps.matches, steps.parse, steps.KINDS, steps.NEEDS),
    "outcomes": Format(outcomes.matches, outcomes.parse, outcomes.KINDS, outcomes.NEEDS),
    "votes": Format(votes.matches, votes.parse, votes.KINDS, votes.NEEDS),
    "crowd": Format(crowd.matches, crowd.parse, crowd.KINDS, crowd.NEEDS),
}


def parse_row(row: Row, *, kind: str | None, fmt: str, source: str) -> tuple[ItemRecord, ...]:
    """All items of one row, by the named format or by the first that knows its columns.

    Raises RowError, and then the row gives no item at all.
    """
    name = detect(row) if fmt == AUTO else fmt
    found = FORMATS[name]
    if not found.matches(row):
        raise RowError(f"Format {name} needs {found.needs}; the row has {_columns(row)}.")
    if kind is not None and kind not in found.kinds:
        given = " or ".join(found.kinds)
        raise RowError(f"A row of format {name} gives {given} items, not {kind}.")
    return tuple(found.parse(row, kind=kind, source=source))


def detect(row: Row) -> str:
    """The name of the first format that knows the row's columns."""
    for name, candidate in FORMATS.items():
        if candidate.matches(row):
            return name
    needs = "; ".join(f"{name} needs {candidate.needs}" for name, candidate in FORMATS.items())
    raise RowError(f"No format knows a row with {_columns(row)}: {needs}.")


def _columns(row: Row) -> str:
    names = sorted(row)
    listed = ", ".join(name[:40] for name in names[:12])
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"the columns {listed}{more}" if names else "no columns"
