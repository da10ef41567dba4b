"""Looking for text in items, and counting their judgments, inside the database."""

from __future__ import annotations

import json

from django.db.models import (
    Count,
    Exists,
    Expression,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Replace
from django.db.models.lookups import IContains

from annotate.models import Assignment, ItemResponse, Prompt
from annotate.opinions import COUNTED

FRAME = ('"content": ', '"role": "user"', '"role": "assistant"', '"role": "system"')


def judgment_count() -> Coalesce:
    """How many judgments an item has; answers to checks and reviewers' decisions aside."""
    made = Assignment.objects.filter(
        item=OuterRef("pk"), status=Assignment.Status.SUBMITTED, purpose__in=COUNTED
    )
    counted = made.order_by().values("item").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def says(text: str) -> Q:
    """Items whose prompt or one of whose responses has this text, in whatever case.

    SQLite tells upper from lower case in letters beyond ASCII.
    """
    prompts = Prompt.objects.filter(_in_json("messages", text), pk=OuterRef("prompt"))
    said = Q(response__content__icontains=text)
    for column in ("steps", "turns"):
        said |= _in_json(f"response__{column}", text)
    return Q(Exists(prompts)) | Q(Exists(ItemResponse.objects.filter(said, item=OuterRef("pk"))))


def _in_json(column: str, text: str) -> Q:
    """A text inside a column of JSON, which databases escape in one of two ways.

    The names of fields and of roles are no part of what is said.
    """
    plain: Expression = Cast(F(column), TextField())
    for part in FRAME:
        plain = Replace(plain, Value(part), Value(""), output_field=TextField())
    found = Q()
    for escaped in sorted({json.dumps(text, ensure_ascii=way)[1:-1] for way in (True, False)}):
        found |= Q(IContains(plain, escaped))
    return found
