"""The URLs of curation's pages."""

from __future__ import annotations

from django.urls import path

from curation.views import (
    adjudication,
    compare,
    datasets,
    exports,
    files,
    left_out,
    quality,
    recipes,
    rows,
)

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
    path("p/<slug:slug>/datasets/recipe/", recipes.recipe_edit, name="recipe-edit"),
    path("p/<slug:slug>/datasets/files/", files.file_list, name="file-list"),
    path("previews/<uuid:public_id>/", recipes.recipe_preview, name="recipe-preview"),
    path("previews/<uuid:public_id>/build/", recipes.preview_build, name="preview-build"),
    path("datasets/<uuid:public_id>/compare/", compare.dataset_compare, name="dataset-compare"),
    path("datasets/<uuid:public_id>/rows/", rows.dataset_rows, name="dataset-rows"),
    path("datasets/<uuid:public_id>/rows/<slug:row_id>/", rows.dataset_row, name="dataset-row"),
    path("datasets/<uuid:public_id>/left-out/", left_out.dataset_left_out, name="dataset-left-out"),
    path("datasets/<uuid:public_id>/export/", exports.export_create, name="export-create"),
    path("exports/<uuid:public_id>/archive/", exports.export_archive, name="export-archive"),
    path("datasets/<uuid:public_id>/", datasets.dataset_detail, name="dataset-detail"),
    path("datasets/<uuid:public_id>/files/<path:name>", datasets.dataset_file, name="dataset-file"),
]
