"""The API's URLs of modeling."""

from __future__ import annotations

from django.urls import path

from modeling import api

app_name = "modeling-api"
urlpatterns = [
    path(
        "projects/<slug:slug>/training-runs",
        api.TrainingRunCreate.as_view(),
        name="training-run-create",
    ),
    path("projects/<slug:slug>/rounds", api.RoundCreate.as_view(), name="round-create"),
    path(
        "checkpoints/<uuid:checkpoint_id>", api.CheckpointDetail.as_view(), name="checkpoint-detail"
    ),
]
