"""The files that recipes name: evaluation sets, vectors and topics."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotate.access import get_project_for
from annotate.errors import TiebreakError
from annotate.models import Membership, Project, User
from annotate.views.common import add_error, current_user, form_page, page
from curation.attached import add_file
from curation.forms import ProjectFileForm
from curation.models import ProjectFile

MANAGER = Membership.Role.MANAGER


@page
@require_http_methods(["GET", "POST"])
def file_list(request: HttpRequest, slug: str) -> HttpResponse:
    """The project's files, and the form to add one."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    posted = request.method == "POST"
    form = ProjectFileForm(request.POST, request.FILES) if posted else ProjectFileForm()
    status = 200
    if form.is_valid():
        try:
            row = _added(project, form, user)
        except TiebreakError as error:
            status = add_error(form, error)
        else:
            messages.success(request, _("%(name)s is kept.") % {"name": row.name})
            return redirect("curation:file-list", slug)
    files = ProjectFile.objects.filter(project=project)
    context = {"project": project, "files": files, "form": form}
    return form_page(request, "curation/file_list.html", context, status=status)


def _added(project: Project, form: ProjectFileForm, user: User) -> ProjectFile:
    data = form.cleaned_data
    return add_file(
        project, purpose=data["purpose"], name=data["name"], content=data["file"], by=user
    )
