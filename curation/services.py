"""Asking for datasets and building them; ``curation.exporting`` writes them elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from annotate.errors import InvalidInput
from annotate.models import Project, Round, User
from annotate.services.projects import record
from annotate.services.runs import Reporter, RunFailed, enqueue
from curation.attached import missing_files, project_inputs
from curation.contradictions import queue_contradictions
from curation.convert import collected, item_kinds
from curation.core.build import Built, build_dataset
from curation.core.errors import CurationError
from curation.core.records import Corpus, Judgment
from curation.exports.files import WrittenDataset, write_dataset
from curation.models import CurationRun, DatasetVersion
from curation.preview import preview_of
from curation.recipe import Recipe


@transaction.atomic
def request_dataset(
    project: Project,
    *,
    recipe: Recipe,
    by: User | None,
    after_round: Round | None = None,
    cutoff: datetime | None = None,
    is_preview: bool = False,
) -> CurationRun:
    """Queue the building of a dataset version, or a look at what that would give.

    Judgments given after the cut-off, now where none is named, are not read.

    Raises InvalidInput for a cut-off that is still to come, since judgments until then would make
    the same recipe differ, and for a recipe that names a file which the project does not have.
    """
    now = timezone.now()
    if cutoff is not None and cutoff > now:
        raise InvalidInput(_("This moment is still to come."), field="until")
    if missing := missing_files(project, recipe):
        raise InvalidInput(
            _("The project has no file %(names)s: add it first.") % {"names": ", ".join(missing)},
            field="recipe",
        )
    run = CurationRun.objects.create(
        project=project,
        recipe=recipe.to_dict(),
        cutoff_at=cutoff or now,
        is_preview=is_preview,
        requested_by=by,
        after_round=after_round,
        message="Waiting.",
    )
    if not is_preview:
        record("dataset.request", by=by, project=project, subject=recipe.kind)
    enqueue(run)
    return run


def build(run: CurationRun, report: Reporter) -> dict[str, Any]:
    """The work of a CurationRun: judgments in, an immutable version (or a preview of it) out.

    The same recipe and rows as an earlier version give that version again.
    """
    recipe = Recipe.from_dict(run.recipe)
    report(0.05, "Reading judgments.")
    try:
        with collected(run.project, recipe, cutoff=run.cutoff_at) as (corpus, judgments):
            built = _built(run, recipe, corpus, judgments, report)
            if run.is_preview:
                return {"preview": preview_of(built)}
            _queue_contradictions(run, recipe, built)
            if not any(built.rows.values()):
                CurationRun.objects.filter(pk=run.pk).update(result={"empty": True})
                raise RunFailed(_nothing(recipe, built))
            report(0.85, "Writing files.")
            dataset = _store(run, recipe, built)
    except CurationError as error:
        raise RunFailed(str(error)) from error
    CurationRun.objects.filter(pk=run.pk).update(dataset=dataset)
    return {
        "dataset": str(dataset.public_id),
        "hash": dataset.content_hash,
        "rows": dataset.row_counts,
        "dropped": dataset.dropped,
        "contradictions": len(built.contradictions),
    }


def _built(
    run: CurationRun,
    recipe: Recipe,
    corpus: Corpus,
    judgments: Sequence[Judgment],
    report: Reporter,
) -> Built:
    report(0.3, f"Building from {len(judgments)} records.")
    return build_dataset(
        corpus,
        judgments,
        recipe,
        inputs=project_inputs(run.project, recipe),
        progress=lambda share, message: report(0.3 + share / 2, message),
    )


def _queue_contradictions(run: CurationRun, recipe: Recipe, built: Built) -> None:
    """Also where no row is left: then they may be why. Without pooling none are looked for."""
    if recipe.dedupe.exact:
        queue_contradictions(run.project, built.contradictions, kinds=item_kinds(recipe))


def _nothing(recipe: Recipe, built: Built) -> str:
    left_out = [
        f"{n} {reason.replace('_', ' ')}"
        for step in built.steps
        for reason, n in step.dropped.items()
    ]
    if left_out:
        return f"No {recipe.kind} row is left: {', '.join(left_out)}. Collect more judgments first."
    hint = "" if recipe.include_simulated else " (simulated judgments are left out unless asked)"
    return f"There are no judgments to make a {recipe.kind} dataset from{hint}."


def _store(run: CurationRun, recipe: Recipe, built: Built) -> DatasetVersion:
    """Write to a fresh folder, then make the row; a version with this content wins over ours."""
    project = run.project
    folder = f"{project.slug}/{recipe.kind}-{uuid4().hex[:12]}"
    directory = Path(settings.DATASET_DIR) / folder
    written = write_dataset(built, directory, recipe=recipe)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        same = DatasetVersion.objects.filter(
            project=project, kind=recipe.kind, content_hash=written.content_hash
        ).first()
        if same is None:
            return _create_version(run, recipe, built, written, folder)
    shutil.rmtree(directory)
    return same


def _create_version(
    run: CurationRun, recipe: Recipe, built: Built, written: WrittenDataset, folder: str
) -> DatasetVersion:
    """The next version; it goes on from the newest of its kind."""
    before = DatasetVersion.objects.filter(project=run.project)
    top = before.aggregate(top=Max("number"))["top"]
    parent = before.filter(kind=recipe.kind).first()
    dataset = DatasetVersion.objects.create(
        project=run.project,
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
        cutoff_at=run.cutoff_at,
    )
    if parent is not None:
        dataset.parents.add(parent)
    return dataset
