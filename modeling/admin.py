"""The plain admin of modeling: models and runs to look at, and loops to turn."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from annotate.admin import ReadOnly
from annotate.errors import InvalidInput
from annotate.models import User
from curation.admin import RunAdmin, actor, attempt, has_permission
from curation.selectors import newest_dataset
from modeling.loop import advance
from modeling.models import (
    Checkpoint,
    EvaluationRun,
    JudgeRun,
    LoopProject,
    Score,
    ScoringRun,
    TrainingRun,
)
from modeling.retraining import usual_config
from modeling.services import promote_checkpoint, request_training


@admin.register(TrainingRun)
class TrainingRunAdmin(RunAdmin):
    list_display = ("public_id", "project", "status", "progress", "dataset", "created_at")
    list_select_related = ("project", "dataset__project")


@admin.register(EvaluationRun)
class EvaluationRunAdmin(RunAdmin):
    list_display = ("public_id", "project", "status", "checkpoint", "data", "created_at")
    list_select_related = ("project", "checkpoint__project")


@admin.register(ScoringRun)
class ScoringRunAdmin(RunAdmin):
    list_display = ("public_id", "project", "status", "strategy", "size", "round", "created_at")
    list_select_related = ("project", "round__project")


@admin.register(JudgeRun)
class JudgeRunAdmin(RunAdmin):
    list_display = ("public_id", "project", "status", "progress", "model", "form", "created_at")


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "project", "number", "is_promoted", "created_at")
    list_filter = ("is_promoted", "project")
    list_select_related = ("project",)
    search_fields = ("public_id", "project__slug")
    actions = ("promote",)

    def has_train_permission(self, request: HttpRequest) -> bool:
        """Whoever may add trainings may choose the model in force."""
        return has_permission(request, "modeling.add_trainingrun")

    @admin.action(description="Put the selected models in force", permissions=["train"])
    def promote(self, request: HttpRequest, queryset: QuerySet[Checkpoint]) -> None:
        for checkpoint in queryset.select_related("project"):
            attempt(
                self, request, checkpoint, lambda row: promote_checkpoint(row, by=actor(request))
            )


@admin.register(Score)
class ScoreAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("checkpoint", "response", "reward", "uncertainty")
    list_select_related = ("checkpoint__project", "response")
    search_fields = ("checkpoint__public_id",)
    show_full_result_count = False


@admin.register(LoopProject)
class LoopProjectAdmin(ReadOnly, admin.ModelAdmin):
    """Every project's loop, with what can be done to it."""

    list_display = (
        "slug",
        "loop_enabled",
        "loop_strategy",
        "loop_round_size",
        "loop_random_share",
        "loop_max_rounds",
    )
    list_filter = ("loop_enabled",)
    search_fields = ("slug", "name")
    actions = ("turn", "retrain")

    def has_train_permission(self, request: HttpRequest) -> bool:
        """Whoever may add trainings may turn loops."""
        return has_permission(request, "modeling.add_trainingrun")

    @admin.action(description="Turn the loop", permissions=["train"])
    def turn(self, request: HttpRequest, queryset: QuerySet[LoopProject]) -> None:
        for project in queryset:
            step = advance(project, by=actor(request))
            self.message_user(request, f"{project.slug}: {step.reason}")

    @admin.action(description="Retrain on the newest preference dataset", permissions=["train"])
    def retrain(self, request: HttpRequest, queryset: QuerySet[LoopProject]) -> None:
        for project in queryset:
            attempt(self, request, project, lambda row: _retrain(row, by=actor(request)))


def _retrain(project: LoopProject, *, by: User | None) -> Any:
    dataset = newest_dataset(project, kind="preference")
    if dataset is None:
        raise InvalidInput("There is no preference dataset yet: build one first.")
    return request_training(project, dataset=dataset, config=usual_config(project), by=by)
