"""The API's URLs of annotation."""

from __future__ import annotations

from django.urls import path

from annotate.api import account, hub_imports, projects, queue, runs, verifications

app_name = "annotate-api"
urlpatterns = [
    path("auth/token", account.TokenCreate.as_view(), name="token-create"),
    path("projects", projects.ProjectList.as_view(), name="project-list"),
    path(
        "projects/<slug:slug>/progress",
        projects.ProjectProgress.as_view(),
        name="project-progress",
    ),
    path("projects/<slug:slug>/imports", projects.ImportCreate.as_view(), name="import-create"),
    path(
        "projects/<slug:slug>/hub-imports",
        hub_imports.HubImportCreate.as_view(),
        name="hub-import-create",
    ),
    path(
        "projects/<slug:slug>/verifications",
        verifications.VerificationCreate.as_view(),
        name="verification-create",
    ),
    path("projects/<slug:slug>/claims", queue.ClaimCreate.as_view(), name="claim-create"),
    path("assignments/<uuid:assignment_id>/renew", queue.LeaseRenew.as_view(), name="lease-renew"),
    path("assignments/<uuid:assignment_id>/draft", queue.DraftSave.as_view(), name="draft-save"),
    path(
        "assignments/<uuid:assignment_id>/judgments",
        queue.JudgmentCreate.as_view(),
        name="judgment-create",
    ),
    path(
        "assignments/<uuid:assignment_id>/skip",
        queue.AssignmentSkip.as_view(),
        name="assignment-skip",
    ),
    path("judgments/<uuid:judgment_id>", queue.JudgmentRevise.as_view(), name="judgment-revise"),
    path("runs/<uuid:run_id>", runs.RunDetail.as_view(), name="run-detail"),
    path("runs/<uuid:run_id>/cancel", runs.RunCancel.as_view(), name="run-cancel"),
]
