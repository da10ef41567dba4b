"""Template tags and filters: model text as HTML, the tabs of a project, small formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import RequestContext
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from annotate.access import ROLES, role_in
from annotate.models import Membership, Project
from annotate.rendering import render_markdown

register = template.Library()
ANNOTATOR, REVIEWER, MANAGER = ROLES


@dataclass(frozen=True)
class Tab:
    """A tab of a project: its URL name, who sees it, and the other pages that light it up."""

    label: str
    view: str
    role: str = ANNOTATOR
    also: tuple[str, ...] = ()


TABS = (
    Tab("Home", "annotate:project-home", also=("annotate:project-settings",)),
    Tab("Annotate", "annotate:item-next", also=("annotate:assignment-skip",)),
    Tab(
        "Overview",
        "modeling:project-overview",
        REVIEWER,
        ("curation:dataset-detail", "modeling:checkpoint-detail"),
    ),
    Tab("Jobs", "annotate:run-list", MANAGER, ("annotate:run-detail", "annotate:import-create")),
    Tab("Guidelines", "annotate:guidelines"),
)


@register.filter
def markdown(text: object) -> SafeString:
    """Markdown as sanitised HTML."""
    return render_markdown(str(text or ""))


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
