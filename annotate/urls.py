"""The URLs of annotation's pages."""

from __future__ import annotations

from django.urls import path

from annotate.views import (
    account,
    desk,
    guidelines,
    history,
    invitations,
    items,
    judging,
    keys,
    members,
    projects,
    runs,
    verification,
)

app_name = "annotate"
urlpatterns = [
    path("", projects.project_list, name="project-list"),
    path("projects/new/", projects.project_create, name="project-create"),
    path("p/<slug:slug>/", projects.project_home, name="project-home"),
    path("p/<slug:slug>/settings/", projects.project_settings, name="project-settings"),
    path("p/<slug:slug>/guidelines/", guidelines.guidelines, name="guidelines"),
    path("p/<slug:slug>/guidelines/preview/", guidelines.preview, name="guidelines-preview"),
    path("p/<slug:slug>/guidelines/<int:number>/", guidelines.edition, name="guidelines-edition"),
    path(
        "p/<slug:slug>/guidelines/<int:number>/changes/",
        guidelines.changes,
        name="guidelines-changes",
    ),
    path(
        "p/<slug:slug>/guidelines/<int:number>/restore/",
        guidelines.restore,
        name="guidelines-restore",
    ),
    path("p/<slug:slug>/members/", members.members, name="members"),
    path("p/<slug:slug>/members/<uuid:member>/role/", members.member_role, name="member-role"),
    path(
        "p/<slug:slug>/members/<uuid:member>/remove/",
        members.member_remove,
        name="member-remove",
    ),
    path(
        "p/<slug:slug>/members/<uuid:member>/requalify/",
        members.member_requalify,
        name="member-requalify",
    ),
    path("p/<slug:slug>/invitations/", members.invitation_create, name="invitation-create"),
    path(
        "p/<slug:slug>/invitations/<uuid:invitation>/revoke/",
        members.invitation_revoke,
        name="invitation-revoke",
    ),
    path("join/<str:secret>/", invitations.join, name="join"),
    path("account/", account.account, name="account"),
    path("p/<slug:slug>/annotators/", members.annotators_create, name="annotators-create"),
    path("p/<slug:slug>/round/close/", members.round_close, name="round-close"),
    path("p/<slug:slug>/items/", items.item_list, name="item-list"),
    path("p/<slug:slug>/items/change/", items.item_actions, name="item-actions"),
    path("items/<uuid:public_id>/", items.item_detail, name="item-detail"),
    path("items/<uuid:public_id>/explain/", items.item_explain, name="item-explain"),
    path("p/<slug:slug>/annotate/", judging.item_next, name="item-next"),
    path("p/<slug:slug>/annotate/prefetch/", judging.item_prefetch, name="item-prefetch"),
    path("p/<slug:slug>/annotate/history/", history.history, name="history"),
    path("p/<slug:slug>/annotate/history/last/", history.history_latest, name="judgment-latest"),
    path(
        "p/<slug:slug>/annotate/guidelines/edition-<int:number>/",
        desk.guidelines_panel,
        name="guidelines-panel",
    ),
    path("judgments/<uuid:public_id>/edit/", history.judgment_edit, name="judgment-edit"),
    path("keys/", keys.keys, name="keys"),
    path("p/<slug:slug>/imports/new/", runs.import_create, name="import-create"),
    path(
        "p/<slug:slug>/verifications/new/",
        verification.verification_create,
        name="verification-create",
    ),
    path("p/<slug:slug>/jobs/", runs.run_list, name="run-list"),
    path("assignments/<uuid:public_id>/submit/", judging.judgment_submit, name="judgment-submit"),
    path("assignments/<uuid:public_id>/skip/", judging.assignment_skip, name="assignment-skip"),
    path("jobs/<uuid:public_id>/", runs.run_detail, name="run-detail"),
    path("jobs/<uuid:public_id>/cancel/", runs.run_cancel, name="run-cancel"),
    path("jobs/<uuid:public_id>/retry/", runs.run_retry, name="run-retry"),
]
