"""The URLs of curation's pages."""

from __future__ import annotations

from django.urls import path

from curation.views import adjudication, datasets, quality

app_name = "curation"
urlpatterns = [
    path("p/<slug:slug>/adjudication/", adjudication.adjudication, name="adjudication"),
    path("items/<uuid:public_id>/adjudicate/", adjudication.adjudicate_item, name="adjudicate"),
    path("items/<uuid:public_id>/send-back/", adjudication.item_send_back, name="send-back"),
    path("items/<uuid:public_id>/set-aside/", adjudication.item_set_aside, name="set-aside"),
    path("p/<slug:slug>/quality/", quality.quality, name="quality"),
    path(
        "p/<slug:slug>/annotators/<uuid:public_id>/",
        quality.annotator_detail,
        name="annotator-detail",
    ),
    path("p/<slug:slug>/datasets/new/", datasets.dataset_create, name="dataset-create"),
    path("datasets/<uuid:public_id>/", datasets.dataset_detail, name="dataset-detail"),
    path("datasets/<uuid:public_id>/files/<path:name>", datasets.dataset_file, name="dataset-file"),
]
