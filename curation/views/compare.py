"""The page on which two versions stand side by side."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotate.views.common import current_user, page
from curation.access import get_dataset_for
from curation.comparing import CHANGES, ChangedRow, Comparison, changed_rows, compare_versions
from curation.models import DatasetVersion
from curation.selectors import versions_beside
from curation.views.row_words import change_words, row_opening

SHOWN = 25


@page
@require_GET
def dataset_compare(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A version beside another of its kind: rows that came, went and changed, and the figures."""
    user = current_user(request)
    after = get_dataset_for(user, public_id)
    before = get_dataset_for(user, _uuid(request.GET.get("with", "")))
    comparison = compare_versions(before, after)
    change = _change(request, comparison)
    ids = comparison.ids[change] if change else []
    found = Paginator(ids, SHOWN).get_page(request.GET.get("page"))
    context = {
        "project": after.project,
        "before": before,
        "after": after,
        "others": versions_beside(after),
        "comparison": comparison,
        "change": change,
        "page": found,
        "query": f"with={before.public_id}&change={change}&",
        "rows": _rows(before, after, list(found), change),
    }
    return render(request, "curation/dataset_compare.html", context)


def _change(request: HttpRequest, comparison: Comparison) -> str:
    """The kind of change that is asked for, else the first that there is."""
    wanted = request.GET.get("change", "")
    if wanted in CHANGES:
        return wanted
    return next((change for change in CHANGES if comparison.ids[change]), "")


def _rows(
    before: DatasetVersion, after: DatasetVersion, ids: list[str], change: str
) -> list[dict[str, Any]]:
    found = changed_rows(before, after, ids, change=change) if ids else []
    return [_row(one, before if change == "removed" else after) for one in found]


def _row(one: ChangedRow, home: DatasetVersion) -> dict[str, Any]:
    return {
        "id": one.id,
        "home": home,
        "opening": row_opening(one.row),
        "before": change_words(one.change, one.before),
        "after": change_words(one.change, one.after),
    }


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error
