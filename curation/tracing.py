"""From a dataset row back to the judgments behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from annotate.answers import Answer, answer_to_json
from annotate.models import Assignment, Item, ItemResponse, JudgmentRevision
from annotate.opinions import read_answer
from curation.aligning import aligned, places_of
from curation.models import DatasetVersion
from curation.stored_rows import PROVENANCE, find_rows, rows_by_id


@dataclass(frozen=True)
class Said:
    """One judgment behind a row.

    ``answer`` speaks of the row's responses first, in the row's order (of a pair the chosen one
    first), then of the others that its item has. ``places`` say for each of the row's responses
    where the item has it, None where it does not.
    """

    revision: JudgmentRevision
    answer: Answer
    places: tuple[int | None, ...]

    @property
    def item(self) -> Item:
        """The item that was judged: the row's own, or one that asks the same."""
        return self.revision.judgment.assignment.item

    @property
    def is_decision(self) -> bool:
        """Whether a reviewer decided so."""
        purpose = self.revision.judgment.assignment.purpose
        return bool(purpose == Assignment.Purpose.ADJUDICATION)


@dataclass(frozen=True)
class Trace:
    """A row as the file has it, its split, and the judgments it was made from, oldest first.

    ``missing`` are ids of revisions that this installation no longer has.
    """

    split: str
    row: Mapping[str, Any]
    judgments: tuple[Said, ...]
    missing: tuple[str, ...]


def trace_row(dataset: DatasetVersion, row_id: str) -> Trace | None:
    """The judgments behind a row, by its id; None where the version has no such row.

    Pairs that came out even are rows as well, of the canonical file. Raises RowsMissing where the
    version's files are not here.
    """
    source = rows_by_id(dataset, PROVENANCE, [row_id]).get(row_id)
    if source is None:
        return None
    split, row = find_rows(dataset, [row_id])[row_id]
    revisions = _revisions(source["revisions"])
    there = {_name(revision) for revision in revisions}
    missing = tuple(name for name in source["revisions"] if name not in there)
    texts = response_texts(row)
    return Trace(split, row, tuple(_said(one, texts) for one in revisions), missing)


def judgment_values(said: Said, names: Mapping[int, str]) -> dict[str, Any]:
    """A judgment behind a row for JSON, its author under the name that ``names`` has for them."""
    judgment = said.revision.judgment
    annotator = judgment.assignment.annotator
    return {
        "judgment": judgment.public_id,
        "revision": said.revision.number,
        "annotator": names.get(annotator.pk, "") if annotator else "",
        "annotator_kind": annotator.kind if annotator else "",
        "item": said.item.public_id,
        "is_decision": said.is_decision,
        "answer": answer_to_json(said.answer),
        "created_at": said.revision.created_at,
    }


def response_texts(row: Mapping[str, Any]) -> list[str]:
    """The responses that a row is about, in its order; none of solutions, which have but one."""
    if "chosen" in row:
        return [row["chosen"][-1]["content"], row["rejected"][-1]["content"]]
    if "response_a" in row:
        return [row["response_a"], row["response_b"]]
    if "tiers" in row:
        return list(row["completions"])
    return [row["completion"][-1]["content"]] if row.get("completion") else []


def _said(revision: JudgmentRevision, texts: Sequence[str]) -> Said:
    judgment = revision.judgment
    item = judgment.assignment.item
    answer = read_answer(
        revision.answer, kind=item.kind, scale=judgment.scale, order=judgment.display_order
    )
    places = places_of([response.content for response in item.ordered_responses()], texts)
    return Said(revision, aligned(answer, places), tuple(places))


def _revisions(names: Sequence[str]) -> list[JudgmentRevision]:
    """The revisions with these ids: a judgment's public id, a dot, and a number."""
    numbers: dict[UUID, set[int]] = defaultdict(set)
    for name in names:
        public_id, _, number = name.rpartition(".")
        numbers[UUID(public_id)].add(int(number))
    links = ItemResponse.objects.select_related("response")
    rows = (
        JudgmentRevision.objects.filter(judgment__public_id__in=list(numbers))
        .select_related("judgment__assignment__annotator", "judgment__assignment__item")
        .prefetch_related(Prefetch("judgment__assignment__item__links", queryset=links))
    )
    wanted = (row for row in rows if row.number in numbers[row.judgment.public_id])
    return sorted(wanted, key=lambda row: (row.created_at, row.pk))


def _name(revision: JudgmentRevision) -> str:
    return f"{revision.judgment.public_id}.{revision.number}"
