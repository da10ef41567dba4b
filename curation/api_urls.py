"""The API's URLs of curation."""

from __future__ import annotations

from django.urls import path

from curation import api, api_exports, api_files, api_rows

app_name = "curation-api"
urlpatterns = [
    path("projects/<slug:slug>/datasets", api.DatasetListCreate.as_view(), name="dataset-list"),
    path(
        "projects/<slug:slug>/datasets/preview",
        api.DatasetPreview.as_view(),
        name="dataset-preview",
    ),
    path(
        "projects/<slug:slug>/curation-files",
        api_files.ProjectFileListCreate.as_view(),
        name="file-list",
    ),
    path(
        "datasets/<uuid:dataset_id>/compare",
        api_rows.DatasetCompare.as_view(),
        name="dataset-compare",
    ),
    path(
        "datasets/<uuid:dataset_id>/rows/<slug:row_id>",
        api_rows.DatasetRow.as_view(),
        name="dataset-row",
    ),
    path("datasets/<uuid:dataset_id>", api.DatasetDetail.as_view(), name="dataset-detail"),
    path(
        "datasets/<uuid:dataset_id>/exports",
        api_exports.ExportCreate.as_view(),
        name="export-create",
    ),
    path(
        "exports/<uuid:run_id>/archive",
        api_exports.ExportArchive.as_view(),
        name="export-archive",
    ),
    path(
        "datasets/<uuid:dataset_id>/files/<path:name>",
        api.DatasetFile.as_view(),
        name="dataset-file",
    ),
]
