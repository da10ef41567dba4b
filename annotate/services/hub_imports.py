"""Bringing a dataset in from the Hugging Face Hub, by its id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from annotate.errors import TooLarge
from annotate.hub import Hub
from annotate.hub_datasets import HubFiles, HubReference, downloaded, find_files
from annotate.importers import ImportFileError
from annotate.models import ImportRun, Project, User
from annotate.services.import_chunk import ImportReport
from annotate.services.imports import import_file, project_for_file
from annotate.services.projects import record
from annotate.services.runs import Reporter, RunFailed, enqueue


@transaction.atomic
def request_hub_import(
    project: Project,
    reference: HubReference,
    *,
    by: User,
    kind: str = "",
    oracle: bool = False,
    opens_round: bool = False,
) -> ImportRun:
    """Queue the import of a public dataset; nobody's token is shown for it."""
    run = ImportRun.objects.create(
        project=project,
        requested_by=by,
        filename=str(reference)[:255],
        kind=kind,
        oracle=oracle,
        open_round=opens_round,
        message="Waiting.",
    )
    record("import.request", by=by, project=project, subject=run.filename)
    enqueue(run)
    return run


def run_hub_import(
    run: ImportRun, report: Reporter, progress: Callable[[int], None]
) -> dict[str, Any]:
    """The work of an ImportRun without a file: its name is a reference to the Hub."""
    hub = Hub(settings.HF_ENDPOINT)
    report(0.01, "Looking for the dataset's files.")
    files = find_files(HubReference.parse(run.filename), hub=hub)
    if files.bytes > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // 2**20
        raise TooLarge(
            _("The dataset is larger than %(limit)d MiB: import it by command.") % {"limit": limit}
        )
    try:
        done = import_hub_files(
            run.project,
            files,
            hub=hub,
            by=run.requested_by,
            kind=run.kind or None,
            oracle=run.oracle,
            opens_round=run.open_round,
            progress=progress,
        )
    except ImportFileError as error:
        raise RunFailed(str(error)) from error
    return done.to_json() | {"commit": files.commit}


def import_hub_files(
    project: Project,
    files: HubFiles,
    *,
    hub: Hub,
    progress: Callable[[int], None] | None = None,
    **options: Any,
) -> ImportReport:
    """Fetch and import one file after the other; options are those of ``import_file``.

    The dataset's id is the namespace of its annotators, over all its files.
    """
    report, source = ImportReport(), files.reference.repo_id
    tally = _Tally(progress)
    for path in downloaded(files, hub=hub, below=_folder()):
        name = f"{source}/{path.name}"
        report.add(import_file(project, path, progress=tally, name=name, source=source, **options))
        tally.end_file()
    return report


class _Tally:
    """Rows done over all files, where each file counts its own."""

    def __init__(self, progress: Callable[[int], None] | None) -> None:
        self._progress = progress
        self._before = self._rows = 0

    def __call__(self, rows: int) -> None:
        self._rows = rows
        if self._progress is not None:
            self._progress(self._before + rows)

    def end_file(self) -> None:
        self._before += self._rows
        self._rows = 0


def project_for_hub(
    slug: str, files: HubFiles, *, hub: Hub, kind: str | None, fmt: str = "auto", by: User | None
) -> Project:
    """A new project whose kinds, aspects and rating scale suit the first of the files."""
    paths = downloaded(files, hub=hub, below=_folder())
    try:
        return project_for_file(slug, next(paths), kind=kind, fmt=fmt, by=by)
    finally:
        paths.close()


def _folder() -> Path:
    return Path(settings.CACHE_DIR) / "hub"
