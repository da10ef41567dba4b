"""Dataset versions and the runs that make and export them."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models

from annotate.models import Project, Round, Run

DATASET_KINDS = ["preference", "ranking", "stepwise", "outcome", "rating"]


class DatasetVersion(models.Model):
    """An immutable dataset: the recipe, what it was made from, and its files.

    ``revision_digest`` identifies the judgment revisions it was made from; their ids stand in the
    file ``revisions.txt``. ``content_hash`` covers recipe and rows, so the same inputs give the
    same version. ``row_counts`` and ``dropped`` are the builder's own counts.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="datasets")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    recipe = models.JSONField()
    seed = models.PositiveIntegerField(default=0)
    content_hash = models.CharField(max_length=64)
    row_counts = models.JSONField(default=dict)
    dropped = models.JSONField(default=dict)
    statistics = models.JSONField(default=dict)
    files = models.JSONField(default=list)
    path = models.CharField(max_length=500)
    parents = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="children")
    has_simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="dataset_number_unique"),
            models.UniqueConstraint(
                fields=["project", "kind", "content_hash"], name="dataset_content_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=DATASET_KINDS), name="dataset_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project.slug}-{self.kind}-v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("Dataset versions are immutable: build a new one.")
        super().save(*args, **kwargs)

    @property
    def directory(self) -> Path:
        """Where its files lie; ``path`` is relative to the dataset folder."""
        return Path(settings.DATASET_DIR) / self.path


class CurationRun(Run):
    """Building one dataset version; ``after_round`` names the round whose close asked for it."""

    task_name = "curation.run_curation"
    label = "Dataset build"

    recipe = models.JSONField()
    after_round = models.ForeignKey(
        Round, on_delete=models.SET_NULL, null=True, blank=True, related_name="curation_runs"
    )
    dataset = models.ForeignKey(
        DatasetVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs"
    )

    class Meta(Run.Meta):
        abstract = False


class ExportRun(Run):
    """Copying one dataset version somewhere outside."""

    task_name = "curation.run_export"
    label = "Export"

    dataset = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="exports")
    destination = models.CharField(max_length=500)

    class Meta(Run.Meta):
        abstract = False
