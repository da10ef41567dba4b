"""The API's URLs of modeling."""

from __future__ import annotations

from django.urls import path

from modeling import api, api_judge, api_score

app_name = "modeling-api"
urlpatterns = [
    path(
        "projects/<slug:slug>/training-runs",
        api.TrainingRunCreate.as_view(),
        name="training-run-create",
    ),
    path(
        "projects/<slug:slug>/judge-runs",
        api_judge.JudgeRunCreate.as_view(),
        name="judge-run-create",
    ),
    path("projects/<slug:slug>/rounds", api.RoundCreate.as_view(), name="round-create"),
    path(
        "checkpoints/<uuid:checkpoint_id>", api.CheckpointDetail.as_view(), name="checkpoint-detail"
    ),
    path(
        "checkpoints/<uuid:checkpoint_id>/score",
        api_score.CheckpointScore.as_view(),
        name="checkpoint-score",
    ),
]
