"""Runs: background work whose truth is a row, so that a crash costs a lease and nothing else."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from annotate.models.project import Project

UPLOAD_SUFFIXES = (".jsonl.gz", ".jsonl", ".json", ".csv", ".parquet")


class Run(models.Model):
    """``pending → running → succeeded · failed · cancelled``.

    A worker claims a run by a conditional update, renews ``heartbeat_at`` while it works, and
    another may take it over once ``lease_until`` has passed. ``error`` is a sentence for people,
    ``log`` is for engineers.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "pending"
        RUNNING = "running", "running"
        SUCCEEDED = "succeeded", "succeeded"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    task_name: ClassVar[str]
    queue: ClassVar[str] = "default"
    label: ClassVar[str]

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="%(class)ss")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    log = models.TextField(blank=True)
    error = models.TextField(blank=True)
    result = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["pending", "running", "succeeded", "failed", "cancelled"]
                ),
                name="%(class)s_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(progress__gte=0, progress__lte=1), name="%(class)s_progress"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="running") | models.Q(lease_until__isnull=False),
                name="%(class)s_running_has_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.public_id}"

    @property
    def title(self) -> str:
        """What people call this piece of work."""
        return self.label

    @property
    def shown_at(self) -> str:
        """The address of the page that shows what came of it; empty where there is none."""
        return ""

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen to the run."""
        return self.status in (self.Status.SUCCEEDED, self.Status.FAILED, self.Status.CANCELLED)


def upload_path(run: ImportRun, filename: str) -> str:
    """Where an upload lies: under a name of our own, with the suffix that tells its format."""
    suffix = next((end for end in UPLOAD_SUFFIXES if filename.lower().endswith(end)), "")
    return f"imports/{timezone.now():%Y/%m}/{run.public_id}{suffix}"


class ImportRun(Run):
    """An uploaded file on its way to items."""

    task_name = "annotate.run_import"
    label = "Import"

    file = models.FileField(upload_to=upload_path)
    filename = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, blank=True)
    oracle = models.BooleanField(default=False)
    open_round = models.BooleanField(default=False)

    class Meta(Run.Meta):
        abstract = False


class VerificationRun(Run):
    """A verifier on its way through a project's outcome items."""

    class Verifier(models.TextChoices):
        MATH = "math", "mathematics (math-verify)"
        EXACT = "exact", "exact match"
        REGEX = "regex", "regular expression"

    task_name = "annotate.run_verification"
    label = "Verification"

    verifier = models.CharField(max_length=12, choices=Verifier)
    pattern = models.CharField(
        max_length=300, blank=True, help_text="What finds the answer in a response"
    )

    class Meta(Run.Meta):
        abstract = False
        constraints = [
            *Run.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(verifier__in=["math", "exact", "regex"]),
                name="verificationrun_verifier_known",
            ),
        ]
