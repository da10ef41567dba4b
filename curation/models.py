"""Dataset versions and the runs that make and export them."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from annotate.models import Item, Project, Round, Run

DATASET_KINDS = ["preference", "ranking", "stepwise", "outcome", "rating", "classification"]


class DatasetVersion(models.Model):
    """An immutable dataset: the recipe, what it was made from, and its files.

    The ids of the judgment revisions it was made from stand in the file ``revisions.txt``, those
    behind each row in ``provenance.parquet``; no judgment after ``cutoff_at`` was read.
    ``content_hash`` covers recipe and rows, so the same inputs give the same version.
    ``row_counts``, ``steps`` and ``dropped`` are the builder's own counts. ``parents`` are the
    versions it goes on from.
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
    cutoff_at = models.DateTimeField(null=True, blank=True)
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
    def parent_ids(self) -> list[uuid.UUID]:
        """The public ids of the versions it goes on from."""
        return [parent.public_id for parent in self.parents.all()]

    @property
    def directory(self) -> Path:
        """Where its files lie; ``path`` is relative to the dataset folder."""
        return Path(settings.DATASET_DIR) / self.path


class CurationRun(Run):
    """Building one dataset version; ``after_round`` names the round whose close asked for it.

    Judgments given after ``cutoff_at`` are not read. A preview writes down in its result what each
    step would do, and makes no version.
    """

    task_name = "curation.run_curation"
    label = "Dataset build"

    recipe = models.JSONField()
    cutoff_at = models.DateTimeField(null=True, blank=True)
    is_preview = models.BooleanField(default=False)
    after_round = models.ForeignKey(
        Round, on_delete=models.SET_NULL, null=True, blank=True, related_name="curation_runs"
    )
    dataset = models.ForeignKey(
        DatasetVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs"
    )

    class Meta(Run.Meta):
        abstract = False

    @property
    def title(self) -> str:
        return "Dataset preview" if self.is_preview else self.label

    @property
    def shown_at(self) -> str:
        if self.is_preview:
            return reverse("curation:recipe-preview", args=[self.public_id])
        if self.dataset is None:
            return ""
        return reverse("curation:dataset-detail", args=[self.dataset.public_id])


class ExportRun(Run):
    """Writing one dataset version somewhere outside: a folder, a download, or the Hub.

    ``destination`` is the folder or the Hub's repository. An empty ``format`` copies the version's
    own files. ``card`` holds what its asker said for the dataset card. ``token_handle`` names a
    token that was given once and waits elsewhere, encrypted, to be picked up; no token stands here.
    """

    class Target(models.TextChoices):
        FOLDER = "folder", "folder"
        DOWNLOAD = "download", "download"
        HUB = "hub", "Hugging Face Hub"

    task_name = "curation.run_export"
    label = "Export"

    dataset = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="exports")
    target = models.CharField(max_length=10, choices=Target, default=Target.FOLDER)
    destination = models.CharField(max_length=500, blank=True)
    format = models.CharField(max_length=32, blank=True)
    form = models.CharField(max_length=10, default="parquet")
    is_private = models.BooleanField(default=True)
    card = models.JSONField(default=dict, blank=True)
    token_handle = models.CharField(max_length=64, blank=True, editable=False)

    class Meta(Run.Meta):
        abstract = False
        constraints = [
            *Run.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(target__in=["folder", "download", "hub"]),
                name="exportrun_target_known",
            ),
            models.CheckConstraint(
                condition=models.Q(target="download") | ~models.Q(destination=""),
                name="exportrun_has_destination",
            ),
        ]


def project_file_path(file: ProjectFile, filename: str) -> str:
    """Where an upload lies: under a name of our own, with the suffix that tells its format."""
    suffix = next((end for end in FILE_SUFFIXES if filename.lower().endswith(end)), "")
    return f"curation/{file.project.slug}/{uuid.uuid4().hex}{suffix}"


FILE_SUFFIXES = (".jsonl.gz", ".jsonl", ".txt", ".csv", ".parquet", ".npz")


class ProjectFile(models.Model):
    """What recipes name beside judgments; immutable, so that a name always means the same.

    An evaluation set holds texts to stay away from; embeddings a vector for each prompt (named by
    the ``group`` column of an export); topics a topic for each prompt.
    """

    class Purpose(models.TextChoices):
        EVALUATION = "evaluation", "evaluation set"
        EMBEDDINGS = "embeddings", "embeddings"
        TOPICS = "topics", "topics"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="curation_files")
    purpose = models.CharField(max_length=12, choices=Purpose)
    name = models.SlugField(max_length=60)
    file = models.FileField(upload_to=project_file_path)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["purpose", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "purpose", "name"], name="project_file_name_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=["evaluation", "embeddings", "topics"]),
                name="project_file_purpose_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.name}"


class Contradiction(models.Model):
    """Items that ask the same and were answered differently, found while a dataset was built.

    ``item`` stands for all of them in the review queue; a decision on it decides ``duplicates``
    as well, since datasets pool them.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="contradictions")
    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="contradiction")
    duplicates = models.ManyToManyField(Item, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"contradiction about {self.item_id}"
