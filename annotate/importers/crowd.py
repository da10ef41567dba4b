"""Bare crowd labels: ``item, annotator, label``, or ``item, gold``, without the texts judged.

Numbers become ratings of the aspect "label"; the item's name stands in for its text, so such items
are for aggregating the labels that came along. Names of classes have no place on a rating scale
and are refused: ``curation.core.aggregate.aggregate_labels`` takes them as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from annotate.answers import RatingAnswer
from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.records import (
    ItemRecord,
    LabelRecord,
    Message,
    PromptRecord,
    ResponseRecord,
    RowError,
)

KINDS = ("rating",)
NEEDS = "item and label (or gold), without prompt and response"
ASPECT = "label"


def matches(row: Row) -> bool:
    """Whether the row labels a named item and holds no texts."""
    labelled = fields.has(row, "item", "label") or fields.has(row, "item", "gold")
    return labelled and not {"prompt", "response", "responses"} & set(row)


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """One rating item with its label, or with its known answer where the row is gold."""
    gold = _answer(row["gold"], "gold") if fields.has(row, "gold") else None
    answer = _answer(row["label"], "label") if fields.has(row, "label") else None
    name, positional = fields.annotator(row.get("annotator"))
    item = str(row["item"])
    yield ItemRecord(
        "rating",
        PromptRecord((Message("user", item),)),
        (ResponseRecord(item),),
        labels=(LabelRecord(answer, name, positional),) if answer else (),
        known=gold or answer,
        category=fields.category(row),
        source=source,
        details=fields.leftover(row, {"item", "annotator", "label", "gold"}),
    )


def _answer(value: object, name: str) -> RatingAnswer:
    try:
        number = fields.number(value, name)
    except RowError as error:
        raise RowError(
            f"{error} Class names cannot be imported as ratings; give them to "
            "curation.core.aggregate.aggregate_labels."
        ) from error
    if number is None:
        raise RowError(f"{name} is empty.")
    return RatingAnswer({ASPECT: (number,)})
