"""Which would-be rows stay once the votes are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.core.builders import Candidate
from curation.core.ledger import Dropped, Ledger
from curation.core.rows import PreferenceRow, Row
from curation.recipe import FilterRows, Recipe


@dataclass(frozen=True, slots=True)
class Decided:
    """Rows that were decided and kept, and even pairs that nothing but their evenness keeps out."""

    rows: tuple[Row, ...]
    even: tuple[PreferenceRow, ...]


def decided_rows(candidates: Sequence[Candidate], recipe: Recipe, ledger: Ledger) -> Decided:
    """Leave out what came to nothing (step "aggregate"), then what the filter refuses ("rows")."""
    undecided = [_dropped("aggregate", one.reason, one) for one in candidates if not one.is_kept]
    ledger.write("aggregate", "rows", len(candidates), undecided)
    kept = [one for one in candidates if one.is_kept]
    refused = [_dropped("rows", why, one) for one in kept if (why := _reason(one, recipe.rows))]
    ledger.write("rows", "rows", len(kept), refused)
    passed = [one.row for one in candidates if one.row and not _reason(one, recipe.rows)]
    return Decided(
        tuple(row for row in passed if not _is_even(row)),
        tuple(row for row in passed if isinstance(row, PreferenceRow) and row.tied),
    )


def _is_even(row: Row) -> bool:
    return isinstance(row, PreferenceRow) and row.tied


def _dropped(step: str, reason: str, candidate: Candidate) -> Dropped:
    return Dropped(step, reason, candidate.item, candidate.part)


def _reason(candidate: Candidate, rows: FilterRows) -> str:
    if candidate.votes < rows.min_votes:
        return "too_few_votes"
    if candidate.agreement < rows.min_agreement:
        return "low_agreement"
    if candidate.probability < rows.min_probability:
        return "low_probability"
    if rows.drop_unsafe and "unsafe" in candidate.excluded:
        return "marked_unsafe"
    return ""
