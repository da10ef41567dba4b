"""Background work of annotation: tasks take ids and delegate."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import shared_task
from celery.signals import beat_embedded_init, worker_process_init, worker_ready

from annotate.importers import ImportFileError
from annotate.models import ImportRun, VerificationRun
from annotate.services.hub_imports import run_hub_import
from annotate.services.import_chunk import ImportReport
from annotate.services.imports import import_file
from annotate.services.leases import expire_leases
from annotate.services.runs import Reporter, RunFailed, execute_run, resend_due
from annotate.services.verdicts import verify_due
from annotate.services.verification import verify
from config.processes import die_with_parent

WORKER_PID = os.getpid()  # set in the worker's main process; its pool processes inherit it


@shared_task(name="annotate.run_import")
def run_import(run_id: int) -> None:
    """Import an uploaded file, or a dataset from the Hub."""
    execute_run(ImportRun, run_id, import_upload)


def import_upload(run: ImportRun, report: Reporter) -> dict[str, Any]:
    """The work of an ImportRun."""

    def progress(rows: int) -> None:
        report(min(0.99, rows / (rows + 1_000)), f"{rows} rows read")

    if not run.file:
        return run_hub_import(run, report, progress)
    path = Path(run.file.path)
    try:
        result = _import(run, path, progress)
    except ImportFileError as error:
        raise RunFailed(str(error).replace(path.name, run.filename)) from error
    return result.to_json()


def _import(run: ImportRun, path: Path, progress: Callable[[int], None]) -> ImportReport:
    return import_file(
        run.project,
        path,
        by=run.requested_by,
        kind=run.kind or None,
        oracle=run.oracle,
        opens_round=run.open_round,
        progress=progress,
        name=run.filename,
    )


@shared_task(name="annotate.run_verification")
def run_verification(run_id: int) -> None:
    """Let a verifier judge a project's outcome items."""
    execute_run(VerificationRun, run_id, verify)


@shared_task(name="annotate.tick")
def tick() -> None:
    """The steady clock: end leases that ran out, send due runs again, check what can be checked."""
    expire_leases()
    resend_due()
    verify_due()


@worker_ready.connect
def resend_at_start(**_: Any) -> None:
    """A worker that starts looks at once for what an earlier one left behind."""
    resend_due(starting=True)


@worker_process_init.connect
@beat_embedded_init.connect
def end_with_worker(**_: Any) -> None:
    """A process whose worker was killed must not go on beside the next worker."""
    die_with_parent(WORKER_PID)
