"""What the page of one item shows, built from the claim's payload and from nothing else."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from annotate.forms import SkipForm
from annotate.models import Assignment
from annotate.selectors import claim_payload, with_payload
from annotate.views.answer_fields import Fields, draft_fields
from annotate.views.kinds import kind_context, kind_keys
from annotate.views.kinds.base import KeyRows
from annotate.views.kinds.comparison import grades

__all__ = ["SKIP_IDS", "grades", "item_context", "load_for_page"]

SKIP_IDS = "skip_%s"
COMMON_KEYS: KeyRows = (
    ("Enter", _("submit")),
    ("r", _("write a reason; Ctrl+Enter submits from there, Esc leaves it")),
    ("s", _("skip this item")),
    ("?", _("show these keys")),
)


def load_for_page(assignment: Assignment) -> Assignment:
    """The assignment with everything that its page reads, in a constant number of queries."""
    return with_payload(Assignment.objects.all()).get(pk=assignment.pk)


def item_context(
    assignment: Assignment,
    *,
    fields: Fields | None = None,
    error: str = "",
    key: str = "",
    skip: SkipForm | None = None,
) -> dict[str, Any]:
    """The context of ``annotate/_item.html``.

    ``fields`` is what a refused submit had filled in; without it the stored draft is shown.
    ``skip`` is a refused skip, shown in its open dialog.
    """
    claim = claim_payload(assignment)
    shape = assignment.shape()
    shown = draft_fields(claim["draft"], shape) if fields is None else fields
    kind, item = shape.kind, claim["item"]
    return {
        "claim": claim,
        "kind": kind,
        "kind_template": f"annotate/_{kind}.html",
        "fields": shown,
        "error": error,
        "idempotency_key": key or str(uuid4()),
        "lease_seconds": settings.LEASE_SECONDS,
        "shortcuts": [*kind_keys(item, shape), *COMMON_KEYS],
        "skip_form": skip or SkipForm(initial={"fence": assignment.fence}, auto_id=SKIP_IDS),
    } | kind_context(item, shape, shown)
