"""Template tags and filters: model text as HTML, the tabs of a project, small formats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import RequestContext
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from annotate.access import ROLES, role_in
from annotate.models import Membership, Project
from annotate.rendering import render_markdown

register = template.Library()
ANNOTATOR, REVIEWER, MANAGER = ROLES


@dataclass(frozen=True)
class Tab:
    """A tab of a project: its URL name, who sees it, and the other pages that light it up."""

    label: str | Promise
    view: str
    role: str = ANNOTATOR
    also: tuple[str, ...] = ()


AT_WORK = ("annotate:assignment-skip", "annotate:history", "annotate:judgment-edit")
TABS = (
    Tab(_("Home"), "annotate:project-home", also=("annotate:project-settings",)),
    Tab(_("Annotate"), "annotate:item-next", also=AT_WORK),
    Tab(
        _("Overview"),
        "modeling:project-overview",
        REVIEWER,
        (
            "curation:dataset-detail",
            "curation:dataset-compare",
            "curation:dataset-rows",
            "curation:dataset-row",
            "curation:dataset-left-out",
            "curation:recipe-edit",
            "curation:recipe-preview",
            "curation:file-list",
        ),
    ),
    Tab(
        _("Models"),
        "modeling:run-list",
        REVIEWER,
        (
            "modeling:checkpoint-compare",
            "modeling:checkpoint-detail",
            "modeling:checkpoint-promote",
            "modeling:playground",
            "modeling:run-create",
            "modeling:run-detail",
        ),
    ),
    Tab(
        _("Items"),
        "annotate:item-list",
        REVIEWER,
        ("annotate:item-detail", "annotate:item-actions"),
    ),
    Tab(_("Review"), "curation:adjudication", REVIEWER, ("curation:adjudicate",)),
    Tab(_("Quality"), "curation:quality", REVIEWER, ("curation:annotator-detail",)),
    Tab(
        _("Jobs"),
        "annotate:run-list",
        MANAGER,
        ("annotate:run-detail", "annotate:import-create", "annotate:verification-create"),
    ),
    Tab(
        _("Members"),
        "annotate:members",
        MANAGER,
        ("annotate:annotators-create", "annotate:invitation-create"),
    ),
    Tab(
        _("Guidelines"),
        "annotate:guidelines",
        also=("annotate:guidelines-edition", "annotate:guidelines-changes"),
    ),
)


@register.filter
def markdown(text: object) -> SafeString:
    """Markdown as sanitised HTML."""
    return render_markdown(str(text or ""))


@register.filter
def word(text: object) -> str:
    """A word that a row stores in English, such as a role or a status, in the reader's language."""
    return gettext(str(text)) if text else ""


@register.filter
def day(moment: datetime | None) -> str:
    """3 May 2026, as the language writes it."""
    return date_format(localtime(moment), pgettext("date format", "j F Y")) if moment else ""


@register.filter
def moment(moment: datetime | None) -> str:
    """3 May 2026, 14:05, as the language writes it."""
    form = pgettext("date format", "j F Y, H:i")
    return date_format(localtime(moment), form) if moment else ""


@register.filter
def percent(share: float | None) -> str:
    """0.25 as 25 %."""
    return "" if share is None else f"{round(share * 100)} %"


@register.inclusion_tag("_project_tabs.html", takes_context=True)
def project_tabs(context: RequestContext) -> dict[str, Any]:
    """The tabs of the context's ``project`` that the request's user may open."""
    request: HttpRequest = context["request"]
    project: Project = context["project"]
    held = role_in(request.user, project) or Membership.Role.ANNOTATOR  # type: ignore[arg-type]
    match = request.resolver_match
    here = match.view_name if match else ""
    roles = [str(role) for role in ROLES]
    allowed = roles[: roles.index(held) + 1]
    tabs = [_tab(tab, project, here) for tab in TABS if tab.role in allowed]
    return {"tabs": [tab for tab in tabs if tab["url"]]}


def _tab(tab: Tab, project: Project, here: str) -> dict[str, Any]:
    """A tab whose page is not installed has an empty URL."""
    try:
        url = reverse(tab.view, args=[project.slug])
    except NoReverseMatch:
        url = ""
    return {"label": tab.label, "url": url, "is_here": here in (tab.view, *tab.also)}
