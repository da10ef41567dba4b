"""What managers do about people: accounts, invitations, roles; and closing the round."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from annotate.access import get_project_for
from annotate.errors import InvalidInput
from annotate.forms import AnnotatorsForm, InvitationForm, RoleForm, first_error
from annotate.forms.common import in_words
from annotate.models import Invitation, Membership, Project, Round
from annotate.selectors import members_of
from annotate.services import close_round, create_annotators
from annotate.services.members import (
    change_role,
    closed_because,
    invite,
    remove_member,
    requalify,
    revoke_invitation,
)
from annotate.views.common import current_user, page, reported

MANAGER = Membership.Role.MANAGER
USED_KEYS = "annotators-created"
MAX_USED_KEYS = 50
SHOWN_INVITATIONS = 50
INVITE_IDS = "invite_%s"  # two forms on one page have a field "role"


@page
@require_GET
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """Who belongs to a project and how others come in; for managers."""
    project = get_project_for(current_user(request), slug, role=MANAGER)
    return _members_page(request, project)


@page
@require_POST
def annotators_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Make accounts and show their credentials, once."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    form = AnnotatorsForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(first_error(form))
    if not _is_first_use(request, str(form.cleaned_data["key"])):
        messages.warning(
            request,
            _(
                "These accounts were made already; passwords and tokens are shown once. "
                "Fill in “Make accounts” again for more."
            ),
        )
        return redirect("annotate:members", project.slug)
    logins = create_annotators(
        project, n=form.cleaned_data["n"], role=form.cleaned_data["role"], by=user
    )
    context = {"project": project, "logins": logins, "role": form.cleaned_data["role"]}
    return render(request, "annotate/annotators_created.html", context)


@page
@require_POST
def invitation_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a link and show it, once."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    form = InvitationForm(request.POST, auto_id=INVITE_IDS)
    if not form.is_valid():
        return _members_page(request, project, invitation_form=form, status=422)
    values = dict(form.cleaned_data)
    if not _is_first_use(request, str(values.pop("key"))):
        messages.warning(request, _("This link was made already; a link is shown once."))
        return redirect("annotate:members", project.slug)
    invitation, secret = invite(project, by=user, **values)
    link = request.build_absolute_uri(reverse("annotate:join", args=[secret]))
    return _members_page(request, project, invitation=invitation, link=link)


@page
@require_POST
def invitation_revoke(request: HttpRequest, slug: str, invitation: UUID) -> HttpResponse:
    """Let nobody in by a link any more."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    found = get_object_or_404(Invitation, project=project, public_id=invitation)
    revoke_invitation(found, by=user)
    messages.success(request, _("The link lets nobody in any more."))
    return redirect("annotate:members", project.slug)


@page
@require_POST
def member_role(request: HttpRequest, slug: str, member: UUID) -> HttpResponse:
    """Give a member another role."""
    membership = _membership_for(request, slug, member)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(first_error(form))
    with reported(request):
        change_role(membership, role=form.cleaned_data["role"], by=current_user(request))
        messages.success(request, _("The role of %(name)s is changed.") % _named(membership))
    return redirect("annotate:members", slug)


@page
@require_POST
def member_remove(request: HttpRequest, slug: str, member: UUID) -> HttpResponse:
    """Take a member out of the project."""
    membership = _membership_for(request, slug, member)
    with reported(request):
        remove_member(membership, by=current_user(request))
        messages.success(
            request, _("%(name)s is no member any more; their judgments stay.") % _named(membership)
        )
    return redirect("annotate:members", slug)


@page
@require_POST
def member_requalify(request: HttpRequest, slug: str, member: UUID) -> HttpResponse:
    """Admit a member by hand, or let them try the qualification again."""
    membership = _membership_for(request, slug, member)
    admit = request.POST.get("admit") == "yes"
    said = _("%(name)s may do real work now.") if admit else _("%(name)s may try again.")
    with reported(request):
        requalify(membership, admit=admit, by=current_user(request))
        messages.success(request, said % _named(membership))
    return redirect("annotate:members", slug)


@page
@require_POST
def round_close(request: HttpRequest, slug: str) -> HttpResponse:
    """Close the open round."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    round_ = project.rounds.filter(status=Round.Status.OPEN).first()
    if round_ is None:
        messages.error(request, _("No round is open."))
        return redirect("annotate:project-home", project.slug)
    with reported(request):
        close_round(round_, by=user)
        messages.success(request, _("Round %(number)d is closed.") % {"number": round_.number})
    return redirect("annotate:project-home", project.slug)


def _members_page(
    request: HttpRequest,
    project: Project,
    *,
    invitation_form: InvitationForm | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """The page of members; ``link`` in the context is one that was just made."""
    context |= {
        "project": project,
        "members": members_of(project),
        "roles": in_words(Membership.Role.choices),
        "qualifies": project.qualification_size > 0,
        "invitations": _invitations(project),
        "annotators_form": AnnotatorsForm(initial={"key": uuid4()}),
        "invitation_form": invitation_form
        or InvitationForm(initial={"key": uuid4()}, auto_id=INVITE_IDS),
    }
    return render(request, "annotate/members.html", context, status=status)


def _invitations(project: Project) -> list[dict[str, Any]]:
    """The newest invitations, each with why it is closed, if it is."""
    newest = project.invitations.select_related("created_by")[:SHOWN_INVITATIONS]
    return [{"row": row, "closed": _state(row)} for row in newest]


def _state(invitation: Invitation) -> str:
    if not closed_because(invitation):
        return ""
    if invitation.revoked_at is not None:
        return _("withdrawn")
    return _("expired") if invitation.expires_at <= timezone.now() else _("used up")


def _membership_for(request: HttpRequest, slug: str, member: UUID) -> Membership:
    project = get_project_for(current_user(request), slug, role=MANAGER)
    members = Membership.objects.select_related("project", "user")
    return get_object_or_404(members, project=project, user__public_id=member)


def _named(membership: Membership) -> dict[str, str]:
    return {"name": membership.user.get_username()}


def _is_first_use(request: HttpRequest, key: str) -> bool:
    """Whether a form comes for the first time; the cache tells two clicks at once apart."""
    used = request.session.get(USED_KEYS, [])
    if key in used or not cache.add(f"{USED_KEYS}:{request.user.pk}:{key}", True):
        return False
    request.session[USED_KEYS] = [*used, key][-MAX_USED_KEYS:]
    return True
