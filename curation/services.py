"""Everything that writes rows of curation: asking for datasets, building and exporting them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from annotate.models import Project, Round, User
from annotate.services.projects import record
from annotate.services.runs import Reporter, RunFailed, enqueue
from curation.convert import collect
from curation.core.build import Built, build_dataset
from curation.core.errors import CurationError
from curation.exports.files import WrittenDataset, write_dataset
from curation.models import CurationRun, DatasetVersion, ExportRun
from curation.recipe import Recipe


@transaction.atomic
def request_dataset(
    project: Project, *, recipe: Recipe, by: User | None, after_round: Round | None = None
) -> CurationRun:
    """Queue the building of a dataset version."""
    run = CurationRun.objects.create(
        project=project,
        recipe=recipe.to_dict(),
        requested_by=by,
        after_round=after_round,
        message="Waiting.",
    )
    record("dataset.request", by=by, project=project, subject=recipe.kind)
    enqueue(run)
    return run


@transaction.atomic
def request_export(dataset: DatasetVersion, *, destination: Path, by: User | None) -> ExportRun:
    """Queue the copying of a dataset version to a folder."""
    run = ExportRun.objects.create(
        project=dataset.project,
        dataset=dataset,
        destination=str(destination),
        requested_by=by,
        message="Waiting.",
    )
    record("dataset.export", by=by, project=dataset.project, subject=str(dataset))
    enqueue(run)
    return run


def build(run: CurationRun, report: Reporter) -> dict[str, Any]:
    """The work of a CurationRun: judgments in, an immutable version out.

    The same recipe and rows as an earlier version give that version again.
    """
    recipe = Recipe.from_dict(run.recipe)
    report(0.1, "Reading judgments.")
    corpus, judgments = collect(
        run.project, kind=recipe.kind, include_simulated=recipe.include_simulated
    )
    report(0.4, f"Building from {len(judgments)} records.")
    try:
        built = build_dataset(corpus, judgments, recipe)
        if not any(built.rows.values()):
            CurationRun.objects.filter(pk=run.pk).update(result={"empty": True})
            raise RunFailed(_nothing(recipe, built))
        dataset = _store(run.project, recipe, built)
    except CurationError as error:
        raise RunFailed(str(error)) from error
    CurationRun.objects.filter(pk=run.pk).update(dataset=dataset)
    return {
        "dataset": str(dataset.public_id),
        "hash": dataset.content_hash,
        "rows": dataset.row_counts,
        "dropped": dataset.dropped,
    }


def _nothing(recipe: Recipe, built: Built) -> str:
    if built.dropped:
        reasons = ", ".join(f"{n} {reason}" for reason, n in built.dropped.items())
        return f"No {recipe.kind} row is left: {reasons}. Collect more judgments first."
    hint = "" if recipe.include_simulated else " (simulated judgments are left out unless asked)"
    return f"There are no judgments to make a {recipe.kind} dataset from{hint}."


def _store(project: Project, recipe: Recipe, built: Built) -> DatasetVersion:
    """Write to a fresh folder, then make the row; a version with this content wins over ours."""
    folder = f"{project.slug}/{recipe.kind}-{uuid4().hex[:12]}"
    directory = Path(settings.DATASET_DIR) / folder
    written = write_dataset(built, directory, recipe=recipe)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        same = DatasetVersion.objects.filter(
            project=project, kind=recipe.kind, content_hash=written.content_hash
        ).first()
        if same is None:
            return _create_version(project, recipe, built, written, folder)
    shutil.rmtree(directory)
    return same


def _create_version(
    project: Project, recipe: Recipe, built: Built, written: WrittenDataset, folder: str
) -> DatasetVersion:
    top = DatasetVersion.objects.filter(project=project).aggregate(top=Max("number"))["top"]
    return DatasetVersion.objects.create(
        project=project,
        number=(top or 0) + 1,
        kind=recipe.kind,
        recipe=recipe.to_dict(),
        seed=recipe.seed,
        content_hash=written.content_hash,
        path=folder,
        row_counts={split: len(rows) for split, rows in built.rows.items()},
        dropped=dict(built.dropped),
        statistics=dict(built.statistics),
        files=[{"name": f.name, "bytes": f.bytes, "sha256": f.sha256} for f in written.files],
        has_simulated=recipe.include_simulated,
    )


def export(run: ExportRun, report: Reporter) -> dict[str, Any]:
    """The work of an ExportRun."""
    report(0.1, "Copying.")
    return {"files": export_files(run.dataset, Path(run.destination))}


def export_files(dataset: DatasetVersion, destination: Path) -> list[str]:
    """Copy a version's files to a folder that holds none of them; returns their paths."""
    destination.mkdir(parents=True, exist_ok=True)
    copied = []
    for file in dataset.files:
        target = destination / file["name"]
        if target.exists():
            raise RunFailed(f"{target} exists already: choose another folder.")
        shutil.copy2(dataset.directory / file["name"], target)
        copied.append(str(target))
    return copied
