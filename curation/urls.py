"""The URLs of curation's pages."""

from __future__ import annotations

from django.urls import path

from curation import views

app_name = "curation"
urlpatterns = [
    path("p/<slug:slug>/datasets/new/", views.dataset_create, name="dataset-create"),
    path("datasets/<uuid:public_id>/", views.dataset_detail, name="dataset-detail"),
    path("datasets/<uuid:public_id>/files/<path:name>", views.dataset_file, name="dataset-file"),
]
