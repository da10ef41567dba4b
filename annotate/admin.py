"""The plain admin: everything can be looked at, what is append-only cannot be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest

from annotate.models import (
    Assignment,
    AuditEvent,
    GuidelineVersion,
    ImportRun,
    Invitation,
    Item,
    ItemResponse,
    Judgment,
    JudgmentRevision,
    KnownAnswer,
    Membership,
    Project,
    Prompt,
    Response,
    ResponseSource,
    Round,
    RoundCursor,
    RoundItem,
    User,
    Verdict,
    VerificationRun,
    WorkDay,
)


class ReadOnly:
    """Rows that are looked at and never touched by hand."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    list_display = ("username", "kind", "source", "external_id", "is_active", "is_staff")
    list_filter = ("kind", "is_active", "is_staff", "is_superuser")
    search_fields = ("username", "email", "source", "external_id")
    readonly_fields = ("public_id", "last_login", "date_joined")
    fieldsets = (
        *(DjangoUserAdmin.fieldsets or ()),
        (
            "Annotator",
            {"fields": ("public_id", "kind", "source", "external_id", "is_positional")},
        ),
    )


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    list_display = ("slug", "name", "scale", "overlap", "loop_enabled", "created_at")
    list_filter = ("scale", "loop_enabled")
    search_fields = ("slug", "name")
    raw_id_fields = ("created_by",)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ("project", "user", "role", "created_at")
    list_filter = ("role",)
    search_fields = ("project__slug", "user__username")
    raw_id_fields = ("project", "user")


@admin.register(GuidelineVersion)
class GuidelineVersionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("project", "number", "created_by", "created_at")
    search_fields = ("project__slug", "text")


class ResponseInline(ReadOnly, admin.TabularInline):
    model = Response
    fields = ("content", "steps", "created_at")
    readonly_fields = fields
    extra = 0


@admin.register(Prompt)
class PromptAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "__str__", "split", "created_at")
    list_filter = ("split",)
    search_fields = ("digest", "messages")
    inlines = (ResponseInline,)


class ResponseSourceInline(ReadOnly, admin.TabularInline):
    model = ResponseSource
    extra = 0


@admin.register(Response)
class ResponseAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "__str__", "created_at")
    search_fields = ("digest", "content", "sources__name")
    inlines = (ResponseSourceInline,)


class ItemResponseInline(ReadOnly, admin.TabularInline):
    model = ItemResponse
    extra = 0


@admin.register(Item)
class ItemAdmin(admin.ModelAdmin):
    """Items are imported; only their overlap and whether they are asked change by hand."""

    list_display = ("id", "project", "kind", "overlap", "is_queueable", "category", "source")
    list_filter = ("kind", "is_queueable")
    search_fields = ("public_id", "digest", "category", "source", "project__slug")
    fields = (
        "public_id",
        "project",
        "kind",
        "prompt",
        "digest",
        "overlap",
        "priority",
        "is_queueable",
        "category",
        "source",
        "similarity",
    )
    readonly_fields = ("public_id", "project", "kind", "prompt", "digest", "source", "similarity")
    inlines = (ItemResponseInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(KnownAnswer)
class KnownAnswerAdmin(admin.ModelAdmin):
    list_display = ("item", "gap", "is_gold", "is_qualification")
    list_filter = ("is_gold", "is_qualification")
    search_fields = ("item__public_id", "item__project__slug")
    raw_id_fields = ("item",)


@admin.register(Verdict)
class VerdictAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("item", "verifier", "correct", "detail", "created_at")
    list_filter = ("verifier", "correct")
    search_fields = ("item__public_id", "item__project__slug")


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, admin.ModelAdmin):
    """Made and revoked on the members' page; the secret itself is nowhere."""

    list_display = ("project", "role", "uses", "max_uses", "expires_at", "revoked_at")
    list_filter = ("role",)
    search_fields = ("project__slug",)
    exclude = ("digest",)


@admin.register(WorkDay)
class WorkDayAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("day", "project", "user", "judged", "active_seconds")
    list_select_related = ("project", "user")
    search_fields = ("project__slug", "user__username")


@admin.register(Round)
class RoundAdmin(ReadOnly, admin.ModelAdmin):
    """Rounds are opened and closed by the pages, which make and withdraw their slots."""

    list_display = ("project", "number", "status", "strategy", "opened_at", "closed_at")
    list_filter = ("status", "strategy")
    search_fields = ("project__slug",)


@admin.register(RoundItem)
class RoundItemAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("round", "position", "item", "arm", "probability", "gain", "margin")
    list_filter = ("arm",)
    list_select_related = ("round__project", "item")
    search_fields = ("round__project__slug", "item__public_id")


@admin.register(RoundCursor)
class RoundCursorAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("round", "user", "position")
    list_select_related = ("round__project", "user")
    search_fields = ("round__project__slug", "user__username")


@admin.register(Assignment)
class AssignmentAdmin(ReadOnly, admin.ModelAdmin):
    """Slots change by the queue alone, which keeps their counts right."""

    list_display = (
        "public_id",
        "item",
        "annotator",
        "purpose",
        "status",
        "is_surplus",
        "expires_at",
    )
    list_filter = ("status", "purpose", "is_surplus")
    list_select_related = ("item", "annotator")
    search_fields = ("public_id", "item__public_id", "annotator__username")


class RevisionInline(ReadOnly, admin.TabularInline):
    model = JudgmentRevision
    extra = 0


@admin.register(Judgment)
class JudgmentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("public_id", "assignment", "scale", "active_seconds", "created_at")
    list_filter = ("scale",)
    list_select_related = ("assignment",)
    search_fields = ("public_id", "assignment__annotator__username")
    inlines = (RevisionInline,)


@admin.register(JudgmentRevision)
class JudgmentRevisionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("judgment", "number", "author", "reason", "created_at")
    list_select_related = ("judgment", "author")
    search_fields = ("judgment__public_id", "author__username", "reason")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("public_id", "project", "filename", "status", "progress", "created_at")
    list_filter = ("status",)
    search_fields = ("public_id", "project__slug", "filename")


@admin.register(VerificationRun)
class VerificationRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("public_id", "project", "verifier", "status", "progress", "created_at")
    list_filter = ("verifier", "status")
    search_fields = ("public_id", "project__slug")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "project", "actor", "action", "subject")
    list_filter = ("action",)
    list_select_related = ("project", "actor")
    search_fields = ("project__slug", "actor__username", "subject")
