"""Rows of modeling for tests."""

from __future__ import annotations

import uuid

from curation.models import DatasetVersion
from modeling.models import Checkpoint, TrainingRun


def make_dataset(project, **values):
    """A dataset version without files."""
    number = DatasetVersion.objects.filter(project=project).count() + 1
    defaults = {
        "project": project,
        "number": number,
        "kind": "preference",
        "recipe": {},
        "content_hash": uuid.uuid4().hex * 2,
        "path": f"{project.slug}/{number}",
        "row_counts": {"train": 8, "validation": 1, "test": 1},
    }
    return DatasetVersion.objects.create(**defaults | values)


def make_checkpoint(project, *, dataset=None, **values):
    """A promoted checkpoint without weights; the one before it steps down."""
    Checkpoint.objects.filter(project=project).update(is_promoted=False)
    run = TrainingRun.objects.create(
        project=project, dataset=dataset or make_dataset(project), status="succeeded"
    )
    number = Checkpoint.objects.filter(project=project).count() + 1
    defaults = {
        "project": project,
        "run": run,
        "number": number,
        "path": "none",
        "is_promoted": True,
    }
    return Checkpoint.objects.create(**defaults | values)
