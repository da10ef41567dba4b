"""The item browser, one item's page, and what managers do to many items at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from annotate.access import get_item_for, get_project_for, role_in
from annotate.browsing import COUNTED, ORDERS, item_page, matching_items
from annotate.errors import InvalidInput
from annotate.filters import FIRST, ItemFilter
from annotate.forms import first_error
from annotate.forms.items import ACTIONS, ExplanationForm, ItemActionForm
from annotate.models import Item, Membership, Project, User
from annotate.services.items import (
    MAX_ITEMS,
    ask_again,
    explain_known_answer,
    mark_gold,
    mark_qualification,
    restore_items,
    set_overlap,
    set_priority,
    withdraw_items,
)
from annotate.views.common import current_user, page
from annotate.views.item_detail import item_detail_context
from annotate.views.item_words import opening

REVIEWER, MANAGER = Membership.Role.REVIEWER, Membership.Role.MANAGER
LEFT_OUT = gettext_lazy(
    "Gold needs a known answer, a reviewer’s decision, or one that all agree on; "
    "the queue needs responses that differ."
)
Action = Callable[..., int]
SERVICES: Mapping[str, tuple[Action, dict[str, Any]]] = {
    "priority": (set_priority, {}),
    "overlap": (set_overlap, {}),
    "again": (ask_again, {}),
    "withdraw": (withdraw_items, {}),
    "restore": (restore_items, {}),
    "gold": (mark_gold, {"is_gold": True}),
    "not_gold": (mark_gold, {"is_gold": False}),
    "qualification": (mark_qualification, {"is_qualification": True}),
    "not_qualification": (mark_qualification, {"is_qualification": False}),
}


@page
@require_GET
def item_list(request: HttpRequest, slug: str) -> HttpResponse:
    """The items of a project by search, filter and order."""
    user = current_user(request)
    project = get_project_for(user, slug, role=REVIEWER)
    is_manager = role_in(user, project) == MANAGER
    chosen = ItemFilter(request.GET, project=project, is_manager=is_manager)
    sort = request.GET.get("sort") or "newest"
    context: dict[str, Any] = {"project": project, "filter": chosen, "form": chosen.form}
    context |= {"is_manager": is_manager, "actions": ACTIONS, "first": FIRST}
    context |= {"sort": sort, "orders": [(name, one.label) for name, one in ORDERS.items()]}
    if not chosen.form.is_valid():
        return render(request, "annotate/item_list.html", context, status=400)
    found = item_page(chosen, sort=sort, after=request.GET.get("after", ""))
    query = _query(request.GET)
    context |= {
        "page": found,
        "rows": [{"item": item, "opening": opening(item.prompt)} for item in found.items],
        "counted": COUNTED,
        "query": query.urlencode(),
        "next": _with(query, after=found.after).urlencode() if found.after else "",
        "is_filtered": bool(set(query) - {"sort"}),
    }
    return render(request, "annotate/item_list.html", context)


@page
@require_GET
def item_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Everything about one item, its responses and answers in stored order."""
    user = current_user(request)
    item = get_item_for(user, public_id)
    return render(request, "annotate/item_detail.html", item_detail_context(item, user))


@page
@require_POST
def item_explain(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Store why an item's known answer is right; for managers."""
    user = current_user(request)
    item = get_item_for(user, public_id, role=MANAGER)
    form = ExplanationForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(first_error(form))
    explain_known_answer(item, text=form.cleaned_data["explanation"], by=user)
    messages.success(request, _("The explanation is saved."))
    return redirect("annotate:item-detail", item.public_id)


@page
@require_POST
def item_actions(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask whether a change of many items is meant, and make it once it is."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    form = ItemActionForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(first_error(form))
    chosen = form.cleaned_data
    items = _chosen_items(project, chosen)
    if chosen["expected"] != len(items):
        return _confirm(request, project, form, items)
    changed = _apply(project, chosen, items, user)
    _tell(request, changed, left_out=len(items) - changed)
    query = _query(QueryDict(chosen["filter"])).urlencode()
    url = reverse("annotate:item-list", args=[project.slug])
    return redirect(f"{url}?{query}" if query else url)


def _chosen_items(project: Project, chosen: Mapping[str, Any]) -> list[int]:
    if chosen["scope"] == "ticked":
        ticked = Item.objects.filter(project=project, public_id__in=chosen["item"])
        return list(ticked.values_list("pk", flat=True))
    query = QueryDict(chosen["filter"])
    matching = ItemFilter(query, project=project, is_manager=True)
    if not matching.form.is_valid():
        raise InvalidInput(first_error(matching.form))
    return matching_items(matching, sort=query.get("sort") or "newest", most=MAX_ITEMS)


def _confirm(
    request: HttpRequest, project: Project, form: ItemActionForm, items: list[int]
) -> HttpResponse:
    """Says what would happen to how many; a number that has changed meanwhile is asked again."""
    chosen = form.cleaned_data
    if not items:
        raise InvalidInput(_("No item matches any more."))
    if chosen["expected"] is not None:
        messages.warning(request, _("Meanwhile the number of items has changed."))
    context = {"project": project, "chosen": chosen, "label": form.label(), "n": len(items)}
    return render(request, "annotate/item_actions.html", context)


def _apply(project: Project, chosen: Mapping[str, Any], items: list[int], user: User) -> int:
    service, extra = SERVICES[chosen["action"]]
    if chosen["action"] in ("priority", "overlap"):
        extra = {chosen["action"]: chosen["value"]}
    return service(project, items=items, by=user, **extra)


def _tell(request: HttpRequest, changed: int, *, left_out: int) -> None:
    text = ngettext("%(n)d item changed.", "%(n)d items changed.", changed) % {"n": changed}
    messages.success(request, text)
    if left_out:
        text = ngettext("%(n)d was left out.", "%(n)d were left out.", left_out) % {"n": left_out}
        messages.warning(request, f"{text} {LEFT_OUT}")


def _query(query: QueryDict) -> QueryDict:
    """The filled-in filters and the order, without the place in the list."""
    kept = QueryDict(mutable=True)
    for name, value in query.items():
        if value and name != "after":
            kept[name] = str(value)
    return kept


def _with(query: QueryDict, **values: str) -> QueryDict:
    changed = query.copy()
    for name, value in values.items():
        changed[name] = value
    return changed
