"""Dataset versions as rows, with their files, without building one."""

from __future__ import annotations

import hashlib

from curation.models import DatasetVersion
from tests.curation.exports.versions import STATISTICS, write_version
from tests.factories import ProjectFactory


def make_dataset(project=None, *, kind="preference", number=3, rows=None):
    """A version that lies where versions lie."""
    dataset = DatasetVersion(
        project=project or ProjectFactory(slug="cheer", name="Cheer"),
        number=number,
        kind=kind,
        recipe={"kind": kind, "seed": 0},
        content_hash=f"{number}" * 64,
        path=f"cheer/{kind}-{number}",
        statistics=STATISTICS,
        row_counts={"train": 3, "validation": 1, "test": 0},
    )
    source = write_version(dataset.directory, kind, rows, content_hash=dataset.content_hash)
    dataset.row_counts = source.row_counts
    dataset.files = [_described(path) for path in sorted(dataset.directory.iterdir())]
    dataset.save()
    return dataset


def _described(path):
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {"name": path.name, "bytes": len(content), "sha256": digest}
