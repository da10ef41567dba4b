"""The API's URLs of curation."""

from __future__ import annotations

from django.urls import path

from curation import api

app_name = "curation-api"
urlpatterns = [
    path("projects/<slug:slug>/datasets", api.DatasetListCreate.as_view(), name="dataset-list"),
    path("datasets/<uuid:dataset_id>", api.DatasetDetail.as_view(), name="dataset-detail"),
    path(
        "datasets/<uuid:dataset_id>/files/<path:name>",
        api.DatasetFile.as_view(),
        name="dataset-file",
    ),
]
