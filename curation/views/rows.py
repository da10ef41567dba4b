"""The pages of a version's rows: all of them, and one with the judgments behind it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from annotate.naming import annotator_names
from annotate.views.common import current_user, page
from curation.access import get_dataset_for
from curation.core.records import SPLITS
from curation.models import DatasetVersion
from curation.selectors import shown
from curation.stored_rows import find_rows, rows_between
from curation.tracing import trace_row
from curation.views.row_words import row_answer, row_certainty, row_opening, row_votes
from curation.views.voices import letters_in_words, voices_behind

SHOWN = 50


@page
@require_GET
def dataset_rows(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The rows of one split, a page at a time; or the one row whose id is given."""
    dataset = get_dataset_for(current_user(request), public_id)
    if wanted := request.GET.get("id", "").strip():
        if wanted in find_rows(dataset, [wanted]):
            return redirect("curation:dataset-row", dataset.public_id, wanted)
        messages.warning(request, _("This version has no row %(id)s.") % {"id": wanted})
    split = _split(request, dataset)
    total = range(dataset.row_counts.get(split, 0))
    found = Paginator(total, SHOWN).get_page(request.GET.get("page"))
    context = {
        "project": dataset.project,
        "dataset": dataset,
        "split": split,
        "splits": [(name, dataset.row_counts.get(name, 0)) for name in SPLITS],
        "page": found,
        "rows": _listed(dataset, split, list(found)),
    }
    return render(request, "curation/dataset_rows.html", context)


def _split(request: HttpRequest, dataset: DatasetVersion) -> str:
    """The split that is asked for, else the first that has rows."""
    wanted = request.GET.get("split")
    if wanted in SPLITS:
        return str(wanted)
    return next((name for name in SPLITS if dataset.row_counts.get(name)), "train")


def _listed(dataset: DatasetVersion, split: str, places: list[int]) -> list[dict[str, Any]]:
    if not places:
        return []
    return [
        {
            "id": row.get("id", ""),
            "opening": row_opening(row),
            "answer": row_answer(row),
            "votes": row_votes(row),
            "certainty": row_certainty(row),
            "weight": row.get("weight", 1.0),
        }
        for row in rows_between(dataset, split, places[0], places[-1] + 1)
    ]


@page
@require_GET
def dataset_row(request: HttpRequest, public_id: UUID, row_id: str) -> HttpResponse:
    """One row of a version, and the judgments it was made from."""
    user = current_user(request)
    dataset = get_dataset_for(user, public_id)
    trace = trace_row(dataset, row_id)
    if trace is None:
        raise Http404
    context = {
        "project": dataset.project,
        "dataset": dataset,
        "trace": trace,
        "row": shown(dict(trace.row)),
        "answer": "" if "chosen" in trace.row else row_answer(trace.row),
        "voices": voices_behind(trace, annotator_names(dataset.project, user)),
        "letters": letters_in_words(trace.row),
    }
    return render(request, "curation/dataset_row.html", context)
