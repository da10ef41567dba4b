"""The URLs of annotation's pages."""

from __future__ import annotations

from django.urls import path

from annotate.views import judging, members, projects, runs

app_name = "annotate"
urlpatterns = [
    path("", projects.project_list, name="project-list"),
    path("projects/new/", projects.project_create, name="project-create"),
    path("p/<slug:slug>/", projects.project_home, name="project-home"),
    path("p/<slug:slug>/settings/", projects.project_settings, name="project-settings"),
    path("p/<slug:slug>/guidelines/", projects.guidelines, name="guidelines"),
    path("p/<slug:slug>/annotators/", members.annotators_create, name="annotators-create"),
    path("p/<slug:slug>/round/close/", members.round_close, name="round-close"),
    path("p/<slug:slug>/annotate/", judging.item_next, name="item-next"),
    path("p/<slug:slug>/imports/new/", runs.import_create, name="import-create"),
    path("p/<slug:slug>/jobs/", runs.run_list, name="run-list"),
    path("assignments/<uuid:public_id>/submit/", judging.judgment_submit, name="judgment-submit"),
    path("assignments/<uuid:public_id>/skip/", judging.assignment_skip, name="assignment-skip"),
    path("jobs/<uuid:public_id>/", runs.run_detail, name="run-detail"),
    path("jobs/<uuid:public_id>/cancel/", runs.run_cancel, name="run-cancel"),
    path("jobs/<uuid:public_id>/retry/", runs.run_retry, name="run-retry"),
]
