"""What a recipe leaves out, or would leave out, with the items it concerns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotate.models import Item, JudgmentRevision, Project, User
from annotate.naming import annotator_names
from annotate.views.common import current_user, page
from annotate.views.item_words import opening
from curation.access import get_dataset_for
from curation.convert import response_key
from curation.left_out import Reason, left_out, reasons_of
from curation.models import DatasetVersion
from curation.views.row_words import excerpt

SHOWN = 50


@page
@require_GET
def dataset_left_out(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One by one what a version's step left out for one reason."""
    user = current_user(request)
    dataset = get_dataset_for(user, public_id)
    reasons = reasons_of(dataset)
    reason = _chosen(request, reasons)
    found = Paginator(range(reason.n if reason else 0), SHOWN).get_page(request.GET.get("page"))
    context = {
        "project": dataset.project,
        "dataset": dataset,
        "reasons": reasons,
        "reason": reason,
        "page": found,
        "rows": _rows(dataset, reason, list(found), user) if reason else [],
    }
    return render(request, "curation/dataset_left_out.html", context)


def _chosen(request: HttpRequest, reasons: list[Reason]) -> Reason | None:
    """The reason that is asked for as STEP.REASON, else the first. None where nothing left."""
    wanted = request.GET.get("why", "")
    if not wanted:
        return reasons[0] if reasons else None
    for reason in reasons:
        if wanted == f"{reason.step}.{reason.reason}":
            return reason
    raise Http404


def _rows(
    dataset: DatasetVersion, reason: Reason, places: list[int], user: User
) -> list[dict[str, Any]]:
    if not places:
        return []
    entries = left_out(dataset, reason, start=places[0], stop=places[-1] + 1)
    items = _items(dataset.project, {entry["item"] for entry in entries})
    people = _annotators(dataset.project, [entry["revision"] for entry in entries], user)
    return [
        {
            "item": items.get(entry["item"]),
            "digest": entry["item"],
            "opening": opening(items[entry["item"]].prompt) if entry["item"] in items else "",
            "texts": [] if entry["revision"] else _texts(items.get(entry["item"]), entry["part"]),
            "who": people.get(entry["revision"], ""),
        }
        for entry in entries
    ]


def with_items(preview: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """A preview whose examples know their items, where those are still there."""
    items = _items(project, {one["item"] for step in preview["steps"] for one in step["examples"]})
    steps = [
        step | {"examples": [_with_item(one, items) for one in step["examples"]]}
        for step in preview["steps"]
    ]
    return {**preview, "steps": steps}


def _with_item(example: Mapping[str, Any], items: Mapping[str, Item]) -> dict[str, Any]:
    item = items.get(example["item"])
    return {**example, "about": item, "opening": opening(item.prompt) if item else ""}


def _items(project: Project, digests: Collection[str]) -> dict[str, Item]:
    rows = Item.objects.filter(project=project, digest__in=digests).with_texts()
    return {item.digest: item for item in rows}


def _texts(item: Item | None, part: Collection[str]) -> list[str]:
    """The beginnings of the responses that a would-be row is about; of an item, of all of them."""
    if item is None:
        return []
    texts = {response_key(item, each): each.content for each in item.ordered_responses()}
    return [excerpt(text) for key, text in texts.items() if key in part or not part]


def _annotators(project: Project, revisions: Collection[str], viewer: User) -> dict[str, str]:
    """Who gave each of these judgments."""
    names = annotator_names(project, viewer)
    ids = {UUID(name.partition(".")[0]): name for name in revisions if name}
    rows = JudgmentRevision.objects.filter(judgment__public_id__in=list(ids))
    pairs = rows.values_list("judgment__public_id", "judgment__assignment__annotator_id")
    return {ids[key]: names.get(annotator or 0, "") for key, annotator in pairs}
