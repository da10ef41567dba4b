"""Everything that reads rows of curation for pages, commands and the API."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from annotate.errors import InvalidInput
from annotate.models import Project
from curation.core.records import SPLITS
from curation.models import DatasetVersion

TEXT_COLUMNS = (
    "prompt",
    "chosen",
    "rejected",
    "completion",
    "completions",
    "reference",
    "rationales",
)


@dataclass(frozen=True)
class ShownRow:
    """A dataset row in two parts: its texts in reading order, and everything else."""

    texts: dict[str, Any]
    figures: dict[str, Any]


def dataset_by_id(public_id: str) -> DatasetVersion:
    """The version with this id or name, or an error that says where ids come from."""
    named = re.fullmatch(r"(?P<slug>.+)-(?P<kind>[a-z]+)-v(?P<number>\d+)", public_id)
    if named is not None:
        found = DatasetVersion.objects.filter(
            project__slug=named["slug"], kind=named["kind"], number=int(named["number"])
        ).first()
        if found is not None:
            return found
    try:
        return DatasetVersion.objects.get(public_id=UUID(public_id))
    except (ValueError, DatasetVersion.DoesNotExist) as error:
        raise InvalidInput(
            f"There is no dataset {public_id!r}; build_dataset --json prints the id."
        ) from error


def datasets_of(project: Project) -> list[DatasetVersion]:
    """The project's versions, newest first."""
    return list(DatasetVersion.objects.filter(project=project).select_related("project"))


def versions_beside(dataset: DatasetVersion) -> list[DatasetVersion]:
    """The other versions of its kind and project, newest first."""
    rows = DatasetVersion.objects.filter(project=dataset.project, kind=dataset.kind)
    return list(rows.exclude(pk=dataset.pk).select_related("project"))


def sample_rows(dataset: DatasetVersion, *, limit: int = 5) -> list[dict[str, Any]]:
    """The first rows of the training split, or of the first split that has any."""
    for split in ("train", "validation", "test"):
        path = dataset.directory / f"{split}.jsonl"
        if path.exists() and path.stat().st_size:
            with path.open(encoding="utf-8") as file:
                return [json.loads(line) for line in islice(file, limit)]
    return []


def newest_dataset(project: Project, *, kind: str) -> DatasetVersion | None:
    """The latest version of one kind."""
    return DatasetVersion.objects.filter(project=project, kind=kind).first()


def shown_rows(dataset: DatasetVersion, *, limit: int = 5) -> list[ShownRow]:
    """The first rows with their texts apart from their figures, for people to read."""
    return [shown(row) for row in sample_rows(dataset, limit=limit)]


def shown(row: dict[str, Any]) -> ShownRow:
    """A row with its texts in reading order apart from its figures."""
    texts = {name: row[name] for name in TEXT_COLUMNS if row.get(name)}
    figures = {name: value for name, value in sorted(row.items()) if name not in TEXT_COLUMNS}
    return ShownRow(texts, figures)


def loading_snippet(dataset: DatasetVersion) -> str:
    """Python that loads the splits which have rows; ``load_dataset`` refuses those without."""
    filled = [split for split in SPLITS if dataset.row_counts.get(split)]
    return "\n".join(
        [
            "from datasets import load_dataset",
            "",
            'dataset = load_dataset("parquet", data_files={',
            *(f'    "{split}": "{split}.parquet",' for split in filled),
            "})",
        ]
    )
