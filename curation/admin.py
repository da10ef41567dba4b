"""The plain admin of curation: versions are looked at, runs are cancelled and tried again."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from annotate.admin import ReadOnly
from annotate.errors import TiebreakError
from annotate.models import User
from annotate.services.runs import request_cancel, retry_run
from curation.core.errors import CurationError
from curation.models import Contradiction, CurationRun, DatasetVersion, ExportRun, ProjectFile
from curation.recipe import Recipe
from curation.services import request_dataset


class RunAdmin(ReadOnly, admin.ModelAdmin):
    """Runs change by their workers; people may only ask them to stop or to try again."""

    list_display: tuple[str, ...] = ("public_id", "project", "status", "progress", "created_at")
    list_filter = ("status", "project")
    list_select_related: ClassVar[tuple[str, ...]] = ("project",)
    search_fields = ("public_id", "project__slug")
    actions = ("cancel", "retry")

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Whoever may add such runs may also steer them."""
        return has_permission(request, f"{self.opts.app_label}.add_{self.opts.model_name}")

    @admin.action(description="Cancel the selected runs", permissions=["steer"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for run in queryset:
            attempt(self, request, run, lambda run: request_cancel(run, by=actor(request)))

    @admin.action(description="Try the selected runs again", permissions=["steer"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for run in queryset:
            attempt(self, request, run, lambda run: retry_run(run, by=actor(request)))


def actor(request: HttpRequest) -> User | None:
    """The person at the admin's controls."""
    return request.user if isinstance(request.user, User) else None


def has_permission(request: HttpRequest, name: str) -> bool:
    """Whether the person was given this permission, or all."""
    user = actor(request)
    return user is not None and user.has_perm(name)


def attempt(page: admin.ModelAdmin, request: HttpRequest, row: Any, act: Any) -> None:
    """Do something to one row and say how it went; an error stops no other row."""
    try:
        act(row)
    except (TiebreakError, CurationError) as error:
        page.message_user(request, f"{row}: {error}", messages.ERROR)
    else:
        page.message_user(request, f"{row}: done.", messages.SUCCESS)


@admin.register(CurationRun)
class CurationRunAdmin(RunAdmin):
    list_display = ("public_id", "project", "status", "progress", "dataset", "created_at")
    list_select_related = ("project", "dataset__project")


@admin.register(ExportRun)
class ExportRunAdmin(RunAdmin):
    list_display = (
        "public_id",
        "project",
        "status",
        "dataset",
        "target",
        "destination",
        "created_at",
    )
    exclude = ("token_handle",)
    list_select_related = ("project", "dataset__project")


@admin.register(ProjectFile)
class ProjectFileAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "purpose", "project", "rows", "sha256", "created_at")
    list_filter = ("purpose", "project")
    list_select_related = ("project",)
    search_fields = ("name", "sha256", "project__slug")


@admin.register(Contradiction)
class ContradictionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("item", "project", "created_at")
    list_filter = ("project",)
    list_select_related = ("item", "project")
    search_fields = ("item__public_id", "project__slug")


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "kind", "row_counts", "has_simulated", "content_hash", "created_at")
    list_filter = ("kind", "has_simulated", "project")
    list_select_related = ("project",)
    search_fields = ("public_id", "content_hash", "project__slug")
    actions = ("rebuild",)

    def has_build_permission(self, request: HttpRequest) -> bool:
        """Whoever may add dataset builds may ask for one."""
        return has_permission(request, "curation.add_curationrun")

    @admin.action(
        description="Build again from today's judgments, same recipe", permissions=["build"]
    )
    def rebuild(self, request: HttpRequest, queryset: QuerySet[DatasetVersion]) -> None:
        for dataset in queryset.select_related("project"):
            attempt(
                self,
                request,
                dataset,
                lambda dataset: request_dataset(
                    dataset.project, recipe=Recipe.from_dict(dataset.recipe), by=actor(request)
                ),
            )
